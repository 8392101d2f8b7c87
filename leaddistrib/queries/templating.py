"""First messages to a lead: which templates fit it, and what they say once filled in (SL5).

Placeholders are replaced in one pass from a fixed list. ``str.format`` would let a template read
any attribute of what it is given ("{lead.owner.user.password}"), and a value that holds braces
itself is text like any other here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models import Lead, MessageTemplate, Rep

Shown = Mapping[str, Any]
"""A lead as ``policy.disclose`` gives it."""

PLACEHOLDERS: Mapping[str, tuple[Any, Callable[[Shown, Rep], str]]] = {
    "contact_name": (_("the contact's name"), lambda shown, rep: shown["contact"].get("name", "")),
    "contact_title": (
        _("the contact's title"),
        lambda shown, rep: shown["contact"].get("title", ""),
    ),
    "company": (_("the lead's company"), lambda shown, rep: shown.get("company", "")),
    "product": (_("what the lead is interested in"), lambda shown, rep: shown.get("product", "")),
    "city": (_("the lead's city"), lambda shown, rep: shown.get("city", "")),
    "rep_name": (_("the rep's name"), lambda shown, rep: rep.name),
    "rep_email": (_("the rep's e-mail address"), lambda shown, rep: rep.user.email),
    "team": (_("the rep's team"), lambda shown, rep: rep.team.name if rep.team else ""),
    "booking_link": (_("the rep's booking page"), lambda shown, rep: rep.booking_url),
}
"""What a template may name, what that is, and where it comes from."""

# A blank before it goes with a value that is not known: "Hello {contact_name}," is "Hello,".
FOUND = re.compile(r"( ?)\{([^{}\n]*)\}")


@dataclass(frozen=True, slots=True)
class FirstMessage:
    """A template filled in for one lead, as an e-mail that is ready to be looked at and sent."""

    pk: int
    name: str
    subject: str
    body: str
    mailto: str


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces in ``text`` and is no placeholder, each once, as it was written."""
    named = (match[2] for match in FOUND.finditer(text))
    return list(dict.fromkeys(name for name in named if name not in PLACEHOLDERS))


def fill(text: str, values: Mapping[str, str]) -> str:
    """``text`` with each placeholder replaced by its value; one that is not known is left out, with
    the blank before it. Other words in braces stay as they are."""

    def replaced(match: re.Match[str]) -> str:
        space, name = match[1], match[2]
        if name not in PLACEHOLDERS:
            return match[0]
        value = " ".join(values.get(name, "").split())
        return f"{space}{value}" if value else ""

    return FOUND.sub(replaced, text)


def values_of(shown: Shown, rep: Rep) -> dict[str, str]:
    """The value of each placeholder for ``rep`` who writes to a lead that is ``shown`` to them: ""
    for what is not. Read the rep with user and team; no query."""
    return {name: value(shown, rep) for name, (_label, value) in PLACEHOLDERS.items()}


def first_messages(lead: Lead, rep: Rep, shown: Shown) -> list[FirstMessage]:
    """The templates that fit ``lead`` and ``rep``, filled in with what is ``shown`` of it to them:
    those made for its type, language and team first. One query; none without an e-mail address."""
    email = shown["contact"].get("email")
    if not email:
        return []
    fitting = MessageTemplate.objects.filter(
        Q(team=None) | Q(team=rep.team_id),
        Q(lead_type="") | Q(lead_type__iexact=lead.lead_type),
        Q(language="") | Q(language__iexact=lead.language),
        active=True,
    )
    values = values_of(shown, rep)
    return [_filled(one, email, values) for one in sorted(fitting, key=_made_for_any)]


def tel(number: str) -> str:
    """A link that opens the telephone (RFC 3966)."""
    return f"tel:{quote(number, safe='+')}"


def sms(number: str, body: str = "") -> str:
    """A link that opens a text message (RFC 5724), which the rep looks over and sends."""
    return f"sms:{quote(number, safe='+')}{'?body=' if body else ''}{quote(body, safe='')}"


def mailto(address: str, subject: str = "", body: str = "") -> str:
    """A link that opens an e-mail in the rep's own program (RFC 6068). Everything is quoted: a
    value adds neither a header nor a recipient."""
    fields = {"subject": " ".join(subject.split()), "body": "\r\n".join(body.splitlines())}
    given = "&".join(f"{name}={quote(text, safe='')}" for name, text in fields.items() if text)
    return f"mailto:{quote(address, safe='@')}{'?' if given else ''}{given}"


def _filled(template: MessageTemplate, email: str, values: Mapping[str, str]) -> FirstMessage:
    subject, body = fill(template.subject, values), fill(template.body, values)
    link = mailto(email, subject, body)
    return FirstMessage(template.pk, template.name, subject, body, link)


def _made_for_any(template: MessageTemplate) -> tuple[int, str]:
    """Sorts what was made for this kind of lead before what is for all."""
    particular = (template.lead_type, template.language, template.team_id)
    return -sum(1 for one in particular if one), template.name.casefold()

"""What messages say, in the language and the time zone of who reads them (NO2).

Of a lead they show what the policy shows in a preview, no more: messages lie on locked screens and
in mailboxes. Every text is cut, so that each channel has room for all of them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from leaddistrib.models import Lead, OutboxMessage
from leaddistrib.notify.channels import leased_at
from leaddistrib.notify.links import absolute, preview_url, survey_token
from leaddistrib.policy import HIDING, View, handed_out, policy

LONGEST = 80
"""Characters of a company, a title or a source in a message."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A lead in a message: "" for what is not known, or kept from previews."""

    company: str = ""
    size: str = ""
    title: str = ""
    source: str = ""
    score: str = ""
    blind: bool = False
    lead_type: str = ""
    country: str = ""

    @property
    def name(self) -> str:
        """What the lead is called: its company, else what its contact is."""
        if self.blind:
            return _("Blind lead")
        return self.company or self.title or _("Company not known")

    @property
    def line(self) -> str:
        """The rest of it, in a line: "500+, CTO, Website, score 87"; of a blind lead its type and
        its country."""
        if self.blind:
            return ", ".join(one for one in (self.lead_type, self.country) if one)
        score = _("score %(score)s") % {"score": self.score} if self.score else ""
        title = self.title if self.company else ""
        return ", ".join(one for one in (self.size, title, self.source, score) if one)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is known, with labels, for channels that have room for a table."""
        labelled = (
            (_("Company"), self.company),
            (_("Size"), self.size),
            (_("Contact"), self.title),
            (_("Source"), self.source),
            (_("Score"), self.score),
            (_("Lead type"), self.lead_type),
            (_("Country"), self.country),
        )
        return [(label, value) for label, value in labelled if value]


def summary(lead: Lead | None, view: View = View.PREVIEW) -> Summary:
    """What a message says of ``lead``, as far as ``view`` shows it, labels in the language that is
    active."""
    if lead is None:
        return Summary()
    seen = set(policy().fields(view))
    if view is View.BLIND:
        return Summary(
            blind=True,
            lead_type=cut(lead.lead_type) if "lead_type" in seen else "",
            country=lead.country if "country" in seen else "",
        )
    score = "" if lead.score is None else str(lead.score)
    if score and lead.temperature and "temperature" in seen:
        score += f" ({lead.get_temperature_display()})"
    return Summary(
        company=cut(lead.company) if "company" in seen else "",
        size=str(lead.get_size_band_display()) if "size_band" in seen else "",
        title=cut(lead.contact_title) if "contact_title" in seen else "",
        source=cut(lead.source) if "source" in seen else "",
        score=score if "score" in seen else "",
    )


def view_in(message: OutboxMessage) -> View:
    """How much of its lead a message may show: to those whom it is offered, and in rooms where all
    of them read, what reps see of a lead that is not theirs (GU2, GU3), which is nothing where a
    button hands out the next one (RA5). All other kinds go to who has or had the lead, or looks
    after it."""
    lead, user = message.lead, message.recipient
    if lead is None:
        return View.NOTHING
    offered = message.event.partition(":")[0] == "lead.offered"
    if user is not None and not offered:
        return View.PREVIEW
    return View.NOTHING if offered and handed_out(lead) else policy().preview_of(lead)


def cut(text: str, longest: int = LONGEST) -> str:
    """``text`` in one line, shortened to ``longest`` characters."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


@contextmanager
def read_by(message: OutboxMessage) -> Iterator[None]:
    """The language and the zone of who reads ``message``: a rep's own, a chat's, a contact's, else
    the site's."""
    user, chat = message.recipient, message.chat
    rep = getattr(user, "rep", None)
    if rep is not None:
        language = rep.language
    elif chat is not None:
        language = chat.language
    else:
        language = message.lead.language if message.lead and user is None else ""
    known = language if language and translation.check_for_language(language) else None
    zone = rep.zone if rep is not None else timezone.get_default_timezone()
    with translation.override(known or settings.LANGUAGE_CODE), timezone.override(zone):
        yield


def render(channel: str, name: str, context: Mapping[str, Any]) -> str:
    """The text ``<channel>/<name>.txt``, without the empty lines around it."""
    return render_to_string(f"leaddistrib/{channel}/{name}.txt", dict(context)).strip()


def lines(text: str) -> list[str]:
    """The lines of a text that say something."""
    return [one.strip() for one in text.splitlines() if one.strip()]


def context(message: OutboxMessage, loaded: Mapping[str, Any]) -> dict[str, Any]:
    """All that the texts of ``message`` may show. ``read_by`` must hold."""
    lead, user = message.lead, message.recipient
    owner, view = lead.owner if lead else None, view_in(message)
    if view in (*HIDING, View.NOTHING) and "closes_at" in loaded:
        loaded = {**loaded, "closes_at": None}
    return {
        **loaded,
        "name": (user.get_full_name() or user.get_username()) if user else "",
        "shown": summary(lead, view),
        # Told is then that one waits, and where.
        "unnamed": lead is not None and view is View.NOTHING,
        "due": when(loaded.get("due_at")),
        "closes": when(loaded.get("closes_at")),
        "still_theirs": bool(owner and user and owner.user_id == user.pk),
        "url": link(message, loaded),
    }


def when(moment: datetime | None) -> str:
    """``moment`` where the reader is: the time alone if it is today; "" for None."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    today = local.date() == timezone.localdate()
    return date_format(local, "TIME_FORMAT" if today else "SHORT_DATETIME_FORMAT")


def link(message: OutboxMessage, loaded: Mapping[str, Any]) -> str:
    """Where the reader goes from ``message``. To a rep who has or is offered a lead, its preview
    without signing in; everything else asks to sign in, but for the customer's one question."""
    kind, lead = message.event.partition(":")[0], message.lead
    rep = getattr(message.recipient, "rep", None)
    if "satisfaction" in loaded:
        return absolute(reverse("leaddistrib:survey", args=[survey_token(loaded["satisfaction"])]))
    if lead and lead.pool and view_in(message) is View.NOTHING:
        return absolute(f"{reverse('leaddistrib:pool')}?pool={lead.pool.public_id}")
    if lead and rep and (kind in PREVIEWED or lead.owner_id == rep.pk):
        return preview_url(lead, rep, leased_at(message))
    if kind in ON_ITS_PAGE and lead is not None:
        return absolute(reverse("leaddistrib:lead", args=[lead.public_id]))
    return absolute(reverse(f"leaddistrib:{PAGES.get(kind, 'home')}"))


PREVIEWED = {"lead.assigned", "lead.offered", "response.reminder"}
ON_ITS_PAGE = {
    *("lead.assigned", "lead.offered", "lead.taken", "claim.answered", "claim.decided"),
    *("response.reminder", "response.lapsed", "lead.escalated"),
}
PAGES = {"alert.opened": "manage", "rules.review": "rules"}

"""What other limits would have made of the claims of last month, in words."""

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.admin.whatif.words import Table, Tried, compared, first_of, looked_at, refused
from leaddistrib.models import GuardrailPolicy
from leaddistrib.queries.whatif.guardrails import CODES, GuardrailsTried

FIELDS = ("daily_claims", "hot_per_warm", "claims_per_assigned", "weekly_cold")
"""The field of the limit that refuses with each of CODES."""


def told(tried: GuardrailsTried) -> Tried:
    now, then, won = tried.now, tried.then, tried.won.total()
    if not won and not then.allowed:
        return Tried([_("No claims in races last month: nothing to replay.")])
    sentences = [refused(then.refused.total(), won)]
    if (allowed := then.allowed.total()) != now.allowed.total():
        text = ngettext(
            "… %(count)d claim that was refused would have been allowed.",
            "… %(count)d claims that were refused would have been allowed.",
            allowed,
        )
        sentences.append(text % {"count": allowed})
    reasons = [
        (capfirst(_label(name)), now.by_code(code), then.by_code(code))
        for code, name in zip(CODES, FIELDS, strict=True)
    ]
    reps = [
        (
            *(rep.name, tried.won[pk]),
            *(now.by_rep(pk), then.by_rep(pk)),
            *(now.allowed[pk], then.allowed[pk]),
        )
        for pk, rep in tried.reps.items()
        if now.by_rep(pk) or then.by_rep(pk) or now.allowed[pk] or then.allowed[pk]
    ]
    reps.sort(key=lambda row: (-row[3], -row[5], row[0]))
    tables = [Table((_("Refused for"), *compared()), reasons)]
    if reps:
        columns = (
            *(_("Rep"), _("Won"), _("Refused as it is now")),
            _("Refused with these numbers"),
            *(_("Allowed as it is now"), _("Allowed with these numbers")),
        )
        tables.append(first_of(columns, reps))
    notes = [
        *looked_at(tried.stretch),
        _(
            "A claim that would have been refused does not count in those that follow. Who would"
            " have had its lead instead is not followed, nor are priority windows and leads given"
            " back."
        ),
    ]
    return Tried(sentences, tables, notes)


def _label(name: str) -> str:
    return str(GuardrailPolicy._meta.get_field(name).verbose_name)  # type: ignore[union-attr]

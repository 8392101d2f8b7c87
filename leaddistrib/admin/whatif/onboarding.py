"""What other phases would make of new reps, and would have made of their claims, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.admin.whatif.words import Table, Tried, compared, first_of, looked_at, refused
from leaddistrib.models import OnboardingPhase
from leaddistrib.queries.whatif.onboarding import OnboardingTried, Refused


def told(tried: OnboardingTried) -> Tried:
    moving = sum((one.now and one.now.pk) != (one.then and one.then.pk) for one in tried.where)
    text = ngettext(
        "… %(count)d new rep would be in another phase today.",
        "… %(count)d new reps would be in another phase today.",
        moving,
    )
    sentences = [text % {"count": moving}] if tried.where else [_("Nobody is in onboarding by it.")]
    tables = []
    if tried.where:
        rows = [(one.rep.name, _phase(one.now), _phase(one.then)) for one in tried.where]
        rows.sort(key=lambda row: (row[1] == row[2], row[0]))
        of_reps = (_("Rep"), _("Phase now"), _("Phase with these numbers"))
        tables.append(first_of(of_reps, rows))
    if not tried.won:
        sentences.append(_("No claims were won in races last month: nothing to replay."))
        return Tried(sentences, tables, _left_out(tried))
    sentences.append(refused(tried.then.total(), tried.won.total()))
    reasons = [
        (label, _for(tried.now, code), _for(tried.then, code))
        for code, label in (
            ("onboarding", _("Races can be watched only")),
            ("half", _("Share of competition")),
        )
    ]
    tables.append(Table((_("Refused for"), *compared()), reasons))
    reps = [
        (tried.reps[pk].name, won, _of(tried.now, pk), _of(tried.then, pk))
        for pk, won in tried.won.items()
    ]
    reps.sort(key=lambda row: (-row[3], row[0]))
    columns = (
        *(_("Rep"), _("Won"), _("Refused as it is now")),
        _("Refused with these numbers"),
    )
    tables.append(first_of(columns, reps))
    notes = [
        *looked_at(tried.stretch),
        _(
            "Claims are looked at by the phases that follow from each rep's first day. Races among"
            " new reps only are not looked at."
        ),
        *_left_out(tried),
    ]
    return Tried(sentences, tables, notes)


def _left_out(tried: OnboardingTried) -> list[str]:
    if not tried.by_hand:
        return []
    text = ngettext(
        "The claims of %(count)d rep who was held or moved by hand are left out.",
        "The claims of %(count)d reps who were held or moved by hand are left out.",
        tried.by_hand,
    )
    return [text % {"count": tried.by_hand}]


def _phase(phase: OnboardingPhase | None) -> str:
    return phase.name if phase else "–"


def _for(refused: Refused, code: str) -> int:
    return sum(number for (_rep, why), number in refused.items() if why == code)


def _of(refused: Refused, rep: int) -> int:
    return sum(number for (who, _why), number in refused.items() if who == rep)

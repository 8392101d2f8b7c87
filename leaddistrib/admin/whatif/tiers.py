"""What other tiers would make of the reps, and would have made of the leads of last month, in
words."""

from collections.abc import Mapping

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.admin.whatif.words import Table, Tried, first_of, looked_at
from leaddistrib.queries.whatif.tiers import Opened, TiersTried, Waited

MOVES = 20


def told(tried: TiersTried) -> Tried:
    now, then = _by_level(tried.now), _by_level(tried.then)
    moving = [one for one in tried.moves if one.then not in (one.now, one.as_saved)]
    moving += [
        one for one in tried.moves if one not in moving and not one.now == one.as_saved == one.then
    ]
    other = sum(one.then != one.as_saved for one in tried.moves)
    text = ngettext(
        "… %(count)d rep would be placed in another tier than by the policy as it is.",
        "… %(count)d reps would be placed in another tier than by the policy as it is.",
        other,
    )
    sentences, tables = [text % {"count": other}], []
    if moving:
        rows = [
            (one.rep.name, _name(now, one.now), _name(now, one.as_saved), _name(then, one.then))
            for one in moving
        ]
        of_reps = (
            *(_("Rep"), _("Tier now"), _("Next placement as it is now")),
            _("Next placement with these numbers"),
        )
        tables.append(first_of(of_reps, rows, MOVES))
    notes = [_("Placements are by the figures of today.")]
    if not tried.leads:
        sentences.append(_("No leads opened in pools by tier last month: nothing to replay."))
        return Tried(sentences, tables, notes)
    at_once = tried.then.at_once if tried.then else tried.leads
    text = ngettext(
        "… %(count)d lead would have opened to all tiers at once, of %(leads)d.",
        "… %(count)d leads would have opened to all tiers at once, of %(leads)d.",
        at_once,
    )
    sentences.append(text % {"count": at_once, "leads": tried.leads})
    levels = sorted({*now, *then})
    waited = [
        (
            _name(then, level) if level in then else _name(now, level),
            *(_minutes(side.get(level)) for side in (now, then)),
            *(_taken(side.get(level)) for side in (now, then)),
        )
        for level in levels
    ]
    columns = (
        *(_("Tier"), _("Minutes waited as it is now"), _("Minutes waited with these numbers")),
        *(_("Taken before as it is now"), _("Taken before with these numbers")),
    )
    tables.append(Table(columns, waited))
    notes += [
        *looked_at(tried.stretch),
        _(
            "Minutes are an average over all leads in pools by tier, by the clock. “Taken before”"
            " are leads that somebody had claimed before the tier would have been told."
        ),
    ]
    return Tried(sentences, tables, notes)


def _by_level(opened: Opened | None) -> Mapping[int, Waited]:
    return {one.tier.level: one for one in opened.tiers} if opened else {}


def _name(tiers: Mapping[int, Waited], level: int | None) -> str:
    if level is None:
        return "–"
    return tiers[level].tier.name if level in tiers else str(level)


def _minutes(waited: Waited | None) -> str:
    return "–" if waited is None else number_format(round(waited.minutes, 1))


def _taken(waited: Waited | None) -> str:
    return "–" if waited is None else str(waited.taken)

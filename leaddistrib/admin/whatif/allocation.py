"""What other bands would have made of the leads of last month, in words."""

from collections import Counter

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.admin.whatif.words import Table, Tried, compared, first_of, looked_at
from leaddistrib.queries.whatif.allocation import AllocationTried, Beyond


def told(tried: AllocationTried) -> Tried:
    if not tried.shares:
        return Tried([_("There is nobody whose leads a week it could limit.")])
    changed = sum(share.now != share.then for share in tried.shares)
    beyond, had = tried.then.total(), tried.had.total()
    sentences = [
        ngettext(
            "… %(count)d rep would have another allocation than now.",
            "… %(count)d reps would have another allocation than now.",
            changed,
        )
        % {"count": changed},
        ngettext(
            "… %(count)d lead would have been beyond the allocations, of %(had)d.",
            "… %(count)d leads would have been beyond the allocations, of %(had)d.",
            beyond,
        )
        % {"count": beyond, "had": had},
    ]
    now, then = _by_rep(tried.now), _by_rep(tried.then)
    shares = sorted(
        tried.shares,
        key=lambda one: (-then[one.rep.pk], one.now == one.then, one.rep.name),
    )
    rows = [
        (
            share.rep.name,
            "–" if share.percent is None else number_format(share.percent),
            _leads(share.now),
            _leads(share.then),
            tried.had[share.rep.pk],
            now[share.rep.pk],
            then[share.rep.pk],
        )
        for share in shares
    ]
    columns = (
        *(_("Rep"), _("Quota reached (%)"), _("Leads a week now")),
        *(_("Leads a week with these numbers"), _("Leads of last month")),
        *(_("Beyond as it is now"), _("Beyond with these numbers")),
    )
    tables = [first_of(columns, rows)]
    weeks = {week for _rep, week in (*tried.now, *tried.then)}
    if weeks:
        by_week = [
            (date_format(week), _in(tried.now, week), _in(tried.then, week))
            for week in sorted(weeks)
        ]
        tables.append(Table((_("Leads beyond in the week from"), *compared()), by_week))
    notes = [
        _("Allocations are those that follow from what was won in the month before this one."),
        *looked_at(tried.stretch),
    ]
    return Tried(sentences, tables, notes)


def _leads(number: int | None) -> str:
    return _("not limited") if number is None else str(number)


def _by_rep(beyond: Beyond) -> Counter[int]:
    found: Counter[int] = Counter()
    for (rep, _week), number in beyond.items():
        found[rep] += number
    return found


def _in(beyond: Beyond, week: object) -> int:
    return sum(number for (_rep, one), number in beyond.items() if one == week)

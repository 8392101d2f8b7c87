"""Working weeks as the engine wants them: hours, zone and public holidays of many reps (PU2)."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache

from leaddistrib.engine.availability import LOOK_AHEAD, WorkingWeek
from leaddistrib.models import Rep, WorkingHours
from leaddistrib.queries.holidays import NoHolidays, holidays

log = logging.getLogger(__name__)


def working_weeks(
    reps: Iterable[Rep], moment: datetime, until: datetime | None = None
) -> dict[int, WorkingWeek]:
    """The week of each rep who is not always at work, with its holidays for whatever is asked of it
    from ``moment`` to ``until``; without, at ``moment``.

    One query however many reps.
    """
    rows = {rep.pk: rep for rep in reps}
    blocks: dict[int, list[tuple[int, time, time]]] = defaultdict(list)
    hours = WorkingHours.objects.filter(rep__in=rows).order_by("weekday", "starts")
    for rep, weekday, starts, ends in hours.values_list("rep", "weekday", "starts", "ends"):
        blocks[rep].append((weekday, starts, ends))
    return {
        rep.pk: WorkingWeek(
            rep.zone, tuple(blocks[rep.pk]), _holidays(rep, moment, until or moment)
        )
        for rep in rows.values()
        if rep.pk in blocks or rep.holiday_region
    }


def _holidays(rep: Rep, moment: datetime, until: datetime) -> frozenset[date]:
    """None are kept where they cannot be told: a lead more on a holiday does less harm than none
    for anybody on any day."""
    if not rep.holiday_region:
        return frozenset()
    first, last = moment - timedelta(days=1), until + timedelta(days=LOOK_AHEAD)
    try:
        return holidays(rep.holiday_region, range(first.year, last.year + 1))
    except NoHolidays as error:
        _say_once(str(error))
        return frozenset()


@cache
def _say_once(problem: str) -> None:
    """Not for every lead that is routed."""
    log.error("working_weeks problem=%s", problem)

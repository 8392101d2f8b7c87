"""The one list of periodic work, and when each is due, in the organisation's wall time (OP2).

Times are computed here, period by period, because a clock that adds 24 hours drifts by an hour at
each change to or from summer time, and stays drifted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from leaddistrib.jobs import work

CATCH_UP = 60
"""Missed periods that a job catches up with at most; beyond them only the latest ones count."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work done once each local day, due at ``at`` (wall time of TIME_ZONE).

    ``run`` gets the moment of the run and returns figures for the record; doing it twice must do no
    harm. ``every_period``: after downtime each missed day is done, oldest first; otherwise only the
    latest.
    """

    name: str
    at: time
    run: Callable[[datetime], Mapping[str, object]]
    every_period: bool = False

    def due_at(self, day: date) -> datetime:
        """When the run of ``day`` is due, in UTC. A time that a change of clocks skips is due at
        the moment of the change's other side; one that comes twice, the first time."""
        local = datetime.combine(day, self.at, tzinfo=timezone.get_default_timezone())
        return local.astimezone(UTC)

    def latest(self, moment: datetime) -> date:
        """The latest day whose run is due at ``moment``."""
        today = moment.astimezone(timezone.get_default_timezone()).date()
        return today if self.due_at(today) <= moment else today - timedelta(days=1)

    def due(self, last: date | None, moment: datetime) -> Iterator[date]:
        """Days that are due at ``moment`` when ``last`` was the last one done, oldest first."""
        latest = self.latest(moment)
        if last is None or not self.every_period:
            first = latest
        else:
            first = max(last + timedelta(days=1), latest - timedelta(days=CATCH_UP - 1))
        if last is not None and last >= latest:
            return
        for number in range((latest - first).days + 1):
            yield first + timedelta(days=number)


JOBS = (
    Job("housekeeping", at=time(3, 20), run=work.housekeeping),
    Job("consistency", at=time(4, 10), run=work.consistency),
)

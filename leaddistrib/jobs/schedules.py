"""The one list of periodic work, and when each is due, in the organisation's wall time (OP2).

Times are computed here, period by period, because a clock that adds 24 hours drifts by an hour at
each change to or from summer time, and stays drifted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from leaddistrib.jobs import work

MONDAY = 0
CATCH_UP = 60
"""Missed periods that a job catches up with at most; beyond them only the latest ones count."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work done once each local day, each week on ``weekday`` (0 is Monday), or each month on
    ``monthday`` (1 to 28), due at ``at`` (wall time of TIME_ZONE). A period is named by its day.

    ``run`` gets the moment of the run and returns figures for the record; doing it twice must do no
    harm. ``every_period``: after downtime each missed period is done, oldest first; otherwise only
    the latest.
    """

    name: str
    at: time
    run: Callable[[datetime], Mapping[str, object]]
    every_period: bool = False
    weekday: int | None = None
    monthday: int | None = None

    def due_at(self, day: date) -> datetime:
        """When the run of ``day`` is due, in UTC. A time that a change of clocks skips is due at
        the moment of the change's other side; one that comes twice, the first time."""
        local = datetime.combine(day, self.at, tzinfo=timezone.get_default_timezone())
        return local.astimezone(UTC)

    def latest(self, moment: datetime) -> date:
        """The day of the latest period that is due at ``moment``."""
        day = self._begun(moment.astimezone(timezone.get_default_timezone()).date())
        return day if self.due_at(day) <= moment else self._before(day)

    def due(self, last: date | None, moment: datetime) -> Iterator[date]:
        """Days of the periods that are due at ``moment`` when ``last`` was the last one done,
        oldest first. A last one on another day, before the schedule was changed, counts as the
        period that it is in."""
        missed: list[date] = []
        day = self.latest(moment)
        most = CATCH_UP if self.every_period and last is not None else 1
        while len(missed) < most and (last is None or day > last):
            missed.append(day)
            day = self._before(day)
        return reversed(missed)

    def _begun(self, day: date) -> date:
        """The first day of the period that ``day`` is in."""
        if self.weekday is not None:
            return day - timedelta(days=(day.weekday() - self.weekday) % 7)
        if self.monthday is not None:
            return (day - timedelta(days=self.monthday - 1)).replace(day=self.monthday)
        return day

    def _before(self, day: date) -> date:
        """The first day of the period before the one that begins on ``day``."""
        return self._begun(day - timedelta(days=1))


JOBS = (
    Job("onboarding", at=time(2, 45), run=work.onboarding),
    Job("priority", at=time(0, 10), run=work.priority),
    Job("housekeeping", at=time(3, 20), run=work.housekeeping),
    Job("consistency", at=time(4, 10), run=work.consistency),
    Job("allocation", at=time(5, 45), run=work.allocation, monthday=1),
    Job("recycling", at=time(6, 0), run=work.recycling),
    Job("weights", at=time(5, 0), run=work.weights, weekday=MONDAY),
    Job("tiers", at=time(5, 30), run=work.tiers, weekday=MONDAY),
    Job("rule_reviews", at=time(7, 30), run=work.rule_reviews, weekday=MONDAY),
)

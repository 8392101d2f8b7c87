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
    """Work done once each local day, or each week on ``weekday`` (0 is Monday), due at ``at`` (wall
    time of TIME_ZONE). A period is named by its day.

    ``run`` gets the moment of the run and returns figures for the record; doing it twice must do no
    harm. ``every_period``: after downtime each missed period is done, oldest first; otherwise only
    the latest.
    """

    name: str
    at: time
    run: Callable[[datetime], Mapping[str, object]]
    every_period: bool = False
    weekday: int | None = None

    @property
    def step(self) -> timedelta:
        """From one period to the next, in days of the calendar."""
        return timedelta(days=1 if self.weekday is None else 7)

    def due_at(self, day: date) -> datetime:
        """When the run of ``day`` is due, in UTC. A time that a change of clocks skips is due at
        the moment of the change's other side; one that comes twice, the first time."""
        local = datetime.combine(day, self.at, tzinfo=timezone.get_default_timezone())
        return local.astimezone(UTC)

    def latest(self, moment: datetime) -> date:
        """The day of the latest period that is due at ``moment``."""
        day = moment.astimezone(timezone.get_default_timezone()).date()
        if self.weekday is not None:
            day -= timedelta(days=(day.weekday() - self.weekday) % 7)
        return day if self.due_at(day) <= moment else day - self.step

    def due(self, last: date | None, moment: datetime) -> Iterator[date]:
        """Days of the periods that are due at ``moment`` when ``last`` was the last one done,
        oldest first."""
        latest = self.latest(moment)
        if last is not None and last >= latest:
            return
        missed = 1
        if last is not None and self.every_period:
            # A last one on another day, before the schedule was changed, counts as its period.
            missed = min(-(-(latest - last) // self.step), CATCH_UP)
        for number in reversed(range(missed)):
            yield latest - number * self.step


JOBS = (
    Job("housekeeping", at=time(3, 20), run=work.housekeeping),
    Job("consistency", at=time(4, 10), run=work.consistency),
    Job("recycling", at=time(6, 0), run=work.recycling),
    Job("weights", at=time(5, 0), run=work.weights, weekday=MONDAY),
    Job("rule_reviews", at=time(7, 30), run=work.rule_reviews, weekday=MONDAY),
)

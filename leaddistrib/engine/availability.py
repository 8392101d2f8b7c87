"""When a rep is at work, and when next: working hours, public holidays, leave (PU2, PU8).

Hours are wall time in the rep's own zone. What is compared are moments, so each block of a day is
turned into the stretch of time that it is there, which a change of clocks makes shorter or longer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

Span = tuple[datetime, datetime]
"""From the first moment until just before the second, both aware."""

LOOK_AHEAD = 400
"""Days that are searched for the next moment at work: over a year, for whoever works one day."""

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """A rep's working hours in the rep's own zone.

    ``blocks`` are (weekday, start, end), Monday 0; an end of midnight is the end of the day. None
    at all means round the clock. ``holidays`` are local days without work, for as far ahead as
    anybody asks.
    """

    zone: tzinfo
    blocks: tuple[tuple[int, time, time], ...]
    holidays: frozenset[date] = frozenset()
    # Hours of the days that were asked for: a batch of leads asks of the same few again and again.
    _known: dict[date, tuple[Span, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def is_holiday(self, moment: datetime) -> bool:
        """Whether ``moment`` falls on a holiday, by the rep's local day."""
        return moment.astimezone(self.zone).date() in self.holidays

    def is_at_work(self, moment: datetime) -> bool:
        """Whether the rep works at ``moment`` (aware)."""
        day = moment.astimezone(self.zone).date()
        return covers(self.hours(day), moment)

    def next_at_work(self, moment: datetime) -> datetime | None:
        """The first moment at work, from ``moment`` on and itself included, in UTC; None if there
        is none within ``LOOK_AHEAD`` days."""
        today = moment.astimezone(self.zone).date()
        for number in range(LOOK_AHEAD):
            ahead = [
                max(start, moment)
                for start, end in self.hours(today + number * DAY)
                if moment < end
            ]
            if ahead:
                return min(ahead).astimezone(UTC)
        return None

    def hours(self, day: date) -> tuple[Span, ...]:
        """The stretches of work of a local day, in UTC.

        A time that a change of clocks skips is the moment of the change. Of one that comes twice
        the first counts as a start, the second as an end: a block is never interrupted.
        """
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = tuple(self._hours(day))
        return known

    def _hours(self, day: date) -> Iterator[Span]:
        if day in self.holidays:
            return
        weekday = day.weekday()
        blocks = [(start, end) for on, start, end in self.blocks if on == weekday]
        if not self.blocks:
            blocks = [(time.min, time.min)]
        for start, end in blocks:
            # Midnight at the end is where the next day begins, the first time if it comes twice.
            last = (day + DAY, end, 0) if end == time.min else (day, end, 1)
            span = self._moment(day, start, 0), self._moment(*last)
            if span[0] < span[1]:
                yield span

    def _moment(self, day: date, wall: time, fold: int) -> datetime:
        local = datetime.combine(day, wall.replace(fold=fold), tzinfo=self.zone)
        moment = local.astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return moment
        return self._change(
            local.replace(fold=1).astimezone(UTC), local.replace(fold=0).astimezone(UTC)
        )

    def _change(self, before: datetime, after: datetime) -> datetime:
        """The moment between these two at which the clocks of the zone change."""
        old = before.astimezone(self.zone).utcoffset()
        while after - before > SECOND:
            middle = before + ((after - before) / 2 // SECOND) * SECOND
            if middle.astimezone(self.zone).utcoffset() == old:
                before = middle
            else:
                after = middle
        return after


def covers(spans: Iterable[Span], moment: datetime) -> bool:
    """Whether ``moment`` lies in one of ``spans``."""
    return any(start <= moment < end for start, end in spans)


def first_free(
    moment: datetime, away: Iterable[Span], week: WorkingWeek | None = None
) -> datetime | None:
    """The first moment, from ``moment`` on and itself included, at work and outside every stretch
    of ``away``, in whatever order and however they overlap. None if the week has no such moment
    within reach (``LOOK_AHEAD``)."""
    spans = sorted(away)
    while True:
        back = moment
        for start, end in spans:
            if start <= back < end:
                back = end
        working = back if week is None else week.next_at_work(back)
        if working is None or working == back:
            return working
        moment = working


def tapered(leave: Iterable[Span], taper: timedelta) -> list[Span]:
    """Each stretch of ``leave`` with the time before it in which no new leads are handed out."""
    return [(start - taper, end) for start, end in leave]


def overlapping(blocks: Iterable[tuple[int, time, time]]) -> bool:
    """Whether two blocks of a day overlap, or one ends before it starts."""
    end_of_last: dict[int, time] = {}
    for weekday, start, end in sorted(blocks):
        last = end_of_last.get(weekday, time.min)
        if start < last or start >= (end_of_day := time.max if end == time.min else end):
            return True
        end_of_last[weekday] = end_of_day
    return False

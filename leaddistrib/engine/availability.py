"""When a rep is at work, and when next: working hours, public holidays, leave (PU2, PU8)."""

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

Span = tuple[datetime, datetime]
"""From the first moment until just before the second, both aware."""


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """A rep's working hours in the rep's own zone.

    ``blocks`` are (weekday, start, end), Monday 0; an end of midnight is the end of the day.
    ``holidays`` are local days without work, for as far ahead as anybody asks.
    """

    zone: tzinfo
    blocks: tuple[tuple[int, time, time], ...]
    holidays: frozenset[date] = frozenset()

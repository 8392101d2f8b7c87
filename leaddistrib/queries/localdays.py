"""Days and weeks by which limits are counted: the team's, wherever a rep may be (GU1, GU5).

A rep's own zone would let a limit be reset by travelling in the settings.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple


class Span(NamedTuple):
    """From ``start`` until before ``end``, aware moments."""

    start: datetime
    end: datetime


def day_of(moment: datetime, zone: tzinfo) -> Span:
    """The local day of ``moment`` in ``zone``: 23 or 25 hours where the clocks change."""
    day = moment.astimezone(zone).date()
    return Span(midnight(day, zone), midnight(day + timedelta(days=1), zone))


def week_of(moment: datetime, zone: tzinfo) -> Span:
    """The local week, from Monday, of ``moment`` in ``zone``."""
    day = moment.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    return Span(midnight(monday, zone), midnight(monday + timedelta(days=7), zone))


def week_before(moment: datetime, zone: tzinfo) -> Span:
    """The local week before that of ``moment`` in ``zone``."""
    this = week_of(moment, zone)
    return week_of(this.start - timedelta(hours=1), zone)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first moment of ``day`` in ``zone``, in UTC; the first of two where it comes twice."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)

"""What an ICS file says of when its owner is not there (PU2). Titles and guests are not kept.

All-day events and those that Outlook marks as out of office are leave, opaque ones with times are
busy. Transparent, free, cancelled and declined events are neither.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from leaddistrib.lifecycle.icsbounds import (
    MOST_OCCURRENCES,
    UnreadableCalendar,
    bound,
    relevant,
)
from leaddistrib.models import TimeOff

LIBRARIES = ("icalendar", "recurring_ical_events")
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
LINE_ENDS = re.compile(r"(?:\r?\n)+")
FOLD = re.compile(r"\n[ \t]")
# What the libraries raise for a file that is not as it should be.
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


@dataclass(frozen=True, slots=True, order=True)
class Absence:
    """A stretch of time, in UTC, and of which kind it is (``TimeOff.Kind``)."""

    kind: str
    starts_at: datetime
    ends_at: datetime


def is_installed() -> bool:
    """Whether the packages that read calendars are there. Does not load them."""
    return all(find_spec(name) is not None for name in LIBRARIES)


def absences(
    content: bytes, *, zone: tzinfo, since: datetime, until: datetime, owner: str = ""
) -> list[Absence]:
    """The stretches in which the owner of the calendar is not there, from ``since`` until
    ``until``, in order; those of one kind that touch are one.

    ``zone`` is where days and times without a zone are meant; ``owner`` the e-mail address whose
    declined events do not count.

    Raises:
        UnreadableCalendar: it is no calendar, or too large a one, or packages are missing.
    """
    # Without empty lines: one within a fold would leave another fold, for the library to unfold.
    text = LINE_ENDS.sub("\n", content.decode("utf-8", "replace").lstrip("\ufeff"))
    text = FOLD.sub("", text)
    if not text.lstrip().startswith("BEGIN:VCALENDAR") or "\nEND:VCALENDAR" not in text:
        raise UnreadableCalendar("not_a_calendar")
    found: set[Absence] = set()
    try:
        events = _occurrences(relevant(text, since, until), since - DAY, until + DAY)
        for number, event in enumerate(events):
            if number >= MOST_OCCURRENCES:
                raise UnreadableCalendar("too_many_events")
            absence = _absence(event, zone, owner)
            if absence and since < absence.ends_at and absence.starts_at < until:
                found.add(absence)
    except MALFORMED as error:
        raise UnreadableCalendar("not_a_calendar", type(error).__name__) from error
    return list(_joined(found))


def _occurrences(text: str, since: datetime, until: datetime) -> Iterator[Any]:
    """Each occurrence of each event. Week by week, so that too many are noticed before all are
    there; one that lies in two weeks comes twice."""
    try:
        icalendar, recurring = (import_module(name) for name in LIBRARIES)
    except ImportError as error:
        raise UnreadableCalendar("no_library", error.name) from error
    calendar = icalendar.Calendar.from_ical(text)
    bound(calendar, until.date() + WEEK)
    query = recurring.of(calendar, skip_bad_series=True)
    while since < until:
        yield from query.between(since, min(since + WEEK, until))
        since += WEEK


def _absence(event: Any, zone: tzinfo, owner: str) -> Absence | None:
    status = _text(event, "X-MICROSOFT-CDO-BUSYSTATUS")
    if (
        _text(event, "STATUS") == "CANCELLED"
        or _text(event, "TRANSP") == "TRANSPARENT"
        or status in ("FREE", "WORKINGELSEWHERE")
        or _declined(event, owner)
    ):
        return None
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    whole_days = not isinstance(start, datetime)
    kind = TimeOff.Kind.LEAVE if whole_days or status == "OOF" else TimeOff.Kind.BUSY
    starts_at, ends_at = _moment(start, zone), _moment(end, zone)
    return Absence(kind.value, starts_at, ends_at) if starts_at < ends_at else None


def _text(event: Any, name: str) -> str:
    return str(event.get(name, "")).strip().upper()


def _declined(event: Any, owner: str) -> bool:
    attendees = event.get("ATTENDEE", [])
    return any(
        str(one).lower().removeprefix("mailto:") == owner.lower()
        and str(one.params.get("PARTSTAT", "")).upper() == "DECLINED"
        for one in (attendees if isinstance(attendees, list) else [attendees])
    )


def _moment(when: date, zone: tzinfo) -> datetime:
    if not isinstance(when, datetime):
        when = datetime.combine(when, time.min)
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    return when.astimezone(UTC)


def _joined(found: Iterable[Absence]) -> Iterator[Absence]:
    """Those of one kind that overlap or touch, as one."""
    held: Absence | None = None
    for one in sorted(found):
        if held and held.kind == one.kind and one.starts_at <= held.ends_at:
            held = Absence(held.kind, held.starts_at, max(held.ends_at, one.ends_at))
        else:
            if held:
                yield held
            held = one
    if held:
        yield held

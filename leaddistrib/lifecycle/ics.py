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

from leaddistrib.errors import LeadDistribError
from leaddistrib.models import TimeOff

LIBRARIES = ("icalendar", "recurring_ical_events")
MOST_EVENTS = 5000
"""Events of now and later, and occurrences of them, that a calendar may have."""

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
FOLD = re.compile(r"\r?\n[ \t]")
# Line by line up to the event's own end: a beginning without an end is looked at once, not again
# for each beginning before it.
EVENT = re.compile(
    r"^BEGIN:VEVENT[ \t]*\r?\n(?:(?!BEGIN:VEVENT|END:VEVENT).*\n)*END:VEVENT[ \t]*\r?\n",
    re.MULTILINE,
)
REPEATS = re.compile(r"^(?:RRULE|RDATE|RECURRENCE-ID|DURATION)[:;]", re.MULTILINE)
# No calendar repeats within a day; a file that does is made to keep the reader busy for hours.
TOO_OFTEN = re.compile(
    r"^RRULE[:;].*(?:FREQ=(?:SECOND|MINUTE|HOUR)LY|BY(?:HOUR|MINUTE|SECOND)=)",
    re.MULTILINE | re.IGNORECASE,
)
START = re.compile(r"^DTSTART[^:\r\n]*:(\d{8})", re.MULTILINE)
END = re.compile(r"^DTEND[^:\r\n]*:(\d{8})", re.MULTILINE)
# What the libraries raise for a file that is not as it should be.
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


class UnreadableCalendar(LeadDistribError):
    """``code``: not_a_calendar, too_many_events, or no_library."""

    def __init__(self, code: str, detail: object = "") -> None:
        self.code = code
        super().__init__(f"{code}: {detail}" if detail else code)


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
    text = FOLD.sub("", content.decode("utf-8", "replace").lstrip("\ufeff"))
    if not text.lstrip().startswith("BEGIN:VCALENDAR") or "\nEND:VCALENDAR" not in text:
        raise UnreadableCalendar("not_a_calendar")
    found: set[Absence] = set()
    try:
        for event in _occurrences(_relevant(text, since, until), since - DAY, until + DAY):
            absence = _absence(event, zone, owner)
            if absence and since < absence.ends_at and absence.starts_at < until:
                found.add(absence)
            if len(found) > MOST_EVENTS:
                raise UnreadableCalendar("too_many_events")
    except MALFORMED as error:
        raise UnreadableCalendar("not_a_calendar", type(error).__name__) from error
    return list(_joined(found))


def _relevant(text: str, since: datetime, until: datetime) -> str:
    """The calendar without events that are over, or far away, or that say nothing: most of a
    calendar is past, and reading it takes a second for each megabyte."""
    kept = 0
    first, last = f"{since - 2 * DAY:%Y%m%d}", f"{until + 2 * DAY:%Y%m%d}"

    def keep(match: re.Match[str]) -> str:
        nonlocal kept
        event = match[0]
        if TOO_OFTEN.search(event):
            return ""
        if not REPEATS.search(event):
            start, end = START.search(event), END.search(event)
            if not start or start[1] > last or (end or start)[1] < first:
                return ""
        kept += 1
        return event if kept <= MOST_EVENTS else ""

    text = EVENT.sub(keep, text)
    if kept > MOST_EVENTS:
        raise UnreadableCalendar("too_many_events", kept)
    return text


def _occurrences(text: str, since: datetime, until: datetime) -> Iterator[Any]:
    """Each occurrence of each event. Week by week, so that what repeats endlessly is noticed
    before there are millions of it; one that lies in two weeks comes twice."""
    try:
        icalendar, recurring = (import_module(name) for name in LIBRARIES)
    except ImportError as error:
        raise UnreadableCalendar("no_library", error.name) from error
    calendar = icalendar.Calendar.from_ical(text)
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

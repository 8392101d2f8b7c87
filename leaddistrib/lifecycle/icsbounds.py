"""What of an ICS file is worth reading, and whether reading it comes to an end soon.

Whoever names a calendar decides what is in it, and a few lines can keep the packages that read it
busy for days: an event each day since the year 1, or on each 30 February for ever. So what they
would have to look at is counted before they do.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from leaddistrib.errors import LeadDistribError

MOST_EVENTS = 5000
"""Events of now and later, and rules by which they repeat, that a calendar may have."""
MOST_OCCURRENCES = 20_000
MOST_DAYS = 12_000_000
"""Days looked at for all rules together, such as two thousand rules of sixteen years, or four that
never come: some twenty seconds of work."""
MOST_DATES = 20_000
"""Exceptions and additions that are named one by one."""
MOST_OVERLAPS = 100_000
"""Occurrences of all rules together that may touch one week."""
MOST_CHANGES = 60
"""Rules by which zones that the file describes change their clocks: each is followed for
centuries."""
LONGEST = 366
"""Days that an event may last that repeats."""

DAY = timedelta(days=1)
# Line by line up to the block's own end: a beginning without an end is looked at once, not again
# for each beginning before it.
_BLOCK = r"^BEGIN:{0}[ \t]*\r?\n(?:(?!BEGIN:{0}|END:{0}).*\n)*END:{0}[ \t]*\r?\n"
EVENT = re.compile(_BLOCK.format("VEVENT"), re.MULTILINE | re.IGNORECASE)
ZONE = re.compile(_BLOCK.format("VTIMEZONE"), re.MULTILINE | re.IGNORECASE)
PART = re.compile(r"^BEGIN\b(?!:VCALENDAR)", re.MULTILINE | re.IGNORECASE)
STRANGE_PART = re.compile(r"\nBEGIN\b(?!:(?:VALARM|STANDARD|DAYLIGHT)[ \t]*\r?\n)", re.IGNORECASE)
REPEATS = re.compile(r"^(?:RRULE|RDATE|RECURRENCE-ID|DURATION)[:;]", re.MULTILINE)
# No calendar repeats within a day.
TOO_OFTEN = re.compile(
    r"^RRULE[:;].*(?:FREQ=(?:SECOND|MINUTE|HOUR)LY|BY(?:HOUR|MINUTE|SECOND)=)",
    re.MULTILINE | re.IGNORECASE,
)
START = re.compile(r"^DTSTART[^:\r\n]*:(\d{8})", re.MULTILINE)
END = re.compile(r"^DTEND[^:\r\n]*:(\d{8})", re.MULTILINE)
RULE = re.compile(r"^.*RRULE.*$", re.MULTILINE | re.IGNORECASE)
YEARLY = re.compile(
    r"RRULE:(?:(?:FREQ=YEARLY|WKST=\w+|INTERVAL=1|UNTIL=\w+|COUNT=\d+"
    r"|BY(?:DAY|MONTH|MONTHDAY|SETPOS)=[\w,+-]{1,40});?)+\s*",
    re.IGNORECASE,
)

# Rules that give a day within a few centuries, whatever comes, so that looking ends soon after the
# last day asked for: such as people's calendars write them. Any other may be one that never comes,
# and is looked for up to the last of years. Parts are in the order of the alphabet.
_DAYS = r"BYDAY=(?:MO|TU|WE|TH|FR|SA|SU)(?:,(?:MO|TU|WE|TH|FR|SA|SU))*"
_NTH = r"BYDAY=[+-]?[1-4](?:MO|TU|WE|TH|FR|SA|SU)(?:,[+-]?[1-4](?:MO|TU|WE|TH|FR|SA|SU))*"
_DATES = r"BYMONTHDAY=-?(?:1\d|2[0-8]|[1-9])(?:,-?(?:1\d|2[0-8]|[1-9]))*"
_MONTHS = r"BYMONTH=\d+(?:,\d+)*"
COMES = re.compile(
    r"FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)"
    rf"|{_DAYS};FREQ=(?:WEEKLY|MONTHLY|YEARLY)"
    rf"|(?:{_NTH}|{_DAYS};BYSETPOS=-?[1-4]|{_DATES});FREQ=(?:MONTHLY|YEARLY)"
    rf"|(?:(?:{_NTH}|{_DAYS});{_MONTHS}|{_DAYS};{_MONTHS};BYSETPOS=-?[1-4]);FREQ=YEARLY"
    rf"|{_MONTHS};{_DATES};FREQ=YEARLY"
    r"|BYMONTH=(?:1|3|5|7|8|10|12);BYMONTHDAY=(?:29|30|31);FREQ=YEARLY"
    r"|BYMONTH=(?:4|6|9|11);BYMONTHDAY=(?:29|30);FREQ=YEARLY"
)
COMES_IF_EACH = re.compile(  # with no interval: each day, each month, each year
    rf"(?:{_DAYS}|{_MONTHS}|{_DAYS};{_MONTHS});FREQ=DAILY"
    r"|BYMONTHDAY=(?:29|30|31);FREQ=MONTHLY|BYMONTH=2;BYMONTHDAY=29;FREQ=YEARLY"
)


class UnreadableCalendar(LeadDistribError):
    """``code``: not_a_calendar, too_many_events, too_much_work, or no_library."""

    def __init__(self, code: str, detail: object = "") -> None:
        self.code = code
        super().__init__(f"{code}: {detail}" if detail else code)


def relevant(text: str, since: datetime, until: datetime) -> str:
    """The zones of the calendar, and its events without those that are over, or far away, or that
    say nothing: most of a calendar is past, and reading it takes a second for each megabyte.

    Raises:
        UnreadableCalendar: too_many_events, or too_much_work to know its zones.
    """
    first, last = f"{since - 2 * DAY:%Y%m%d}", f"{until + 2 * DAY:%Y%m%d}"
    events = [match[0] for match in EVENT.finditer(text) if _is_relevant(match[0], first, last)]
    if len(events) > MOST_EVENTS:
        raise UnreadableCalendar("too_many_events", len(events))
    zones = [match[0] for match in ZONE.finditer(text) if not STRANGE_PART.search(match[0])]
    changes = [rule for zone in zones for rule in RULE.findall(zone)]
    if len(changes) > MOST_CHANGES or not all(map(YEARLY.fullmatch, changes)):
        raise UnreadableCalendar("too_much_work", "zones")
    begins = PART.search(text)
    head = text[: begins.start()] if begins else text[: text.index("\nEND:VCALENDAR") + 1]
    return "".join([head, *zones, *events, "END:VCALENDAR\r\n"])


def _is_relevant(event: str, first: str, last: str) -> bool:
    if TOO_OFTEN.search(event) or STRANGE_PART.search(event):
        return False
    if REPEATS.search(event):
        return True
    start, end = START.search(event), END.search(event)
    return bool(start and start[1] <= last and (end or start)[1] >= first)


def bound(calendar: Any, last: date) -> None:
    """Raise unless the occurrences of a calendar that was parsed are soon found, until ``last``.

    Raises:
        UnreadableCalendar: too_many_events or too_much_work.
    """
    events = calendar.walk("VEVENT")
    rules = [(event, rule) for event in events for rule in _values(event, "RRULE")]
    if len(events) + len(rules) > MOST_EVENTS:
        raise UnreadableCalendar("too_many_events", len(events) + len(rules))
    lengths = [_lasts(event) for event, _rule in rules]
    lengths += [
        _lasts(event) + abs(_start(event).toordinal() - one.dt.toordinal())
        for event in events
        for one in _values(event, "RECURRENCE-ID")
        if "RANGE" in one.params  # all from here on, moved and as long as this one
    ]
    dates = [
        one for event in events for name in ("EXDATE", "RDATE") for one in _values(event, name)
    ]
    much = {
        "long": max(lengths, default=0) > LONGEST,
        "overlaps": sum(7 + length for length in lengths) > MOST_OVERLAPS,
        "dates": sum(len(one.dts) for one in dates) > MOST_DATES,
        "days": sum(looked_at(event, rule, last) for event, rule in rules) > MOST_DAYS,
    }
    if any(much.values()):
        raise UnreadableCalendar("too_much_work", ", ".join(name for name in much if much[name]))


def _values(event: Any, name: str) -> Iterator[Any]:
    """A property as often as it is there."""
    value = event.get(name)
    if value is not None:
        yield from value if isinstance(value, list) else [value]


def looked_at(event: Any, rule: Any, last: date) -> int:
    """Days that are looked at, one by one from the start of ``event``, to find all that ``rule``
    gives until ``last``. Never fewer than it will be."""
    parts = sorted(rule.to_ical().decode().upper().split(";"))
    start = _start(event)
    chosen = ";".join(part for part in parts if part.startswith(("BY", "FREQ=")))
    # A month alone is the start's day in it.
    chosen = re.sub(
        r"^(BYMONTH=[\d,]+);FREQ=YEARLY", rf"\1;BYMONTHDAY={start.day};FREQ=YEARLY", chosen
    )
    each = all(part == "INTERVAL=1" for part in parts if part.startswith("INTERVAL="))
    comes = COMES.fullmatch(chosen) or (each and COMES_IF_EACH.fullmatch(chosen))
    if not comes:
        return date.max.toordinal() - date(start.year, 1, 1).toordinal() + 1
    # The library fetches ten at a time, so nine more than asked for; some come each leap year only.
    beyond = 4000 if "YEARLY" in chosen else 700
    if (start.month, start.day) == (2, 29) or "BYMONTH=2;BYMONTHDAY=29" in chosen:
        beyond *= 4
    return max(last.toordinal() - start.toordinal(), 0) + beyond


def _lasts(event: Any) -> int:
    """Days, rounded up."""
    if "DURATION" in event:
        length: timedelta = event["DURATION"].dt
        return abs(length).days + 1
    end: date = event["DTEND"].dt if "DTEND" in event else _start(event)
    return abs(end.toordinal() - _start(event).toordinal()) + 1


def _start(event: Any) -> date:
    start: date = event["DTSTART"].dt if "DTSTART" in event else date.min
    return start

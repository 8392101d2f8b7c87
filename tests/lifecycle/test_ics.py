"""What a calendar says of when its owner is not there (PU2)."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import icalendar
import pytest

from leaddistrib.lifecycle import ics, icsbounds
from leaddistrib.lifecycle.ics import Absence, absences
from leaddistrib.lifecycle.icsbounds import UnreadableCalendar, looked_at
from leaddistrib.queries.wording import calendar_problem

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
UNTIL = NOW + timedelta(days=90)


def calendar(*events, more=""):
    """A file with these events, each the lines between BEGIN and END."""
    parts = [f"BEGIN:VEVENT\nUID:{n}\n{text.strip()}\nEND:VEVENT" for n, text in enumerate(events)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//EN", more, *parts]
    return "\n".join(filter(None, [*lines, "END:VCALENDAR", ""])).replace("\n", "\r\n").encode()


def found(*events, more="", owner="amina@example.com", zone=PARIS):
    content = calendar(*events, more=more)
    return absences(content, zone=zone, since=NOW, until=UNTIL, owner=owner)


def leave(start, end):
    return Absence("leave", datetime.fromisoformat(start), datetime.fromisoformat(end))


def busy(start, end):
    return Absence("busy", datetime.fromisoformat(start), datetime.fromisoformat(end))


def test_whole_days_are_leave_by_the_reps_own_midnights():
    event = "DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260331"

    assert found(event) == [leave("2026-03-28T00:00+01:00", "2026-03-31T00:00+02:00")]
    assert found("DTSTART;VALUE=DATE:20260310") == [
        leave("2026-03-10T00:00+01:00", "2026-03-11T00:00+01:00")
    ]


@pytest.mark.parametrize("start", ["20260303T090000Z", "20260303T090000", ";TZID=Asia/Tokyo"])
def test_a_time_is_meant_in_its_zone_or_else_in_the_reps(start):
    event = {
        "20260303T090000Z": "DTSTART:20260303T090000Z\nDTEND:20260303T100000Z",
        "20260303T090000": "DTSTART:20260303T090000\nDTEND:20260303T100000",
        ";TZID=Asia/Tokyo": "DTSTART;TZID=Asia/Tokyo:20260303T090000\nDURATION:PT1H",
    }[start]
    hour = {"20260303T090000Z": "09", "20260303T090000": "08", ";TZID=Asia/Tokyo": "00"}[start]

    [absence] = found(event)

    assert absence.starts_at == datetime.fromisoformat(f"2026-03-03T{hour}:00Z")
    assert absence.ends_at - absence.starts_at == timedelta(hours=1)
    assert absence.kind == "busy"


def test_a_zone_that_the_file_describes_under_a_name_of_its_own_is_kept():
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Our office\n"
        "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0500\nTZOFFSETTO:+0500\n"
        "END:STANDARD\nEND:VTIMEZONE"
    )
    event = "DTSTART;TZID=Our office:20260303T090000\nDTEND;TZID=Our office:20260303T100000"

    assert found(event, more=zone) == [busy("2026-03-03T04:00Z", "2026-03-03T05:00Z")]


@pytest.mark.parametrize(
    "line",
    [
        "TRANSP:TRANSPARENT",
        "STATUS:CANCELLED",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",
        "ATTENDEE;PARTSTAT=DECLINED;CN=Amina:mailto:Amina@example.com",
    ],
)
def test_what_does_not_take_the_rep_away_does_not_count(line):
    timed = f"DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\n{line}"
    whole = f"DTSTART;VALUE=DATE:20260303\n{line}"

    assert found(timed, whole) == []


def test_an_invitation_that_somebody_else_declined_counts():
    event = (
        "DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\n"
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:amina@example.com\n"
        "ATTENDEE;PARTSTAT=DECLINED:mailto:bruno@example.com"
    )

    assert found(event) == [busy("2026-03-03T09:00Z", "2026-03-03T10:00Z")]


def test_a_rep_without_an_address_has_declined_nothing():
    event = "DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\nATTENDEE;PARTSTAT=DECLINED:mailto:"

    assert found(event.replace("mailto:", "mailto:b@example.com"), owner="") != []


def test_out_of_office_is_leave_although_it_has_times():
    event = "DTSTART:20260303T090000Z\nDTEND:20260303T150000Z\nX-MICROSOFT-CDO-BUSYSTATUS:OOF"

    assert found(event) == [leave("2026-03-03T09:00Z", "2026-03-03T15:00Z")]


def test_a_weekly_meeting_keeps_its_wall_time_over_the_change_of_clocks():
    """With an exception, a moved occurrence and a cancelled one."""
    series = (
        "DTSTART;TZID=Europe/Paris:20200106T100000\nDTEND;TZID=Europe/Paris:20200106T110000\n"
        "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260414T000000Z\n"
        "EXDATE;TZID=Europe/Paris:20260316T100000"
    )
    moved = (
        "RECURRENCE-ID;TZID=Europe/Paris:20260323T100000\n"
        "DTSTART;TZID=Europe/Paris:20260324T140000\nDTEND;TZID=Europe/Paris:20260324T150000"
    )
    cancelled = (
        "RECURRENCE-ID;TZID=Europe/Paris:20260406T100000\nSTATUS:CANCELLED\n"
        "DTSTART;TZID=Europe/Paris:20260406T100000\nDTEND;TZID=Europe/Paris:20260406T110000"
    )
    content = calendar(series, moved, cancelled).decode()
    one_series = content.replace("UID:1", "UID:0").replace("UID:2", "UID:0").encode()

    assert absences(one_series, zone=PARIS, since=NOW, until=UNTIL) == [
        busy("2026-03-09T10:00+01:00", "2026-03-09T11:00+01:00"),
        busy("2026-03-24T14:00+01:00", "2026-03-24T15:00+01:00"),
        busy("2026-03-30T10:00+02:00", "2026-03-30T11:00+02:00"),
        busy("2026-04-13T10:00+02:00", "2026-04-13T11:00+02:00"),
    ]


def test_what_is_over_or_beyond_the_horizon_is_left_out_and_what_is_on_is_whole():
    over = "DTSTART:20260302T100000Z\nDTEND:20260302T120000Z"
    on = "DTSTART;VALUE=DATE:20260223\nDTEND;VALUE=DATE:20260304"
    far = "DTSTART:20260701T100000Z\nDTEND:20260701T110000Z"
    until_then = "DTSTART;VALUE=DATE:20260530\nDTEND;VALUE=DATE:20260701"

    assert found(over, on, far, until_then) == [
        leave("2026-02-23T00:00+01:00", "2026-03-04T00:00+01:00"),
        leave("2026-05-30T00:00+02:00", "2026-07-01T00:00+02:00"),
    ]


def test_stretches_of_one_kind_that_touch_are_one():
    days = [f"DTSTART;VALUE=DATE:202603{day}" for day in (10, 11, 12)]
    meetings = [
        "DTSTART:20260305T090000Z\nDTEND:20260305T100000Z",
        "DTSTART:20260305T093000Z\nDTEND:20260305T094500Z",
        "DTSTART:20260305T100000Z\nDTEND:20260305T103000Z",
    ]

    assert found(*days, *meetings) == [
        busy("2026-03-05T09:00Z", "2026-03-05T10:30Z"),
        leave("2026-03-10T00:00+01:00", "2026-03-13T00:00+01:00"),
    ]


def test_long_lines_are_unfolded_and_an_event_without_length_takes_no_time():
    folded = (
        "DTSTART;TZID=Europe\n /Paris:2026030\n 3T090000\nDTEND;TZID=Europe/Paris:20260303T100000"
    )

    assert found(folded) == [busy("2026-03-03T09:00+01:00", "2026-03-03T10:00+01:00")]
    assert found("DTSTART:20260303T090000Z") == []


def test_one_event_that_cannot_be_understood_does_not_hide_the_others():
    bad = "DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\nRRULE:FREQ=SOMETIMES"
    good = "DTSTART:20260304T090000Z\nDTEND:20260304T100000Z"

    assert busy("2026-03-04T09:00Z", "2026-03-04T10:00Z") in found(bad, good)


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=2", "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2"]
)
def test_what_repeats_within_a_day_is_left_out(rule):
    event = f"DTSTART:20200303T090000Z\nDTEND:20200303T090001Z\nRRULE:{rule}"

    assert found(event) == []


def test_a_calendar_with_too_much_in_it_is_refused(monkeypatch):
    monkeypatch.setattr(icsbounds, "MOST_EVENTS", 3)
    monkeypatch.setattr(ics, "MOST_OCCURRENCES", 40)
    events = [f"DTSTART:2026030{n}T090000Z\nDTEND:2026030{n}T100000Z" for n in range(3, 8)]
    daily = "DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\nRRULE:FREQ=DAILY"
    past = [f"DTSTART:2020030{n}T090000Z\nDTEND:2020030{n}T100000Z" for n in range(1, 8)]

    for many in (events, [daily]):
        with pytest.raises(UnreadableCalendar) as refused:
            found(*many)
        assert refused.value.code == "too_many_events"
    assert len(found(*past, *events[:3])) == 3


@pytest.mark.parametrize(
    "content",
    [
        # Read once, not 40,000 times
        b"BEGIN:VCALENDAR\nVERSION:2.0\n" + 40_000 * b"BEGIN:VEVENT\n",
        b"",
        b"<!doctype html><title>Sign in</title>",
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART:20260303T09",
        b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"\xff\xfe\x00B",
    ],
)
def test_what_is_no_calendar_is_said_to_be_none(content):
    with pytest.raises(UnreadableCalendar) as refused:
        absences(content, zone=PARIS, since=NOW, until=UNTIL)
    assert refused.value.code == "not_a_calendar"


EACH_DAY = "DTSTART:00010101T090000Z\nDTEND:00010101T100000Z\nRRULE:FREQ=DAILY"
NEVER = "DTSTART:20260301T090000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
ZONE = (
    "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:16010101T000000\n{}\nEND:STANDARD\n"
    "END:VTIMEZONE\n"
)


@pytest.mark.parametrize(
    ("events", "more"),
    [
        ([EACH_DAY] * 1000, ""),
        ([EACH_DAY] * 17, ""),
        ([NEVER] * 5, ""),
        (["DTSTART:20260330T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=2"] * 5, ""),
        ([EACH_DAY + "\nRRULE:FREQ=DAILY" * 17], ""),
        (["DTSTART:20260301T090000Z\nRRULE:FREQ=DAILY\nDURATION:P3000D"], ""),
        (["DTSTART:20260301T090000Z\nRRULE:FREQ=DAILY\nDURATION:P300D"] * 400, ""),
        (
            [
                "DTSTART:20260301T090000Z\n"
                + "EXDATE:20260303T090000Z"
                + ",20260303T090000Z" * 20_000
            ],
            "",
        ),
        (["DTSTART:20260301T090000Z\nRDATE:" + "20260303T090000Z," * 20_001 + "20260303"], ""),
        (["RECURRENCE-ID;RANGE=THISANDFUTURE:20260303T090000Z\nDTSTART:00260303T090000Z"], ""),
        ([], ZONE.format("RRULE:FREQ=SECONDLY")),
        ([], ZONE.format("RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=1SU") * 61),
    ],
)
def test_what_would_keep_its_reader_busy_is_refused_before_it_is_read(events, more, monkeypatch):
    monkeypatch.setattr("dateutil.rrule.rrule._iter", _nobody_looks)

    with pytest.raises(UnreadableCalendar) as refused:
        found(*events, more=more)

    assert refused.value.code in ("too_much_work", "too_many_events")
    assert calendar_problem(refused.value.code)


def _nobody_looks(rule):
    pytest.fail("The days of a rule were looked at.")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;BYDAY=MO,TU,WE",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU",
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=2",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=-1TH",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    ],
)
def test_no_more_days_are_looked_at_than_were_counted_before(rule, monkeypatch):
    """By the library that does it: the days that it goes through, one period after the other."""
    seen = []
    walker = import_module("dateutil.rrule")._iterinfo
    for name in ("ydayset", "mdayset", "wdayset", "ddayset"):
        look = getattr(walker, name)

        def counted(self, *args, look=look):
            days = look(self, *args)
            seen.append(days[2] - days[1])
            return days

        monkeypatch.setattr(walker, name, counted)
    content = calendar(f"DTSTART:20160302T090000Z\nDTEND:20160302T100000Z\nRRULE:{rule}")
    [event] = icalendar.Calendar.from_ical(content).walk("VEVENT")

    absences(content, zone=PARIS, since=NOW, until=UNTIL)

    bound = looked_at(event, event["RRULE"], UNTIL.date())
    assert 0 < sum(seen) <= bound
    never = any(part in rule for part in ("30", "=12;", "=7;", "WEEKNO"))
    assert (bound > 1_000_000) == never


def test_a_calendar_full_of_ordinary_meetings_is_read(monkeypatch):
    weekly = "DTSTART:20160302T090000Z\nDTEND:20160302T100000Z\nRRULE:FREQ=WEEKLY;BYDAY=WE"

    assert len(found(*[weekly] * 50)) == 13


def test_a_calendar_without_events_is_one():
    assert found() == []


def test_missing_packages_are_said_to_be_missing(monkeypatch):
    def missing(name):
        raise ImportError(name=name)

    monkeypatch.setattr(ics, "import_module", missing)
    with pytest.raises(UnreadableCalendar) as refused:
        found("DTSTART:20260304T090000Z\nDTEND:20260304T100000Z")
    assert refused.value.code == "no_library"

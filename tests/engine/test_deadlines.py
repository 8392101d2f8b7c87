"""When so many minutes are up (SL1)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from leaddistrib.engine.availability import DAY, WorkingWeek
from leaddistrib.engine.deadlines import after

PARIS = ZoneInfo("Europe/Paris")
NINE_TO_SIX = tuple(
    block for day in range(5) for block in ((day, time(9), time(12)), (day, time(13), time(18)))
)
WEEK = WorkingWeek(PARIS, NINE_TO_SIX)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def test_by_the_calendar_nights_and_weekends_count():
    assert after(paris("2026-03-06T17:30"), 120) == paris("2026-03-06T19:30")
    assert after(paris("2026-03-06T17:30"), 48 * 60) == paris("2026-03-08T17:30")


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-03-04T10:00", 30, "2026-03-04T10:30"),  # within a morning
        ("2026-03-04T11:50", 30, "2026-03-04T13:20"),  # over lunch
        ("2026-03-06T17:50", 30, "2026-03-09T09:20"),  # over a weekend
        ("2026-03-07T15:00", 30, "2026-03-09T09:30"),  # from within it
        ("2026-03-04T17:30", 30, "2026-03-04T18:00"),  # up with the day, not the next morning
        ("2026-03-04T18:00", 30, "2026-03-05T09:30"),
        ("2026-03-04T05:00", 5, "2026-03-04T09:05"),  # before anybody is there
        ("2026-03-04T10:00", 24 * 60, "2026-03-09T10:00"),  # three days of eight hours
    ],
)
def test_working_minutes_wait_for_working_hours(start, minutes, due):
    assert after(paris(start), minutes, WEEK) == paris(due)


def test_a_public_holiday_has_no_working_minutes():
    week = WorkingWeek(PARIS, NINE_TO_SIX, frozenset({date(2026, 5, 1)}))
    assert after(paris("2026-04-30T17:50"), 20, week) == paris("2026-05-04T09:10")


def test_the_day_is_the_reps_wherever_the_lead_came_in():
    """Half past eleven at night in Paris is half past two in the afternoon in Los Angeles."""
    angeles = WorkingWeek(ZoneInfo("America/Los_Angeles"), NINE_TO_SIX)
    assert after(paris("2026-03-04T23:30"), 30, angeles) == paris("2026-03-05T00:00")


def test_a_night_in_which_clocks_change_has_the_minutes_that_it_has():
    """From Saturday noon 24 hours by the calendar are 13:00 in spring and 11:00 in autumn."""
    assert after(paris("2026-03-28T12:00"), 24 * 60) == paris("2026-03-29T13:00")
    assert after(paris("2026-10-24T12:00"), 24 * 60) == paris("2026-10-25T11:00")


def test_a_night_shift_over_a_change_of_clocks_counts_its_hours():
    """From midnight to six there are five hours in spring and seven in autumn."""
    nights = WorkingWeek(PARIS, tuple((day, time(0), time(6)) for day in range(7)))
    assert after(paris("2026-03-29T00:00"), 5 * 60, nights) == paris("2026-03-29T06:00")
    assert after(paris("2026-03-29T00:00"), 5 * 60 + 1, nights) == paris("2026-03-30T00:01")
    assert after(paris("2026-10-25T00:00"), 7 * 60, nights) == paris("2026-10-25T06:00")
    assert after(paris("2026-10-25T00:00"), 7 * 60 + 1, nights) == paris("2026-10-26T00:01")


def test_whoever_hardly_works_does_not_put_a_deadline_off_for_ever():
    """A week without an hour of work within reach counts by the calendar."""
    every_day = frozenset(date(2026, 1, 1) + n * DAY for n in range(500))
    never = WorkingWeek(PARIS, NINE_TO_SIX, every_day)
    assert after(paris("2026-03-04T10:00"), 30, never) == paris("2026-03-04T10:30")


def test_a_deadline_is_where_counting_minute_by_minute_ends():
    """Over weekends with a change of clocks, from before, within and after the hours of a day."""
    for friday in (paris("2026-03-27T08:00"), paris("2026-10-23T12:30")):
        at, worked = friday.astimezone(UTC), 0
        while worked < 1200:
            at += timedelta(minutes=1)
            if WEEK.is_at_work(at - timedelta(minutes=1)):
                worked += 1
                assert after(friday, worked, WEEK) == at

"""Periodic work is due at the organisation's wall time, whatever the clocks do (OP2)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from leaddistrib.jobs.schedules import CATCH_UP, JOBS, Job


@pytest.fixture(autouse=True)
def paris(settings):
    settings.TIME_ZONE = "Europe/Paris"


NIGHTLY = Job("nightly", at=time(2, 30), run=lambda moment: {})
STATEMENTS = Job("statements", at=time(2, 30), run=lambda moment: {}, every_period=True)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 1, 15), datetime(2026, 1, 15, 1, 30, tzinfo=UTC)),
        (date(2026, 7, 15), datetime(2026, 7, 15, 0, 30, tzinfo=UTC)),
        # 02:30 does not exist on this day, and comes twice on the next one.
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_job_is_due_at_the_same_wall_time_in_summer_and_winter(day, due):
    assert NIGHTLY.due_at(day) == due


def test_the_latest_period_is_yesterdays_until_todays_is_due():
    assert NIGHTLY.latest(datetime(2026, 1, 15, 1, 29, tzinfo=UTC)) == date(2026, 1, 14)
    assert NIGHTLY.latest(datetime(2026, 1, 15, 1, 30, tzinfo=UTC)) == date(2026, 1, 15)


def test_the_day_is_the_organisations_not_greenwichs():
    assert NIGHTLY.latest(datetime(2026, 7, 14, 23, 0, tzinfo=UTC)) == date(2026, 7, 14)


def test_after_15_days_without_workers_only_the_latest_period_is_due():
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert list(NIGHTLY.due(date(2026, 1, 16), moment)) == [date(2026, 1, 31)]


def test_a_job_that_wants_every_period_catches_up_with_each_once_oldest_first():
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    due = list(STATEMENTS.due(date(2026, 1, 16), moment))
    assert due == [date(2026, 1, day) for day in range(17, 32)]


def test_catching_up_has_a_limit():
    due = list(STATEMENTS.due(date(2020, 1, 1), datetime(2026, 1, 31, 12, tzinfo=UTC)))
    assert len(due) == CATCH_UP
    assert due[-1] == date(2026, 1, 31)


@pytest.mark.parametrize("job", [NIGHTLY, STATEMENTS])
def test_nothing_is_due_twice(job):
    assert list(job.due(date(2026, 1, 31), datetime(2026, 1, 31, 12, tzinfo=UTC))) == []


def test_a_new_installation_begins_with_the_latest_period():
    assert list(STATEMENTS.due(None, datetime(2026, 1, 31, 12, tzinfo=UTC))) == [date(2026, 1, 31)]


WEEKLY = Job("weekly", at=time(2, 30), run=lambda moment: {}, weekday=0)
TIMESHEETS = Job("timesheets", at=time(2, 30), run=lambda moment: {}, weekday=0, every_period=True)
MONDAYS = [date(2026, 3, 16), date(2026, 3, 23), date(2026, 3, 30), date(2026, 4, 6)]


def test_a_weekly_job_is_due_on_its_day_at_the_same_wall_time_in_winter_and_summer():
    assert [WEEKLY.due_at(monday).hour for monday in MONDAYS] == [1, 1, 0, 0]
    for before, monday in pairwise(MONDAYS):
        due = WEEKLY.due_at(monday)
        assert WEEKLY.latest(due) == monday
        assert WEEKLY.latest(due - timedelta(seconds=1)) == before


def test_a_weekly_job_on_the_sunday_that_clocks_change_is_due_once():
    sundays = Job("sundays", at=time(2, 30), run=lambda moment: {}, weekday=6)
    for day, moment in (
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ):
        week = [moment + timedelta(hours=hour) for hour in range(7 * 24)]
        assert {sundays.latest(hour) for hour in week[:-1]} == {day}
        assert list(sundays.due(day, moment + timedelta(hours=2))) == []


def test_every_missed_week_is_caught_up_with_or_only_the_latest():
    moment = datetime(2026, 4, 8, 12, tzinfo=UTC)
    assert list(TIMESHEETS.due(date(2026, 3, 16), moment)) == MONDAYS[1:]
    assert list(WEEKLY.due(date(2026, 3, 16), moment)) == MONDAYS[-1:]
    assert list(TIMESHEETS.due(MONDAYS[-1], moment)) == []
    assert list(TIMESHEETS.due(None, moment)) == MONDAYS[-1:]


def test_a_job_whose_day_was_changed_does_no_week_twice_and_leaves_none_out():
    moment = datetime(2026, 4, 8, 12, tzinfo=UTC)
    assert list(TIMESHEETS.due(date(2026, 3, 19), moment)) == MONDAYS[1:]
    assert len(list(TIMESHEETS.due(date(2020, 1, 1), moment))) == CATCH_UP


def test_job_names_are_unique_and_fit_the_record():
    names = [job.name for job in JOBS]
    assert len(names) == len(set(names))
    assert max(map(len, names)) <= 60


MONTHLY = Job("monthly", at=time(2, 30), run=lambda moment: {}, monthday=1)
BILLS = Job("bills", at=time(2, 30), run=lambda moment: {}, monthday=15, every_period=True)


@pytest.mark.parametrize(
    ("moment", "latest"),
    [
        (datetime(2026, 3, 1, 1, 29, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 3, 1, 1, 30, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 31, 22, 30, tzinfo=UTC), date(2026, 3, 1)),  # 1 April, 00:30 in Paris
        (datetime(2026, 4, 1, 0, 30, tzinfo=UTC), date(2026, 4, 1)),
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), date(2025, 12, 1)),
        (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), date(2028, 2, 1)),
    ],
)
def test_a_monthly_job_is_due_on_its_day_at_the_same_wall_time(moment, latest):
    assert MONTHLY.latest(moment) == latest


def test_a_month_lasts_from_its_day_to_the_same_day_of_the_next():
    assert BILLS.latest(datetime(2026, 3, 14, 12, tzinfo=UTC)) == date(2026, 2, 15)
    assert BILLS.latest(datetime(2026, 3, 31, 12, tzinfo=UTC)) == date(2026, 3, 15)
    assert BILLS.latest(datetime(2026, 1, 3, 12, tzinfo=UTC)) == date(2025, 12, 15)


def test_every_missed_month_is_caught_up_with_or_only_the_latest():
    moment = datetime(2026, 4, 20, 12, tzinfo=UTC)
    months = [date(2026, month, 15) for month in (1, 2, 3, 4)]
    assert list(BILLS.due(date(2025, 12, 15), moment)) == months
    assert list(BILLS.due(date(2025, 12, 31), moment)) == months  # its day was changed since
    assert list(BILLS.due(months[-1], moment)) == []
    assert list(MONTHLY.due(date(2025, 12, 1), moment)) == [date(2026, 4, 1)]
    assert len(list(BILLS.due(date(2010, 1, 1), moment))) == CATCH_UP


@pytest.mark.parametrize(
    ("last", "back", "due"),
    [
        (date(2026, 3, 1), datetime(2026, 3, 29, 12, tzinfo=UTC), []),
        (date(2026, 3, 1), datetime(2026, 4, 4, 12, tzinfo=UTC), [date(2026, 4, 1)]),
    ],
)
def test_fifteen_days_without_workers_cost_a_monthly_job_one_late_run_at_most(last, back, due):
    assert list(MONTHLY.due(last, back)) == due


FIRST, LAST = date(2025, 1, 1), date(2027, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


@pytest.mark.parametrize(
    ("when", "days"),
    [
        ({}, DAYS),
        ({"weekday": 6}, [day for day in DAYS if day.weekday() == 6]),
        ({"monthday": 1}, [day for day in DAYS if day.day == 1]),
    ],
    ids=["daily", "weekly", "monthly"],
)
@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Paris",
        "America/New_York",
        "America/Santiago",  # changes at midnight
        "Australia/Lord_Howe",  # by half an hour
        "Africa/Casablanca",  # for Ramadan
        "Asia/Kolkata",  # never
    ],
)
@pytest.mark.parametrize("at", [time(0, 15), time(2, 30)], ids=["00:15", "02:30"])
def test_in_three_years_each_period_is_due_once_and_its_wall_time_never_drifts(
    settings, zone, when, days, at
):
    """A worker looks every five hours and a bit, and once stays away for fifteen days."""
    settings.TIME_ZONE = zone
    here = ZoneInfo(zone)
    job = Job("steady", at=at, run=lambda moment: {}, every_period=True, **when)
    moment = job.due_at(FIRST)
    done, last = [], FIRST - timedelta(days=1)
    while last < days[-1] and moment.year < 2029:
        periods = list(job.due(last, moment))
        assert all(job.due_at(day) <= moment for day in periods)
        done += periods
        last = max([last, *periods])
        moment += timedelta(days=15) if len(done) == 20 and periods else timedelta(hours=5.3)

    assert done == days
    local = {day: job.due_at(day).astimezone(here) for day in days}
    assert all(moment.date() == day for day, moment in local.items())
    drifted = [day for day, moment in local.items() if moment.time() != at]
    for day in drifted:  # the hour that clocks skip: as soon after it as the time is into it
        wanted = datetime.combine(day, at, tzinfo=here)
        assert wanted.astimezone(UTC).astimezone(here).time() != at
        assert local[day] - wanted.replace(fold=1).astimezone(UTC) <= timedelta(hours=1)
    assert len(drifted) <= 3

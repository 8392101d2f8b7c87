"""Periodic work is due at the organisation's wall time, whatever the clocks do (OP2)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

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

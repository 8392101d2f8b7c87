"""Periodic work is due at the organisation's wall time, whatever the clocks do (OP2)."""

from datetime import UTC, date, datetime, time

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


def test_job_names_are_unique_and_fit_the_record():
    names = [job.name for job in JOBS]
    assert len(names) == len(set(names))
    assert max(map(len, names)) <= 60

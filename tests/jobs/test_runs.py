"""Each period's work is done once, however many workers ask, and survives being cut off (OP2)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, connection
from django_q.models import Schedule

from leaddistrib.jobs import tasks
from leaddistrib.jobs.runs import LEASE, missed, run_due
from leaddistrib.jobs.schedules import JOBS, Job
from leaddistrib.models import JobRun
from leaddistrib.testing import clock_at

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


class Work:
    """A job's work that counts its runs, and breaks when it is told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.breaks = False

    def __call__(self, moment: datetime) -> dict[str, object]:
        self.runs += 1
        if self.breaks:
            raise OperationalError("the database went away")
        return {"runs": self.runs}


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def job(work: Work) -> Job:
    return Job("digest", at=time(6), run=work)


def test_a_due_job_runs_once_however_often_it_is_asked_for(job, work):
    assert [run_due(NOON, [job]) for _ in range(3)] == [1, 0, 0]
    assert work.runs == 1
    run = JobRun.objects.get()
    assert (run.job, run.period, run.result) == ("digest", "2026-01-31", {"runs": 1})
    assert run.finished_at is not None


def test_a_job_that_another_worker_is_doing_is_left_alone(job, work):
    JobRun.objects.create(job="digest", period="2026-01-31", started_at=NOON)
    assert run_due(NOON, [job]) == 0
    assert work.runs == 0


def test_the_next_day_is_another_period(job, work):
    run_due(NOON, [job])
    assert run_due(NOON + timedelta(days=1), [job]) == 1
    assert work.runs == 2


def test_a_job_that_was_cut_off_is_done_again_once_its_lease_is_over(job, work):
    work.breaks = True
    with pytest.raises(OperationalError):
        run_due(NOON, [job])
    work.breaks = False
    assert run_due(NOON + LEASE - timedelta(seconds=1), [job]) == 0
    assert run_due(NOON + LEASE + timedelta(seconds=1), [job]) == 1
    assert JobRun.objects.get().result == {"runs": 2}


def test_after_15_days_without_workers_each_missed_period_is_done_once(work):
    statements = Job("statements", at=time(6), run=work, every_period=True)
    run_due(NOON, [statements])
    later = NOON + timedelta(days=15)
    assert run_due(later, [statements]) == 15
    assert run_due(later, [statements]) == 0
    assert JobRun.objects.count() == work.runs == 16


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("every", [{}, {"weekday": 0}, {"monthday": 1}], ids=str)
def test_clusters_that_wake_at_the_same_moment_do_a_period_once(work, every):
    statements = Job("statements", at=time(6), run=work, **every)
    together = Barrier(4, timeout=60)

    def cluster(number: int) -> int:
        try:
            together.wait()
            return run_due(NOON, [statements])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as clusters:
        assert sorted(clusters.map(cluster, range(4))) == [0, 0, 0, 1]
    assert JobRun.objects.count() == work.runs == 1


def test_a_job_that_nobody_runs_any_more_is_found(job):
    assert list(missed(NOON, [job])) == []  # a new installation has missed nothing
    run_due(NOON, [job])
    assert list(missed(NOON + timedelta(hours=19), [job])) == []
    [finding] = missed(NOON + timedelta(days=2), [job])
    assert finding.code == "job_missed"
    assert finding.examples == ("digest 2026-02-02",)


def test_the_wake_up_of_django_q2_does_what_is_due():
    with clock_at(NOON):
        assert tasks.wake() == len(JOBS)
        assert tasks.wake() == 0
    assert set(JobRun.objects.values_list("job", flat=True)) == {job.name for job in JOBS}


def test_the_schedules_are_what_the_code_says_however_often_they_are_written():
    Schedule.objects.create(name="leaddistrib.gone", func="leaddistrib.gone", minutes=1)
    Schedule.objects.create(name=tasks.WAKE, func="misspelt", repeats=0)
    Schedule.objects.create(name="somebody else's", func="theirs")
    tasks.write_schedules()
    tasks.write_schedules()
    ours = Schedule.objects.get(name__startswith="leaddistrib.")
    assert (ours.func, ours.schedule_type, ours.minutes, ours.repeats) == (
        "leaddistrib.jobs.tasks.wake",
        Schedule.MINUTES,
        1,
        -1,
    )
    assert Schedule.objects.filter(func="theirs").exists()

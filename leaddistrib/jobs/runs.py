"""Runs jobs that are due, each period once, however many workers and clusters ask (OP2)."""

import logging
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from leaddistrib.jobs.schedules import JOBS, Job
from leaddistrib.models import JobRun
from leaddistrib.queries import clock
from leaddistrib.queries.checking import Finding
from leaddistrib.queries.consistency import EXAMPLES
from leaddistrib.queries.duework import DONE_WITHIN

log = logging.getLogger(__name__)

LEASE = timedelta(hours=1)
"""How long a run may take before it counts as cut off, and whoever asks next does it again."""


def run_due(moment: datetime, jobs: Sequence[Job] = JOBS) -> int:
    """Do every job that is due at ``moment`` and that nobody else does; returns how many runs."""
    runs = 0
    for job in jobs:
        for period in _periods(job, moment):
            run = _take(job.name, period, moment)
            if run is None:
                continue
            log.info("job=%s period=%s begins", run.job, run.period)
            run.result = dict(job.run(moment))
            run.finished_at = clock.now()
            run.save(update_fields=("result", "finished_at"))
            log.info("job=%s period=%s done result=%s", run.job, run.period, run.result)
            runs += 1
    return runs


def _periods(job: Job, moment: datetime) -> Iterator[str]:
    """Periods to look at, oldest first: those cut off, then those due and not yet begun."""
    known = JobRun.objects.filter(job=job.name)
    cut_off = known.filter(finished_at__isnull=True, started_at__lt=moment - LEASE)
    yield from cut_off.order_by("period").values_list("period", flat=True)
    last = known.aggregate(last=Max("period"))["last"]
    for day in job.due(date.fromisoformat(last) if last else None, moment):
        yield day.isoformat()


def _take(job: str, period: str, moment: datetime) -> JobRun | None:
    """The run, if it is this caller's to do; None when somebody else began it.

    The unique (job, period) decides between two who begin it at once, the condition of the UPDATE
    between two who find it cut off.
    """
    run, begun = JobRun.objects.get_or_create(
        job=job, period=period, defaults={"started_at": moment}
    )
    if begun:
        return run
    cut_off = JobRun.objects.filter(
        pk=run.pk, finished_at__isnull=True, started_at__lt=moment - LEASE
    )
    return run if cut_off.update(started_at=moment) else None


def missed(moment: datetime, jobs: Sequence[Job] = JOBS) -> Iterator[Finding]:
    """Jobs that ran before, and whose latest period is overdue by hours: no worker runs (OP3)."""
    for job in jobs:
        last = JobRun.objects.filter(job=job.name).aggregate(last=Max("period"))["last"]
        if last and (days := list(job.due(date.fromisoformat(last), moment - DONE_WITHIN))):
            yield Finding(
                "job_missed",
                _("A periodic job that has not run"),
                _("Start leaddistrib_worker: it does at once what was missed."),
                len(days),
                tuple(f"{job.name} {day.isoformat()}" for day in days[:EXAMPLES]),
            )

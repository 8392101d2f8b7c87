"""What django-q2 runs. It is a wake-up, not a record: what is due is in our own tables."""

from datetime import datetime

from django.db.models import Max
from django_q.models import Schedule, Task

from leaddistrib.jobs.runs import run_due
from leaddistrib.queries import clock

WAKE = "leaddistrib.jobs.tasks.wake"
PREFIX = "leaddistrib."


def wake() -> int:
    """Do what is due; returns how many runs. Takes no arguments, and is harmless when repeated."""
    return run_due(clock.now())


def write_schedules() -> None:
    """Make django-q2's table say what it should: one wake-up a minute, and nothing else of ours.

    Two workers that start at once may write the row twice: then it wakes twice, until the next
    start.
    """
    ours = Schedule.objects.filter(name__startswith=PREFIX)
    row = ours.filter(name=WAKE).order_by("pk").first() or Schedule(name=WAKE)
    ours.exclude(pk=row.pk).delete()
    row.func, row.schedule_type, row.minutes, row.repeats = WAKE, Schedule.MINUTES, 1, -1
    row.save()


def last_wake() -> datetime | None:
    """When a cluster last finished a wake-up, by django-q2's own record: its heartbeat."""
    latest: datetime | None = Task.objects.filter(func=WAKE).aggregate(latest=Max("stopped"))[
        "latest"
    ]
    return latest

"""Everything that is due, done here and now, with or without django-q2."""

from collections.abc import Callable
from datetime import datetime, timedelta

from leaddistrib.jobs.runs import run_due
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries import clock

JOBS_EVERY = timedelta(minutes=1)


class DueWork:
    """One worker's share of the due work. Any number of workers may have a share at once."""

    def __init__(self, stopping: Callable[[], bool] = lambda: False) -> None:
        self.stopping = stopping
        self.jobs_at: datetime | None = None

    def handle(self) -> int:
        """Do all that is due, until nothing is or ``stopping()``; returns how many things.

        Messages are taken one at a time: a worker that is told to stop finishes the one in its
        hands and leaves the others to its colleagues at once.
        """
        handled = 0
        while not self.stopping() and (sent := deliver(clock.now(), limit=1)):
            handled += sent
        moment = clock.now()
        if not self.stopping() and (self.jobs_at is None or self.jobs_at <= moment):
            handled += run_due(moment)
            self.jobs_at = moment + JOBS_EVERY
        return handled

"""Looks after a django-q2 cluster: one that dies or freezes is started again."""

import logging
from datetime import datetime, timedelta

from leaddistrib.jobs.tasks import last_wake
from leaddistrib.management.processes import Process, environment, manage

log = logging.getLogger(__name__)

STALE = timedelta(minutes=5)
"""Silence after which a cluster counts as frozen: django-q2 can stand still for ever after one of
its processes was killed, while the others look alive. It is asked to wake up once a minute."""

MOST_PATIENCE = timedelta(minutes=5)


class Cluster:
    """One cluster in a process group of its own.

    The heartbeat is that of all clusters together: a frozen one among others that work holds a few
    tasks only, which django-q2 gives to the others after its ``retry``.
    """

    def __init__(self, moment: datetime) -> None:
        self.patience = timedelta(seconds=1)
        self._start(moment)

    def look_after(self, moment: datetime) -> None:
        """Start it again if it has died, or if no cluster has been heard of for STALE."""
        if self.process.returncode is not None:
            # One that cannot start is not tried again and again without a pause.
            if moment >= self.started_at + self.patience:
                log.error("cluster=died status=%s: starting it again", self.process.returncode)
                self._restart(moment)
        elif moment - max(self.started_at, last_wake() or self.started_at) > STALE:
            log.error("cluster=frozen pid=%s: starting it again", self.process.popen.pid)
            self._restart(moment)
        elif moment - self.started_at > MOST_PATIENCE:
            self.patience = timedelta(seconds=1)

    def ask_to_stop(self) -> None:
        self.process.ask_to_stop()

    def wait(self) -> None:
        """Wait until the cluster has stopped; one that does not is killed."""
        self.process.wait()
        log.info("cluster=stopped")

    def _restart(self, moment: datetime) -> None:
        self.process.kill()
        self.patience = min(2 * self.patience, MOST_PATIENCE)
        self._start(moment)

    def _start(self, moment: datetime) -> None:
        self.process = Process(manage("qcluster"), environment())
        self.started_at = moment
        log.info("cluster=started pid=%s", self.process.popen.pid)

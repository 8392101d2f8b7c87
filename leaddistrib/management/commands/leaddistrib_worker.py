"""Due work and outbox, and the django-q2 cluster beside it (NO4, OP2)."""

import logging
import random
import signal
import threading
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from leaddistrib.jobs.due import LANES, DueWork, Lane
from leaddistrib.jobs.tasks import write_schedules
from leaddistrib.management.cluster import Cluster
from leaddistrib.management.logs import log_to_terminal
from leaddistrib.queries import clock

log = logging.getLogger("leaddistrib.worker")

PAUSE = 0.5  # seconds between two looks at the cluster, so also to the end after SIGTERM
LONGEST_PAUSE = 30.0  # while the database cannot be reached
FRESH = 60.0  # seconds after which a thread's connection is looked at, and made anew if it is old


class Command(BaseCommand):
    help = (
        "Sends messages, does periodic work, and runs the django-q2 cluster. Any number of these"
        " may run, on any number of machines. SIGTERM or Ctrl-C stops it after what is in hand."
    )

    cluster: Cluster | None = None
    stopping = False
    broken: str = ""  # the lane that ended, and nobody told it to

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do all that is due now, then end")
        parser.add_argument(
            "--no-cluster",
            action="store_true",
            help="without the django-q2 cluster: periodic work is done here all the same",
        )

    def handle(self, *args: Any, once: bool, no_cluster: bool, **options: Any) -> None:
        self.check(tags=["leaddistrib"], databases=["default"])
        log_to_terminal(self.stderr, options["verbosity"])
        if once:
            log.info("worker=done handled=%d", DueWork().handle())
            return
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        log.info("worker=started cluster=%s", "no" if no_cluster else "yes")
        # Daemons: a calendar that takes its time does not keep the process from ending.
        threads = [
            threading.Thread(target=self._work, args=(lane,), name=lane.name, daemon=True)
            for lane in LANES
        ]
        for thread in threads:
            thread.start()
        try:
            self._watch(with_cluster=not no_cluster)
        finally:
            self.stopping = True
            if self.cluster:
                self.cluster.ask_to_stop()
            began = time.monotonic()
            for lane, thread in zip(LANES, threads, strict=True):
                thread.join(max(0.0, began + lane.patience - time.monotonic()))
            if self.cluster:
                self.cluster.wait()
        log.info("worker=stopped")
        if self.broken:
            raise CommandError(f"“{self.broken}” ended by an error, which is told above.")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        # Only a flag: a handler that took a lock could be waiting for what it interrupted.
        self.stopping = True

    def _watch(self, *, with_cluster: bool) -> None:
        """The main thread looks after the cluster; all else is done in the lanes."""
        pause = PAUSE
        while not self.stopping:
            if with_cluster:
                try:
                    self._look_after_cluster()
                    pause = PAUSE
                except (OperationalError, InterfaceError) as error:
                    pause = _longer(pause, error)
            self._sleep(pause)

    def _look_after_cluster(self) -> None:
        close_old_connections()
        if self.cluster is None:
            write_schedules()
            self.cluster = Cluster(clock.now())
        self.cluster.look_after(clock.now())

    def _work(self, lane: Lane) -> None:
        """One lane, in a thread with a database connection of its own."""
        try:
            self._until_stopped(lane, DueWork(lambda: self.stopping, lane.kinds))
        finally:
            # A worker without one of its lanes is none: whoever started it will start it again, by
            # its exit status.
            if not self.stopping:
                self.broken = lane.name
            self.stopping = True
            connection.close()

    def _until_stopped(self, lane: Lane, work: DueWork) -> None:
        pause, fresh = lane.pause, time.monotonic() + FRESH
        while not self.stopping:
            try:
                if time.monotonic() > fresh:
                    close_old_connections()
                    fresh = time.monotonic() + FRESH
                handled = work.handle()
                if handled:
                    log.info("worker=turn lane=%s handled=%d", lane.name, handled)
                pause = lane.pause
            except (OperationalError, InterfaceError) as error:
                pause = _longer(pause, error)
            self._sleep(pause * random.uniform(0.8, 1.0))

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, PAUSE))


def _longer(pause: float, error: Exception) -> float:
    """How long to wait for a database that went away, or is not there yet: everything that is due
    is still in it."""
    pause = min(2 * pause, LONGEST_PAUSE)
    reason = " ".join(str(error).split())
    log.error("database=unreachable again_in=%.0fs error=%s", pause, reason)
    connection.close()
    return pause

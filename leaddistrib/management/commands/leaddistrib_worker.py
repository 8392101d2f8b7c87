"""Due work and outbox, and the django-q2 cluster beside it (NO4, OP2)."""

import logging
import random
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from leaddistrib.jobs.due import PROMPT, SLOW, DueWork
from leaddistrib.jobs.tasks import write_schedules
from leaddistrib.management.cluster import Cluster
from leaddistrib.management.logs import log_to_terminal
from leaddistrib.queries import clock

log = logging.getLogger("leaddistrib.worker")

PAUSE = 0.5  # seconds between two looks for due work, so also to the end after SIGTERM
LONGEST_PAUSE = 30.0  # while the database cannot be reached
LAST_WAIT = 5.0  # for a slow piece of work in hand; its lease brings it back if it takes longer


class Command(BaseCommand):
    help = (
        "Sends messages, does periodic work, and runs the django-q2 cluster. Any number of these"
        " may run, on any number of machines. SIGTERM or Ctrl-C stops it after the message in hand."
    )

    cluster: Cluster | None = None
    stopping = False
    half = False  # the thread for slow work ended, and nobody told it to

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
        self.with_cluster = not no_cluster
        self.work = DueWork(lambda: self.stopping, PROMPT)
        self.slow_work = DueWork(lambda: self.stopping, SLOW)
        # A daemon: a calendar that takes its time does not keep the process from ending.
        slow = threading.Thread(target=self._run_slow, name="slow work", daemon=True)
        log.info("worker=started cluster=%s", "no" if no_cluster else "yes")
        slow.start()
        try:
            self._run(self._turn)
        finally:
            self.stopping = True
            if self.cluster:
                self.cluster.ask_to_stop()
            slow.join(LAST_WAIT)
            if self.cluster:
                self.cluster.wait()
        log.info("worker=stopped")
        if self.half:
            raise CommandError("The slow work ended by an error, which is told above.")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        # Only a flag: a handler that took a lock could be waiting for what it interrupted.
        self.stopping = True

    def _run_slow(self) -> None:
        """What takes long, in a thread with a database connection of its own, so that leads and
        messages need not wait for it."""
        try:
            self._run(self._slow_turn)
        finally:
            # Half a worker is none: whoever started it will start it again, by its exit status.
            self.half = not self.stopping
            self.stopping = True
            connection.close()

    def _run(self, turn: Callable[[], None]) -> None:
        pause = PAUSE
        while not self.stopping:
            try:
                turn()
                pause = PAUSE
            except (OperationalError, InterfaceError) as error:
                # The database went away, or is not there yet. Everything due is still in it.
                pause = min(2 * pause, LONGEST_PAUSE)
                reason = " ".join(str(error).split())
                log.error("database=unreachable again_in=%.0fs error=%s", pause, reason)
                connection.close()
            self._sleep(pause * random.uniform(0.8, 1.0))

    def _slow_turn(self) -> None:
        close_old_connections()
        self.slow_work.handle()

    def _turn(self) -> None:
        close_old_connections()
        if self.with_cluster and self.cluster is None:
            write_schedules()
            self.cluster = Cluster(clock.now())
        handled = self.work.handle()
        if handled:
            log.info("worker=turn handled=%d", handled)
        if self.cluster:
            self.cluster.look_after(clock.now())

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, PAUSE))

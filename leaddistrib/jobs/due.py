"""Everything that is due, done here and now, with or without django-q2.

The kinds of work take turns: none holds up another for longer than its share of a round and the
piece of work in hand. Those whose pieces take long have a thread of their own in the worker.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import InterfaceError, OperationalError

from leaddistrib.jobs.runs import run_due
from leaddistrib.lifecycle.alerting import close_alerts
from leaddistrib.lifecycle.calendars import read_due
from leaddistrib.lifecycle.dryruns import work_off
from leaddistrib.lifecycle.left_behind import look_for_left_behind
from leaddistrib.lifecycle.publishing import publish_scheduled
from leaddistrib.lifecycle.retrying import look_for_unclaimed, retry_due
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries import clock

log = logging.getLogger(__name__)

AT_ONCE = timedelta()
SHARE = 2.0
"""Seconds that a kind of work may go on in a round while others wait; it finishes its piece."""
AFTER_FAILURE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of due work. ``do`` does one small piece of what is due at a moment and returns how
    many things that were, 0 when nothing is due. It is asked again ``every`` so often. A piece of
    ``slow`` work may take minutes, and is done again when whoever did it is stopped."""

    name: str
    do: Callable[[datetime], int]
    every: timedelta = AT_ONCE
    slow: bool = False


def _message(moment: datetime) -> int:
    """One at a time: a worker that is told to stop finishes the one in its hands and leaves the
    others to its colleagues at once."""
    return deliver(moment, limit=1)


WORK = (
    Work("leads", retry_due),
    Work("messages", _message),
    Work("rules", publish_scheduled, every=timedelta(seconds=5)),
    Work("unclaimed", look_for_unclaimed, every=timedelta(seconds=20)),
    Work("left behind", look_for_left_behind, every=timedelta(seconds=20)),
    Work("alerts", close_alerts, every=timedelta(seconds=20)),
    Work("dry runs", work_off, every=timedelta(seconds=1), slow=True),
    Work("calendars", read_due, every=timedelta(seconds=10), slow=True),
    Work("jobs", run_due, every=timedelta(minutes=1)),
)
PROMPT = tuple(kind for kind in WORK if not kind.slow)
SLOW = tuple(kind for kind in WORK if kind.slow)


class DueWork:
    """One worker's share of the due work. Any number of workers may have a share at once."""

    def __init__(
        self, stopping: Callable[[], bool] = lambda: False, kinds: Sequence[Work] = WORK
    ) -> None:
        self.stopping = stopping
        self.kinds = kinds
        self.next_at: dict[str, datetime] = {}

    def handle(self) -> int:
        """Do all that is due, until nothing is or ``stopping()``; returns how many things."""
        handled = 0
        busy = list(self.kinds)
        while busy and not self.stopping():
            counts = {kind.name: self._share(kind) for kind in busy}
            handled += sum(counts.values())
            busy = [kind for kind in busy if counts[kind.name]]
        return handled

    def _share(self, kind: Work) -> int:
        """Pieces of one kind of work, until none is due or its share of the round is used up."""
        started, handled = monotonic(), 0
        while not self.stopping():
            moment = clock.now()
            if moment < self.next_at.get(kind.name, moment):
                break
            done = self._piece(kind, moment)
            handled += done
            if not done or monotonic() - started >= SHARE:
                break
        return handled

    def _piece(self, kind: Work, moment: datetime) -> int:
        """What is wrong with one kind of work stops no other; a lost database stops all."""
        try:
            done = kind.do(moment)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("work=%s failed: it is tried again", kind.name)
            self.next_at[kind.name] = moment + AFTER_FAILURE
            return 0
        if not done:
            self.next_at[kind.name] = moment + kind.every
        return done

"""Everything that is due, done here and now, with or without django-q2.

The kinds of work are in lanes. A worker gives each lane a thread and a database connection, so that
none waits for another: a provider that hangs holds up its own channel only. Kinds of one lane take
turns.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from django.db import InterfaceError, OperationalError

from leaddistrib.jobs.runs import run_due
from leaddistrib.lifecycle.alerting import close_alerts
from leaddistrib.lifecycle.awarding import award_due
from leaddistrib.lifecycle.calendars import read_due
from leaddistrib.lifecycle.channels import look_for_failing
from leaddistrib.lifecycle.dryruns import work_off
from leaddistrib.lifecycle.firing import fire_due
from leaddistrib.lifecycle.left_behind import look_for_left_behind
from leaddistrib.lifecycle.opening import tell_due
from leaddistrib.lifecycle.publishing import publish_scheduled
from leaddistrib.lifecycle.retrying import look_for_unclaimed, retry_due
from leaddistrib.models import Channel
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
    many things that were, 0 when nothing is due. It is asked again ``every`` so often. Pieces of
    work that ``goes_on`` last as long as more falls due: they are told when to stop."""

    name: str
    do: Callable[..., int]
    every: timedelta = AT_ONCE
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """Kinds of work that share a thread, which looks for more after ``pause`` seconds. A worker
    that ends waits ``patience`` seconds for what the lane has in hand; what takes longer is done
    again."""

    name: str
    kinds: tuple[Work, ...]
    pause: float = 0.5
    patience: float = 5.0


PROMPT = 0.2
"""Seconds between two looks at what is to be done within a second."""


def _messages(channel: Channel) -> Lane:
    """Messages by one channel. A worker that ends waits for those that are being sent: requests
    have a deadline of their own, and what was sent and is not marked goes out twice."""
    send = partial(deliver, channel=channel, limit=1000)
    work = Work(f"messages by {channel.value}", send, goes_on=True)
    return Lane(channel.value, (work,), pause=PROMPT, patience=20.0)


LANES = (
    Lane("leads", (Work("leads", retry_due),)),
    Lane("windows", (Work("windows", tell_due),), pause=PROMPT),
    Lane("awards", (Work("awards", award_due),), pause=PROMPT),
    Lane("clocks", (Work("clocks", fire_due),), pause=PROMPT),
    *(_messages(channel) for channel in Channel),
    Lane(
        "others",
        (
            Work("rules", publish_scheduled, every=timedelta(seconds=5)),
            Work("unclaimed", look_for_unclaimed, every=timedelta(seconds=20)),
            Work("left behind", look_for_left_behind, every=timedelta(seconds=20)),
            Work("channels", look_for_failing, every=timedelta(seconds=20)),
            Work("alerts", close_alerts, every=timedelta(seconds=20)),
        ),
    ),
    Lane(
        "slow",
        (
            Work("dry runs", work_off, every=timedelta(seconds=1)),
            Work("calendars", read_due, every=timedelta(seconds=10)),
        ),
    ),
    Lane("jobs", (Work("jobs", run_due, every=timedelta(minutes=1)),)),
)
WORK = tuple(kind for lane in LANES for kind in lane.kinds)


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
            told = {"stopping": self.stopping} if kind.goes_on else {}
            done = kind.do(moment, **told)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("work=%s failed: it is tried again", kind.name)
            self.next_at[kind.name] = moment + AFTER_FAILURE
            return 0
        if not done:
            self.next_at[kind.name] = moment + kind.every
        return done

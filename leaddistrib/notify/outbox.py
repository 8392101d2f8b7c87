"""Messages that are due are sent (NO4): leased, looked at again, sent side by side, marked.

A message is leased before it is sent and marked as soon as it was; a crash between the two is the
one gap in which it goes out twice.
"""

import logging
import random
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from datetime import datetime, timedelta
from time import monotonic
from traceback import format_tb

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet

from leaddistrib import conf
from leaddistrib.models import Channel, OutboxMessage
from leaddistrib.notify import channels, email, push, slack, sms, teams
from leaddistrib.notify.channels import Parcel, Receipt, Transport
from leaddistrib.notify.errors import Later, NoDevice, NotSent, NotYet, Refused
from leaddistrib.notify.giving_way import give_way
from leaddistrib.notify.kinds import Kind, kind_of
from leaddistrib.notify.marking import mark, mark_sent
from leaddistrib.notify.quiet import Wait, not_yet, objection, sms_left

log = logging.getLogger(__name__)

CHANNELS: Mapping[str, Transport] = {
    Channel.EMAIL: email,
    Channel.PUSH: push,
    Channel.SMS: sms,
    Channel.SLACK: slack,
    Channel.TEAMS: teams,
}

WIDTH: Mapping[str, int] = {Channel.PUSH: 16, Channel.EMAIL: 4, Channel.SLACK: 4}
WIDTH_OF_OTHERS = 8
"""Messages that one worker sends side by side, by channel."""
LOOK = 0.2
"""Seconds after which what else is due is looked for, while something slow is still being sent."""
IN_HAND = timedelta(seconds=5)
"""How long a message waits for another that is being sent: an SMS for others to the same person,
which decide whether it is one too many; a change of a post for the post."""


def deliver(
    moment: datetime,
    channel: str | None = None,
    limit: int = 50,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send up to ``limit`` messages that are due at ``moment``, or fall due meanwhile, of one
    ``channel`` or of all; returns how many were handled.

    Any number of workers may run this at once. When it is ``stopping`` it takes no further message,
    and ends when those in hand are sent.

    Raises:
        OperationalError, InterfaceError: the database went away. What is due is still in it.
    """
    return _Delivery(moment, channel, stopping).run(limit)


class _Delivery:
    """One round of sending. Parcels are sent in threads; all that needs the database, in this."""

    def __init__(self, moment: datetime, channel: str | None, stopping: Callable[[], bool]) -> None:
        self.moment, self.channel, self.stopping = moment, channel, stopping
        self.started = monotonic()
        self.width = WIDTH.get(channel, WIDTH_OF_OTHERS) if channel else WIDTH_OF_OTHERS
        self.in_hand: dict[Future[Receipt], OutboxMessage] = {}

    @property
    def now(self) -> datetime:
        return self.moment + timedelta(seconds=monotonic() - self.started)

    def run(self, limit: int) -> int:
        leased = 0
        with ThreadPoolExecutor(self.width, "sending") as threads:
            try:
                while True:
                    room = min(self.width - len(self.in_hand), limit - leased)
                    taken = [] if self.stopping() else _lease(self.now, self.channel, room)
                    leased += len(taken)
                    for message in taken:
                        self._begin(message, threads)
                    if self.in_hand:
                        self._finish(LOOK if leased < limit else None)
                    elif not taken:
                        return leased
            finally:
                self._finish_all()

    def _begin(self, message: OutboxMessage, threads: ThreadPoolExecutor) -> None:
        """Look at a message again, and have it sent if it is still true."""
        kind = kind_of(message)
        if kind is None:
            self._drop(message, "unknown_kind")
        elif message.attempts > conf.settings.OUTBOX_MAX_ATTEMPTS:
            # Leased so often and never marked: whoever sends it dies of it.
            self._give_up(message, "sender_stopped")
        else:
            try:
                parcel = self._packed(message, kind)
            except (OperationalError, InterfaceError):
                raise
            except NotYet as wait:
                soon = self.now + IN_HAND
                _postpone(message, Wait(wait.code, max(wait.until or soon, soon)))
            except Exception as error:  # noqa: BLE001 - it holds up no other message
                self._failed(message, error)
            else:
                if parcel is not None:
                    self.in_hand[threads.submit(parcel.send)] = message

    def _packed(self, message: OutboxMessage, kind: Kind) -> Parcel | None:
        """The message, ready to be sent; None if it is not to be, or not yet."""
        loaded = kind.load(message)
        code = objection(message, kind) or kind.objection(message, loaded)
        wait = not_yet(message, kind, self.now)
        left = sms_left(message, self.now) if message.channel == Channel.SMS else None
        if code:
            self._drop(message, code)
        elif wait is not None:
            _postpone(message, wait)
        elif left is not None and left <= 0:
            self._drop(message, "sms_limit")
            give_way(message, self.now)
        elif left is not None and left <= self._number_in_hand(message):
            _postpone(message, Wait("sms_in_hand", self.now + IN_HAND))
        else:
            return CHANNELS[message.channel].prepare(message, kind, loaded)
        return None

    def _number_in_hand(self, message: OutboxMessage) -> int:
        """How many SMS to the same person are being sent."""
        return sum(
            one.channel == message.channel and one.recipient_id == message.recipient_id
            for one in self.in_hand.values()
        )

    def _finish(self, seconds: float | None) -> None:
        """Mark what was sent, or not, within ``seconds``; None: as soon as one is."""
        done, _others = wait_for(self.in_hand, seconds, return_when=FIRST_COMPLETED)
        for future in done:
            message = self.in_hand.pop(future)
            try:
                receipt = future.result()
            except Exception as error:  # noqa: BLE001 - whatever a provider's library raises
                self._failed(message, error)
            else:
                mark_sent(message, self.now, receipt.reference)
                self._settle(message, receipt)

    def _finish_all(self) -> None:
        """Whatever went wrong, what was sent is marked: what cannot be is no other's fate."""
        first = None
        while self.in_hand:
            try:
                self._finish(None)
            except (OperationalError, InterfaceError) as error:
                first = first or error
        if first is not None:
            raise first

    def _failed(self, message: OutboxMessage, error: Exception) -> None:
        """What a failure means for the message. Only what is known to be no secret is kept."""
        known = error if isinstance(error, NotSent) else None
        reason = str(known) if known else f"unexpected: {type(error).__name__}"
        log.warning(
            "message=%s channel=%s attempt=%d not_sent=%s%s",
            *(message.pk, message.channel, message.attempts, reason),
            "" if known else "\n" + "".join(format_tb(error.__traceback__)),
        )
        if isinstance(error, NoDevice):
            self._drop(message, reason)
            give_way(message, self.now)
        elif isinstance(error, Refused) or message.attempts >= conf.settings.OUTBOX_MAX_ATTEMPTS:
            self._give_up(message, reason)
        else:
            asked = error.after if isinstance(error, Later) else None
            after = asked * random.uniform(1, 1.25) if asked else backoff(message.attempts)
            mark(message, due_at=self.now + after, last_error=reason)
        if known and known.gone:
            self._settle(message, Receipt(gone=known.gone))

    def _drop(self, message: OutboxMessage, code: str) -> None:
        mark(message, dropped_at=self.now, last_error=code)

    def _give_up(self, message: OutboxMessage, reason: str) -> None:
        mark(message, dead_at=self.now, last_error=reason)
        give_way(message, self.now)

    def _settle(self, message: OutboxMessage, receipt: Receipt) -> None:
        try:
            CHANNELS[message.channel].settle(message, receipt)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # the message is sent and marked, whatever else was to be written
            log.exception("message=%s channel=%s not_settled", message.pk, message.channel)


def backoff(attempts: int) -> timedelta:
    """How long to wait after ``attempts`` failures: doubling from 30 s to an hour, with jitter so
    that messages which failed together do not come back together."""
    seconds = min(3600, 15 * 2**attempts)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))


def waiting() -> QuerySet[OutboxMessage]:
    """Messages that are to be sent."""
    return OutboxMessage.objects.filter(sent_at=None, dropped_at=None, dead_at=None)


def _lease(moment: datetime, channel: str | None, number: int) -> list[OutboxMessage]:
    """Take the next due messages: the attempt is counted, and due_at moved, before they are sent.
    Nobody waits for anybody: what another worker holds is left out."""
    due = waiting().filter(due_at__lte=moment)
    if channel is not None:
        due = due.filter(channel=channel)
    if number < 1 or not due.exists():  # without a transaction, which would lock all of SQLite
        return []
    until = moment + channels.LEASE
    with transaction.atomic():
        messages = list(
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related(
                *("recipient__rep", "recipient__notification_settings", "chat__team"),
                *("lead__owner__user", "lead__pool"),
            )
            .order_by("due_at", "id")[:number]
        )
        mine = OutboxMessage.objects.filter(pk__in=[message.pk for message in messages])
        mine.update(due_at=until, attempts=F("attempts") + 1)
    for message in messages:
        message.due_at, message.attempts = until, message.attempts + 1
    return messages


def _postpone(message: OutboxMessage, wait: Wait) -> None:
    """Put a message back that may go later; that was no attempt."""
    mark(message, due_at=wait.until, attempts=message.attempts - 1, last_error=wait.code)

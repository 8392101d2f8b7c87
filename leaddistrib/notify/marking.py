"""What came of an attempt to send a message is written down, as surely as can be: what was sent and
is not marked goes out again."""

from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection, transaction
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random

from leaddistrib.models import OutboxMessage
from leaddistrib.notify.told import stamp_told

PATIENCE = 30
"""Seconds that a mark waits for a database that went away, well within a lease."""
PAUSE = 1.0
"""Seconds between two tries, at most."""


def mark(message: OutboxMessage, **outcome: datetime | str | int) -> None:
    """Write what came of an attempt, unless its lease ran out and another worker has it now.

    Raises:
        OperationalError, InterfaceError: the database was away for too long.
    """
    _surely(lambda: _mark(message, **outcome))


def mark_sent(message: OutboxMessage, moment: datetime, reference: str) -> None:
    """As ``mark``: a provider took it at ``moment``, and calls it ``reference``."""

    def sent() -> None:
        with transaction.atomic():
            if _mark(message, sent_at=moment, last_error="", reference=reference[:200]):
                stamp_told(message, moment)

    _surely(sent)


def _mark(message: OutboxMessage, **outcome: datetime | str | int) -> int:
    """The attempt's number is the lease: it moves on when another worker takes the message up."""
    leased = OutboxMessage.objects.filter(pk=message.pk, attempts=message.attempts)
    return leased.update(**outcome)


def _surely(write: Callable[[], object]) -> None:
    Retrying(
        retry=retry_if_exception(_went_away),
        stop=stop_after_delay(PATIENCE),
        wait=wait_random(PAUSE / 4, PAUSE),
        before_sleep=_connect_anew,
        reraise=True,
    )(write)


def _went_away(error: BaseException) -> bool:
    """Not within somebody's transaction, which is lost with its connection."""
    lost = isinstance(error, (OperationalError, InterfaceError))
    return lost and not connection.in_atomic_block


def _connect_anew(state: RetryCallState) -> None:
    connection.close()

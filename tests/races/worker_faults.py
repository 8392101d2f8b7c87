"""What goes wrong in a worker on purpose: deaths at the worst moment, and guards taken away, so
that the judgement of ``promises`` must turn red."""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.db import transaction

from leaddistrib.lifecycle import firing as real_firing
from leaddistrib.models import OutboxMessage
from leaddistrib.notify import outbox as real_outbox
from leaddistrib.notify import telling as real_telling

# Names are replaced in them that they only import.
firing: Any = real_firing
outbox: Any = real_outbox
telling: Any = real_telling


def die() -> None:
    """As by ``kill -9``: nothing is finished, nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def dies_before_sending() -> None:
    """The worker is killed with its first message in hand, before the provider had it."""
    _instead_of_sending(lambda send: die)


def dies_after_sending() -> None:
    """The worker is killed when the provider took its first message, before that is marked."""

    def sent_then_dead(send: Callable[[], Any]) -> Callable[[], None]:
        def both() -> None:
            send()
            die()

        return both

    _instead_of_sending(sent_then_dead)


def _instead_of_sending(what: Callable[[Callable[[], Any]], Callable[[], Any]]) -> None:
    packed = outbox._Delivery._packed

    def bound(*given: Any) -> Any:
        parcel = packed(*given)
        return parcel and SimpleNamespace(send=what(parcel.send))

    outbox._Delivery._packed = bound


def marks_first() -> None:
    """A message counts as sent before the provider has it: nobody looks whether it got there."""
    lease = outbox._lease

    def marked(moment: datetime, channel: str | None, number: int) -> list[OutboxMessage]:
        messages: list[OutboxMessage] = lease(moment, channel, number)
        OutboxMessage.objects.filter(pk__in=[one.pk for one in messages]).update(sent_at=moment)
        return messages

    outbox._lease = marked


def no_lease() -> None:
    """The worker looks which messages are due, and does not take them from its colleagues."""

    def due(moment: datetime, channel: str | None, number: int) -> list[OutboxMessage]:
        found = outbox.waiting().filter(due_at__lte=moment, channel=channel)
        return list(found.select_related("recipient__rep", "lead__owner")[:number])

    outbox._lease = due


def dies_after_handing_on() -> None:
    """The worker is killed as soon as it has handed on leads that nobody answered."""
    hand_on = firing.escalate

    def last_act(*given: Any) -> None:
        hand_on(*given)
        die()

    firing.escalate = last_act


def messages_after_commit() -> None:
    """Messages are written when what they tell of is committed: the next statement, at best."""
    write = telling._write

    def later(messages: Any) -> None:
        rows = list(messages)
        transaction.on_commit(lambda: write(rows))

    telling._write = later


def dies_in_between() -> None:
    """The worker is killed right after the commit that handed on leads, and before what it had
    put off until then."""
    escalate = firing.escalate

    def last_act(*given: Any) -> None:
        with transaction.atomic():
            transaction.on_commit(die)
            escalate(*given)

    firing.escalate = last_act


FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        dies_before_sending,
        dies_after_sending,
        marks_first,
        no_lease,
        dies_after_handing_on,
        messages_after_commit,
        dies_in_between,
    )
}

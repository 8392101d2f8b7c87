"""What a channel is: three functions of a package ``notify.<channel>``, and what passes between.

``prepare(message, kind, loaded)`` reads what it needs from the database and returns a parcel;
``parcel.send()`` runs beside others in a thread **without** a database; ``settle(message,
receipt)`` writes what the channel learned. All of them say by the exceptions of ``notify.errors``
what is wrong; any other exception counts as ``Later``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from leaddistrib.models import OutboxMessage
from leaddistrib.notify.kinds import Kind, Loaded

LEASE = timedelta(minutes=2)
"""How long a worker may take over a message before another worker takes it up."""


def leased_at(message: OutboxMessage) -> datetime:
    """When ``message`` was taken up to be sent, by the database's clock: workers' clocks may be
    wrong, and what is measured from here is compared with the database's times."""
    return max(message.created_at, message.due_at - LEASE)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider took the message. ``reference`` is what it calls it there; ``reached`` are the
    primary keys of the devices that it was taken for, ``gone`` those of devices that exist no
    more."""

    reference: str = ""
    gone: tuple[int, ...] = ()
    reached: tuple[int, ...] = ()


class Parcel(Protocol):
    """A message with all that it takes to send it, read and rendered."""

    def send(self) -> Receipt:
        """Hand it to the provider, within 15 seconds. No database here.

        Raises:
            NotSent: or any of its kinds (``notify.errors``).
        """
        ...


class Transport(Protocol):
    """A module ``notify.<channel>``."""

    def prepare(self, message: OutboxMessage, kind: Kind, loaded: Loaded) -> Parcel:
        """``message`` comes with recipient (its rep and notification settings), chat with team, and
        lead with owner and pool.

        Raises:
            NotSent: or any of its kinds.
        """
        ...

    def settle(self, message: OutboxMessage, receipt: Receipt) -> None:
        """Write what was learned; after the message was marked. Also called, without a reference,
        when sending failed but devices turned out to be gone."""
        ...

"""Channels without providers: they keep what they were handed, and answer as they are told to."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from leaddistrib.models import Channel, OutboxMessage
from leaddistrib.notify import outbox
from leaddistrib.notify.channels import Receipt

Answer = Callable[[OutboxMessage], Receipt]


def taken(message: OutboxMessage) -> Receipt:
    return Receipt(f"provider-{message.pk}")


@dataclass
class Carrier:
    """One channel. ``answer`` takes a message, or raises what is wrong with it."""

    answer: Answer = taken
    handed: list[OutboxMessage] = field(default_factory=list)
    settled: list[tuple[int, Receipt]] = field(default_factory=list)

    def prepare(self, message, kind, loaded):
        return Handed(self, message)

    def settle(self, message, receipt):
        self.settled.append((message.pk, receipt))

    def fails_with(self, error: Exception) -> None:
        def fail(message: OutboxMessage) -> Receipt:
            raise error

        self.answer = fail

    @property
    def events(self) -> list[str]:
        return [message.event for message in self.handed]


@dataclass
class Handed:
    carrier: Carrier
    message: OutboxMessage

    def send(self) -> Receipt:
        self.carrier.handed.append(self.message)
        return self.carrier.answer(self.message)


def replace_channels(monkeypatch: pytest.MonkeyPatch) -> dict[str, Carrier]:
    """A carrier for each channel, instead of the real ones."""
    carriers = {channel.value: Carrier() for channel in Channel}
    monkeypatch.setattr(outbox, "CHANNELS", carriers)
    return carriers

"""What goes over the wire, beside the messages that were rendered where they were published."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.utils import translation

from leaddistrib.events.messages import MeChanged
from leaddistrib.events.publishing import CHANGES, LIMITS, TEXTS
from leaddistrib.queries import clock
from leaddistrib.queries.limits import in_words
from leaddistrib.queries.snapshot import snapshot
from leaddistrib.ws.access import Access


def texts(event: Mapping[str, Any], language: str, rep: int) -> Iterator[str]:
    """The messages in an event of the layer, for the pages of ``rep`` (a primary key)."""
    if event["type"] == TEXTS:
        yield from event["texts"]
    elif event["type"] == CHANGES:
        for change in event["changes"]:
            reps = change["reps"]
            yield change["text"] if reps is None or rep in reps else change["others"]
    elif event["type"] == LIMITS:
        with translation.override(language):
            yield MeChanged(in_words(event["limits"])).text


def whole(access: Access, epoch: str, language: str) -> str:
    """The snapshot of every pool that the socket hears."""
    with translation.override(language):
        return snapshot(access.rep, epoch, clock.now(), only=access.pools).text


def part(access: Access, asked: UUID, epoch: str, language: str) -> str:
    """The snapshot of one pool; without any where the socket does not hear it."""
    pools = [pool for pool in access.pools if pool.public_id == asked]
    with translation.override(language):
        return snapshot(access.rep, epoch, clock.now(), only=pools).text

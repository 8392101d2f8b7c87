"""What goes over the wire, beside the messages that were rendered where they were published."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils import translation

from leaddistrib.events.publishing import TEXTS
from leaddistrib.queries import clock
from leaddistrib.queries.snapshot import snapshot
from leaddistrib.ws.access import Access


def texts(event: Mapping[str, Any], language: str) -> Iterator[str]:
    """The messages in an event of the layer."""
    if event["type"] == TEXTS:
        yield from event["texts"]


def whole(access: Access, epoch: str, language: str) -> str:
    """The snapshot of every pool that the socket hears."""
    with translation.override(language):
        taken = snapshot(access.rep, epoch, clock.now())
    heard = [pool for pool in taken.pools if pool["id"] in access.pool_ids]
    return replace(taken, pools=heard).text


def part(access: Access, pool: UUID, epoch: str, language: str) -> str:
    """The snapshot of one pool; without any pool where it is not the rep's."""
    with translation.override(language):
        taken = snapshot(access.rep, epoch, clock.now())
    asked = [one for one in taken.pools if one["id"] == str(pool)]
    return replace(taken, pools=asked).text

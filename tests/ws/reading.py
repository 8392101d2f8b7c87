"""What pages read of the events that were published."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from leaddistrib.models import Rep
from leaddistrib.queries.membership import pools_of
from leaddistrib.ws.rendering import texts


def read_by(rep: Rep, events: Iterable[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The messages that a page of ``rep`` gets of ``events``, each with its group, in order."""
    groups = {f"leaddistrib.pool.{pool.public_id}" for pool in pools_of(rep)}
    groups.add(f"leaddistrib.rep.{rep.public_id}")
    return [
        json.loads(text)
        for group, event in events
        if group in groups and event["type"] != "leaddistrib.limits"
        for text in texts(event, "en", rep.pk)
    ]

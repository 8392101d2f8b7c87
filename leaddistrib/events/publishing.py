"""Sends messages to pages, after commit, once for each audience."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from leaddistrib.events.messages import Message
from leaddistrib.models import Pool, Rep


def pool_group(pool: Pool) -> str:
    """The channel group of all who look at a pool."""
    return f"leaddistrib.pool.{pool.public_id}"


def rep_group(rep: Rep) -> str:
    """The channel group of one rep's pages."""
    return f"leaddistrib.rep.{rep.public_id}"


def publish(group: str, message: Message) -> None:
    """Send ``message`` to ``group`` once the transaction has committed.

    Rendered once, here, for everybody in the group. ``robust``: a layer that is down is logged and
    never fails what was just committed; pages learn of it from the next heartbeat.
    """
    text = message.text
    transaction.on_commit(lambda: _send(group, text), robust=True)


def _send(group: str, text: str) -> None:
    layer = get_channel_layer()
    if layer is not None:
        async_to_sync(layer.group_send)(group, {"type": "leaddistrib.text", "text": text})

"""Sends messages to pages, after commit, once for each audience."""

import asyncio
import logging
import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from leaddistrib.events.messages import Message
from leaddistrib.models import Pool, Rep

try:
    from redis.exceptions import RedisError
except ImportError:  # the extra [redis] is not installed, nor can its layer be
    LAYER_ERRORS: tuple[type[Exception], ...] = (OSError,)
else:
    LAYER_ERRORS = (OSError, RedisError)

log = logging.getLogger(__name__)

TEXTS = "leaddistrib.texts"
"""An event whose ``texts`` go over the wire as they are, one frame each."""

CHANGES = "leaddistrib.changes"
"""An event with ``changes`` of a pool: of each its ``text``, the ``reps`` (primary keys) whose
pages get it (None: all of them), and what all ``others`` get instead. One event for both, so that
each page hears of each version once and in order; sockets choose, and it is rendered once."""

LIMITS = "leaddistrib.limits"
"""An event with a rep's ``limits``, which each socket puts into words of its own language."""

SEND_SECONDS = 5
"""A layer that takes longer is as good as down: pages learn of it from the next heartbeat."""

Event = Mapping[str, Any]


def pool_group(pool: Pool) -> str:
    """The channel group of all who look at a pool."""
    return f"leaddistrib.pool.{pool.public_id}"


def rep_group(rep: Rep) -> str:
    """The channel group of one rep's pages."""
    return f"leaddistrib.rep.{rep.public_id}"


def publish(group: str, *messages: Message) -> None:
    """Send ``messages`` to ``group`` once the transaction has committed.

    Rendered once, here, for everybody in the group, and sent together: what one act has to say to
    one audience is one call.
    """
    publish_events({group: {"type": TEXTS, "texts": [message.text for message in messages]}})


def publish_events(events: Mapping[str, Event]) -> None:
    """Send an event to each group once the transaction has committed.

    ``robust``: a layer that is down is logged and never fails what was just committed.
    """
    if events:
        transaction.on_commit(lambda: _send(events), robust=True)


class _Home:
    """The event loop that this process' sockets live on, None where there are none."""

    loop: asyncio.AbstractEventLoop | None = None
    pid: int = 0


def sockets_live_here() -> None:
    """Called where a socket opens: from now on this process publishes on the running loop.

    So a claim's answer does not wait for the layer, all its messages share the layer's connection,
    and threads without an event loop reach the in-memory layer, whose queues belong to this one.
    """
    _Home.loop, _Home.pid = asyncio.get_running_loop(), os.getpid()


def _send(events: Mapping[str, Event]) -> None:
    home = _Home.loop
    # A forked process has the variable, but not the thread that ran the loop.
    if home is not None and home.is_running() and _Home.pid == os.getpid():
        asyncio.run_coroutine_threadsafe(_deliver(events), home).add_done_callback(_log_failure)
    elif _has_running_loop():  # an act called from asynchronous code: it takes another thread
        with ThreadPoolExecutor(1) as thread:
            thread.submit(async_to_sync(_deliver), events).result()
    else:
        async_to_sync(_deliver)(events)


def _has_running_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _deliver(events: Mapping[str, Event]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    async with asyncio.timeout(SEND_SECONDS):
        for group, event in events.items():
            await layer.group_send(group, event)


def _log_failure(sent: Future[None]) -> None:
    if not sent.cancelled() and (error := sent.exception()):
        log.error("Pages were not told of a change", exc_info=error)

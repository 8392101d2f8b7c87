"""The socket of the claim pages: ``/ws/leads/`` (RA1, UI3). docs/socket.md describes its messages.

A hint, never the truth: whatever gets lost, the pool's version tells the page, and a snapshot
mends it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from channels.layers import get_channel_layer
from django.db import Error as DatabaseError

from leaddistrib import conf
from leaddistrib.errors import Busy
from leaddistrib.events.publishing import LAYER_ERRORS, pool_group, rep_group, sockets_live_here
from leaddistrib.lifecycle.seeing import mark_seen
from leaddistrib.ws import rendering
from leaddistrib.ws.access import Access, language_of, look
from leaddistrib.ws.closing import Closing, Code
from leaddistrib.ws.commands import Allowance, Seen, parse
from leaddistrib.ws.database import in_database
from leaddistrib.ws.handshake import Handshake
from leaddistrib.ws.heartbeat import next_beat

P = ParamSpec("P")
T = TypeVar("T")
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

BACKLOG = 1000
"""Events that may wait for a slow reader, about 1 MB. The pub/sub layer itself has no bound."""

SEND_SECONDS = 10
"""A reader that does not take a message within this time loses its socket."""

LOOK_SECONDS = 30
"""Session, user, rep and pools are looked at again with each heartbeat, and at least this often."""

_open: Counter[int] = Counter()
"""Sockets by user, in this process: several processes allow SOCKETS_PER_USER each."""


async def leads_consumer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application of one socket.

    A foreign page is refused in the handshake. Everybody else is let in and then closed with a
    code, because a browser does not tell a page why a handshake failed.
    """
    await receive()  # websocket.connect
    handshake = Handshake(scope)
    if not handshake.is_from_our_page():
        await send({"type": "websocket.close", "code": Code.REFUSED.value})
        return
    await send({"type": "websocket.accept"})
    code: Code | None = None
    try:
        await LeadsSocket(handshake, receive, send).serve()
    except* Closing as ending:
        code = _code(ending)
    if code is not None:
        with suppress(OSError):  # gone meanwhile, or too slow to take even this
            async with asyncio.timeout(1):
                await send({"type": "websocket.close", "code": code.value})


def _code(ending: BaseException) -> Code | None:
    """Of what ended at the same time, whatever ended first."""
    while isinstance(ending, BaseExceptionGroup):
        ending = ending.exceptions[0]
    return ending.code if isinstance(ending, Closing) else None


@contextmanager
def _one_of_few(user: int) -> Iterator[None]:
    if _open[user] >= conf.settings.SOCKETS_PER_USER:
        raise Closing(Code.TOO_MANY)
    _open[user] += 1
    try:
        yield
    finally:
        _open[user] -= 1
        if not _open[user]:
            del _open[user]


class LeadsSocket:
    """One open socket: five tasks that end together, when one of them raises Closing.

    Not one of Channels' consumer classes: those switch to a thread and back for every message, and
    take from the layer only what the client has read, so that a slow client's messages pile up.
    """

    def __init__(self, handshake: Handshake, receive: Receive, send: Send) -> None:
        self._handshake = handshake
        self._receive = receive
        self._raw_send = send
        self._layer = get_channel_layer()
        self._channel = ""
        self._groups: set[str] = set()
        self._news: asyncio.Queue[dict[str, Any]] = asyncio.Queue(BACKLOG)
        self._epoch = ""
        # Held by whoever sends. A snapshot is read while it is held: all that was sent before is
        # in it, and all that follows has a version that the page knows already, or the next one.
        self._turn = asyncio.Lock()

    async def serve(self) -> None:
        """Serve the socket until it ends.

        Raises:
            Closing, alone or in a group: why it ended.
        """
        self._access = await self._work(look, self._handshake.session_key)
        with _one_of_few(self._access.rep.user_id):
            sockets_live_here()
            try:
                await self._run()
            finally:
                await self._leave()

    async def _run(self) -> None:
        try:
            self._channel = await self._layer.new_channel()
        except LAYER_ERRORS as error:
            raise Closing(Code.TRY_LATER) from error
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump())
            tasks.create_task(self._listen())
            async with self._turn:
                await self._start_afresh(self._access)
            tasks.create_task(self._forward())
            tasks.create_task(self._beat())
            tasks.create_task(self._watch())

    # --- The five tasks

    async def _pump(self) -> None:
        """Take everything from the layer at once. It waits nowhere else than in ``receive()``,
        whose cancellation is what makes the pub/sub layer forget the channel."""
        while True:
            event = await self._layer.receive(self._channel)
            try:
                self._news.put_nowait(event)
            except asyncio.QueueFull:
                raise Closing(Code.TRY_LATER) from None

    async def _forward(self) -> None:
        while True:
            event = await self._news.get()
            async with self._turn:
                for text in rendering.texts(event, self._language, self._access.rep.pk):
                    await self._send(text)

    async def _listen(self) -> None:
        allowance = Allowance()
        while True:
            frame = await self._receive()
            if frame["type"] == "websocket.disconnect":
                raise Closing(None)
            allowance.spend()
            command = parse(frame)
            async with self._turn:
                await self._look_again()
                if not isinstance(command, Seen):
                    await self._send(
                        await self._work(
                            rendering.part, self._access, command.pool, self._epoch, self._language
                        )
                    )
            if isinstance(command, Seen):
                # Busy: one measurement less.
                with suppress(Busy):
                    await self._work(mark_seen, self._access.rep, command.leads)

    async def _beat(self) -> None:
        while True:
            beat = await next_beat()
            async with self._turn:
                await self._send(beat.text(self._access.pool_ids))

    async def _watch(self) -> None:
        """Look again and again, and end the socket when it is old.

        At different ages: sockets that were opened together shall not come back together.
        """
        clock = asyncio.get_running_loop().time
        ends_at = clock() + conf.settings.SOCKET_MAX_SECONDS * random.uniform(0.9, 1)
        while (left := ends_at - clock()) > 0:
            await asyncio.sleep(min(left, conf.settings.HEARTBEAT_SECONDS, LOOK_SECONDS))
            async with self._turn:
                await self._look_again()
        raise Closing(Code.RENEW)

    # --- What they do

    @property
    def _language(self) -> str:
        return language_of(self._access.rep, self._handshake.language)

    async def _look_again(self) -> None:
        access = await self._work(look, self._handshake.session_key)
        if access.pools != self._access.pools:
            await self._start_afresh(access)
        self._access = access

    async def _start_afresh(self, access: Access) -> None:
        """Subscribe first, then take the snapshot: in this order nothing falls in between."""
        self._access, self._epoch = access, uuid4().hex
        try:
            await self._hear({rep_group(access.rep), *map(pool_group, access.pools)})
        except LAYER_ERRORS as error:
            raise Closing(Code.TRY_LATER) from error
        await self._send(await self._work(rendering.whole, access, self._epoch, self._language))

    async def _hear(self, groups: set[str]) -> None:
        for group in self._groups - groups:
            await self._layer.group_discard(group, self._channel)
            self._groups.discard(group)
        for group in groups - self._groups:
            self._groups.add(group)
            await self._layer.group_add(group, self._channel)

    async def _leave(self) -> None:
        for group in self._groups:
            with suppress(*LAYER_ERRORS):  # the layer is down: nothing is heard there anyway
                await self._layer.group_discard(group, self._channel)

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._raw_send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise Closing(Code.TRY_LATER) from None
        except OSError:  # what ASGI servers raise when the client is gone
            raise Closing(None) from None

    async def _work(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Database work. While the database is away the socket ends: nobody knows any more what
        this user may hear."""
        try:
            return await in_database(function, *args, **kwargs)
        except DatabaseError as error:
            raise Closing(Code.TRY_LATER) from error

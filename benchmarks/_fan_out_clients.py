"""The clients of benchmarks.fan_out, the claims that they hear of, and the clock."""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import django

django.setup()

from asgiref.sync import async_to_sync  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from websockets.asyncio.client import ClientConnection, connect  # noqa: E402
from websockets.typing import Origin  # noqa: E402

from benchmarks._fan_out_site import BARE_GROUP  # noqa: E402
from leaddistrib.events import publishing  # noqa: E402
from leaddistrib.lifecycle import claim  # noqa: E402
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory  # noqa: E402

T = TypeVar("T")

SOCKETS_EACH = 5
AT_ONCE = 20  # handshakes
ROUND_SECONDS = 30


class Audience:
    """Sockets that are waiting for one kind of message."""

    def __init__(self) -> None:
        self._waiting_for = ""
        self._missing = 0
        self._all = asyncio.Event()
        self.last_text = ""
        self.last_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, socket: ClientConnection) -> None:
        self._tasks.append(asyncio.create_task(self._listen(socket)))

    async def hears(self, kind: str, act: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Act in a thread and wait until every socket has heard a message of ``kind``."""
        self._waiting_for, self._missing = f'{{"type":"{kind}"', len(self._tasks)
        self._all.clear()
        async with asyncio.timeout(ROUND_SECONDS):
            done: T = await asyncio.to_thread(in_thread, act, *args, **kwargs)
            await self._all.wait()
        return done

    async def _listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            assert isinstance(text, str)
            if text.startswith(self._waiting_for):
                self._missing -= 1
                if self._missing == 0:
                    self.last_at, self.last_text = time.perf_counter(), text
                    self._all.set()


class Stopwatch:
    """Remembers when the first event after ``reset`` was handed over to be sent."""

    def __init__(self) -> None:
        self.started_at: float | None = None
        self._send = publishing._send

    def __call__(self, events: Mapping[str, Any]) -> None:
        self.started_at = self.started_at or time.perf_counter()
        self._send(events)

    def reset(self) -> None:
        self.started_at = None


def seed(sockets: int):
    """A pool, its reps, and the cookie of each socket."""
    reps = [
        RepFactory(team=None, user__password="!", capacity=10_000)  # noqa: S106 no login form here
        for _ in range(-(-sockets // SOCKETS_EACH))
    ]
    cookies = [f"sessionid={session_of(rep.user)}" for rep in reps for _ in range(SOCKETS_EACH)]
    return PoolFactory(reps=reps), reps, cookies[:sockets]


def session_of(user: User) -> str | None:
    browser = Client()
    browser.force_login(user)
    return browser.session.session_key


def send_bare(text: str) -> None:
    async_to_sync(get_channel_layer().group_send)(BARE_GROUP, {"type": "said", "text": text})


def in_thread(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    try:
        return function(*args, **kwargs)
    finally:
        connection.close()


async def measure(port: int, sockets: int, rounds: int) -> None:
    site = f"127.0.0.1:{port}"
    pool, reps, cookies = await asyncio.to_thread(in_thread, seed, sockets)
    ours, bare = Audience(), Audience()
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:

        async def join(audience: Audience, path: str, cookie: str) -> None:
            async with gate:
                socket = await connect(
                    f"ws://{site}{path}",
                    origin=Origin(f"http://{site}"),
                    additional_headers={"Cookie": cookie},
                    open_timeout=60,
                )
                stack.push_async_callback(socket.close)
                if audience is ours:
                    await socket.recv()  # the snapshot: from now on it hears everything
                audience.add(socket)

        await asyncio.gather(*(join(ours, "/ws/leads/", cookie) for cookie in cookies))
        await asyncio.gather(*(join(bare, "/ws/bare/", cookie) for cookie in cookies))
        stopwatch = Stopwatch()
        publishing._send = stopwatch
        figures: dict[str, list[float]] = {"ours": [], "bare": []}
        for number in range(rounds):
            lead = await ours.hears("lead.opened", LeadFactory, pool=pool)
            winner = reps[number % len(reps)]
            stopwatch.reset()
            await ours.hears("lead.taken", claim, lead, winner, via="page")
            assert stopwatch.started_at is not None
            figures["ours"].append(ours.last_at - stopwatch.started_at)
            started_at = time.perf_counter()
            await bare.hears("lead.taken", send_bare, ours.last_text)
            figures["bare"].append(bare.last_at - started_at)
    report(sockets, rounds, len(ours.last_text.encode()), figures)


def report(sockets: int, rounds: int, size: int, figures: dict[str, list[float]]) -> None:
    print(f"{sockets} sockets, {rounds} rounds, a message of {size} bytes; milliseconds\n")
    print(f"{'':<8}{'median':>8}{'best':>8}{'worst':>8}")
    for name, times in figures.items():
        row = (statistics.median(times), min(times), max(times))
        print(f"{name:<8}" + "".join(f"{seconds * 1000:>8.1f}" for seconds in row))
    ratio = statistics.median(figures["ours"]) / statistics.median(figures["bare"])
    print(f"\nours / bare: {ratio:.2f} (aim: at most 1.5)")


if __name__ == "__main__":
    asyncio.run(measure(*map(int, sys.argv[1:4])))

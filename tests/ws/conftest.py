"""A pool, its reps, and sockets to sit at."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.layers import channel_layers
from channels.routing import URLRouter
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client

from leaddistrib.models import Pool, Rep
from leaddistrib.routing import websocket_urlpatterns
from leaddistrib.testing import PoolFactory, RepFactory

HOST = "leads.example.com"
ORIGIN = f"https://{HOST}"


async def elsewhere(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run ``function`` as a view would: in a thread, with a database connection of its own.

    Whatever a test does with the database after it has begun goes through here: in the event loop
    it would open a connection that nobody closes.
    """

    def job() -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(job)


def cookie_of(user: User) -> str:
    """The Cookie header of a browser in which the user has just signed in."""
    browser = Client()
    browser.force_login(user)
    return f"sessionid={browser.session.session_key}"


@dataclass
class Cast:
    """Amina and Bruno race in one pool, Chloé in another, and Oscar is signed in but no rep."""

    amina: Rep
    bruno: Rep
    chloe: Rep
    pool: Pool
    other: Pool


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    amina, bruno, chloe = (
        RepFactory(user__username=name.lower(), user__first_name=name, user__password=None)
        for name in ("Amina", "Bruno", "Chloé")
    )
    pool = PoolFactory(name="Paris", reps=[amina, bruno])
    return Cast(amina, bruno, chloe, pool, PoolFactory(name="Lyon", reps=[chloe]))


@pytest.fixture
def site(settings: Any) -> Iterator[None]:
    """The host's settings for in-process sockets; connections of their threads do not outlive a
    job, so that the test database can be dropped."""
    settings.ALLOWED_HOSTS = [HOST]
    kept = connections.settings["default"]["CONN_MAX_AGE"]
    connections.settings["default"]["CONN_MAX_AGE"] = 0
    yield
    connections.settings["default"]["CONN_MAX_AGE"] = kept


class Socket(ApplicationCommunicator):
    """A client at one end of a socket, in this process, without a network."""

    def __init__(self, cookie: str = "", scheme: str = "wss", **headers: str) -> None:
        given = {"host": HOST, "origin": ORIGIN, "cookie": cookie, **headers}
        scope = {
            "type": "websocket",
            "path": "/ws/leads/",
            "scheme": scheme,
            "query_string": b"",
            "headers": [
                (name.replace("_", "-").encode(), value.encode())
                for name, value in given.items()
                if value
            ],
        }
        super().__init__(URLRouter(websocket_urlpatterns), scope)

    async def open(self) -> str:
        """Ask for the socket; "websocket.accept" or, for a refused handshake, "websocket.close"."""
        await self.send_input({"type": "websocket.connect"})
        answer: str = (await self.receive_output(timeout=5))["type"]
        return answer

    async def hear(self, kind: str | None = None) -> dict[str, Any]:
        """The next message, or the next of this kind: all others before it are dropped."""
        while True:
            frame = await self.receive_output(timeout=5)
            assert frame["type"] == "websocket.send", frame
            message: dict[str, Any] = json.loads(frame["text"])
            if kind in (None, message["type"]):
                return message

    async def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.send_input({"type": "websocket.receive", "text": text})

    async def end(self) -> int:
        """The code that the server closes with, after whatever else it has to say."""
        while True:
            frame = await self.receive_output(timeout=5)
            if frame["type"] == "websocket.close":
                await self.wait(timeout=5)
                code: int = frame["code"]
                return code

    async def leave(self) -> None:
        """The client goes away."""
        if not self.future.done():
            await self.send_input({"type": "websocket.disconnect", "code": 1001})
            await self.wait(timeout=5)


Connect = Callable[..., Awaitable[Socket]]


@pytest.fixture
async def connect(site: None) -> AsyncIterator[Connect]:
    """Opens a socket: ``await connect(rep)``. No message of it has been read yet."""
    opened: list[Socket] = []

    async def connect(rep: Rep | None = None, **kwargs: Any) -> Socket:
        cookie = await elsewhere(cookie_of, rep.user) if rep else ""
        socket = Socket(**{"cookie": cookie, **kwargs})
        opened.append(socket)
        assert await socket.open() == "websocket.accept"
        return socket

    yield connect
    for socket in opened:
        await socket.leave()
    channel_layers.backends.clear()

"""Real sockets: two web processes, Redis between them, and what happens when it fails (UI3)."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from redis import Redis as RedisClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from leaddistrib.lifecycle import claim
from leaddistrib.models import Rep
from leaddistrib.testing import LeadFactory
from tests.services import Redis, free_port
from tests.ws.conftest import Cast, cookie_of

LOST = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of this test's own, to be killed."""
    server = Redis(tmp_path, free_port())
    server.start()
    yield server
    server.stop()


def kill(server: Redis) -> None:
    os.kill(int(server.pidfile.read_text()), signal.SIGKILL)
    server.pidfile.unlink()


@dataclass
class Page:
    """A rep's page, as far as live messages go: what docs/socket.md asks of it."""

    socket: ClientConnection
    versions: dict[str, int] = field(default_factory=dict)
    leads: set[str] = field(default_factory=set)

    def hear(self) -> dict[str, Any]:
        """The next message, applied; a gap is closed by a resync."""
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=20))
        match message:
            case {"type": "snapshot"}:
                for pool in message["pools"]:
                    self.versions[pool["id"]] = pool["version"]
                    self.leads = {lead["id"] for lead in pool["leads"]}
            case {"type": "heartbeat"}:
                for pool, version in message["versions"].items():
                    if version > self.versions[pool]:
                        self.resync(pool)
            case {"pool": pool, "version": version} if version == self.versions[pool] + 1:
                self.versions[pool] = version
                if message["type"] == "lead.opened":
                    self.leads.add(message["lead"]["id"])
                else:
                    self.leads.discard(message["lead"])
            case {"pool": pool, "version": version} if version > self.versions[pool]:
                self.resync(pool)
        return message

    def hear_until(self, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Go on to the message of which it is true; every wait has its own limit."""
        for _ in range(200):
            message = self.hear()
            if true(message):
                return message
        raise AssertionError("It was never heard.")

    def resync(self, pool: str) -> None:
        self.socket.send(json.dumps({"type": "resync", "pool": pool}))


Open = Callable[[Rep, int], Page]


@pytest.fixture
def visit(cast: Cast, serve: Callable[..., str], redis: Redis, settings: Any) -> Iterator[Open]:
    """Opens a rep's page on the first or second web process: ``visit(rep, 0)``. The snapshot is
    there. This process publishes on the same Redis."""
    layer = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": layer, "CONFIG": {"hosts": [redis.url], "prefix": "leaddistrib"}}
    }
    servers: list[str] = []

    def open_page(rep: Rep, server: int) -> Page:
        while len(servers) <= server:
            servers.append(serve(REDIS_URL=redis.url, DJANGO_SETTINGS_MODULE="tests.ws.quick"))
        opened = Page(stack.enter_context(socket_to(servers[server], cookie_of(rep.user))))
        assert opened.hear()["type"] == "snapshot"
        return opened

    with ExitStack() as stack:
        yield open_page


def socket_to(server: str, cookie: str, origin: str = "") -> ClientConnection:
    return connect(
        f"{server.replace('http', 'ws')}/ws/leads/",
        origin=Origin(origin or server),
        additional_headers={"Cookie": cookie},
    )


def test_rivals_on_two_web_processes_see_the_same_race(cast, visit):
    amina, bruno = visit(cast.amina, 0), visit(cast.bruno, 1)
    lead = LeadFactory(pool=cast.pool)
    for rival in (amina, bruno):
        opened = rival.hear_until(lambda message: message["type"] == "lead.opened")
        assert opened["lead"]["id"] == str(lead.public_id)
    claim(lead, cast.amina, via="page")
    for rival in (amina, bruno):
        taken = rival.hear_until(lambda message: message["type"] == "lead.taken")
        assert (taken["lead"], taken["by"]) == (str(lead.public_id), "Amina")
        assert rival.leads == set()


def test_a_page_that_missed_a_message_is_right_again_with_the_next(cast, visit, settings):
    amina = visit(cast.amina, 0)
    flowing = settings.CHANNEL_LAYERS
    settings.CHANNEL_LAYERS = LOST
    missed = LeadFactory(pool=cast.pool)
    settings.CHANNEL_LAYERS = flowing
    seen = LeadFactory(pool=cast.pool)
    amina.hear_until(lambda message: message["type"] == "snapshot")
    assert amina.leads == {str(missed.public_id), str(seen.public_id)}


def test_a_page_that_missed_the_last_message_is_right_again_with_the_heartbeat(
    cast, visit, settings
):
    amina = visit(cast.amina, 0)
    settings.CHANNEL_LAYERS = LOST
    missed = LeadFactory(pool=cast.pool)
    amina.hear_until(lambda message: message["type"] == "snapshot")
    assert amina.leads == {str(missed.public_id)}


def test_redis_is_killed_and_comes_back(cast, visit, redis, caplog):
    amina = visit(cast.amina, 0)
    kill(redis)
    lead = LeadFactory(pool=cast.pool)
    assert claim(lead, cast.bruno, via="page").result == "won"
    waiting = LeadFactory(pool=cast.pool)
    amina.hear_until(lambda message: message["type"] == "snapshot")
    assert amina.leads == {str(waiting.public_id)}
    assert "ConnectionError" in caplog.text

    redis.start()

    def opens_another(message: dict) -> bool:
        if message["type"] == "heartbeat":
            LeadFactory(pool=cast.pool)
        return bool(message["type"] == "lead.opened")

    amina.hear_until(opens_another)  # messages flow again


def test_nothing_is_lost_when_redis_is_emptied(cast, visit, redis):
    amina = visit(cast.amina, 0)
    with RedisClient.from_url(redis.url) as client:
        client.flushall()
    lead = LeadFactory(pool=cast.pool)
    opened = amina.hear_until(lambda message: message["type"] != "heartbeat")
    assert (opened["type"], opened["lead"]["id"]) == ("lead.opened", str(lead.public_id))


def test_signing_out_ends_the_socket(cast, visit):
    amina = visit(cast.amina, 0)
    Session.objects.all().delete()
    with pytest.raises(ConnectionClosed) as ended:
        amina.hear_until(lambda message: False)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 4401


def test_a_foreign_page_gets_no_handshake(cast, serve):
    server = serve()
    with pytest.raises(InvalidStatus) as refused:
        socket_to(server, cookie_of(cast.amina.user), origin="https://evil.example.com")
    assert refused.value.response.status_code == 403

"""One local server that stands in for every provider: push services, SMS, Slack and Teams.

It keeps what it was sent, and answers as it is told to: well, badly, slowly or never.
"""

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came. Names of ``headers`` are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back. None instead of one: the line is cut without an answer."""

    status: int = 200
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Behaviour = Callable[["Provider", Call], Reply | None]


class Provider:
    """The stand-in. ``behaviour`` answers each call; ``calls`` are those so far, in order.

    ``released`` lets calls go on that wait (``slowly``); at the end everything is released.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.calls: list[Call] = []
        self.arrived = threading.Semaphore(0)
        self.released, self.over = threading.Event(), threading.Event()
        self.numbers = count(1)
        self.server = _Server(self)
        self.host = f"127.0.0.1:{self.server.server_port}"

    def url(self, path: str = "") -> str:
        return f"http://{self.host}{path}"

    @property
    def settings(self) -> dict[str, object]:
        """What LEADDISTRIB must hold for this server to be asked: it is of the own network."""
        return {
            "INTERNAL_HOSTS": (self.host,),
            "PUSH_HOSTS": ("127.0.0.1",),
            "SMS_HOSTS": ("127.0.0.1",),
            "SLACK_HOSTS": ("127.0.0.1",),
            "TEAMS_HOSTS": ("127.0.0.1",),
            "SITE_URL": "https://leads.example.com",
        }

    def wait_for_call(self, timeout: float = 10) -> bool:
        """Until one more call has come in; False if none does."""
        return self.arrived.acquire(timeout=timeout)


def well(provider: Provider, call: Call) -> Reply:
    """As each of them answers when all is well: Slack names the message, SMS gives it an id."""
    number = next(provider.numbers)
    if call.path.startswith("/api/"):
        room = call.json.get("channel", "")
        return Reply(200, {"ok": True, "channel": room, "ts": f"1700000000.{number:06d}"})
    if call.path.startswith("/sms"):
        return Reply(202, {"id": f"sms-{number}"})
    return Reply(201)


def status(code: int, document: Any = None, **headers: str) -> Behaviour:
    """Always this status: ``status(429, retry_after="7")``."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return lambda provider, call: Reply(code, document, named)


def slack_says(error: str) -> Behaviour:
    """Slack's way to say no: status 200, and why."""
    return status(200, {"ok": False, "error": error})


def slowly(provider: Provider, call: Call) -> Reply | None:
    """Well, but not before it is released."""
    provider.released.wait()
    return well(provider, call)


def never(provider: Provider, call: Call) -> None:
    """The call is taken, and nothing comes back."""
    provider.over.wait()


def hang_up(provider: Provider, call: Call) -> None:
    """The line is cut."""


def by_path(paths: Mapping[str, Behaviour], otherwise: Behaviour = well) -> Behaviour:
    """Each path its own way: one device is gone while another answers."""
    return lambda provider, call: paths.get(call.path, otherwise)(provider, call)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first call the first way and so on; the last one stays."""
    turns = iter(behaviours)
    lock = threading.Lock()
    last = behaviours[-1]

    def answer(provider: Provider, call: Call) -> Reply | None:
        with lock:
            now = next(turns, last)
        return now(provider, call)

    return answer


def failing(share: float, seed: int = 1, how: Behaviour | None = None) -> Behaviour:
    """``share`` of the calls (0.3: three of ten) fail, with status 503 unless ``how`` says more."""
    chance = random.Random(seed)
    lock = threading.Lock()
    worse = how or status(503)

    def answer(provider: Provider, call: Call) -> Reply | None:
        with lock:
            fails = chance.random() < share
        return (worse if fails else well)(provider, call)

    return answer


@contextmanager
def provider(behaviour: Behaviour = well) -> Iterator[Provider]:
    """A stand-in on a free port."""
    made = Provider(behaviour)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.over.set()
        made.released.set()
        made.server.shutdown()
        made.server.server_close()  # and its threads have ended
        thread.join(timeout=10)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 200

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever called did not wait for the answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        provider = self.server.provider
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, self.path, headers, self.rfile.read(length))
        provider.calls.append(call)
        provider.arrived.release()
        reply = provider.behaviour(provider, call)
        if reply is None:
            return
        body = b"" if reply.document is None else json.dumps(reply.document).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing: ``calls`` says it all."""

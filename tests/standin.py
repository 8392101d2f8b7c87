"""A web server that stands in for those of others: it answers well, badly, slowly or never."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answerer = Callable[["Peer"], None]


class Peer:
    """The other end of a request: what it sent, and how to answer it."""

    def __init__(self, sock: socket.socket, request: bytes, over: threading.Event) -> None:
        self.sock, self.request, self.over = sock, request, over

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
        self.send("\r\n".join([*lines, *headers, "", ""]).encode() + body)


class StandIn:
    """``answers`` says, by path, what happens; ``requests`` is what came in."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answerer] = {}
        self.requests: list[bytes] = []
        self.context, self.over = context, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept)]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, answer: Answerer) -> str:
        """The address at which ``answer`` happens."""
        self.answers[path] = answer
        return f"http://{self.host}{path}"

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                peer, _address = self.listener.accept()
                thread = threading.Thread(target=self._serve, args=(peer,))
                self.threads.append(thread)
                thread.start()

    def _serve(self, peer: socket.socket) -> None:
        with suppress(OSError), peer:  # the other side hung up
            peer.settimeout(10)
            if self.context is None:
                self._answer(peer)
            else:
                with self.context.wrap_socket(peer, server_side=True) as secured:
                    self._answer(secured)

    def _answer(self, peer: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            part = peer.recv(4096)
            if not part:
                return
            request += part
        self.requests.append(request)
        path = request.split(b" ", 2)[1].decode()
        self.answers[path](Peer(peer, request, self.over))


@contextmanager
def standing_in(context: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """A server on a free port, with TLS if a ``context`` is given."""
    server = StandIn(context)
    server.threads[0].start()
    yield server
    server.over.set()
    with suppress(OSError):
        server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()
    for thread in server.threads:
        thread.join(timeout=10)


def never(peer: Peer) -> None:
    """The request is taken, and nothing comes back."""
    peer.over.wait()


def drip(peer: Peer) -> None:
    """A byte now and then, for ever: no single wait is long."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    while not peer.over.wait(0.02):
        peer.send(b"x")


def drip_headers(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not peer.over.wait(0.02):
        peer.send(b"x")


def endless(peer: Peer) -> None:
    """More than anybody wants, without a length that says so."""
    peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not peer.over.is_set():
        peer.send(b"x" * 65536)


def noise(peer: Peer) -> None:
    peer.send(b"220 mail.example ESMTP\r\n")

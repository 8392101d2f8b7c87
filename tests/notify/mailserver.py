"""A local mail server that stands in for the host's: it keeps what it takes, and answers each
command as it is told to: well, badly, slowly or never (RFC 5321)."""

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Any

import django

WELL: Mapping[str, str] = {
    "CONNECT": "220 mail.example",
    "EHLO": "250-mail.example\r\n250 AUTH PLAIN",
    "AUTH": "235 welcome",
    "MAIL": "250 sender known",
    "RCPT": "250 recipient known",
    "DATA": "354 go on",
    "END": "250 taken",
    "RSET": "250 forgotten",
    "QUIT": "221 bye",
}
"""What is said to each command; CONNECT: whoever comes; END: a letter that is complete."""

SMTP = "django.core.mail.backends.smtp.EmailBackend"

SETTINGS = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "timeout": "EMAIL_TIMEOUT",
}
"""What Django's options of a mailer are called as settings, where it knows no mailers yet."""


def goes_by(settings: Any, **options: Any) -> None:
    """The host project's mail goes by SMTP, with these options of a mailer."""
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": SMTP, "OPTIONS": options}}
        return
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    for name, value in options.items():
        setattr(settings, SETTINGS[name], value)


Answer = str | Callable[["MailServer"], str | None]


@dataclass(frozen=True, slots=True)
class Letter:
    """What was handed over, and to whom."""

    to: str
    content: Message


class MailServer:
    """``answers`` differ from WELL. ``held`` is set once an answer waits for ``released``."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers: dict[str, Answer] = {**WELL, **answers}
        self.letters: list[Letter] = []
        self.held, self.released = threading.Event(), threading.Event()
        self.server = _Server(self)
        self.port: int = self.server.server_address[1]

    def says(self, command: str) -> str | None:
        answer = self.answers.get(command, "502 not known here")
        return answer if isinstance(answer, str) else answer(self)


def slowly(reply: str) -> Answer:
    """``reply``, but not before it is released."""

    def wait(server: MailServer) -> str:
        server.held.set()
        server.released.wait()
        return reply

    return wait


def never(server: MailServer) -> None:
    """Nothing comes back, and the line stays open."""
    server.held.set()
    server.released.wait()


def hang_up(server: MailServer) -> None:
    """The line is cut."""


@contextmanager
def mail_server(answers: Mapping[str, Answer]) -> Iterator[MailServer]:
    """A stand-in on a free port."""
    made = MailServer(answers)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        made.server.shutdown()
        made.server.server_close()  # and its threads have ended
        thread.join(timeout=10)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False

    def __init__(self, stand_in: MailServer) -> None:
        self.stand_in = stand_in
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever called did not wait for the answer."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 10  # seconds: a caller who says nothing more holds up no test

    def handle(self) -> None:
        """One caller: line by line, until they leave or are left."""
        to = ""
        goes_on = self._say("CONNECT")
        while goes_on and (line := self.rfile.readline()):
            command = line[:4].decode().strip().upper()
            if command == "RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
            goes_on = self._say(command) and command != "QUIT"
            if command == "DATA" and goes_on and self.said.startswith("354"):
                self._take(to)
                goes_on = self._say("END")

    def _say(self, command: str) -> bool:
        answer = self.server.stand_in.says(command)
        if answer is None:
            return False
        self.said = answer
        self.wfile.write(answer.encode() + b"\r\n")
        return not answer.startswith("421")

    def _take(self, to: str) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        letter = Letter(to, message_from_bytes(b"".join(lines)))
        self.server.stand_in.letters.append(letter)

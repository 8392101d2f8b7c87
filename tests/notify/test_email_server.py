"""E-mail against a mail server that answers well, badly, slowly or never (NO1, NO4)."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any

import pytest

from leaddistrib.models import Channel, OutboxMessage
from tests.notify.conftest import send, write
from tests.notify.mailserver import Answer, MailServer, goes_by, hang_up, mail_server, never, slowly

NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


@pytest.fixture
def mails(settings) -> Iterator[Callable[..., MailServer]]:
    """``mails(RCPT="550 no")`` is the host's mail server, and answers like that; ``options`` are
    the host's own, such as how long it waits."""
    with ExitStack() as running:

        def start(options: Mapping[str, Any] = NO_OPTIONS, **answers: Answer) -> MailServer:
            made = running.enter_context(mail_server(answers))
            known = {"host": "127.0.0.1", "port": made.port, "timeout": 10}
            goes_by(settings, **{**known, **options})
            return made

        yield start


def test_the_mail_server_takes_the_letter_and_the_message_counts_as_sent(amina, lead, mails):
    server = mails()

    message = send(write(Channel.EMAIL, rep=amina, lead=lead))

    assert message.sent_at is not None
    [letter] = server.letters
    assert letter.to == "amina@example.com"
    assert letter.content["Subject"] == "New lead: Lenoir"
    assert letter.content["Message-ID"] == message.reference
    assert letter.content["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("answers", "reason", "dead"),
    [
        ({"CONNECT": "421 CANARY too busy"}, "answered: 421", False),
        ({"CONNECT": "554 CANARY not from you"}, "answered: 554", False),
        ({"MAIL": "451 CANARY not now"}, "answered: 451", False),
        ({"MAIL": "550 CANARY not for this sender"}, "answered: 550", False),
        ({"RCPT": "450 CANARY mailbox busy"}, "answered: 450", False),
        ({"RCPT": "421 CANARY leaving"}, "answered: 421", False),
        ({"RCPT": "550 CANARY nobody here"}, "answered: 550", True),
        ({"DATA": "452 CANARY full"}, "answered: 452", False),
        ({"END": "451 CANARY try again"}, "answered: 451", False),
        ({"END": "554 CANARY spam"}, "answered: 554", True),
        ({"CONNECT": hang_up}, "unreachable: SMTPServerDisconnected", False),
        ({"RCPT": hang_up}, "unreachable: SMTPServerDisconnected", False),
    ],
)
def test_what_it_answers_decides(amina, lead, mails, caplog, answers, reason, dead):
    """What is wrong with this address or this letter is for good; all else may be mended."""
    mails(**answers)

    message = send(write(Channel.EMAIL, rep=amina, lead=lead))

    assert message.last_error == reason
    assert (message.sent_at, message.dead_at is not None) == (None, dead)
    assert dead or message.due_at > message.created_at
    assert "CANARY" not in caplog.text


def test_a_password_that_is_refused_is_the_admins_to_mend(amina, lead, mails):
    mails({"username": "leads", "password": "wrong"}, AUTH="535 CANARY no")

    message = send(write(Channel.EMAIL, rep=amina, lead=lead))

    assert message.last_error == "credentials_refused: 535"
    assert message.dead_at is None


def test_a_server_that_is_slow_is_waited_for(amina, lead, mails):
    server = mails(END=slowly("250 taken at last"))
    waiting = threading.Thread(target=lambda: server.held.wait(10) and server.released.set())
    waiting.start()

    message = send(write(Channel.EMAIL, rep=amina, lead=lead))
    waiting.join()

    assert message.sent_at is not None
    assert len(server.letters) == 1


@pytest.mark.parametrize("silent_at", ["CONNECT", "EHLO", "RCPT", "END"])
def test_a_server_that_never_answers_is_left_and_tried_again(amina, lead, mails, silent_at):
    server = mails({"timeout": 0.3}, **{silent_at: never})

    message = send(write(Channel.EMAIL, rep=amina, lead=lead))

    assert server.held.is_set()
    assert message.last_error.startswith("unreachable: ")
    assert (message.sent_at, message.dead_at, message.attempts) == (None, None, 1)


def test_a_letter_that_arrived_without_an_answer_comes_twice_by_the_same_name(amina, lead, mails):
    server = mails({"timeout": 0.3}, END=never)
    message = send(write(Channel.EMAIL, rep=amina, lead=lead))
    server.answers["END"] = "250 taken"
    OutboxMessage.objects.update(due_at=message.created_at)

    assert send(message).sent_at is not None

    first, second = server.letters
    assert first.content["Message-ID"] == second.content["Message-ID"]


def test_where_no_mail_server_is_it_is_tried_again(amina, lead, mails):
    with mail_server({}) as gone:
        mails({"port": gone.port})

    message = send(write(Channel.EMAIL, rep=amina, lead=lead))

    assert message.last_error == "unreachable: ConnectionRefusedError"
    assert message.dead_at is None

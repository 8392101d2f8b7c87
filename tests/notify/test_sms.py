"""A text message where a push notification was not seen: by any provider, arrived or not (NO1)."""

import pytest
from django.db import transaction
from django.test import Client

from leaddistrib.lifecycle.responding import start_clocks
from leaddistrib.models import Assignment, Channel, Gateway, OutboxMessage
from leaddistrib.queries import clock
from tests.notify.conftest import LENOIR, send, set_up, wants, write
from tests.notify.standin import hang_up, in_turn, never, status, well

NUMBER = "+33612345678"
LONGEST = 480  # characters: three parts of an SMS that is not plain ASCII would be 201


@pytest.fixture
def service(stand_in):
    service = stand_in()
    set_up(Channel.SMS, service.url("/sms"), "Leads", token="CANARY-TOKEN")
    return service


@pytest.fixture
def reached(amina):
    return wants(amina, sms=True, phone=NUMBER)


def test_the_text_says_what_a_preview_shows_and_where_it_is(amina, lead, service, reached):
    message = send(write(Channel.SMS, rep=amina, lead=lead))

    assert message.sent_at is not None
    assert message.reference == "sms-1"
    [call] = service.calls
    assert call.headers["authorization"] == "Bearer CANARY-TOKEN"
    assert (call.json["to"], call.json["from"]) == (NUMBER, "Leads")
    text = call.json["text"]
    assert text.startswith("New lead: Lenoir, Enterprise (500+), Head of IT, website, score 87")
    assert " https://leads.example.com/leads/preview/" in text
    assert len(text) <= LONGEST
    assert not any(LENOIR[name] in str(call.json) for name in ("contact_name", "contact_email"))


def test_the_text_says_until_when(amina, lead, service, reached):
    now = clock.now()
    with transaction.atomic():
        start_clocks(list(Assignment.objects.all()), now)

    send(write(Channel.SMS, rep=amina, lead=lead))

    assert "Answer it by " in service.calls[0].json["text"]


def test_the_same_text_has_the_same_name_each_time(amina, lead, stand_in, reached):
    """A provider that has it already can tell, when an answer got lost."""
    service = stand_in(in_turn(hang_up, well))
    set_up(Channel.SMS, service.url("/sms"), "Leads", token="t")
    message = send(write(Channel.SMS, rep=amina, lead=lead))
    OutboxMessage.objects.update(due_at=message.created_at)

    assert send(message).sent_at is not None

    first, second = service.calls
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_the_provider_says_when_it_arrived(amina, lead, service, reached):
    message = send(write(Channel.SMS, rep=amina, lead=lead))
    callback = service.calls[0].json["status_callback"]
    path = callback.removeprefix("https://leads.example.com")
    client = Client(enforce_csrf_checks=True)

    sent = client.post(path, {"status": "sent"}, "application/json")
    message.refresh_from_db()
    assert (sent.status_code, message.delivered_at) == (204, None)

    assert client.post(path, {"status": "delivered"}, "application/json").status_code == 204
    message.refresh_from_db()
    assert message.delivered_at is not None
    assert Assignment.objects.get().delivered_at is not None


@pytest.mark.parametrize("name", ["status", "MessageStatus"])
def test_providers_that_send_forms_are_understood(amina, lead, service, reached, name):
    message = send(write(Channel.SMS, rep=amina, lead=lead))
    path = service.calls[0].json["status_callback"].removeprefix("https://leads.example.com")

    Client().post(path, f"{name}=delivered", "application/x-www-form-urlencoded")

    message.refresh_from_db()
    assert message.delivered_at is not None


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b"x" * 5000])
def test_noise_says_nothing(amina, lead, service, reached, body):
    message = send(write(Channel.SMS, rep=amina, lead=lead))
    path = service.calls[0].json["status_callback"].removeprefix("https://leads.example.com")

    assert Client().post(path, body, "application/json").status_code == 204

    message.refresh_from_db()
    assert message.delivered_at is None


def test_nobody_else_says_that_it_arrived(db):
    assert Client().post("/leads/hooks/sms/not-a-token/", {}).status_code == 404


def test_a_rep_without_a_number_gets_none(amina, lead, service):
    wants(amina, sms=True)

    message = send(write(Channel.SMS, rep=amina, lead=lead))

    assert message.dropped_at is not None
    assert message.last_error == "no_phone"
    assert service.calls == []


@pytest.mark.parametrize(
    ("behaviour", "reason", "dead"),
    [
        (status(400), "answered: 400", True),
        (status(401), "credentials_refused: 401", False),
        (status(429, retry_after="60"), "answered: 429", False),
        (status(502), "answered: 502", False),
        (never, "too_slow", False),
        (hang_up, "not_understood", False),
    ],
)
def test_what_the_provider_answers_decides(
    amina, lead, stand_in, reached, hasty, behaviour, reason, dead
):
    service = stand_in(behaviour)
    set_up(Channel.SMS, service.url("/sms"), "Leads", token="CANARY-TOKEN")

    message = send(write(Channel.SMS, rep=amina, lead=lead))

    assert message.last_error.startswith(reason)
    assert (message.dead_at is not None) is dead
    assert message.sent_at is None
    assert "CANARY" not in message.last_error


def test_an_answer_without_an_id_is_an_answer(amina, lead, stand_in, reached):
    service = stand_in(status(200, ["unexpected"]))
    set_up(Channel.SMS, service.url("/sms"), "Leads", token="t")

    message = send(write(Channel.SMS, rep=amina, lead=lead))

    assert message.sent_at is not None
    assert message.reference == ""


def test_a_provider_that_was_switched_off_is_not_asked(amina, lead, service, reached):
    Gateway.objects.update(active=False)

    message = send(write(Channel.SMS, rep=amina, lead=lead))

    assert message.last_error == "no_provider"
    assert service.calls == []

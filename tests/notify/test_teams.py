"""Leads in a team's room of Microsoft Teams (NO1)."""

import json

import pytest

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.gateways import keep_address, send_test_to_chat
from leaddistrib.models import Channel, OutboxMessage, TeamChat
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.notify.conftest import LENOIR, goes_on, send
from tests.notify.standin import hang_up, never, status


def room_of(team, address):
    chat = TeamChat(team=team, channel=Channel.TEAMS, name="Paris", language="en")
    keep_address(chat, address)
    chat.save()
    return chat


@pytest.fixture
def room(amina, stand_in):
    service = stand_in()
    room_of(amina.team, service.url("/workflows/CANARY-SECRET?sig=CANARY-SIGN"))
    return service


@pytest.fixture
def offered(amina, room):
    return goes_on(LeadFactory(pool=PoolFactory(teams=[amina.team], push_minutes=30), **LENOIR))


def posted(lead, kind="lead.offered"):
    return OutboxMessage.objects.get(event=f"{kind}:{lead.pk}:{lead.period}", chat__isnull=False)


def content(call):
    assert call.json["type"] == "message"
    [attachment] = call.json["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    return attachment["content"]


def texts(card):
    return ["".join(run["text"] for run in line["inlines"]) for line in card["body"]]


def test_the_room_sees_the_lead_and_where_to_claim_it(room, offered):
    message = send(posted(offered))

    assert message.sent_at is not None
    card = content(room.calls[0])
    assert texts(card)[:2] == ["Lead to claim: Lenoir", "Size: Enterprise (500+)"]
    assert any(line.startswith("Open until: ") for line in texts(card))
    [action] = card["actions"]
    assert action["url"] == f"https://leads.example.com/leads/lead/{offered.public_id}/"
    assert not any(LENOIR[name] in json.dumps(card) for name in ("contact_name", "contact_email"))


def test_the_room_hears_who_took_it(amina, room, offered):
    send(posted(offered))

    assert claim(offered, amina, via="page").result == "won"
    deliver(clock.now())

    assert texts(content(room.calls[1])) == ["amina took Lenoir."]


def test_a_company_cannot_write_links_into_the_room(amina, room):
    """Text runs take no Markdown, and nothing else holds what comes from a lead."""
    name = "[Win a car](http://evil.example)"
    lead = LeadFactory(pool=PoolFactory(teams=[amina.team]), company=name)

    send(posted(lead))

    card = content(room.calls[0])
    assert {line["type"] for line in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for line in card["body"] for run in line["inlines"]} == {"TextRun"}


def test_a_test_message_reaches_the_room(amina, room):
    message = send(send_test_to_chat(TeamChat.objects.get()))

    assert message.sent_at is not None
    assert texts(content(room.calls[0]))[0].startswith("Test message.")


@pytest.mark.parametrize(
    ("behaviour", "reason", "dead"),
    [
        (status(404), "answered: 404", True),
        (status(401), "credentials_refused: 401", False),
        (status(429, retry_after="30"), "answered: 429", False),
        (status(500), "answered: 500", False),
        (never, "too_slow", False),
        (hang_up, "not_understood", False),
    ],
)
def test_what_the_room_answers_decides(amina, stand_in, hasty, caplog, behaviour, reason, dead):
    service = stand_in(behaviour)
    room_of(amina.team, service.url("/workflows/CANARY-SECRET"))
    lead = LeadFactory(pool=PoolFactory(teams=[amina.team]))

    message = send(posted(lead))

    assert message.last_error.startswith(reason)
    assert (message.dead_at is not None) is dead
    assert "CANARY" not in message.last_error + caplog.text


def test_rooms_are_on_known_hosts_only(amina, stand_in, settings):
    service = stand_in()
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "TEAMS_HOSTS": (".logic.azure.com",)}
    room_of(amina.team, service.url("/workflows/1"))
    lead = LeadFactory(pool=PoolFactory(teams=[amina.team]))

    message = send(posted(lead))

    assert service.calls == []
    assert message.last_error == "host_not_allowed"


def test_a_room_sealed_with_a_lost_key_is_the_admins_to_mend(amina, room, offered):
    TeamChat.objects.update(secret=b"gAAAAAB-not-ours")

    assert send(posted(offered)).last_error == "no_credentials"

"""Leads in a team's room of Slack, with a button, and changed when they are taken (NO1)."""

import json

import pytest

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.gateways import send_test_to_chat
from leaddistrib.models import Channel, Claim, OutboxMessage, TeamChat
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory
from tests.notify.conftest import LENOIR, goes_on, send, set_up, wants
from tests.notify.standin import hang_up, never, slack_says, status

ROOM = "C0123456789"


def connected(amina, service):
    set_up(Channel.SLACK, service.url("/api/"), token="xoxb-CANARY", signing_secret="CANARY-SIGN")
    chat = {"team": amina.team, "channel": Channel.SLACK, "name": "Paris", "language": "en"}
    TeamChat.objects.create(room=ROOM, **chat)
    return service


@pytest.fixture
def slack(amina, stand_in):
    return connected(amina, stand_in())


@pytest.fixture
def offered(amina, slack):
    return goes_on(LeadFactory(pool=PoolFactory(teams=[amina.team], push_minutes=30), **LENOIR))


def posted(lead, kind="lead.offered"):
    return OutboxMessage.objects.get(event=f"{kind}:{lead.pk}:{lead.period}", chat__isnull=False)


def blocks(call, kind):
    return [block for block in call.json["blocks"] if block["type"] == kind]


def test_the_room_sees_the_lead_with_a_button(slack, offered):
    message = send(posted(offered))

    assert message.sent_at is not None
    assert message.reference == "1700000000.000001"
    [call] = slack.calls
    assert call.path == "/api/chat.postMessage"
    assert call.headers["authorization"] == "Bearer xoxb-CANARY"
    assert call.json["channel"] == ROOM
    [header] = blocks(call, "header")
    assert header["text"]["text"] == "Lead to claim: Lenoir"
    [facts] = blocks(call, "section")
    assert [field["text"] for field in facts["fields"]] == [
        "Size: Enterprise (500+)",
        "Contact: Head of IT",
        "Source: website",
        "Score: 87 (Hot)",
    ]
    [actions] = blocks(call, "actions")
    button, see = actions["elements"]
    assert button["value"] == f"{offered.public_id}:{offered.period}"
    assert button["confirm"]["title"]["text"] == "Claim this lead?"
    assert see["url"] == f"https://leads.example.com/leads/lead/{offered.public_id}/"
    assert not any(LENOIR[name] in json.dumps(call.json) for name in ("contact_name",))


def test_each_reader_sees_the_end_in_their_own_time(slack, offered):
    send(posted(offered))

    [until] = blocks(slack.calls[0], "context")
    assert until["elements"][0]["text"].startswith("Open until <!date^")


def test_when_it_is_taken_the_post_says_by_whom_and_its_button_goes(amina, slack, offered):
    send(posted(offered))

    assert claim(offered, amina, via="page").result == "won"
    deliver(clock.now())

    changed = slack.calls[1]
    assert changed.path == "/api/chat.update"
    assert changed.json["ts"] == "1700000000.000001"
    assert changed.json["text"] == "amina took Lenoir."
    assert [block["type"] for block in changed.json["blocks"]] == ["section"]


def test_a_post_that_is_still_on_its_way_is_waited_for(amina, slack, offered):
    """Taken before Slack answered: the change comes after the post, never instead of it."""
    claim(offered, amina, via="page")
    OutboxMessage.objects.filter(event__startswith="lead.offered").update(
        due_at="2100-01-01T00:00Z"
    )

    taken = send(posted(offered, "lead.taken"))

    assert slack.calls == []
    assert (taken.sent_at, taken.dropped_at, taken.dead_at) == (None, None, None)


def test_a_lead_that_was_taken_before_it_was_posted_is_not_posted(amina, slack, offered):
    claim(offered, amina, via="page")

    deliver(clock.now())
    OutboxMessage.objects.filter(sent_at=None, dropped_at=None).update(due_at=clock.now())
    deliver(clock.now())

    assert slack.calls == []
    assert posted(offered, "lead.taken").last_error == "never_posted"


def test_a_company_cannot_call_the_room_or_write_links(amina, slack):
    name = "<!channel> <http://evil.example|Win> & co"
    lead = LeadFactory(pool=PoolFactory(teams=[amina.team]), company=name)

    send(posted(lead))
    claim(lead, amina, via="page")
    deliver(clock.now())

    for call in slack.calls:
        assert "<!channel>" not in call.json["text"]
        assert "&lt;!channel&gt;" in call.json["text"]
        marked = [text for text in every_text(call.json["blocks"]) if text["type"] == "mrkdwn"]
        assert not any("evil" in text["text"] for text in marked)


def every_text(part):
    if isinstance(part, list):
        return [text for one in part for text in every_text(one)]
    if not isinstance(part, dict):
        return []
    own = [part] if part.get("type") in ("mrkdwn", "plain_text") else []
    return own + [text for one in part.values() for text in every_text(one)]


def test_who_lost_is_told_by_whom_for_their_eyes_alone(amina, slack, offered):
    bruno = RepFactory(user__username="bruno", team=amina.team)
    wants(bruno, slack_member="U0BRUNO")
    chat = TeamChat.objects.get()
    claim(offered, amina, via="page")
    claim(offered, bruno, via="slack")
    lost = Claim.objects.get(result="lost")
    now = clock.now()
    OutboxMessage.objects.all().delete()
    message = OutboxMessage.objects.create(
        event=f"claim.answered:{lost.pk}",
        channel=Channel.SLACK,
        chat=chat,
        lead=offered,
        created_at=now,
        due_at=now,
    )

    assert send(message).sent_at is not None

    [call] = slack.calls
    assert call.path == "/api/chat.postEphemeral"
    assert (call.json["channel"], call.json["user"]) == (ROOM, "U0BRUNO")
    assert call.json["text"].startswith("amina took it before you.")


def test_a_test_message_reaches_the_room(amina, slack):
    message = send(send_test_to_chat(TeamChat.objects.get()))

    assert message.sent_at is not None
    assert slack.calls[0].json["text"].startswith("Test message.")
    [actions] = blocks(slack.calls[0], "actions")
    assert [button["text"]["text"] for button in actions["elements"]] == ["Tie my account"]


def test_the_room_reads_its_own_language(slack, offered):
    TeamChat.objects.update(language="fr")

    send(posted(offered))

    assert "Taille" in json.dumps(slack.calls[0].json)


@pytest.mark.parametrize(
    ("behaviour", "reason", "fate"),
    [
        (slack_says("invalid_auth"), "slack: invalid_auth", "later"),
        (slack_says("missing_scope"), "slack: missing_scope", "later"),
        (slack_says("ratelimited"), "slack: ratelimited", "later"),
        (slack_says("internal_error"), "slack: internal_error", "later"),
        (slack_says("channel_not_found"), "slack: channel_not_found", "dead"),
        (slack_says("is_archived"), "slack: is_archived", "dead"),
        (slack_says("message_not_found"), "slack: message_not_found", "dropped"),
        (status(429, retry_after="30"), "answered: 429", "later"),
        (status(503), "answered: 503", "later"),
        (status(200, ["what"]), "not_understood", "later"),
        (never, "too_slow", "later"),
        (hang_up, "not_understood", "later"),
    ],
)
def test_what_slack_answers_decides(amina, stand_in, hasty, caplog, behaviour, reason, fate):
    connected(amina, stand_in(behaviour))
    lead = LeadFactory(pool=PoolFactory(teams=[amina.team]))

    message = send(posted(lead))

    assert message.last_error.startswith(reason)
    fates = {"dead": message.dead_at, "dropped": message.dropped_at}
    assert [name for name, at in fates.items() if at] == ([] if fate == "later" else [fate])
    assert "CANARY" not in message.last_error + caplog.text


def test_slack_is_called_at_its_own_hosts_only(amina, slack, offered, settings):
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "SLACK_HOSTS": ("slack.com",)}

    assert send(posted(offered)).last_error == "host_not_allowed"
    assert slack.calls == []

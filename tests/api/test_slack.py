"""A lead is claimed by a button in Slack, by who tied the account, once (NO1, RA1)."""

import json
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from leaddistrib.lifecycle import assign_by_hand, claim, release
from leaddistrib.lifecycle.awarding import award_due
from leaddistrib.lifecycle.buttons import sign
from leaddistrib.models import (
    Channel,
    Claim,
    Gateway,
    Lead,
    NotificationSettings,
    OutboxMessage,
    Rep,
    TeamChat,
)
from leaddistrib.notify.kinds import kind_of
from leaddistrib.notify.outbox import deliver
from leaddistrib.notify.texts import render
from leaddistrib.queries import clock
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    UserFactory,
    clock_at,
)
from tests.notify.conftest import set_up, wants
from tests.notify.standin import provider

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
ROOM = "C0123456789"
PATH = "/leads/hooks/slack/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def paris(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    team = TeamFactory(name="Paris")
    set_up(Channel.SLACK, token="xoxb-1", signing_secret=SECRET)
    TeamChat.objects.create(team=team, channel=Channel.SLACK, name="Paris", room=ROOM)
    return team


@pytest.fixture
def amina(paris):
    rep = RepFactory(user__username="amina", team=paris)
    wants(rep, slack_member="U0AMINA")
    return rep


@pytest.fixture
def lead(paris):
    return LeadFactory(company="Lenoir", pool=PoolFactory(teams=[paris]))


def payload(lead, member="U0AMINA", click="1700000000.000001", **more):
    action = {
        "type": "button",
        "action_id": "claim",
        "value": f"{lead.public_id}:{lead.period}",
        "action_ts": click,
    }
    return {
        "type": "block_actions",
        "user": {"id": member},
        "channel": {"id": ROOM},
        "actions": [action],
        "response_url": "https://hooks.slack.example/CANARY",
        **more,
    }


def press(document, *, at=None, secret=SECRET, body=None):
    """What Slack sends when somebody pressed the button."""
    body = urlencode({"payload": json.dumps(document)}).encode() if body is None else body
    timestamp = str(int((at or clock.now()).timestamp()))
    return Client(enforce_csrf_checks=True).post(
        PATH,
        body,
        "application/x-www-form-urlencoded",
        headers={
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(secret, timestamp, body),
        },
    )


def told():
    """The answers for who pressed, by event."""
    rows = OutboxMessage.objects.exclude(event__startswith="lead.").order_by("pk")
    return [row.event for row in rows]


def test_the_button_claims_the_lead(amina, lead):
    answer = press(payload(lead))

    assert (answer.status_code, answer.content) == (200, b"")
    lead.refresh_from_db()
    assert lead.owner == amina
    [won] = Claim.objects.all()
    assert (won.via, won.result) == ("slack", "won")
    assert told() == [f"claim.answered:{won.pk}"]
    assert OutboxMessage.objects.filter(event__startswith="lead.taken", channel="slack").exists()


def test_the_signature_is_the_one_that_slack_shows_as_an_example():
    fields = {
        "token": "xyzz0WbapA4vBCDEFasx0q6G",
        "team_id": "T1DC2JH3J",
        "team_domain": "testteamnow",
        "channel_id": "G8PSS9T3V",
        "channel_name": "foobar",
        "user_id": "U2CERLKJA",
        "user_name": "roadrunner",
        "command": "/webhook-collect",
        "text": "",
        "response_url": "https://hooks.slack.com/commands/T1DC2JH3J/397700885554"
        "/96rGlfmibIGlgcZRskXaIFfN",
        "trigger_id": "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    }
    signed = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

    assert sign(SECRET, "1531420618", urlencode(fields).encode()) == signed


def test_who_comes_second_loses_and_is_told(amina, lead, paris):
    bruno = RepFactory(user__username="bruno", team=paris)
    wants(bruno, slack_member="U0BRUNO")
    press(payload(lead))

    press(payload(lead, member="U0BRUNO", click="1700000001.000001"))

    lost = Claim.objects.get(rep=bruno)
    assert lost.result == "lost"
    assert f"claim.answered:{lost.pk}" in told()


def test_a_second_tap_of_the_winner_does_no_harm(amina, lead):
    press(payload(lead))
    press(payload(lead, click="1700000002.000001"))

    assert Claim.objects.count() == 1
    assert len(told()) == 1


def test_the_same_request_again_does_nothing(amina, lead, paris):
    """Even for who was refused: no attempt is noted twice."""
    amina.paused = True
    amina.save()
    at = clock.now()

    answers = [press(payload(lead), at=at).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert Claim.objects.count() == 1


def test_a_press_of_a_period_that_is_over_claims_nothing(amina, lead):
    """Amina gave the lead back; whoever overheard her press does not claim it for her again."""
    overheard = payload(lead)
    press(overheard)
    lead.refresh_from_db()
    release(lead, amina, reason="Not my market")
    cache.clear()  # as another process would have it

    assert press(overheard).status_code == 200

    assert Lead.objects.get(pk=lead.pk).owner is None
    assert told()[-1] == "slack.said:not_open:U0AMINA:1700000000.000001"


def test_who_is_unknown_is_asked_to_tie_the_account(paris, lead):
    press(payload(lead, member="U0OSCAR"))

    assert Claim.objects.count() == 0
    assert told() == ["slack.said:stranger:U0OSCAR:1700000000.000001"]


def test_who_left_claims_nothing_and_is_not_asked_to_tie_the_account_again(amina, lead):
    amina.active = False
    amina.save()

    press(payload(lead))

    assert Claim.objects.count() == 0
    assert told() == ["slack.said:not_a_rep:U0AMINA:1700000000.000001"]


def test_a_manager_who_is_no_rep_is_told_that_only_reps_claim(paris, lead):
    NotificationSettings.objects.create(
        user=UserFactory(username="mireille"), slack_member="U0MIREILLE"
    )

    press(payload(lead, member="U0MIREILLE"))

    assert Claim.objects.count() == 0
    assert told() == ["slack.said:not_a_rep:U0MIREILLE:1700000000.000001"]


def tying(lead, member):
    """Somebody pressed the button of a room's test message."""
    action = {"type": "button", "action_id": "tie", "action_ts": "1700000000.000001"}
    return payload(lead, member=member, actions=[action])


def test_who_wants_to_be_written_to_makes_themselves_known_without_claiming(paris, lead):
    press(tying(lead, "U0MIREILLE"))

    assert Claim.objects.count() == 0
    assert told() == ["slack.said:tie:U0MIREILLE:1700000000.000001"]


def test_who_is_known_need_not_do_it_again(amina, lead):
    press(tying(lead, "U0AMINA"))

    assert Claim.objects.count() == 0
    assert told() == ["slack.said:tied:U0AMINA:1700000000.000001"]


def test_a_lead_that_is_not_theirs_to_see_and_one_that_is_not_answer_alike(amina, paris):
    foreign = LeadFactory(pool=PoolFactory(name="Lyon", reps=[RepFactory()]))
    missing = Lead(public_id=uuid4(), period=1)

    for number, one in enumerate((foreign, missing)):
        assert press(payload(one, click=f"170000000{number}.0")).status_code == 200

    assert [event.rpartition(":")[0] for event in told()] == ["slack.said:not_open:U0AMINA"] * 2
    assert Claim.objects.count() == 0


def test_a_rep_who_may_not_claim_is_refused_as_on_the_page(amina, lead):
    amina.paused = True
    amina.save()

    press(payload(lead))

    refused = Claim.objects.get()
    assert (refused.result, refused.reasons) == ("refused", ["paused"])
    assert told() == [f"claim.answered:{refused.pk}"]


@pytest.fixture
def collected(amina, paris):
    """Amina and Bruno pressed the button of a lead whose claims are collected, and were told so;
    Bruno, who claimed by the site, too, is of the lower tier."""
    bruno, chloe = (RepFactory(user__username=name, team=paris) for name in ("bruno", "chloe"))
    wants(bruno, slack_member="U0BRUNO")
    for rep, tier in ((amina, 1), (bruno, 2), (chloe, 3)):
        Rep.objects.filter(pk=rep.pk).update(tier=tier)
    pool = PoolFactory(teams=[paris], award="sealed", sealed_by="tier")
    lead = LeadFactory(company="Lenoir", pool=pool)
    press(payload(lead))
    press(payload(lead, member="U0BRUNO", click="1700000001.000001"))
    claim(lead, chloe, via="page")
    return lead


def award(lead):
    lead.refresh_from_db()
    with clock_at(lead.collecting_until):
        assert award_due(lead.collecting_until) == 1


def of(rep):
    return Claim.objects.get(rep__user__username=rep).pk


def test_those_whose_claims_were_collected_are_told_the_decision_where_they_claimed(collected):
    Rep.objects.filter(user__username="amina").update(paused=True)
    OutboxMessage.objects.update(sent_at=clock.now())
    before = told()

    award(collected)

    assert before == [f"claim.answered:{of(rep)}" for rep in ("amina", "bruno")]
    assert told()[2:] == [f"claim.decided:{of(rep)}" for rep in ("amina", "bruno")]
    rooms = OutboxMessage.objects.filter(event__startswith="claim.decided")
    assert set(rooms.values_list("chat__room", "channel")) == {(ROOM, "slack")}


def test_those_who_lost_are_told_to_whom_it_went_and_the_refused_where_they_read_why(collected):
    Rep.objects.filter(user__username="amina").update(paused=True)
    Claim.objects.filter(rep__user__username="chloe").update(via="slack")
    award(collected)
    decided = {
        name: render("slack", "answered", {"claim": one, "lead": Lead.objects.get(), "url": "/x"})
        for name in ("amina", "bruno", "chloe")
        for one in [Claim.objects.get(pk=of(name))]
    }

    assert decided["bruno"].startswith("This lead is yours.")
    assert decided["chloe"].startswith("It went to bruno.")
    assert decided["amina"].startswith("You could not have this lead when it was decided.")


def test_who_lost_to_an_assignment_by_hand_is_told_as_well(collected, paris):
    collected.refresh_from_db()
    assign_by_hand(
        [collected], Rep.objects.get(user__username="chloe"), actor=UserFactory(), reason="Hers"
    )

    assert told()[2:] == [f"claim.decided:{of(rep)}" for rep in ("amina", "bruno")]


def test_an_answer_that_was_not_sent_until_it_was_decided_gives_way_to_the_decision(collected):
    award(collected)
    answer = OutboxMessage.objects.get(event=f"claim.answered:{of('amina')}")
    decision = OutboxMessage.objects.get(event=f"claim.decided:{of('amina')}")

    kinds = {one: kind_of(one) for one in (answer, decision)}
    said = {one: kind.objection(one, {}) for one, kind in kinds.items() if kind}

    assert said == {answer: "already_decided", decision: ""}


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_call_out_of_time_is_refused(amina, lead, seconds):
    answer = press(payload(lead), at=clock.now() + timedelta(seconds=seconds))

    assert answer.status_code == 401
    assert Claim.objects.count() == 0


@pytest.mark.parametrize("secret", ["another", ""])
def test_a_call_that_slack_did_not_sign_is_refused(amina, lead, secret):
    assert press(payload(lead), secret=secret).status_code == 401
    assert Claim.objects.count() == 0


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Slack-Signature": "é" * 70}, {"X-Slack-Request-Timestamp": "1e9"}],
)
def test_a_call_without_a_signature_is_refused(amina, headers):
    assert Client().post(PATH, {"payload": "{}"}, headers=headers).status_code == 401


@pytest.mark.parametrize("change", [{"active": False}, {"secrets": None}])
def test_without_a_provider_nothing_is_from_slack(amina, lead, change):
    """Not even what is signed with an empty secret."""
    Gateway.objects.update(**change)

    assert press(payload(lead)).status_code == 401
    assert press(payload(lead), secret="").status_code == 401


def test_a_room_that_is_not_ours_claims_nothing(amina, lead):
    TeamChat.objects.all().delete()

    assert press(payload(lead)).status_code == 200
    assert Claim.objects.count() == 0
    assert told() == []


def test_a_room_that_is_not_in_use_any_more_claims_nothing_and_says_so(amina, lead, settings):
    """Old posts still have their button there."""
    TeamChat.objects.update(active=False)
    with provider() as slack:
        settings.LEADDISTRIB = slack.settings
        Gateway.objects.update(address=slack.url("/api/"))

        press(payload(lead))
        deliver(clock.now())

    assert Claim.objects.count() == 0
    assert told() == ["slack.said:room_closed:U0AMINA:1700000000.000001"]
    [call] = slack.calls
    assert call.path == "/api/chat.postEphemeral"
    assert call.json["text"].startswith("This room is not in use any more")


@pytest.mark.parametrize(
    "more",
    [
        {"type": "view_submission"},
        {"actions": []},
        {"actions": [{"action_id": "see", "action_ts": "1.1"}]},
        {"actions": [{"action_id": "claim", "value": "1", "action_ts": "1.1"}]},
        {"actions": [{"action_id": "tie", "action_ts": "soon"}]},
        {"user": {"id": "U0:AMINA"}},
        {"user": None},
        {"channel": "C1"},
    ],
)
def test_everything_else_that_slack_says_is_taken_and_means_nothing(amina, lead, more):
    assert press(payload(lead, **more)).status_code == 200
    assert Claim.objects.count() == 0
    assert told() == []


@pytest.mark.parametrize("body", [b"", b"payload=%7B", b"payload=[]", b"\xff", b"a=1&payload=1"])
def test_noise_that_is_signed_means_nothing(amina, body):
    assert press(None, body=body).status_code == 200


def test_reading_is_not_pressing(amina):
    assert Client().get(PATH).status_code == 405

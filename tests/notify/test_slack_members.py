"""Who tied their account of Slack is written to there; rooms of teams hear what is late (NO1)."""

import json
from datetime import timedelta

import pytest

from leaddistrib.lifecycle.alerting import open_alert
from leaddistrib.lifecycle.gateways import keep_address
from leaddistrib.models import (
    Alert,
    Assignment,
    Channel,
    Decision,
    NotificationSettings,
    OutboxMessage,
    ResponseClock,
    TeamChat,
)
from leaddistrib.notify.links import read_preview
from leaddistrib.notify.outbox import deliver
from leaddistrib.notify.telling import Telling, tell_many, tell_users
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, UserFactory
from tests.notify.conftest import LENOIR, send, set_up, wants
from tests.notify.standin import slack_says

ROOM = "C0123456789"


@pytest.fixture
def slack(db, stand_in):
    service = stand_in()
    set_up(Channel.SLACK, service.url("/api/"), token="xoxb-CANARY", signing_secret="-")
    return service


@pytest.fixture
def tied(amina):
    return wants(amina, slack_member="U0AMINA")


@pytest.fixture
def mireille(amina):
    """The manager of Paris, who is in Slack, too, and is no rep."""
    user = UserFactory(username="mireille")
    amina.team.managers.add(user)
    NotificationSettings.objects.create(user=user, slack_member="U0MIREILLE")
    return user


def late(lead, rep):
    """A clock of a lead whose deadline has passed."""
    moment = clock.now()
    return ResponseClock.objects.create(
        assignment=Assignment.objects.get(lead=lead),
        lead=lead,
        rep=rep,
        started_at=moment - timedelta(minutes=5),
        due_at=moment,
        lapsed_at=moment,
    )


def escalated(lead, to):
    return Decision.objects.create(
        lead=lead,
        method=Decision.Method.ESCALATION,
        owner=to,
        explanation={},
        decided_at=clock.now(),
    )


def by_slack(event):
    return OutboxMessage.objects.get(event=event, channel=Channel.SLACK)


def see(call):
    """Where the button of a message leads."""
    [actions] = [one for one in call.json["blocks"] if one["type"] == "actions"]
    [button] = actions["elements"]
    return button["url"]


def test_a_rep_is_written_to_by_name_with_a_link_that_needs_no_signing_in(amina, lead, slack, tied):
    event = f"lead.assigned:{escalated(lead, amina).pk}"
    tell_users([amina.user_id], event, clock.now(), lead=lead)

    assert send(by_slack(event)).sent_at is not None

    [call] = slack.calls
    assert call.path == "/api/chat.postMessage"
    assert call.json["channel"] == "U0AMINA"
    title, line = call.json["text"].splitlines()[:2]
    assert title == "New lead: Lenoir"
    assert line == "Enterprise (500+), Head of IT, website, score 87 (Hot)"
    token = see(call).removeprefix("https://leads.example.com/leads/preview/").rstrip("/")
    preview = read_preview(token)
    assert preview is not None
    assert (preview.lead, preview.rep) == (lead, amina)
    assert not any(
        LENOIR[name] in json.dumps(call.json)
        for name in ("contact_name", "contact_email", "contact_phone")
    )


def test_a_rep_whose_time_is_over_is_told_that_it_is_still_theirs(amina, lead, slack, tied):
    event = f"response.lapsed:{late(lead, amina).pk}"
    tell_users([amina.user_id], event, clock.now(), lead=lead)

    send(by_slack(event))

    [call] = slack.calls
    assert "Lenoir was not answered in time" in call.json["text"]
    assert "It is still yours: call now." in call.json["text"]
    assert see(call).startswith("https://leads.example.com/leads/preview/")


def test_a_manager_who_is_no_rep_is_led_to_the_page(amina, lead, slack, mireille):
    bruno = RepFactory(user__username="bruno", team=amina.team)
    late(lead, amina)
    event = f"lead.escalated:{escalated(lead, bruno).pk}"
    tell_users([mireille.pk], event, clock.now(), lead=lead)

    send(by_slack(event))

    [call] = slack.calls
    assert call.json["channel"] == "U0MIREILLE"
    assert "Nobody answered Lenoir in time" in call.json["text"]
    assert "It goes to bruno." in call.json["text"]
    assert see(call) == f"https://leads.example.com/leads/lead/{lead.public_id}/"


def test_who_does_not_want_it_or_tied_nothing_is_not_written_to(amina, lead, slack):
    bruno = RepFactory(user__username="bruno", team=amina.team)
    wants(amina, slack_member="U0AMINA", slack=False)
    users = [amina.user_id, bruno.user_id]

    tell_users(users, f"lead.assigned:{lead.pk}", clock.now(), lead=lead)

    assert not OutboxMessage.objects.filter(channel=Channel.SLACK).exists()
    assert OutboxMessage.objects.filter(channel=Channel.EMAIL).count() == 2


def test_who_changed_their_mind_meanwhile_is_not_written_to(amina, lead, slack, tied):
    tell_users([amina.user_id], f"lead.assigned:{lead.pk}", clock.now(), lead=lead)
    NotificationSettings.objects.update(slack=False)

    message = send(by_slack(f"lead.assigned:{lead.pk}"))

    assert message.last_error == "not_wanted"
    assert slack.calls == []


def test_who_untied_the_account_meanwhile_is_nobody_there(amina, lead, slack, tied):
    tell_users([amina.user_id], f"lead.assigned:{lead.pk}", clock.now(), lead=lead)
    NotificationSettings.objects.update(slack_member="")

    assert send(by_slack(f"lead.assigned:{lead.pk}")).last_error == "no_member"


def test_a_member_who_left_slack_is_not_tried_for_ever(amina, lead, stand_in, tied):
    service = stand_in(slack_says("channel_not_found"))
    set_up(Channel.SLACK, service.url("/api/"), token="-", signing_secret="-")
    tell_users([amina.user_id], f"lead.assigned:{lead.pk}", clock.now(), lead=lead)

    message = send(by_slack(f"lead.assigned:{lead.pk}"))

    assert (message.attempts, message.dead_at is not None) == (1, True)


def test_a_test_shows_that_direct_messages_arrive(amina, slack, tied):
    tell_users([amina.user_id], "channel.test:1", clock.now())

    send(by_slack("channel.test:1"))

    assert slack.calls[0].json["text"] == "Test message. Messages of this kind reach you here."


# --- The rooms of teams


@pytest.fixture
def rooms(amina, slack):
    """Paris has a room in Slack and one in Teams, London one in Slack."""
    paris = {"team": amina.team, "language": "en"}
    TeamChat.objects.create(room=ROOM, channel=Channel.SLACK, name="Paris", **paris)
    card = TeamChat(channel=Channel.TEAMS, name="Paris 2", **paris)
    keep_address(card, slack.url("/workflows/1"))
    card.save()
    london = TeamFactory(name="London")
    TeamChat.objects.create(team=london, room="C0LONDON", channel=Channel.SLACK, name="London")
    return slack


def said(service):
    """What the rooms read, by where it was said."""
    return {
        call.json.get("channel") or call.path: call.json.get("text")
        or " | ".join(
            "".join(run["text"] for run in line["inlines"])
            for line in call.json["attachments"][0]["content"]["body"]
        )
        for call in service.calls
    }


def test_the_rooms_of_a_team_hear_that_a_lead_of_theirs_is_late_but_not_whose(amina, lead, rooms):
    event = f"response.lapsed:{late(lead, amina).pk}"

    tell_many([Telling((), event, lead, teams=[amina.team_id])], clock.now())
    deliver(clock.now())

    assert said(rooms) == {
        ROOM: "Lenoir was not answered in time",
        "/workflows/1": "Lenoir was not answered in time",
    }


def test_the_rooms_of_a_team_hear_where_a_lead_goes_on_to(amina, lead, rooms):
    bruno = RepFactory(user__username="bruno", team=amina.team)
    late(lead, amina)
    event = f"lead.escalated:{escalated(lead, bruno).pk}"

    tell_many([Telling((), event, lead, teams=[amina.team_id])], clock.now())
    deliver(clock.now())

    assert said(rooms) == {
        ROOM: "Nobody answered Lenoir in time\nIt goes to bruno.",
        "/workflows/1": "Nobody answered Lenoir in time | It goes to bruno.",
    }


def test_an_alert_is_told_in_the_rooms_of_its_team_and_to_its_managers(amina, rooms, mireille):
    open_alert(
        Alert.Kind.UNANSWERED,
        f"team:{amina.team_id}",
        moment=clock.now(),
        teams=[amina.team],
        detail={"team": "Paris"},
    )
    deliver(clock.now())

    heard = said(rooms)
    assert set(heard) == {ROOM, "/workflows/1", "U0MIREILLE"}
    assert all(text.startswith("Alert: ") for text in heard.values())
    [to_room] = [call for call in rooms.calls if call.json.get("channel") == ROOM]
    assert see(to_room) == "https://leads.example.com/leads/manage/"


def test_telling_many_rooms_costs_no_more_than_telling_one(
    amina, lead, rooms, django_assert_num_queries
):
    other = LeadFactory(owner=amina)
    teams = list(TeamChat.objects.values_list("team", flat=True).distinct())
    events = [f"response.lapsed:{late(one, amina).pk}" for one in (lead, other)]
    now = clock.now()

    with django_assert_num_queries(3):  # users, rooms, messages
        tell_many([Telling((amina.user_id,), events[0], lead, teams=teams[:1])], now)
    OutboxMessage.objects.all().delete()
    with django_assert_num_queries(3):
        tell_many([Telling((amina.user_id,), event, lead, teams=teams) for event in events], now)


def test_a_pool_of_single_reps_is_posted_nowhere(amina, rooms):
    """A team's room is read by the whole team, a pool of single reps is theirs alone."""
    LeadFactory(pool=PoolFactory(reps=[amina]))

    assert not OutboxMessage.objects.filter(chat__isnull=False).exists()

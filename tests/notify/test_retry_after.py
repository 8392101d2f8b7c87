"""A provider that asks for time gets it, whichever it is (NO4)."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from leaddistrib.lifecycle.gateways import keep_address
from leaddistrib.models import Channel, TeamChat
from leaddistrib.queries import clock
from tests.notify.conftest import send, set_up, wants, write
from tests.notify.standin import in_turn, status, well

ASKED = 90  # seconds
SOME = 1.25  # at most that much longer: messages that failed together do not come back together


def by_sms(amina, service):
    set_up(Channel.SMS, service.url("/sms"), "Leads", token="-")
    wants(amina, sms=True, phone="+33612345678")
    return {"rep": amina}


def by_slack(amina, service):
    set_up(Channel.SLACK, service.url("/api/"), token="-", signing_secret="-")
    wants(amina, slack_member="U0AMINA")
    return {"rep": amina}


def in_a_room_of_slack(amina, service):
    set_up(Channel.SLACK, service.url("/api/"), token="-", signing_secret="-")
    room = {"channel": Channel.SLACK, "room": "C0123456789", "name": "Paris"}
    return {"chat": TeamChat.objects.create(team=amina.team, **room)}


def in_a_room_of_teams(amina, service):
    chat = TeamChat(team=amina.team, channel=Channel.TEAMS, name="Paris")
    keep_address(chat, service.url("/workflows/1"))
    chat.save()
    return {"chat": chat}


WAYS = [
    (Channel.SMS, by_sms),
    (Channel.SLACK, by_slack),
    (Channel.SLACK, in_a_room_of_slack),
    (Channel.TEAMS, in_a_room_of_teams),
]


def in_words(seconds):
    return format_datetime(clock.now() + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("wait", [str, in_words])
@pytest.mark.parametrize(("channel", "reached"), WAYS)
def test_a_provider_that_asks_for_time_gets_it(amina, stand_in, channel, reached, wait, code):
    service = stand_in(in_turn(status(code, retry_after=wait(ASKED)), well))
    message = write(channel, "channel.test:1", **reached(amina, service))

    send(message)

    assert (message.sent_at, message.dead_at) == (None, None)
    assert message.last_error == f"answered: {code}"
    waited = (message.due_at - message.created_at).total_seconds()
    assert ASKED - 2 <= waited <= ASKED * SOME + 30  # a date has no fractions; tests have slow days


@pytest.mark.parametrize(("channel", "reached"), WAYS)
def test_when_the_time_is_over_it_goes_out(amina, stand_in, channel, reached):
    service = stand_in(in_turn(status(429, retry_after="0"), well))
    message = write(channel, "channel.test:1", **reached(amina, service))
    send(message)
    message.due_at = message.created_at
    message.save(update_fields=("due_at",))

    assert send(message).sent_at is not None
    assert len(service.calls) == 2

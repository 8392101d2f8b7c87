"""Messages tell of a lead what a preview shows, alerts nothing at all; rows keep ids (IG4, NO4)."""

import json
import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.db import transaction
from django.forms.models import model_to_dict

from leaddistrib.lifecycle.reassigning import assign_by_hand
from leaddistrib.lifecycle.routing import route
from leaddistrib.models import (
    Alert,
    Assignment,
    Channel,
    Claim,
    Decision,
    Gateway,
    Lead,
    NotificationSettings,
    OutboxMessage,
    Pool,
    ResponseClock,
    Satisfaction,
    TeamChat,
)
from leaddistrib.notify.gateways import sealed
from leaddistrib.notify.kinds import KINDS, kind_of
from leaddistrib.notify.outbox import CHANNELS, deliver
from leaddistrib.notify.push.keys import PRIVATE, new_private_key
from leaddistrib.notify.telling import tell_users
from leaddistrib.queries import clock
from leaddistrib.sealing import seal
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    UserFactory,
    publish_rules,
)
from tests.api.conftest import PERSONAL
from tests.api.test_disclosure import canaries
from tests.notify.phones import Phone

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paris():
    """Amina of Paris, whose manager is Mireille; what finds nobody waits in “Everyone”."""
    team = TeamFactory(name="Paris")
    team.managers.add(UserFactory(username="mireille"))
    PoolFactory(name="Everyone", mode="queue", teams=[team])
    amina = RepFactory(user__username="amina", team=team)
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
    publish_rules([{"name": "In turn", "when": {}, "then": then}])
    return amina


def heard() -> str:
    """All that was sent, and all that was kept to be sent."""
    assert OutboxMessage.objects.exists()
    deliver(clock.now())
    assert not OutboxMessage.objects.filter(sent_at=None).exists()
    mails = [f"{one.subject}\n{one.body}\n{one.extra_headers}" for one in mail.outbox]
    rows = [model_to_dict(row) for row in OutboxMessage.objects.all()]
    alerts = [model_to_dict(row) for row in Alert.objects.all()]
    return "\n".join([*mails, str(rows), str(alerts)])


def found() -> set[str]:
    everything = heard().lower()
    return {canary for canary in canaries() if canary.lower() in everything}


def singing(**where) -> Lead:
    lead = LeadFactory(company="Fournil", **where)
    Lead.objects.filter(pk=lead.pk).update(**PERSONAL)
    lead.refresh_from_db()
    return lead


def test_the_mail_about_a_lead_shows_no_more_than_a_preview(paris):
    lead = singing()
    with transaction.atomic():
        route([lead])

    assert found() == set()
    assert "Fournil" in mail.outbox[0].body


def test_the_mail_about_a_lead_given_by_hand_keeps_the_reason_to_the_page(paris):
    mireille = UserFactory(first_name="Mireille")
    assign_by_hand([singing()], paris, reason="CANARY-NAME asked for her", actor=mireille)

    assert found() == set()


def test_the_mail_about_an_alert_says_nothing_of_the_leads(paris):
    paris.paused = True
    paris.save()
    lead = singing()
    with transaction.atomic():
        route([lead])

    assert found() == set()
    assert "Fournil" not in heard()
    assert Alert.objects.get().kind == Alert.Kind.NOBODY_AVAILABLE


def test_the_mail_about_reviews_says_nothing_of_leads(paris):
    singing(owner=paris)
    tell_users([paris.user.pk], "rules.review:2026-03-02", clock.now())

    assert found() == set()
    assert mail.outbox[0].to == [paris.user.email]


# --- Each kind, by each of its ways


WAYS = [
    (name, channel)
    for name, kind in KINDS.items()
    for channel in Channel
    if channel in (*kind.channels, kind.otherwise)
    or (kind.urgent and channel == Channel.SMS)
    or (kind.chats and channel in (Channel.SLACK, Channel.TEAMS))
]
SAYS_NOTHING_OF_A_LEAD = {"alert.opened", "rules.review", "channel.test", "slack.said"}
"""Whose texts name no company either."""

CLAIMS = {"claim.answered", "claim.decided"}
"""What only whoever pressed a button in a room is told."""


@pytest.fixture
def reached(paris):
    """Amina by every channel, and her team in Slack and in Teams."""
    secrets = {PRIVATE: new_private_key(), "token": "-", "signing_secret": "-", "bot_token": "-"}
    for channel in (Channel.PUSH, Channel.SMS, Channel.SLACK):
        Gateway.objects.create(
            channel=channel,
            address="https://provider.example/",
            sender="ops@example.com",
            secrets=sealed(secrets),
        )
    Phone(paris, "https://push.example/1")
    NotificationSettings.objects.create(
        user=paris.user, phone="+33600000000", sms=True, slack_member="U012AB3CD"
    )
    address = seal("https://teams.example/room")
    TeamChat.objects.create(team=paris.team, channel="teams", name="Sales", secret=address)
    TeamChat.objects.create(team=paris.team, channel="slack", name="Sales 2", room="C0123456789")
    return paris


@pytest.fixture
def events(reached):
    """An event of each kind, all about one lead of Amina's that has everything behind it."""
    lead = singing(owner=reached)
    moment = clock.now()
    held = Assignment.objects.get(lead=lead)
    decision = Decision.objects.create(
        lead=lead,
        method=Decision.Method.ESCALATION,
        owner=reached,
        explanation={},
        decided_at=moment,
    )
    response = ResponseClock.objects.create(
        assignment=held,
        lead=lead,
        rep=reached,
        started_at=moment,
        due_at=moment + timedelta(minutes=5),
    )
    claim = Claim.objects.create(
        lead=lead, rep=reached, period=lead.period, result="won", via="slack", claimed_at=moment
    )
    asked = Satisfaction.objects.create(lead=lead, rep=reached, asked_at=moment)
    alert = Alert.objects.create(kind=Alert.Kind.UNANSWERED, subject="team:1", opened_at=moment)
    return lead, {
        "lead.assigned": f"lead.assigned:{decision.pk}",
        "lead.offered": f"lead.offered:{lead.pk}:{lead.period}",
        "lead.taken": f"lead.taken:{lead.pk}:{lead.period}",
        "response.reminder": f"response.reminder:{response.pk}",
        "response.lapsed": f"response.lapsed:{response.pk}",
        "lead.handed_on": f"lead.handed_on:{response.pk}",
        "lead.escalated": f"lead.escalated:{decision.pk}",
        "claim.answered": f"claim.answered:{claim.pk}",
        "claim.decided": f"claim.decided:{claim.pk}",
        "slack.said": "slack.said:unknown:U012AB3CD:1",
        "channel.test": "channel.test:1",
        "satisfaction.asked": f"satisfaction.asked:{asked.pk}",
        "alert.opened": f"alert.opened:{alert.pk}",
        "rules.review": "rules.review:2026-03-02",
    }


def written(channel: str, event: str, lead: Lead, reader) -> OutboxMessage:
    """The message to whoever that kind is for: a chat, the lead's contact, or Amina."""
    chat = recipient = None
    if channel in (Channel.SLACK, Channel.TEAMS):
        chat = TeamChat.objects.get(channel=channel)
    elif not event.startswith("satisfaction"):
        recipient = reader.user
    if event.startswith("lead.taken"):
        post = written(channel, event.replace("taken", "offered"), lead, reader)
        post.reference = "1700000000.000001"
        post.save()
    now = clock.now()
    about = None if event.partition(":")[0] in SAYS_NOTHING_OF_A_LEAD else lead
    return OutboxMessage.objects.create(
        event=event,
        channel=channel,
        recipient=recipient,
        chat=chat,
        lead=about,
        created_at=now,
        due_at=now,
    )


def content(parcel) -> str:
    """Everything that leaves the house, but the address that it goes to."""
    if hasattr(parcel, "mail"):
        one = parcel.mail
        return f"{one.subject}\n{one.body}\n{one.extra_headers}\n{one.attachments}"
    if hasattr(parcel, "content"):
        return str(json.loads(parcel.content))
    return str(parcel.document if hasattr(parcel, "document") else parcel.arguments)


@pytest.mark.parametrize(("name", "channel"), WAYS)
def test_a_message_of_each_kind_shows_no_more_than_a_preview_by_each_way(
    events, reached, name, channel
):
    lead, by_kind = events
    message = written(channel, by_kind[name], lead, reached)
    kind = kind_of(message)
    assert kind is not None

    told = content(CHANNELS[channel].prepare(message, kind, kind.load(message)))

    assert {canary for canary in canaries() if canary.lower() in told.lower()} == set()
    names_it = name not in SAYS_NOTHING_OF_A_LEAD | CLAIMS | {"satisfaction.asked"}
    assert ("Fournil" in told) == names_it


IN_SLACK = {name for name, kind in KINDS.items() if Channel.SLACK in kind.channels}
ANSWERED_IN_ROOMS = CLAIMS | {"slack.said"}


@pytest.mark.parametrize("name", sorted(IN_SLACK - ANSWERED_IN_ROOMS))
def test_a_direct_message_in_slack_shows_no_more_than_a_preview(events, reached, name):
    lead, by_kind = events
    message = written(Channel.SLACK, by_kind[name], lead, reached)
    message.chat, message.recipient = None, reached.user
    kind = kind_of(message)
    assert kind is not None

    told = content(CHANNELS[Channel.SLACK].prepare(message, kind, kind.load(message)))

    assert "U012AB3CD" in told
    assert {canary for canary in canaries() if canary.lower() in told.lower()} == set()
    assert ("Fournil" in told) == (name not in SAYS_NOTHING_OF_A_LEAD)


def test_a_message_is_sent_here_for_every_kind_there_is(events):
    """A new kind needs an event above."""
    assert set(events[1]) == set(KINDS)


def test_what_a_mail_server_says_of_an_address_is_neither_kept_nor_logged(
    events, reached, monkeypatch, caplog
):
    def refused(self, *args, **kwargs):
        said = b"5.1.1 <canary-mail@example.com> CANARY-NAME unknown"
        raise smtplib.SMTPRecipientsRefused({"canary-mail@example.com": (550, said)})

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", refused)
    lead, by_kind = events
    message = written(Channel.EMAIL, by_kind["satisfaction.asked"], lead, reached)
    deliver(clock.now())

    message.refresh_from_db()
    assert message.dead_at
    everything = caplog.text + message.last_error
    assert {canary for canary in canaries() if canary.lower() in everything.lower()} == set()


def test_what_breaks_while_a_text_is_made_leaves_nothing_of_it_in_the_log(
    events, reached, monkeypatch, caplog
):
    lead, by_kind = events

    def breaks(*args):
        raise ValueError(f"{lead.contact_name} cannot be rendered")

    monkeypatch.setattr(CHANNELS[Channel.EMAIL], "prepare", breaks)
    message = written(Channel.EMAIL, by_kind["lead.assigned"], lead, reached)
    deliver(clock.now())

    message.refresh_from_db()
    assert message.last_error
    assert "CANARY" not in caplog.text + message.last_error


# --- Blind leads, and leads whose ratings are hidden (GU2, GU3)


TOLD_BEFORE_THE_CLAIM = [
    (name, channel) for name, channel in WAYS if name in ("lead.offered", "lead.taken")
]


def waits_for(reached, **pool) -> Lead:
    """A lead that a source says everything of, offered to Amina."""
    fields = {
        "company": "Fournil",
        "contact_title": "CANARY-TITLE",
        "source": "CANARY-SOURCE",
        "score": 713,
        "temperature": "hot",
        "size_band": "smb",
        "lead_type": "Blind-Type",
        "country": "FR",
    }
    lead: Lead = LeadFactory(pool=PoolFactory(reps=[reached], **pool), **fields)
    OutboxMessage.objects.all().delete()  # what was written at once is written anew below
    return lead


def told_of(lead: Lead, reached, name: str, channel: str) -> str:
    message = written(channel, f"{name}:{lead.pk}:{lead.period}", lead, reached)
    kind = kind_of(message)
    assert kind is not None
    told = content(CHANNELS[channel].prepare(message, kind, kind.load(message)))
    return told.replace(str(lead.public_id), "")


@pytest.mark.parametrize(("name", "channel"), TOLD_BEFORE_THE_CLAIM)
def test_a_message_says_of_a_blind_lead_that_it_is_one_and_of_which_type(reached, name, channel):
    lead = waits_for(reached, blind_percent=100)
    told = told_of(lead, reached, name, channel)
    assert "Blind lead" in told
    assert name == "lead.taken" or "Blind-Type" in told
    for hidden in ("Fournil", "CANARY", "713", "Hot", "Small"):
        assert hidden not in told


@pytest.mark.parametrize("channel", [Channel.PUSH, Channel.SMS, Channel.EMAIL])
def test_where_a_button_hands_out_the_next_lead_a_message_names_the_pool_alone(reached, channel):
    """And it leads there: no link and no button to the lead."""
    lead = waits_for(reached, award="next", name="Hotline", push_minutes=30)
    message = written(channel, f"lead.offered:{lead.pk}:{lead.period}", lead, reached)
    kind = kind_of(message)
    assert kind is not None
    told = content(CHANNELS[channel].prepare(message, kind, kind.load(message)))
    assert "A lead waits in Hotline" in told
    assert "/leads/pool/" in told
    hidden = ("Fournil", "CANARY", "713", "Hot)", "Small", "Blind-Type", "Open until", "Claim")
    for one in (*hidden, "/leads/lead/", "/leads/preview/", str(lead.public_id)):
        assert one not in told


def test_no_chat_is_told_of_what_a_button_hands_out(reached):
    lead = waits_for(reached)
    message = written(Channel.TEAMS, f"lead.offered:{lead.pk}:{lead.period}", lead, reached)
    kind = kind_of(message)
    assert kind is not None
    assert kind.objection(message, kind.load(message)) == ""
    Pool.objects.filter(leads=lead).update(award=Pool.Award.NEXT)  # since it was written
    message = OutboxMessage.objects.get(pk=message.pk)
    assert kind.objection(message, kind.load(message)) == "not_open"


@pytest.mark.parametrize(("name", "channel"), TOLD_BEFORE_THE_CLAIM)
def test_a_message_tells_no_rating_where_ratings_are_hidden(reached, name, channel):
    lead = waits_for(reached, unrated=True)
    told = told_of(lead, reached, name, channel)
    assert "Fournil" in told
    assert "713" not in told
    assert "Hot" not in told


def test_whoever_has_a_lead_that_was_blind_is_reminded_of_it_by_name(reached):
    lead = waits_for(reached, blind_percent=100)
    Lead.objects.filter(pk=lead.pk).update(status="owned", owner=reached)
    lead.refresh_from_db()
    message = written(Channel.EMAIL, "lead.assigned:1", lead, reached)
    told = content(CHANNELS[Channel.EMAIL].prepare(message, KINDS["lead.assigned"], {}))
    assert "Fournil" in told

"""Who is told by which channels: what they have, what they want, and each event once (NO1, NO4)."""

from datetime import UTC, datetime, time, timedelta

import pytest

from leaddistrib.models import (
    Gateway,
    NotificationSettings,
    Organisation,
    OutboxMessage,
    PushSubscription,
    TeamChat,
)
from leaddistrib.notify.telling import (
    Telling,
    tell_chats,
    tell_contact,
    tell_many,
    tell_taken,
    tell_users,
)
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def providers():
    """The site can push, text and post in Slack."""
    for channel in ("push", "sms", "slack"):
        Gateway.objects.create(channel=channel)


@pytest.fixture
def amina():
    return RepFactory(user__username="amina").user


def phone_of(user):
    return PushSubscription.objects.create(
        user=user, fingerprint=f"{user.pk}", secret=b"sealed", created_at=NOON
    )


def wants(user, **how):
    return NotificationSettings.objects.create(user=user, **how)


def told(event="lead.assigned:1"):
    """Channels and when they are due, in minutes from noon."""
    rows = OutboxMessage.objects.filter(event=event).order_by("channel")
    return {row.channel: (row.due_at - NOON).total_seconds() / 60 for row in rows}


@pytest.mark.parametrize("kind", ["lead.offered:7:1", "response.reminder:7"])
def test_whom_nothing_quicker_reaches_is_told_by_mail_of_a_race_and_reminded_by_it(
    providers, amina, kind
):
    """Amina has no phone, and an iPhone's browser pushes nothing; Bruno's phone rings, Chloé gets
    texts: neither has mail beside."""
    bruno, chloe = (RepFactory(user__username=name).user for name in ("bruno", "chloe"))
    phone_of(bruno)
    wants(chloe, sms=True, phone="+33612345678")

    tell_users([amina.pk, bruno.pk, chloe.pk], kind, NOON)

    rows = OutboxMessage.objects.values_list("recipient__username", "channel")
    assert set(rows) == {("amina", "email"), ("bruno", "push"), ("chloe", "sms")}


def test_who_wants_no_mail_gets_none_of_a_race_either(providers, amina):
    wants(amina, email=False)

    tell_users([amina.pk], "lead.offered:7:1", NOON)

    assert told("lead.offered:7:1") == {}


def test_who_has_no_device_and_chose_nothing_is_told_by_mail(providers, amina):
    tell_users([amina.pk], "lead.assigned:1", NOON, lead=LeadFactory())

    assert told() == {"email": 0}


def test_who_has_a_device_is_told_there_too(providers, amina):
    phone_of(amina)

    tell_users([amina.pk], "lead.assigned:1", NOON, lead=LeadFactory())

    assert told() == {"email": 0, "push": 0}


def test_an_sms_waits_whether_the_push_notification_is_seen(providers, amina):
    Organisation.objects.create(pk=1, sms_after_minutes=3)
    phone_of(amina)
    wants(amina, sms=True, phone="+33612345678")

    tell_users([amina.pk], "lead.assigned:1", NOON)

    assert told() == {"email": 0, "push": 0, "sms": 3}


def test_an_sms_goes_at_once_where_there_is_no_device(providers, amina):
    wants(amina, sms=True, phone="+33612345678", email=False)

    tell_users([amina.pk], "lead.assigned:1", NOON)

    assert told() == {"sms": 0}


@pytest.mark.parametrize(
    "how",
    [
        {"sms": True},
        {"sms": False, "phone": "+33612345678"},
    ],
)
def test_nobody_is_texted_who_does_not_want_it_or_left_no_number(providers, amina, how):
    wants(amina, **how)

    tell_users([amina.pk], "lead.assigned:1", NOON)

    assert told() == {"email": 0}


def test_who_wants_nothing_hears_nothing(providers, amina):
    phone_of(amina)
    wants(amina, push=False, email=False)

    tell_users([amina.pk], "lead.assigned:1", NOON)

    assert told() == {}


def test_channels_that_the_site_has_not_set_up_are_left_out(amina):
    Gateway.objects.create(channel="push", active=False)
    phone_of(amina)
    wants(amina, sms=True, phone="+33612345678")

    tell_users([amina.pk], "lead.assigned:1", NOON)

    assert told() == {"email": 0}


def test_a_kind_goes_by_its_own_channels_only(providers, amina):
    """Offers by the dozen fill no mailbox; reviews of rules ring no phone."""
    phone_of(amina)
    wants(amina, sms=True, phone="+33612345678")

    tell_users([amina.pk], "lead.offered:1:1", NOON)
    tell_users([amina.pk], "rules.review:2026-03-02", NOON)

    assert set(told("lead.offered:1:1")) == {"push", "sms"}
    assert set(told("rules.review:2026-03-02")) == {"email"}


def test_nobody_tells_closed_accounts(providers, amina):
    amina.is_active = False
    amina.save()

    tell_users([amina.pk], "lead.assigned:1", NOON)

    assert told() == {}


def test_the_same_event_is_told_once(providers, amina):
    tell_users([amina.pk, amina.pk], "lead.assigned:1", NOON)
    tell_users([amina.pk], "lead.assigned:1", NOON + timedelta(hours=1))

    assert told() == {"email": 0}


def test_many_are_told_in_as_many_queries_as_one(providers, django_assert_num_queries):
    """Who wants what, how long an SMS waits, and the messages."""
    users = [RepFactory().user for _ in range(8)]
    for user in users:
        phone_of(user)
        wants(user, sms=True, phone="+33612345678")
    leads = [LeadFactory() for _ in users]

    with django_assert_num_queries(3):
        tell_many(
            [
                Telling([user.pk], f"lead.assigned:{n}", lead)
                for n, (user, lead) in enumerate(zip(users, leads, strict=True))
            ],
            NOON,
        )

    assert OutboxMessage.objects.count() == 8 * 3


def test_telling_nobody_writes_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        tell_users([], "lead.assigned:1", NOON)


@pytest.fixture
def paris():
    team = TeamFactory(name="Paris")
    TeamChat.objects.create(team=team, channel="slack", name="Slack", room="C0123456789")
    TeamChat.objects.create(team=team, channel="teams", name="Teams")
    TeamChat.objects.create(team=team, channel="teams", name="Closed", active=False)
    return team


def posts(event):
    return sorted(
        OutboxMessage.objects.filter(event=event).values_list("chat__team__name", "channel")
    )


def test_a_pool_is_told_in_the_chats_of_its_teams(providers, paris):
    lyon = TeamFactory(name="Lyon")
    TeamChat.objects.create(team=lyon, channel="teams", name="Teams")
    everyone = PoolFactory(name="Everyone", teams=[paris])

    tell_chats(everyone, "lead.offered:1:1", NOON, LeadFactory())
    tell_chats(everyone, "lead.offered:1:1", NOON, LeadFactory())

    assert posts("lead.offered:1:1") == [("Paris", "slack"), ("Paris", "teams")]


def test_a_room_in_slack_is_told_nothing_before_slack_is_set_up(paris):
    tell_chats(paris, "lead.offered:1:1", NOON, LeadFactory())

    assert posts("lead.offered:1:1") == [("Paris", "teams")]


def test_posts_are_changed_where_they_were_posted_and_may_yet_be(providers, paris):
    """What was dropped or given up told nobody that the lead was open."""
    lead = LeadFactory(period=4)
    tell_chats(paris, f"lead.offered:{lead.pk}:4", NOON, lead)
    OutboxMessage.objects.filter(channel="teams").update(dropped_at=NOON)

    tell_taken([lead], NOON)
    tell_taken([lead], NOON)

    assert posts(f"lead.taken:{lead.pk}:4") == [("Paris", "slack")]


def test_the_contact_of_a_lead_is_written_to_without_keeping_the_address(amina):
    lead = LeadFactory(contact_email="dana@example.com")

    tell_contact(lead, "satisfaction.asked:1", NOON)
    tell_contact(lead, "satisfaction.asked:1", NOON)

    row = OutboxMessage.objects.get()
    assert (row.recipient, row.chat, row.lead, row.channel) == (None, None, lead, "email")


def test_who_pressed_a_button_in_slack_is_answered_there(providers):
    chloe = UserFactory(username="chloe")
    wants(chloe, slack_member="U0123456789", quiet_from=time(22), quiet_until=time(7))

    tell_users([chloe.pk], "claim.answered:1", NOON)

    assert told("claim.answered:1") == {"slack": 0}

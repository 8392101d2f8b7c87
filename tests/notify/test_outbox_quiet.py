"""Quiet hours; SMS after a push notification that failed or was not seen, and how many (NO1)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from leaddistrib.lifecycle.receipts import seen
from leaddistrib.lifecycle.seeing import mark_seen
from leaddistrib.models import (
    Assignment,
    Gateway,
    NotificationSettings,
    Offer,
    Organisation,
    OutboxMessage,
    PushSubscription,
    ResponseClock,
)
from leaddistrib.notify.errors import Later, NoDevice, Refused
from leaddistrib.notify.outbox import deliver
from leaddistrib.notify.quiet import _quiet_until
from leaddistrib.notify.telling import tell_users
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, clock_at
from tests.notify.carrier import replace_channels, taken

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
WAIT = 2 * MINUTE  # the default of Organisation.sms_after_minutes


@pytest.fixture
def carriers(monkeypatch):
    return replace_channels(monkeypatch)


@pytest.fixture
def amina():
    """She has a phone with the app, and gets an SMS when she does not look."""
    for channel in ("push", "sms"):
        Gateway.objects.create(channel=channel)
    rep = RepFactory(user__username="amina")
    PushSubscription.objects.create(
        user=rep.user, fingerprint="phone", secret=b"sealed", created_at=NOON
    )
    NotificationSettings.objects.create(user=rep.user, sms=True, phone="+33612345678", email=False)
    return rep


def given(rep, number=1, moment=NOON):
    """``rep`` was given a lead, and is told of it."""
    lead = LeadFactory(owner=rep, company=f"Company {number}")
    tell_users([rep.user_id], f"lead.assigned:{number}", moment, lead=lead)
    return lead


def start_clock(lead):
    """Its owner is to answer within two hours."""
    return ResponseClock.objects.create(
        assignment=Assignment.objects.get(lead=lead),
        lead=lead,
        rep=lead.owner,
        started_at=NOON,
        due_at=NOON + 2 * HOUR,
    )


def is_quiet(rep, since, until):
    NotificationSettings.objects.filter(user=rep.user).update(quiet_from=since, quiet_until=until)


def row(channel):
    return OutboxMessage.objects.get(channel=channel)


def texts(carriers):
    return len(carriers["sms"].handed)


def test_an_sms_follows_a_push_notification_that_nobody_saw(carriers, amina):
    given(amina)

    deliver(NOON)
    assert (len(carriers["push"].handed), texts(carriers)) == (1, 0)

    deliver(NOON + WAIT + MINUTE)
    assert texts(carriers) == 1


def test_no_sms_follows_one_that_was_opened(carriers, amina):
    given(amina)
    deliver(NOON)
    seen(row("push").pk, NOON + MINUTE)

    deliver(NOON + WAIT + MINUTE)

    assert texts(carriers) == 0
    assert (row("sms").last_error, row("sms").sent_at) == ("seen", None)


def test_no_sms_follows_when_the_lead_was_seen_on_its_page(carriers, amina):
    lead = given(amina)
    deliver(NOON)
    mark_seen(amina, [lead.public_id])

    deliver(NOON + WAIT + MINUTE)

    assert texts(carriers) == 0


def test_no_sms_follows_when_an_offer_was_seen_in_the_list(carriers, amina):
    with clock_at(NOON):
        lead = LeadFactory(pool=PoolFactory(mode="race", reps=[amina]))
    deliver(NOON)
    assert len(carriers["push"].handed) == 1
    mark_seen(amina, [lead.public_id])

    deliver(NOON + WAIT + MINUTE)

    assert row("sms").last_error == "seen"


def test_a_reminder_is_texted_to_who_looked_at_the_lead_before_it_and_did_not_answer(
    carriers, amina
):
    """She opened it at noon, and was called away: at one she is reminded."""
    lead = given(amina)
    clock = start_clock(lead)
    with clock_at(NOON + MINUTE):
        mark_seen(amina, [lead.public_id])
    reminded = NOON + HOUR
    tell_users([amina.user_id], f"response.reminder:{clock.pk}", reminded, lead=lead)
    deliver(reminded)

    deliver(reminded + WAIT + MINUTE)

    assert [message.event for message in carriers["sms"].handed] == [
        f"response.reminder:{clock.pk}"
    ]


def test_no_reminder_is_texted_to_who_opened_it(carriers, amina):
    lead = given(amina)
    clock = start_clock(lead)
    reminded = NOON + HOUR
    tell_users([amina.user_id], f"response.reminder:{clock.pk}", reminded, lead=lead)
    deliver(reminded)
    with clock_at(reminded + MINUTE):
        mark_seen(amina, [lead.public_id])

    deliver(reminded + WAIT + MINUTE)

    assert texts(carriers) == 0


def test_no_sms_tells_of_a_lead_that_is_gone(carriers, amina):
    lead = given(amina)
    deliver(NOON)
    lead.owner = RepFactory(user__username="bruno")
    lead.save()

    deliver(NOON + WAIT + MINUTE)

    assert row("sms").last_error == "not_theirs"


@pytest.mark.parametrize("problem", [NoDevice("no_device"), Refused("answered", 400)])
def test_a_push_notification_that_goes_nowhere_gives_way_to_the_sms_at_once(
    carriers, amina, problem
):
    given(amina)
    carriers["push"].fails_with(problem)

    deliver(NOON)

    assert texts(carriers) == 1


def race_of(rep):
    with clock_at(NOON):
        return LeadFactory(pool=PoolFactory(mode="race", reps=[rep]))


@pytest.mark.parametrize("problem", [NoDevice("no_device"), Refused("answered", 400)])
def test_of_a_race_whose_push_and_sms_go_nowhere_a_mail_tells(carriers, amina, problem):
    NotificationSettings.objects.update(email=True)
    race_of(amina)
    for channel in ("push", "sms"):
        carriers[channel].fails_with(problem)

    for _ in range(2):
        deliver(NOON)

    assert [len(carriers[channel].handed) for channel in ("push", "sms", "email")] == [1, 1, 1]
    assert Offer.objects.get().told_at is not None


def test_no_mail_follows_a_push_that_goes_nowhere_while_the_sms_may_still_come(carriers, amina):
    NotificationSettings.objects.update(email=True)
    race_of(amina)
    carriers["push"].fails_with(NoDevice("no_device"))
    carriers["sms"].fails_with(Later("answered", 503))

    for _ in range(2):
        deliver(NOON)

    assert not OutboxMessage.objects.filter(channel="email").exists()


def test_a_mail_tells_of_the_race_that_is_one_sms_too_many(carriers, amina):
    NotificationSettings.objects.update(email=True)
    PushSubscription.objects.all().delete()
    Organisation.objects.update_or_create(defaults={"sms_daily_limit": 0})
    race_of(amina)

    for _ in range(2):
        deliver(NOON)

    assert (texts(carriers), len(carriers["email"].handed)) == (0, 1)


def test_an_sms_does_not_wait_for_a_push_notification_that_is_tried_again(carriers, amina):
    """Its service is away: the SMS goes out when its time has come."""
    given(amina)
    carriers["push"].fails_with(Later("answered", 503))
    deliver(NOON)

    deliver(NOON + WAIT + MINUTE)

    assert texts(carriers) == 1


def test_a_push_notification_that_went_late_has_its_time_to_be_seen(carriers, amina):
    given(amina)
    late = NOON + 30 * MINUTE

    deliver(late)  # both are due long ago: no worker ran
    assert (len(carriers["push"].handed), texts(carriers)) == (1, 0)
    assert late + WAIT <= row("sms").due_at < late + WAIT + MINUTE
    assert row("sms").attempts == 0

    deliver(late + WAIT + MINUTE)
    assert texts(carriers) == 1
    assert row("sms").last_error == ""


def test_an_sms_waits_for_a_push_notification_that_is_never_tried_once_only(carriers, amina):
    """Whoever pushes is stuck: the SMS is there for that, too."""
    given(amina)
    late = NOON + 30 * MINUTE

    deliver(late, "sms")
    assert row("sms").last_error == "push_first"
    deliver(late + WAIT + MINUTE, "sms")

    assert texts(carriers) == 1


def test_nothing_rings_in_quiet_hours_and_everything_does_afterwards(carriers, amina):
    """By Amina's own clock: 12:00 UTC is 13:00 in Paris."""
    amina.time_zone = "Europe/Paris"
    amina.save()
    is_quiet(amina, time(12, 30), time(14))
    given(amina)
    over = NOON + timedelta(hours=1)

    deliver(NOON)
    deliver(over - MINUTE)
    assert (carriers["push"].handed, texts(carriers)) == ([], 0)
    assert (row("push").due_at, row("push").attempts) == (over, 0)
    assert row("push").last_error == "quiet"

    deliver(over)
    assert (len(carriers["push"].handed), texts(carriers)) == (1, 0)
    deliver(over + WAIT + MINUTE)
    assert texts(carriers) == 1


def test_in_a_zone_that_is_not_known_here_the_sites_own_hours_are_quiet(carriers, amina, settings):
    settings.TIME_ZONE = "Europe/Paris"
    amina.time_zone = "Mars/Olympus"
    amina.save()
    is_quiet(amina, time(20), time(7))
    given(amina, moment=NOON + 8 * HOUR)

    deliver(NOON + 8 * HOUR)

    assert (row("push").last_error, row("push").due_at) == (
        "quiet",
        datetime(2026, 3, 3, 6, tzinfo=UTC),
    )


def test_mail_is_quiet_by_itself(carriers, amina):
    NotificationSettings.objects.update(email=True)
    is_quiet(amina, time(0), time(23))
    given(amina)

    deliver(NOON)

    assert len(carriers["email"].handed) == 1
    assert carriers["push"].handed == []


def test_what_somebody_does_not_want_any_more_is_dropped(carriers, amina):
    given(amina)
    NotificationSettings.objects.update(push=False)

    deliver(NOON)

    assert carriers["push"].handed == []
    assert row("push").last_error == "not_wanted"


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("since", "until", "moment", "end"),
    [
        # Over midnight, before and after it.
        (time(22), time(7), "2026-03-02 23:00", "2026-03-03 07:00"),
        (time(22), time(7), "2026-03-03 06:59", "2026-03-03 07:00"),
        (time(22), time(7), "2026-03-03 07:00", None),
        (time(22), time(7), "2026-03-02 21:59", None),
        # On 29 March the clocks skip from 2:00 to 3:00: 2:30 is 3:30.
        (time(22), time(2, 30), "2026-03-29 01:59", "2026-03-29 03:30"),
        # On 25 October 2:00 to 3:00 comes twice. Quiet until 2:30 of the second one.
        (time(22), time(2, 30), "2026-10-25 02:10", "2026-10-25 02:30"),
        (time(22), time(7), "2026-10-24 23:00", "2026-10-25 07:00"),
    ],
)
def test_quiet_hours_end_by_the_wall_clock(since, until, moment, end):
    wants = NotificationSettings(quiet_from=since, quiet_until=until)
    now = datetime.fromisoformat(moment).replace(tzinfo=PARIS).astimezone(UTC)

    over = _quiet_until(wants, PARIS, now)

    assert (over and f"{over.astimezone(PARIS):%Y-%m-%d %H:%M}") == end


def test_the_hour_that_comes_twice_is_quiet_twice():
    wants = NotificationSettings(quiet_from=time(22), quiet_until=time(2, 30))
    second = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=PARIS).astimezone(UTC)

    over = _quiet_until(wants, PARIS, second)

    assert over == second + 20 * MINUTE


def text(rep, number):
    """A message that goes by SMS alone: there is no device."""
    PushSubscription.objects.all().delete()
    return given(rep, number)


def test_nobody_gets_more_sms_a_day_than_the_organisation_allows(carriers, amina):
    """Not even of many that are sent side by side."""
    Organisation.objects.create(pk=1, sms_daily_limit=3)
    for number in range(8):
        text(amina, number)

    deliver(NOON)
    deliver(NOON + MINUTE)

    assert texts(carriers) == 3
    dropped = OutboxMessage.objects.filter(dropped_at__isnull=False)
    assert set(dropped.values_list("last_error")) == {("sms_limit",)}
    assert OutboxMessage.objects.filter(sent_at=None, dropped_at=None).count() == 0


def test_an_sms_that_failed_takes_no_place_of_another(carriers, amina):
    Organisation.objects.create(pk=1, sms_daily_limit=1)
    text(amina, 1)
    text(amina, 2)

    def first_fails(message):
        if message.event == "lead.assigned:1":
            raise Refused("answered", 400)
        return taken(message)

    carriers["sms"].answer = first_fails
    deliver(NOON)
    deliver(NOON + MINUTE)

    assert OutboxMessage.objects.get(event="lead.assigned:2").sent_at is not None


def test_the_next_local_day_has_room_again(carriers, amina):
    """Midnight in Auckland is 11:00 UTC: by UTC both would be of one day."""
    amina.time_zone = "Pacific/Auckland"
    amina.save()
    Organisation.objects.create(pk=1, sms_daily_limit=1)
    before = NOON - 70 * MINUTE
    text(amina, 1)
    OutboxMessage.objects.update(due_at=before)
    deliver(before)
    text(amina, 2)

    deliver(NOON)

    assert texts(carriers) == 2


def test_others_may_have_their_own_sms(carriers, amina):
    Organisation.objects.create(pk=1, sms_daily_limit=1)
    bruno = RepFactory(user__username="bruno")
    NotificationSettings.objects.create(user=bruno.user, sms=True, phone="+33600000000")
    NotificationSettings.objects.update(email=False)
    text(amina, 1)
    text(bruno, 2)

    deliver(NOON)

    assert texts(carriers) == 2

"""A channel by which nothing can be sent is told of, once, until it works again (NO4)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle.alerting import close_alerts
from leaddistrib.lifecycle.channels import look_for_failing
from leaddistrib.models import Alert, Gateway, OutboxMessage
from leaddistrib.queries.alerts import open_alerts
from leaddistrib.queries.sight import sight
from leaddistrib.testing import RepFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def admin():
    """Who is told where no team is concerned."""
    return UserFactory(username="paul", is_superuser=True, is_staff=True)


@pytest.fixture
def sms():
    return Gateway.objects.create(channel="sms")


def message(*, after=0, attempts=1, error="answered: 503", channel="sms", **state):
    """One that was written ``after`` noon (minutes)."""
    at = NOON + after * MINUTE
    return OutboxMessage.objects.create(
        event=f"lead.assigned:{OutboxMessage.objects.count()}",
        recipient=RepFactory().user,
        channel=channel,
        created_at=at,
        due_at=at,
        attempts=attempts,
        last_error=error,
        **state,
    )


def sent(*, after):
    return message(after=after, error="", sent_at=NOON + after * MINUTE)


def look(after=10):
    return look_for_failing(NOON + after * MINUTE)


def test_ten_failures_in_a_row_are_told_once(sms, admin):
    for _ in range(5):
        message(attempts=2)

    assert (look(), look(11)) == (1, 0)

    alert = Alert.objects.get()
    assert (alert.kind, alert.detail["channel"], alert.detail["code"]) == (
        "channel",
        "sms",
        "answered",
    )
    told = OutboxMessage.objects.get(event=f"alert.opened:{alert.pk}")
    assert (told.recipient, told.channel) == (admin, "email")


def test_the_alert_names_the_channel(sms, admin):
    for _ in range(5):
        message(attempts=2)
    look()

    [shown] = open_alerts(sight(admin), NOON)

    assert shown.channel == "SMS"


def test_nine_failures_are_not_enough(sms):
    message(attempts=8)
    message(attempts=1)

    assert look() == 0


def test_failures_from_before_the_last_success_do_not_count(sms):
    for _ in range(5):
        message(attempts=2)
    sent(after=1)
    for _ in range(9):
        message(after=2)

    assert look() == 0


def test_what_waits_for_the_morning_has_not_failed(sms):
    for _ in range(12):
        message(error="quiet")

    assert look() == 0


def test_given_up_messages_count_and_dropped_ones_do_not(sms):
    message(attempts=8, dead_at=NOON)
    for _ in range(4):
        message(attempts=2, error="not_theirs", dropped_at=NOON)
    assert look() == 0

    message(attempts=8, dead_at=NOON)
    assert look() == 1


def test_credentials_that_are_refused_need_no_second_try(sms):
    message(error="credentials_refused: 401")

    assert look() == 1
    assert Alert.objects.get().detail["code"] == "credentials_refused"


def test_one_room_that_refuses_is_not_the_whole_channel():
    message(channel="teams", error="credentials_refused: 403")

    assert look() == 0


def test_one_channel_that_fails_says_nothing_of_another(sms):
    for _ in range(5):
        message(attempts=2)
        message(channel="email", error="", sent_at=NOON)

    look()

    assert list(Alert.objects.values_list("subject", flat=True)) == ["channel:sms"]


@pytest.fixture
def opened(sms):
    message(error="credentials_refused: 401")
    look(10)
    return Alert.objects.get()


def test_the_alert_is_over_when_a_message_was_sent(opened):
    assert close_alerts(NOON + 11 * MINUTE) == 0

    OutboxMessage.objects.filter(channel="sms").update(
        sent_at=NOON + 12 * MINUTE, last_error="", attempts=3
    )

    assert close_alerts(NOON + 13 * MINUTE) == 1
    assert look(14) == 0


def test_the_alert_is_over_when_an_admin_switches_the_provider_off(opened, sms):
    sms.active = False
    sms.save()

    assert close_alerts(NOON + 11 * MINUTE) == 1

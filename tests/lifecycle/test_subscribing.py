"""By which ways somebody is told: devices, settings, links (NO1, NO4)."""

import json
from datetime import time, timedelta

import pytest
from django.utils import timezone

from leaddistrib.errors import NoSubscription
from leaddistrib.lifecycle import subscribing
from leaddistrib.lifecycle.linking import untie_slack
from leaddistrib.models import NotificationSettings, OutboxMessage, PushSubscription
from leaddistrib.notify.push.device import MOST_DEVICES
from leaddistrib.sealing import unseal
from leaddistrib.testing import UserFactory, clock_at
from tests.notify.browsers import subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def amina():
    return UserFactory(username="amina", password=None)


@pytest.fixture
def bruno():
    return UserFactory(username="bruno", password=None)


def endpoints(user) -> list[str]:
    kept = PushSubscription.objects.filter(user=user).order_by("pk")
    return [json.loads(unseal(one.secret))["endpoint"].rsplit("/", 1)[1] for one in kept]


def test_a_browser_is_kept_sealed_with_what_it_takes_to_reach_it(amina):
    given = subscription("phone")
    kept = subscribing.subscribe(amina, given, device="Chrome, Android")
    assert json.loads(unseal(kept.secret)) == {name: given[name] for name in ("endpoint", "keys")}
    row = PushSubscription.objects.values().get()
    for secret in (given["endpoint"], *given["keys"].values()):
        assert secret not in str(row)
    assert kept.device == "Chrome, Android"


def test_a_browser_that_subscribes_again_is_one_device(amina):
    given = subscription("phone")
    for _ in range(2):
        subscribing.subscribe(amina, given, device="Chrome, Android")
    assert endpoints(amina) == ["phone"]


def test_whoever_subscribed_a_browser_last_is_told_there_and_nobody_else(amina, bruno):
    given = subscription("shared")
    subscribing.subscribe(amina, given, device="Chrome, Linux")
    subscribing.subscribe(bruno, given, device="Chrome, Linux")
    assert (endpoints(amina), endpoints(bruno)) == ([], ["shared"])


def test_the_oldest_of_too_many_devices_goes(amina, bruno):
    subscribing.subscribe(bruno, subscription("other"), device="Firefox, Linux")
    now = timezone.now()
    for number in range(MOST_DEVICES + 1):
        with clock_at(now + timedelta(minutes=number)):
            subscribing.subscribe(amina, subscription(f"d{number}"), device="Chrome, Android")
    assert endpoints(amina) == [f"d{number}" for number in range(1, MOST_DEVICES + 1)]
    assert endpoints(bruno) == ["other"]


KEYS = subscription("phone")["keys"]


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        {"endpoint": subscription("phone")["endpoint"]},
        {"endpoint": "https://fcm.googleapis.com/x", "keys": {}},
        {"endpoint": "https://fcm.googleapis.com/x", "keys": {**KEYS, "auth": "AAAA"}},
        {"endpoint": "https://fcm.googleapis.com/x", "keys": {**KEYS, "p256dh": "AAAA"}},
        {"endpoint": "https://fcm.googleapis.com/x", "keys": {**KEYS, "p256dh": "é"}},
        {"endpoint": "https://evil.example.com/x", "keys": KEYS},
        {"endpoint": "https://fcm.googleapis.com.evil.example/x", "keys": KEYS},
        {"endpoint": "http://fcm.googleapis.com/x", "keys": KEYS},
        {"endpoint": "https://user:secret@fcm.googleapis.com/x", "keys": KEYS},
        {"endpoint": "https://169.254.169.254/latest/meta-data", "keys": KEYS},
        {"endpoint": "http://127.0.0.1:6379/", "keys": KEYS},
        {"endpoint": "", "keys": KEYS},
    ],
)
def test_what_is_no_browser_of_a_known_push_service_is_refused(amina, given):
    with pytest.raises(NoSubscription) as refused:
        subscribing.subscribe(amina, given, device="Chrome, Android")
    assert not PushSubscription.objects.exists()
    assert KEYS["auth"] not in str(refused.value)


def test_a_site_may_name_other_push_services(amina, settings):
    settings.LEADDISTRIB = {"PUSH_HOSTS": (".push.example.com",)}
    given = {"endpoint": "https://eu.push.example.com/1", "keys": KEYS}
    assert subscribing.subscribe(amina, given, device="Chrome, Android")
    with pytest.raises(NoSubscription):
        subscribing.subscribe(amina, subscription("phone"), device="Chrome, Android")


def test_a_browser_that_is_reached_elsewhere_stays_one_device(amina):
    kept = subscribing.subscribe(amina, subscription("old"), device="Chrome, Android")
    old = subscription("old")["endpoint"]
    assert subscribing.renew(amina, old, subscription("new"))
    assert endpoints(amina) == ["new"]
    assert PushSubscription.objects.get().pk == kept.pk


def test_only_who_knows_a_browser_says_where_it_is_reached(amina, bruno):
    subscribing.subscribe(amina, subscription("old"), device="Chrome, Android")
    for user, endpoint in ((bruno, "old"), (amina, "another")):
        known = subscribing.renew(user, subscription(endpoint)["endpoint"], subscription("new"))
        assert not known
    assert (endpoints(amina), endpoints(bruno)) == (["old"], [])


def test_a_new_address_that_is_known_already_is_still_one_device(amina):
    for name in ("old", "new"):
        subscribing.subscribe(amina, subscription(name), device="Chrome, Android")
    assert subscribing.renew(amina, subscription("old")["endpoint"], subscription("new"))
    assert endpoints(amina) == ["new"]


def test_nobody_renews_away_the_device_of_another(amina, bruno):
    subscribing.subscribe(amina, subscription("hers"), device="Chrome, Android")
    assert not subscribing.renew(bruno, subscription("none")["endpoint"], subscription("hers"))
    assert endpoints(amina) == ["hers"]


def test_own_devices_are_removed_and_those_of_others_are_not(amina, bruno):
    kept = subscribing.subscribe(amina, subscription("phone"), device="Chrome, Android")
    assert not subscribing.unsubscribe(bruno, kept.pk)
    assert endpoints(amina) == ["phone"]
    assert subscribing.unsubscribe(amina, kept.pk)
    assert endpoints(amina) == []


def test_settings_are_one_row_whatever_is_changed_first(amina):
    subscribing.revoke_links(amina)
    subscribing.set_ways(
        amina,
        push=True,
        email=False,
        sms=True,
        slack=True,
        phone="+33612345678",
        quiet_from=time(20),
        quiet_until=time(7),
    )
    kept = NotificationSettings.objects.get()
    assert (kept.user, kept.email, kept.phone) == (amina, False, "+33612345678")
    assert kept.links_revoked_at is not None


def test_a_test_is_written_once_a_minute(amina):
    now = timezone.now().replace(second=10)
    for seconds in (0, 30, 60):
        with clock_at(now + timedelta(seconds=seconds)):
            subscribing.send_test(amina)
    assert [row.channel for row in OutboxMessage.objects.all()] == ["email", "email"]


def test_an_account_is_untied_from_slack_alone(amina):
    NotificationSettings.objects.create(user=amina, slack_member="U012AB3CD", email=False)
    untie_slack(amina)
    kept = NotificationSettings.objects.get()
    assert (kept.slack_member, kept.email) == ("", False)

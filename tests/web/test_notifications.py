"""The page on which users say how they are told, and where receipts come in (NO1, NO3, NO4)."""

import json
import re
from datetime import time

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import subscribing
from leaddistrib.lifecycle.gateways import make_push_keys
from leaddistrib.models import Channel, Gateway, NotificationSettings, OutboxMessage
from leaddistrib.models import PushSubscription as Device
from leaddistrib.notify.links import preview_token, read_preview, receipt_token
from leaddistrib.notify.push.keys import public_key
from leaddistrib.web.devices import device_name
from tests.notify.browsers import subscription
from tests.web.conftest import signed_in

PAGE = "/leads/me/notifications/"
WAYS = {"push": "on", "email": "on", "sms": "", "phone": "", "quiet_from": "", "quiet_until": ""}
PIXEL = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36"
)


def page(name: str, *args: object) -> str:
    return reverse(f"leaddistrib:{name}", args=args)


def send(client: Client, name: str, given: object, **extra: str):
    return client.post(
        page(name), json.dumps(given), content_type="application/json", headers=extra
    )


def ways(client: Client, **given: str):
    sent = {name: value for name, value in {**WAYS, **given}.items() if value}
    return client.post(PAGE, sent)


# --- Channels, phone, quiet hours


def test_whoever_set_nothing_sees_the_defaults(cast):
    form = signed_in(cast.amina).get(PAGE).context["form"]
    ways = {name: form[name].value() for name in ("push", "email", "sms", "slack")}
    assert ways == {"push": True, "email": True, "sms": False, "slack": True}
    assert not NotificationSettings.objects.exists()


def test_each_field_is_described_by_what_is_on_the_page(cast):
    client = signed_in(cast.amina)
    refused = client.post(PAGE, {"sms": "on", "quiet_from": "20:00"})
    for answer in (client.get(PAGE), refused):
        text = answer.content.decode()
        named = {
            name
            for told in re.findall(r'aria-describedby="([^"]+)"', text)
            for name in told.split()
        }
        assert named <= set(re.findall(r'\sid="([^"]+)"', text))
    assert "id_phone_error" in named


def test_a_manager_who_is_no_rep_has_the_page_too(cast):
    client = signed_in(cast.mireille)
    assert ways(client, email="").status_code == 302
    assert NotificationSettings.objects.get(user=cast.mireille).email is False


def test_channels_and_quiet_hours_are_kept(cast):
    client = signed_in(cast.amina)
    answer = ways(
        client, sms="on", phone="+33 6 12 34 56 78", quiet_from="20:30", quiet_until="07:00"
    )
    assert answer.status_code == 302
    kept = NotificationSettings.objects.get(user=cast.amina.user)
    assert (kept.push, kept.email, kept.sms, kept.phone) == (True, True, True, "+33612345678")
    assert (kept.quiet_from, kept.quiet_until) == (time(20, 30), time(7))
    text = client.get(PAGE).content.decode()
    assert 'value="20:30"' in text
    ways(client)
    kept.refresh_from_db()
    assert (kept.quiet_from, kept.phone) == (None, "")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"sms": "on"}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"phone": "06 12 34 56 78"}, "phone"),  # of which country?
        ({"quiet_from": "20:30"}, "quiet_until"),
        ({"quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "late", "quiet_until": "07:00"}, "quiet_from"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(cast, given, wrong):
    answer = ways(signed_in(cast.amina), **given)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [wrong]
    assert not NotificationSettings.objects.exists()


def test_a_number_without_its_country_is_of_the_sites_own(cast, settings):
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "PHONE_REGION": "FR"}
    assert ways(signed_in(cast.amina), sms="on", phone="06 12 34 56 78").status_code == 302
    assert NotificationSettings.objects.get().phone == "+33612345678"


def test_quiet_hours_are_said_to_be_in_the_reps_own_zone(cast):
    cast.amina.time_zone = "America/Toronto"
    cast.amina.save()
    assert "America/Toronto" in signed_in(cast.amina).get(PAGE).content.decode()


def test_saving_settings_leaves_slack_and_revoked_links_alone(cast):
    before = NotificationSettings.objects.create(
        user=cast.amina.user, slack_member="U012AB3CD", links_revoked_at=timezone.now()
    )
    ways(signed_in(cast.amina), email="")
    kept = NotificationSettings.objects.get()
    assert (kept.email, kept.slack_member) == (False, "U012AB3CD")
    assert kept.links_revoked_at == before.links_revoked_at


# --- Devices


@pytest.fixture
def keys(db):
    make_push_keys(gateway := Gateway.objects.create(channel=Channel.PUSH))
    return gateway


def test_a_browser_subscribes_with_the_key_of_the_site(cast, keys):
    client = signed_in(cast.amina)
    assert f'data-key="{public_key()}"' in client.get(PAGE).content.decode()
    answer = send(client, "push-subscribe", subscription("phone"), **{"User-Agent": PIXEL})
    assert answer.status_code == 204
    device = Device.objects.get()
    assert (device.user, device.device) == (cast.amina.user, "Chrome, Android")
    assert "Chrome, Android" in client.get(PAGE).content.decode()


def test_without_keys_of_the_site_the_page_says_so(cast):
    text = signed_in(cast.amina).get(PAGE).content.decode()
    assert "Push notifications are not set up on this site." in text
    assert "push.js" not in text


def test_the_page_shows_no_address_at_which_a_browser_is_reached(cast, keys):
    client = signed_in(cast.amina)
    given = subscription("secret-address")
    send(client, "push-subscribe", given)
    text = client.get(PAGE).content.decode()
    for secret in ("secret-address", *given["keys"].values()):
        assert secret not in text


@pytest.mark.parametrize(
    "body", ["", "[]", '"x"', "{", "null", "{}", json.dumps({"x": "y" * 9000})]
)
def test_what_is_no_subscription_is_refused_with_a_sentence(cast, body):
    answer = signed_in(cast.amina).post(
        page("push-subscribe"), body, content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.json()["code"] == "no_subscription"
    assert "push service" in answer.json()["detail"]


def test_another_site_subscribes_nobody(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.amina.user)
    assert send(client, "push-subscribe", subscription("phone")).status_code == 403
    assert not Device.objects.exists()


def test_a_device_is_removed_by_its_user_alone(cast):
    kept = subscribing.subscribe(cast.amina.user, subscription("phone"), device="Firefox, Linux")
    signed_in(cast.bruno).post(page("push-unsubscribe", kept.pk))
    assert Device.objects.exists()
    answer = signed_in(cast.amina).post(page("push-unsubscribe", kept.pk), follow=True)
    assert "No more messages go to that device." in answer.content.decode()
    assert not Device.objects.exists()


def test_a_browser_renews_its_address_without_a_page(cast):
    subscribing.subscribe(cast.amina.user, subscription("old"), device="Chrome, Android")
    client = Client(enforce_csrf_checks=True)  # a service worker has no form
    client.force_login(cast.amina.user)
    fresh = {"endpoint": subscription("old")["endpoint"], "subscription": subscription("new")}
    assert send(client, "push-renew", fresh).status_code == 204
    assert Device.objects.get().fingerprint == subscribing.fingerprint(
        subscription("new")["endpoint"]
    )


def test_a_browser_that_meets_a_busy_database_is_told_to_come_again(cast, monkeypatch):
    def busy(*args):
        raise Busy("Too much at once.")

    monkeypatch.setattr("leaddistrib.lifecycle.subscribing.renew", busy)
    given = {"endpoint": "known", "subscription": subscription("new")}
    assert send(signed_in(cast.amina), "push-renew", given).status_code == 503


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 404),
        ({"endpoint": ["x"], "subscription": subscription("new")}, 404),
        ({"endpoint": "unknown", "subscription": subscription("new")}, 404),
        ({"endpoint": "unknown", "subscription": "nonsense"}, 400),
    ],
)
def test_what_renews_no_known_browser_changes_nothing(cast, given, status):
    subscribing.subscribe(cast.amina.user, subscription("old"), device="Chrome, Android")
    before = Device.objects.values().get()
    assert send(signed_in(cast.amina), "push-renew", given).status_code == status
    assert Device.objects.values().get() == before


@pytest.mark.parametrize(
    ("says", "name"),
    [
        (PIXEL, "Chrome, Android"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "Firefox, Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge, Windows",
        ),
        ("Something/1.0 (CrOS)", "ChromeOS"),
        ("", "Browser"),
    ],
)
def test_devices_are_called_by_what_people_know_them_by(says, name):
    assert device_name(says) == name


# --- Links, Slack, a test


def test_all_links_are_revoked_by_one_button(cast, waiting):
    token = preview_token(waiting, cast.amina, timezone.now())
    assert read_preview(token)
    answer = signed_in(cast.amina).post(page("links-revoke"), follow=True)
    assert "open nothing any more" in answer.content.decode()
    assert read_preview(token) is None
    assert Client().get(page("preview", token)).status_code == 404


def test_direct_messages_in_slack_are_a_choice_of_their_own(cast):
    NotificationSettings.objects.create(user=cast.amina.user, slack_member="U012AB3CD")
    client = signed_in(cast.amina)
    ways(client, slack="")
    kept = NotificationSettings.objects.get()
    assert (kept.slack, kept.slack_member) == (False, "U012AB3CD")
    ways(client, slack="on")
    kept.refresh_from_db()
    assert kept.slack


@pytest.mark.parametrize(
    ("set_up", "member", "sentence"),
    [
        (False, "", "This site is not connected to Slack."),
        (True, "", "once your account there is tied"),
        (True, "U012AB3CD", "Direct messages about what waits for you"),
    ],
)
def test_the_page_says_what_slack_takes(cast, set_up, member, sentence):
    NotificationSettings.objects.create(user=cast.amina.user, slack_member=member)
    if set_up:
        Gateway.objects.create(channel=Channel.SLACK)

    assert sentence in signed_in(cast.amina).get(PAGE).content.decode()


def test_an_account_is_untied_from_slack(cast):
    NotificationSettings.objects.create(user=cast.amina.user, slack_member="U012AB3CD")
    client = signed_in(cast.amina)
    assert "Untie it" in client.get(PAGE).content.decode()
    client.post(page("slack-untie"))
    assert NotificationSettings.objects.get().slack_member == ""
    assert "Untie it" not in client.get(PAGE).content.decode()


def test_a_test_goes_out_by_each_way_that_is_on(cast, keys):
    subscribing.subscribe(cast.amina.user, subscription("phone"), device="Chrome, Android")
    answer = signed_in(cast.amina).post(page("notifications-test"), follow=True)
    written = OutboxMessage.objects.filter(recipient=cast.amina.user)
    assert set(written.values_list("channel", flat=True)) == {"push", "email"}
    assert "A test is on its way: E-mail, Push notification." in answer.text


def test_a_test_that_no_way_is_turned_on_for_says_so(cast):
    NotificationSettings.objects.create(user=cast.amina.user, email=False)
    answer = signed_in(cast.amina).post(page("notifications-test"), follow=True)
    assert "Nothing was sent" in answer.text
    assert not OutboxMessage.objects.filter(recipient=cast.amina.user).exists()


# --- Receipts


@pytest.fixture
def message(cast, waiting):
    now = timezone.now()
    return OutboxMessage.objects.create(
        event=f"lead.offered:{waiting.pk}:{waiting.period}",
        channel=Channel.PUSH,
        recipient=cast.amina.user,
        lead=waiting,
        created_at=now,
        due_at=now,
        sent_at=now,
    )


def test_a_phone_that_is_signed_out_says_what_arrived_and_what_was_opened(cast, waiting, message):
    phone = Client(enforce_csrf_checks=True)
    offer = waiting.offers.get(rep=cast.amina)
    for what in ("delivered", "seen"):
        address = page(f"receipt-{what}", receipt_token(message))
        assert phone.post(address).status_code == 204
        message.refresh_from_db()
        offer.refresh_from_db()
        first = getattr(message, f"{what}_at")
        assert first is not None
        assert getattr(offer, f"{what}_at") == first
        assert phone.post(address).status_code == 204
        message.refresh_from_db()
        assert getattr(message, f"{what}_at") == first
    assert waiting.offers.get(rep=cast.bruno).seen_at is None


def test_a_receipt_says_what_it_was_sent_for(message):
    Client().post(page("receipt-delivered", receipt_token(message)))
    message.refresh_from_db()
    assert message.delivered_at is not None
    assert message.seen_at is None


@pytest.mark.parametrize("token", ["nonsense", "1", "~.~"])
def test_a_receipt_that_is_not_ours_stamps_nothing(message, token):
    for what in ("delivered", "seen"):
        assert Client().post(page(f"receipt-{what}", token)).status_code == 404
    message.refresh_from_db()
    assert (message.delivered_at, message.seen_at) == (None, None)


def test_a_receipt_for_a_message_that_was_forgotten_does_no_harm(message):
    token = receipt_token(message)
    message.delete()
    assert Client().post(page("receipt-seen", token)).status_code == 204


# --- Cost


def test_the_page_costs_as_many_queries_with_ten_devices_as_with_none(
    cast, keys, django_assert_max_num_queries
):
    client = signed_in(cast.amina)
    client.get(PAGE)
    for number in range(10):
        subscribing.subscribe(cast.amina.user, subscription(str(number)), device="Chrome, Android")
    with django_assert_max_num_queries(15):
        client.get(PAGE)

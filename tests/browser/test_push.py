"""A phone rings with a lead: permission, notification, receipts, and where a tap leads (NO1–NO3).

The push service itself is not reached: the browser is given a subscription by a stand-in, and what
a push service would hand it is handed to it by Chromium's own developer protocol. Everything else
is real: the page, the service worker, its notification, the receipts, the server.
"""

import json

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Worker, expect

from leaddistrib.lifecycle.gateways import make_push_keys
from leaddistrib.models import Channel, Gateway, NotificationSettings, OutboxMessage
from leaddistrib.models import PushSubscription as Device
from leaddistrib.notify.kinds import kind_of
from leaddistrib.notify.push.keys import public_key
from leaddistrib.notify.push.payload import payload
from tests.browser.conftest import claim_elsewhere, leads
from tests.browser.phones import PIXEL, STAND_IN, until

PAGE = "/leads/me/notifications/"


@pytest.fixture
def keys(company) -> Gateway:
    gateway = Gateway.objects.create(channel=Channel.PUSH)
    make_push_keys(gateway)
    return gateway


@pytest.fixture
def phone(company, keys, serve, enter) -> Page:
    """Amina's phone, on the page of messages, with a push service behind it."""
    page: Page = enter(
        serve(), company.amina, permissions=["notifications"], user_agent=PIXEL, has_touch=True
    )
    page.add_init_script(STAND_IN)
    page.goto(PAGE)
    return page


def worker_of(page: Page) -> Worker:
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    [worker] = page.context.service_workers
    return worker


def hand_over(page: Page, data: str) -> None:
    """What the push service would do: hand the worker a message."""
    worker_of(page)
    developer = page.context.new_cdp_session(page)
    found: list[str] = []
    developer.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    developer.send("ServiceWorker.enable")
    page.wait_for_timeout(200)
    developer.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": page.evaluate("location.origin"),
            "registrationId": found[-1],
            "data": data,
        },
    )


def notifications(page: Page) -> list[dict]:
    """What the phone shows, once it shows something."""
    shown: list[dict] = page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.ready;
          for (let tries = 0; tries < 50; tries += 1) {
            const shown = await registration.getNotifications();
            if (shown.length) return shown.map(({ title, body, tag, lang, actions, data }) =>
              ({ title, body, tag, lang, actions, data }));
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
          return [];
        }"""
    )
    return shown


def tap(page: Page, action: str = "") -> str:
    """Tap the notification, or one of its buttons; the page that is opened for it."""
    opened: str = worker_of(page).evaluate(
        """async (action) => {
          const [notification] = await registration.getNotifications();
          return new Promise((resolve) => {
            clients.openWindow = async (url) => resolve(url);  // Chromium asks for a real finger
            dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
          });
        }""",
        action,
    )
    return opened


@pytest.fixture
def offer(company) -> OutboxMessage:
    """A message about a lead that Amina may claim, as the outbox sends it."""
    lead = leads(company.race)[0]
    now = timezone.now()
    return OutboxMessage.objects.create(
        event=f"lead.offered:{lead.pk}:{lead.period}",
        channel=Channel.PUSH,
        recipient=company.amina.user,
        lead=lead,
        created_at=now,
        due_at=now,
        sent_at=now,
    )


def as_pushed(message: OutboxMessage) -> str:
    kind = kind_of(message)
    assert kind is not None
    return payload(message, kind, kind.load(message)).decode()


def test_a_rep_turns_push_on_and_off_on_a_phone(company, phone):
    assert phone.get_attribute("[data-push]", "data-key") == public_key()
    phone.get_by_role("button", name="Turn on push notifications").click()
    expect(phone.get_by_role("button", name="Turn them off here")).to_be_visible()
    device = Device.objects.get()
    assert device.user == company.amina.user
    assert device.device == "Chrome, Android"
    expect(phone.locator("[data-device] [data-here]")).to_be_visible()

    phone.get_by_role("button", name="Turn them off here").click()
    expect(phone.get_by_role("button", name="Turn on push notifications")).to_be_visible()
    assert not Device.objects.exists()


def test_a_browser_that_the_server_forgot_is_said_to_be_off(company, phone):
    phone.get_by_role("button", name="Turn on push notifications").click()
    expect(phone.get_by_role("button", name="Turn them off here")).to_be_visible()
    Device.objects.all().delete()
    phone.reload()
    phone.get_by_role("button", name="Turn on push notifications").click()
    expect(phone.get_by_role("button", name="Turn them off here")).to_be_visible()
    assert Device.objects.count() == 1


def test_whoever_forbade_messages_is_told_how_to_allow_them(company, keys, serve, enter):
    page = enter(serve(), company.amina)
    page.add_init_script(
        "Object.defineProperty(Notification, 'permission', { get: () => 'denied' })"
    )
    page.goto(PAGE)
    expect(page.get_by_text("You have forbidden messages of this site.")).to_be_visible()


def test_a_push_service_that_does_not_answer_is_said_not_to(company, keys, serve, enter):
    page = enter(serve(), company.amina, permissions=["notifications"])
    page.add_init_script("PushManager.prototype.subscribe = () => Promise.reject(new Error())")
    page.goto(PAGE)
    page.get_by_role("button", name="Turn on push notifications").click()
    expect(page.get_by_role("alert").filter(has_text="did not answer")).to_be_visible()
    assert not Device.objects.exists()


def test_without_scripts_channels_can_be_set_all_the_same(company, keys, serve, enter):
    page = enter(serve(), company.amina, java_script_enabled=False)
    page.goto(PAGE)
    expect(page.get_by_text("Push notifications need JavaScript")).to_be_visible()
    page.get_by_label("E-mail").uncheck()
    page.get_by_label("Quiet from").fill("20:00")
    page.get_by_label("Quiet until").fill("07:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your settings are saved.")).to_be_visible()
    kept = NotificationSettings.objects.get()
    assert (kept.push, kept.email, str(kept.quiet_from)) == (True, False, "20:00:00")


def test_a_push_becomes_a_notification_and_says_that_it_arrived(phone, offer):
    hand_over(phone, as_pushed(offer))
    [shown] = notifications(phone)
    assert shown["title"] == "Lead to claim: Boulangeries Lenoir"
    assert "Directrice des opérations" in shown["body"]
    assert [action["title"] for action in shown["actions"]] == ["Claim"]
    assert "Jeanne" not in json.dumps(shown)

    def arrived() -> bool:
        offer.refresh_from_db()
        return offer.delivered_at is not None

    until(phone, arrived)
    assert offer.seen_at is None
    told = offer.lead.offers.get(rep__user=offer.recipient)
    assert told.delivered_at == offer.delivered_at


def test_what_is_pushed_twice_is_shown_once(phone, offer):
    for _ in range(2):
        hand_over(phone, as_pushed(offer))
        phone.wait_for_timeout(300)
    assert len(notifications(phone)) == 1


def test_a_tap_opens_the_preview_and_says_that_it_was_seen(phone, offer):
    hand_over(phone, as_pushed(offer))
    notifications(phone)
    opened = tap(phone)
    assert "/leads/preview/" in opened

    def seen() -> bool:
        offer.refresh_from_db()
        return offer.seen_at is not None

    until(phone, seen)
    assert offer.lead.offers.get(rep__user=offer.recipient).seen_at == offer.seen_at
    phone.goto(opened)
    expect(phone.get_by_role("heading", name="Boulangeries Lenoir")).to_be_visible()


def test_the_button_of_a_notification_asks_before_it_claims(company, phone, offer):
    hand_over(phone, as_pushed(offer))
    notifications(phone)
    phone.goto(tap(phone, "claim"))
    offer.lead.refresh_from_db()
    assert offer.lead.owner is None
    phone.click("main .claim")
    expect(phone.get_by_text("+33140203040")).to_be_visible()
    offer.lead.refresh_from_db()
    assert offer.lead.owner == company.amina


def test_a_lead_that_is_gone_when_the_phone_is_tapped_says_so(company, phone, offer, serve, enter):
    hand_over(phone, as_pushed(offer))
    notifications(phone)
    claim_elsewhere(enter, phone.evaluate("location.origin"), company.bruno, offer.lead)
    phone.goto(tap(phone))
    expect(phone.get_by_text("A colleague has this lead.")).to_be_visible()
    expect(phone.locator("a.claim")).to_have_count(0)


@pytest.mark.parametrize(
    ("data", "title"), [("", "New message"), ("not json", "New message"), ("{}", "New message")]
)
def test_a_push_that_cannot_be_read_is_still_a_message(phone, data, title):
    hand_over(phone, data)
    [shown] = notifications(phone)
    assert shown["title"] == title
    assert tap(phone).endswith("/leads/")


@pytest.mark.parametrize(
    "url",
    ["https://evil.example.com/leads/", "//evil.example.com/leads/", "javascript:1", "/admin/"],
)
def test_a_notification_opens_pages_of_this_app_only(phone, url):
    hand_over(phone, json.dumps({"title": "Look!", "url": url}))
    notifications(phone)
    assert tap(phone) == phone.evaluate("location.origin") + "/leads/"

"""A rep's phone rings with the lead: by its push service, readable by this phone alone (NO1)."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from py_vapid import Vapid02

from leaddistrib.lifecycle.subscribing import revoke_links
from leaddistrib.models import (
    Assignment,
    Channel,
    Gateway,
    Lead,
    OutboxMessage,
    PushSubscription,
    ResponseClock,
)
from leaddistrib.notify.links import read_preview, read_receipt
from leaddistrib.notify.outbox import deliver
from leaddistrib.notify.push import device
from leaddistrib.notify.push.keys import decoded, public_key
from leaddistrib.notify.push.payload import MOST_BYTES
from leaddistrib.queries import clock
from leaddistrib.sealing import seal
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.notify.conftest import LENOIR, goes_on, send, set_up, write
from tests.notify.phones import Phone
from tests.notify.standin import by_path, hang_up, in_turn, never, slowly, status, well


@pytest.fixture
def push(db):
    return set_up(Channel.PUSH, sender="it@example.com")


@pytest.fixture
def service(push, stand_in):
    return stand_in()


@pytest.fixture
def phone(amina, service):
    return Phone(amina, service.url("/push/amina"))


def test_the_phone_shows_the_lead_as_a_preview_does(amina, lead, service, phone):
    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.sent_at is not None
    [call] = service.calls
    shown = phone.read(call.body)
    assert shown["title"] == "New lead: Lenoir"
    assert shown["body"] == "Enterprise (500+), Head of IT, website, score 87 (Hot)"
    assert read_receipt(shown["receipt"]) == message.pk
    token = shown["url"].removeprefix("/leads/preview/").removesuffix("/")
    preview = read_preview(token)
    assert preview is not None
    assert (preview.lead, preview.rep) == (lead, amina)
    assert not any(LENOIR[name] in str(shown) for name in ("contact_name", "contact_phone"))


def test_an_offer_has_a_button_that_asks_before_it_claims(amina, service, phone):
    pool = PoolFactory(name="Paris", reps=[amina], push_minutes=30)
    lead = goes_on(LeadFactory(pool=pool, **LENOIR))

    send(OutboxMessage.objects.get(event=f"lead.offered:{lead.pk}:{lead.period}"))

    shown = phone.read(service.calls[0].body)
    assert shown["title"] == "Lead to claim: Lenoir"
    assert "Open until " in shown["body"]
    assert shown["urgent"] is True
    assert shown["actions"] == [
        {"action": "claim", "title": "Claim", "url": f"/leads/lead/{lead.public_id}/claim/"}
    ]


def test_an_offer_names_no_end_where_no_step_of_its_rule_follows(amina, service, phone):
    """The pages name none either: it stays open."""
    lead = LeadFactory(pool=PoolFactory(reps=[amina], push_minutes=30), **LENOIR)

    send(OutboxMessage.objects.get(event=f"lead.offered:{lead.pk}:{lead.period}"))

    assert "Open until" not in phone.read(service.calls[0].body)["body"]


def test_the_text_is_in_the_language_of_the_rep(amina, lead, service, phone):
    amina.language = "fr"
    amina.save()

    send(write(Channel.PUSH, rep=amina, lead=lead))

    assert phone.read(service.calls[0].body)["lang"] == "fr"


def test_push_services_know_who_sends_and_what_is_urgent(amina, lead, push, service, phone):
    send(write(Channel.PUSH, rep=amina, lead=lead))

    headers = service.calls[0].headers
    assert (headers["content-encoding"], headers["urgency"]) == ("aes128gcm", "high")
    assert 0 < int(headers["ttl"]) <= 24 * 3600
    assert len(headers["topic"]) == 32
    assert Vapid02.verify(headers["authorization"])
    assert headers["authorization"].endswith(f"k={public_key()}")


def test_nobody_between_can_read_it(amina, lead, service, phone):
    send(write(Channel.PUSH, rep=amina, lead=lead))

    assert b"Lenoir" not in service.calls[0].body


def test_all_devices_of_a_rep_ring(amina, lead, service, phone):
    laptop = Phone(amina, service.url("/push/laptop"))

    send(write(Channel.PUSH, rep=amina, lead=lead))

    assert {call.path for call in service.calls} == {"/push/amina", "/push/laptop"}
    laptop.row.refresh_from_db()
    assert laptop.row.used_at is not None


def test_only_a_device_that_took_it_counts_as_reached(amina, lead, push, stand_in):
    """Amina reads in the list of her devices which one is dead."""
    service = stand_in(by_path({"/push/broken": status(503)}))
    broken, phone = (Phone(amina, service.url(f"/push/{name}")) for name in ("broken", "phone"))
    lost = Phone(amina, service.url("/push/lost"))
    PushSubscription.objects.filter(pk=lost.row.pk).update(secret=b"gAAAAAB-not-ours")

    send(write(Channel.PUSH, rep=amina, lead=lead))

    reached = PushSubscription.objects.filter(used_at__isnull=False)
    assert list(reached) == [phone.row]
    assert (broken.known, lost.known) == (True, True)


def ttl(call) -> int:
    return int(call.headers["ttl"])


def test_a_phone_that_comes_on_late_does_not_ring_for_what_is_over(amina, lead, service, phone):
    """A lead to be answered within five minutes, and one that is open for ten."""
    answered = clock.now() + timedelta(minutes=5)
    given = Assignment.objects.get(lead=lead)
    begun = {"started_at": clock.now(), "due_at": answered, "next_at": answered}
    ResponseClock.objects.create(assignment=given, lead=lead, rep=amina, **begun)
    send(write(Channel.PUSH, rep=amina, lead=lead))
    assert 4 * 60 < ttl(service.calls[0]) <= 5 * 60

    pool = PoolFactory(reps=[amina], push_minutes=10)
    offered = goes_on(LeadFactory(pool=pool, **LENOIR))
    send(OutboxMessage.objects.get(event=f"lead.offered:{offered.pk}:{offered.period}"))
    assert 9 * 60 < ttl(service.calls[1]) <= 10 * 60


def test_what_has_no_end_waits_four_hours_for_a_phone(amina, lead, service, phone):
    send(write(Channel.PUSH, rep=amina, lead=lead))

    assert ttl(service.calls[0]) == 4 * 3600


def test_no_sequence_number_leaves_the_house(amina, lead, service, phone):
    """The same message twice is one on the phone, which cannot tell how many leads there are."""
    message = send(write(Channel.PUSH, "lead.assigned:987654", rep=amina, lead=lead))
    OutboxMessage.objects.filter(pk=message.pk).update(sent_at=None, due_at=message.created_at)
    send(message)

    first, again = (phone.read(call.body)["tag"] for call in service.calls)
    assert first == again == service.calls[0].headers["topic"]
    assert "987654" not in str(phone.read(service.calls[0].body))


def test_links_are_dated_by_the_databases_clock_whatever_the_workers_own_says(
    amina, lead, service, phone, monkeypatch
):
    """Amina loses her phone and revokes her links; the worker's clock is ten minutes ahead."""
    write(Channel.PUSH, rep=amina, lead=lead)
    moment = clock.now()
    with monkeypatch.context() as worker:
        worker.setattr(timezone, "now", lambda: moment + timedelta(minutes=10))
        deliver(moment)
    token = phone.read(service.calls[0].body)["url"].split("/")[-2]
    assert read_preview(token) is not None

    revoke_links(amina.user)

    assert read_preview(token) is None


@pytest.mark.parametrize("code", [404, 410])
def test_a_device_that_is_gone_is_forgotten_and_the_other_one_rings(
    amina, lead, push, stand_in, code
):
    service = stand_in(by_path({"/push/old": status(code)}))
    old, new = Phone(amina, service.url("/push/old")), Phone(amina, service.url("/push/new"))

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.sent_at is not None
    assert (old.known, new.known) == (False, True)


def test_when_no_device_is_left_the_sms_goes_at_once(amina, lead, push, stand_in):
    service = stand_in(status(410))
    phone = Phone(amina, service.url("/push/amina"))
    message = write(Channel.PUSH, rep=amina, lead=lead)
    sms = write(Channel.SMS, rep=amina, lead=lead)
    OutboxMessage.objects.filter(pk=sms.pk).update(due_at=sms.due_at + timedelta(minutes=2))

    send(message)

    assert message.dropped_at is not None
    assert message.last_error == "no_device"
    assert not phone.known
    sms.refresh_from_db()
    assert sms.due_at < sms.created_at + timedelta(minutes=1)


def test_a_rep_without_devices_gets_no_push(amina, lead, service):
    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.last_error == "no_device"
    assert service.calls == []


def test_a_service_that_asks_for_time_gets_it(amina, lead, push, stand_in):
    service = stand_in(in_turn(status(429, retry_after="90"), well))
    Phone(amina, service.url("/push/amina"))
    message = write(Channel.PUSH, rep=amina, lead=lead)
    before = message.due_at

    send(message)

    assert (message.sent_at, message.dead_at) == (None, None)
    assert message.last_error == "answered: 429"
    waited = (message.due_at - before).total_seconds()
    assert 90 <= waited <= 90 * 1.25 + 5


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (status(500), "answered: 500"),
        (status(503), "answered: 503"),
        (hang_up, "not_understood"),
        (never, "too_slow"),
        (status(301, location="http://elsewhere.example/"), "redirected"),
    ],
)
def test_a_service_that_fails_is_tried_again(amina, lead, push, stand_in, hasty, behaviour, reason):
    service = stand_in(behaviour)
    phone = Phone(amina, service.url("/push/amina"))

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert (message.sent_at, message.dead_at, message.dropped_at) == (None, None, None)
    assert message.last_error.startswith(reason)
    assert phone.known


@pytest.mark.parametrize("code", [400, 413])
def test_what_a_service_refuses_for_good_is_a_dead_letter_at_once(
    amina, lead, push, stand_in, code
):
    service = stand_in(status(code))
    Phone(amina, service.url("/push/amina"))

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.dead_at is not None
    assert message.attempts == 1


@pytest.mark.parametrize("code", [401, 403])
def test_a_service_that_does_not_know_us_is_the_admins_to_mend(amina, lead, push, stand_in, code):
    service = stand_in(status(code))
    phone = Phone(amina, service.url("/push/amina"))

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.last_error.startswith("credentials_refused")
    assert message.dead_at is None
    assert phone.known


def test_a_slow_device_does_not_hold_up_the_other(amina, lead, push, stand_in, hasty):
    """One accepted is enough; the other is given up after the time-out, beside it."""
    service = stand_in(by_path({"/push/slow": slowly}))
    Phone(amina, service.url("/push/slow"))
    Phone(amina, service.url("/push/quick"))
    started = time.monotonic()

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.sent_at is not None
    assert time.monotonic() - started < 10


def test_only_known_push_services_are_asked(amina, lead, push, stand_in, settings):
    """Endpoints come from browsers: one that names our own network is never called."""
    service = stand_in()
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "PUSH_HOSTS": ("push.example",)}
    Phone(amina, service.url("/push/amina"))

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert service.calls == []
    assert message.last_error == "host_not_allowed"
    assert message.dead_at is not None


def test_keys_that_are_none_are_a_device_that_is_gone(amina, lead, service):
    broken = Phone(amina, service.url("/push/amina"), key="AAAA")

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.last_error == "no_device"
    assert not broken.known


def test_a_device_sealed_with_a_lost_key_is_passed_over(amina, lead, service, phone):
    phone.row.secret = b"gAAAAAB-not-ours"
    phone.row.save()

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.last_error == "no_device"
    assert phone.known


def test_without_keys_the_admin_is_told(amina, lead, service, phone, push):
    Gateway.objects.filter(pk=push.pk).update(secrets=seal("{}"))

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.last_error == "no_credentials"
    assert public_key() == ""


def test_without_the_packages_it_says_so(amina, lead, service, phone, monkeypatch):
    monkeypatch.setattr(device, "http_ece", None)

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert message.last_error == "no_library"
    assert not device.is_installed()


def test_the_longest_lead_still_fits(amina, service, phone):
    """Emoji take four bytes each in every field that a preview shows."""
    texts = {"company": "🏢" * 200, "contact_title": "🧑" * 200, "source": "🌍" * 100}
    lead = LeadFactory(owner=amina, size_band="mid_market", score=100, **texts)
    Lead.objects.filter(pk=lead.pk).update(temperature="hot")

    send(write(Channel.PUSH, rep=amina, lead=lead))

    [call] = service.calls
    assert len(call.body) <= MOST_BYTES + 200  # keys and the mark of the encryption
    assert phone.read(call.body)["title"].startswith("New lead: 🏢")


def test_a_public_key_is_a_point_that_browsers_take(push):
    point = decoded(public_key())

    assert (len(point), point[0]) == (65, 4)


def test_nothing_secret_is_kept_or_logged(amina, lead, push, stand_in, caplog):
    service = stand_in(status(400, {"error": "CANARY-ANSWER"}))
    Phone(amina, service.url("/push/CANARY-ENDPOINT"))

    message = send(write(Channel.PUSH, rep=amina, lead=lead))

    assert "CANARY" not in message.last_error + caplog.text

"""A source sends signed leads to its own address (IN1); nobody else gets in (reliability 8)."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from leaddistrib.errors import Outdated
from leaddistrib.lifecycle import webhooks
from leaddistrib.lifecycle.signing import sign
from leaddistrib.models import Lead, Webhook, WebhookCall
from leaddistrib.testing import clock_at
from tests.api.conftest import address, build_company

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LEAD = {"company": "Lenoir", "external_id": "A-1", "contact": {"email": "ana@lenoir.example"}}


@pytest.fixture
def hook(company):
    return new_hook()


@pytest.fixture(autouse=True)
def _noon():
    with clock_at(NOW):
        yield


def new_hook(slug="forms", **fields) -> tuple[Webhook, str]:
    webhook = Webhook(slug=slug, source="Web form", **fields)
    return webhook, webhooks.add_webhook(webhook)


def call(secret, body=LEAD, slug="forms", at=NOW, signature=None, client=None, **headers):
    """Send ``body`` (bytes, or what becomes JSON) as the sender would, signed at ``at``."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    timestamp = at if isinstance(at, str) else str(int(at.timestamp()))
    if signature is None:
        signature = f"sha256={sign(secret, timestamp, raw)}"
    headers = {
        "X-Leaddistrib-Timestamp": timestamp,
        "X-Leaddistrib-Signature": signature,
        **headers,
    }
    content_type = headers.pop("Content-Type", "application/json")
    client = client or APIClient(enforce_csrf_checks=True)
    path = address("hook", slug=slug)
    return client.generic("POST", path, raw, content_type, headers=headers)


def outcomes(webhook) -> list[tuple[str, str]]:
    """The webhook's calls, oldest first."""
    return list(webhook.calls.order_by("pk").values_list("outcome", "reason"))


def test_the_signature_is_the_one_that_openssl_makes():
    # printf '%s' '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
    digits = "49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686"
    assert sign("secret", "1700000000", b'{"a":1}') == digits


def test_a_signed_lead_comes_in_and_is_routed(hook):
    webhook, secret = hook
    response = call(secret)
    told = response.json()
    assert response.status_code == 201
    assert told["decision"]["pool"] == "Paris pool"
    lead = Lead.objects.get(public_id=told["id"])
    assert (lead.source, lead.source_system, lead.company) == ("Web form", "forms", "Lenoir")
    assert lead.status == Lead.Status.WAITING
    assert outcomes(webhook) == [("created", "")]


def test_what_the_lead_says_of_its_source_counts(hook):
    response = call(hook[1], {**LEAD, "source": "fair", "source_system": "crm"})
    lead = Lead.objects.get(public_id=response.json()["id"])
    assert (lead.source, lead.source_system) == ("fair", "crm")


def test_a_sender_that_lost_the_answer_sends_the_same_call_again_and_gets_it(hook):
    webhook, secret = hook
    body = {"company": "Lenoir"}  # nothing that it could be known by
    first, again = call(secret, body), call(secret, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Lead.objects.filter(source="Web form").count() == 1
    assert outcomes(webhook) == [("created", ""), ("repeated", "")]


def test_a_call_that_was_overheard_makes_no_second_lead_whatever_key_comes_with_it(hook):
    first = call(hook[1], {"company": "Lenoir"})
    again = call(hook[1], {"company": "Lenoir"}, **{"Idempotency-Key": "another"})
    assert again.json() == first.json()
    assert Lead.objects.filter(source="Web form").count() == 1


def test_the_same_lead_signed_anew_is_known_by_its_external_id(hook):
    webhook, secret = hook
    first, later = call(secret), call(secret, at=NOW + timedelta(seconds=1))
    assert (later.status_code, later.json()) == (200, first.json())
    assert outcomes(webhook) == [("created", ""), ("known", "")]


def test_or_by_its_key_and_a_key_with_another_lead_is_refused(hook):
    webhook, secret = hook
    key = {"Idempotency-Key": "k-1"}
    later = NOW + timedelta(seconds=1)
    first = call(secret, {"company": "Lenoir"}, **key)
    again = call(secret, {"company": "Lenoir"}, at=later, **key)
    other = call(secret, {"company": "Roy"}, at=later, **key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert outcomes(webhook)[-1] == ("invalid", "idempotency_key_reused")


def test_two_sources_have_keys_and_numbers_of_their_own(hook):
    _other, other_secret = new_hook("chat")
    first = call(hook[1], **{"Idempotency-Key": "k-1"})
    second = call(other_secret, slug="chat", **{"Idempotency-Key": "k-1"})
    assert (first.status_code, second.status_code) == (201, 201)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_clocks_may_be_five_minutes_apart(hook, seconds):
    assert call(hook[1], at=NOW + timedelta(seconds=seconds)).status_code == 201


def refused_calls(webhook, secret):
    """Every way not to be let in, with what the admin is told."""
    stamp = str(int(NOW.timestamp()))
    ago, ahead = NOW - timedelta(seconds=301), NOW + timedelta(seconds=301)
    yield call(secret, at=ago), ("refused", "timestamp")
    yield call(secret, at=ahead), ("refused", "timestamp")
    yield call(secret, at="soon"), ("refused", "timestamp")
    yield call(secret, at="9" * 12), ("refused", "timestamp")
    yield call(secret, at=""), ("refused", "timestamp")
    yield call("guessed"), ("unsigned", "signature")
    yield call("guessed", at=ago), ("unsigned", "timestamp")
    yield call(secret, signature=""), ("unsigned", "signature")
    yield call(secret, signature="sha256=" + "0" * 64), ("unsigned", "signature")
    bare = sign(secret, stamp, json.dumps(LEAD).encode())
    yield call(secret, signature=bare), ("unsigned", "signature")
    yield call(secret, signature="sha1=" + sign(secret, stamp, b"")), ("unsigned", "signature")
    for slug in ("nobody", "Forms", "for/ms", "form\0s", "é", "x" * 51):
        yield call(secret, slug=slug), None
    webhooks.set_active(webhook, False)
    yield call(secret), ("refused", "inactive")
    yield call("guessed"), ("unsigned", "inactive")


def test_whoever_is_not_let_in_is_not_told_why_but_the_admin_is(hook, monkeypatch):
    webhook, secret = hook
    monkeypatch.setattr(webhooks, "APART", timedelta(0))
    answers, reasons = zip(*refused_calls(webhook, secret), strict=True)
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert answers[0].json()["code"] == "bad_signature"
    assert outcomes(webhook) == [reason for reason in reasons if reason]
    assert not Lead.objects.filter(source="Web form").exists()


def test_a_body_that_was_changed_on_its_way_is_refused(hook):
    stamp = str(int(NOW.timestamp()))
    signature = f"sha256={sign(hook[1], stamp, json.dumps(LEAD).encode())}"
    assert call(hook[1], {**LEAD, "score": 100}, signature=signature).status_code == 401


def test_a_refused_call_does_not_stand_in_the_way_of_a_good_one(hook):
    webhook, secret = hook
    webhooks.set_active(webhook, False)
    assert call(secret).status_code == 401
    webhooks.set_active(webhook, True)
    assert call(secret).status_code == 201


def test_after_a_rotation_both_secrets_hold_for_a_while(hook):
    webhook, old = hook
    new = webhooks.rotate(webhook, keep=timedelta(hours=1))
    assert new != old
    assert call(old).status_code == 201
    assert call(new).status_code == 200
    later = NOW + timedelta(hours=1)
    with clock_at(later):
        assert call(old, at=later).status_code == 401
        assert call(new, at=later).status_code == 200


def test_a_second_rotation_for_the_same_confirmation_is_refused(hook):
    webhook, _secret = hook
    confirmed = bytes(webhook.secret)
    webhooks.rotate(webhook, keep=timedelta(0), known=confirmed)
    with pytest.raises(Outdated):
        webhooks.rotate(webhook, keep=timedelta(0), known=confirmed)


def test_the_database_holds_no_secret_that_it_could_lose(hook):
    webhook, secret = hook
    webhook.refresh_from_db()
    assert secret.encode() not in bytes(webhook.secret)
    assert secret not in str(list(webhook.history.values()))


def test_secrets_outlive_a_change_of_the_sites_key(hook):
    with override_settings(SECRET_KEY="the next one", SECRET_KEY_FALLBACKS=["for-tests-only"]):
        assert call(hook[1]).status_code == 201
    with override_settings(SECRET_KEY="another one"):
        assert call(hook[1], at=NOW + timedelta(seconds=1)).status_code == 401
    assert outcomes(hook[0])[-1] == ("unsigned", "secret")


MAPPING = {
    "properties.email.value": "contact.email",
    "properties.firm": "company",
    "properties.headcount": "employees",
    "items.0.sku": "product",
    "objectId": "external_id",
    "utm.campaign": "attributes.campaign",
}
THEIRS = {
    "objectId": 77,
    "portalId": 5,
    "country": "FR",
    "properties": {"firm": "Lenoir", "email": {"value": "ana@lenoir.example"}, "headcount": 620},
    "items": [{"sku": "GTX Pro"}],
    "utm.campaign": "spring",
}


def test_a_sender_may_have_names_of_its_own(company):
    _webhook, secret = new_hook(mapping=MAPPING)
    response = call(secret, THEIRS)
    assert response.status_code == 201, response.content
    lead = Lead.objects.get(public_id=response.json()["id"])
    assert lead.company == "Lenoir"
    assert lead.contact_email == "ana@lenoir.example"
    assert (lead.employees, lead.product, lead.country) == (620, "GTX Pro", "FR")
    assert lead.external_id == "77"
    assert lead.attributes == {"campaign": "spring"}


def test_what_is_wrong_is_named_as_the_sender_names_it(company):
    webhook, secret = new_hook(mapping=MAPPING)
    wrong = {"properties": {"firm": "Lenoir", "email": {"value": "ana"}, "headcount": "many"}}
    response = call(secret, wrong)
    assert response.status_code == 400
    fields = response.json()["fields"]
    assert fields.keys() == {"properties.email.value", "properties.headcount"}
    assert outcomes(webhook) == [("invalid", "properties.email.value, properties.headcount")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**LEAD, "owner": "amina"}, "owner"),
        ({**LEAD, "received_at": "2026-01-01"}, "received_at"),
        ({"country": "FR"}, "company"),
        ({**LEAD, "contact": {"email": "ana"}}, "contact.email"),
        ([LEAD], ""),
    ],
)
def test_without_them_the_rules_are_those_of_the_api(hook, body, field):
    webhook, secret = hook
    response = call(secret, body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert field in response.json()["fields"]
    assert outcomes(webhook)[0][0] == "invalid"


def test_a_mended_body_is_taken_after_a_wrong_one(hook):
    assert call(hook[1], {**LEAD, "country": "Atlantis"}).status_code == 400
    assert call(hook[1], {**LEAD, "country": "FR"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"company=Lenoir", "application/x-www-form-urlencoded", 415),
        (json.dumps(LEAD).encode(), "application/json; charset=utf-8", 201),
    ],
)
def test_only_json_is_read(hook, body, content_type, status):
    response = call(hook[1], body, **{"Content-Type": content_type})
    assert response.status_code == status
    if status != 201:
        assert response.json().keys() == {"code", "detail", "fields"}


def test_a_body_larger_than_any_lead_is_not_even_looked_at(hook):
    webhook, secret = hook
    response = call(secret, {"company": "x" * 1024 * 1024})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert outcomes(webhook) == []


def test_a_source_that_calls_too_often_waits_wherever_it_calls_from(hook, settings):
    settings.LEADDISTRIB = {"API_RATES": {"intake": "2/min"}}
    calls = [
        call(hook[1], client=APIClient(REMOTE_ADDR=f"203.0.113.{number}"), **forwarded(number))
        for number in range(3)
    ]
    assert [one.status_code for one in calls] == [201, 200, 429]
    _chat, secret = new_hook("chat")
    assert call(secret, slug="chat").status_code == 201


def forwarded(number) -> dict[str, str]:
    return {"X-Forwarded-For": str(number)}


def test_a_stranger_dodges_no_rate_by_claiming_other_addresses(hook, settings):
    settings.LEADDISTRIB = {"API_RATES": {"unsigned": "2/min"}}
    calls = [call("guessed", **forwarded(number)) for number in range(3)]
    assert [one.status_code for one in calls] == [401, 401, 429]
    assert int(calls[2].headers["Retry-After"]) <= 60
    assert calls[2].json()["code"] == "throttled"
    too_large = call("guessed", {"company": "x" * 1024 * 1024})
    assert too_large.status_code == 429


def test_a_stranger_uses_up_nobody_elses_calls(company, hook, settings):
    settings.LEADDISTRIB = {"API_RATES": {"unsigned": "2/min", "intake": "2/min"}}
    crm = company.caller("integration")
    for _ in range(5):
        call("guessed", **forwarded(crm.pk))
        APIClient().post(address("api-leads"), LEAD, "json", headers=forwarded(crm.pk))
    assert call(hook[1]).status_code == 201
    sent = company.client("integration").post(address("api-leads"), LEAD, "json")
    assert sent.status_code == 400, "LEAD names no source: it was looked at"


def test_behind_a_proxy_the_host_says_how_many_addresses_it_believes(hook, settings):
    settings.LEADDISTRIB = {"API_RATES": {"unsigned": "1/min"}}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}

    def through_proxy(pretended, real):
        return call("guessed", **{"X-Forwarded-For": f"{pretended}, {real}"}).status_code

    assert through_proxy("1.1.1.1", "203.0.113.1") == 401
    assert through_proxy("2.2.2.2", "203.0.113.1") == 429
    assert through_proxy("1.1.1.1", "203.0.113.2") == 401


def test_being_signed_in_neither_helps_nor_hinders(company, hook):
    admin = company.client("admin")
    admin.handler.enforce_csrf_checks = True
    assert call("guessed", client=admin).status_code == 401
    assert call(hook[1], client=admin).status_code == 201
    assert APIClient().get(address("hook", slug="forms")).status_code == 405


def test_a_stranger_who_calls_all_day_fills_no_disk_and_pushes_out_no_signed_call(
    hook, monkeypatch
):
    webhook, secret = hook
    monkeypatch.setattr(webhooks, "SHOWN", 3)
    monkeypatch.setattr(webhooks, "STRANGERS", 2)
    for minute in range(5):
        with clock_at(NOW + timedelta(minutes=minute)):
            call(secret, {**LEAD, "country": "?"}, at=NOW + timedelta(minutes=minute))
    for minute in range(6):
        with clock_at(NOW + timedelta(hours=1, minutes=minute)):
            call("guessed")
    assert outcomes(webhook) == [("invalid", "country")] * 3 + [("unsigned", "timestamp")] * 2
    assert webhooks.forget_calls(NOW + timedelta(days=9)) == 0
    assert len(webhooks.signed_calls(webhook)) == 3
    assert len(webhooks.unsigned_calls(webhook)) == 2


def test_of_calls_refused_alike_one_a_minute_is_written_down(hook, django_assert_num_queries):
    webhook, _secret = hook
    call("guessed")
    with django_assert_num_queries(2):  # the webhook, and whether one was kept lately
        call("guessed")
    call("guessed", at=NOW - timedelta(hours=1))
    with clock_at(NOW + timedelta(minutes=1)):
        call("guessed", at=NOW + timedelta(minutes=1))
    assert outcomes(webhook) == [
        ("unsigned", "signature"),
        ("unsigned", "timestamp"),
        ("unsigned", "signature"),
    ]


def test_calls_are_forgotten_when_they_can_no_longer_be_played_again(hook, monkeypatch):
    webhook, secret = hook
    monkeypatch.setattr(webhooks, "SHOWN", 1)
    for seconds in range(3):
        call(secret, at=NOW + timedelta(seconds=seconds))
    assert webhooks.forget_calls(NOW + timedelta(seconds=600)) == 0
    assert webhooks.forget_calls(NOW + timedelta(seconds=601)) == 2
    assert webhook.calls.count() == 1  # the newest one stays, to be looked at


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*LEAD, "properties", "items", "mail", "country", "attributes"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=JSON, mapped=st.booleans())
def test_whatever_is_signed_gets_an_answer(company, body, mapped):
    Webhook.objects.filter(slug="any").delete()
    _webhook, secret = new_hook("any", mapping=MAPPING if mapped else {})
    raw = json.dumps(body).encode()
    assert call(secret, raw, slug="any").status_code in {200, 201, 400}


@pytest.mark.django_db(transaction=True)
def test_the_same_call_twice_at_once_makes_one_lead():
    build_company()
    webhook, secret = new_hook()
    start = threading.Barrier(2)
    answers = []

    def once() -> None:
        start.wait()
        try:
            answers.append(call(secret, {"company": "Lenoir"}))
        finally:
            connection.close()

    threads = [threading.Thread(target=once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert answers[0].json() == answers[1].json()
    assert Lead.objects.filter(source="Web form").count() == 1
    assert {name for name, _reason in outcomes(webhook)} == {"created", "repeated"}
    assert WebhookCall.objects.exclude(signature="").count() == 1


def test_a_source_that_took_slacks_name_before_is_still_let_in(company):
    """Slack's own calls come in at this address since, and are told by their signature."""
    webhook, secret = new_hook(slug="slack")

    assert call(secret, slug="slack").status_code == 201
    assert call("another", slug="slack").status_code == 401
    assert outcomes(webhook)[0] == ("created", "")

"""Leads are sent in by programs: once, and with every wrong field named (IN1, IN2, IN5, IN7)."""

import threading

import pytest
from django.db import connection
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from leaddistrib.models import Decision, Lead
from leaddistrib.testing import LeadFactory, publish_rules
from tests.api.conftest import address, build_company, person, signed_in

LEADS = "/leads/api/v1/leads/"
WHOLE = {
    "source": "website",
    "source_system": "crm",
    "external_id": "A-1",
    "lead_type": "demo_request",
    "company": "Boulangerie Lenoir",
    "contact": {
        "name": "Ana Lenoir",
        "title": "Head of Purchasing",
        "email": "Ana@Lenoir.example",
        "phone": "01 42 68 53 00",
    },
    "country": "France",
    "subdivision": "75",
    "city": "Paris",
    "postal_code": "75001",
    "industry": "food",
    "employees": 620,
    "product": "ovens",
    "score": 84,
    "attributes": {"campaign": "spring", "budget": 12.5, "urgent": True, "note": None},
}


FOOD = {"field": "industry", "op": "eq", "value": "food"}


def test_a_person_who_comes_again_goes_to_whoever_works_the_first_lead(company, sender):
    amina = company.amina
    first = LeadFactory(contact_email="ana@lenoir.example", owner=amina)
    response = send(sender, WHOLE | {"value": 1200.5, "currency": "usd"})
    assert response.status_code == 201
    decision = response.json()["decision"]
    assert (decision["method"], decision["owner"]) == ("duplicate", amina.name)
    assert (decision["rule"], decision["ruleset_version"], decision["pool"]) == (None, None, None)
    assert decision["explanation"]
    again = send(sender, WHOLE | {"value": 1200.5, "currency": "usd"})
    assert (again.status_code, again.json()) == (200, response.json())
    lead = Lead.objects.get(public_id=response.json()["id"])
    assert (lead.duplicate_of, str(lead.value), lead.currency) == (first, "1200.50", "USD")


def test_a_wrong_value_or_currency_is_named(company, sender):
    response = send(sender, WHOLE | {"value": "much", "currency": "doubloons"})
    assert set(response.json()["fields"]) == {"value", "currency"}


@pytest.fixture
def sender(company):
    return company.client("integration")


def send(client: APIClient, body: object, **headers: str):
    return client.post(LEADS, body, format="json", headers=headers)


def test_a_lead_is_kept_normalised_and_routed(company, sender):
    response = send(sender, WHOLE)
    assert response.status_code == 201
    lead = Lead.objects.get(public_id=response.json()["id"])
    assert lead.contact_email == "Ana@lenoir.example"
    assert (lead.country, lead.subdivision) == ("FR", "FR-75")
    assert lead.contact_phone == "+33142685300"
    assert lead.attributes == WHOLE["attributes"]
    assert response.json()["decision"] == {
        "method": "race",
        "rule": "Everything",
        "ruleset_version": 1,
        "owner": None,
        "pool": "Paris pool",
        "explanation": "The rule “Everything” opened this lead to all members of “Paris pool” at "
        "the same time: the first claim owns it.",
    }


def test_a_pushed_lead_names_its_owner(company, sender):
    publish_rules(
        [
            {"name": "Food", "when": FOOD, "then": {"push": "round_robin", "team": "Lyon"}},
            {"name": "Rest", "when": {}, "then": {"pool": "Paris pool"}},
        ]
    )
    decision = send(sender, WHOLE).json()["decision"]
    assert (decision["method"], decision["owner"], decision["pool"]) == ("push", "Chloé", None)
    assert decision["ruleset_version"] == 2
    assert "Chloé" in decision["explanation"]


def test_a_lead_waits_in_the_safety_net_when_no_rule_exists(db):
    decision = send(signed_in(person("Sara", is_superuser=True)), WHOLE).json()["decision"]
    assert decision["rule"] is None
    assert decision["pool"] == "Unassigned"


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
def test_the_same_lead_again_is_answered_as_the_first_time(company, sender, headers):
    body = WHOLE if not headers else {"source": "website", "company": "Lenoir"}
    first, again = send(sender, body, **headers), send(sender, body, **headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Decision.objects.filter(lead__public_id=first.json()["id"]).count() == 1


def test_a_known_lead_that_was_not_routed_has_no_decision_yet(company, sender):
    LeadFactory(source_system="crm", external_id="A-1")
    response = send(sender, WHOLE)
    assert response.status_code == 200
    assert response.json()["decision"] is None


def test_a_key_with_another_lead_is_refused(company, sender):
    send(sender, {"source": "website", "company": "Lenoir"}, **{"Idempotency-Key": "k"})
    other = {"source": "website", "company": "Dupont"}
    response = send(sender, other, **{"Idempotency-Key": "k"})
    assert response.status_code == 422
    assert response.json() == {
        "code": "idempotency_key_reused",
        "detail": "This Idempotency-Key was used for another lead. Use a new key.",
        "fields": {},
    }
    assert not Lead.objects.filter(company="Dupont").exists()


def test_keys_of_two_integrations_are_apart(company, sender):
    body = {"source": "website", "company": "Lenoir"}
    first = send(sender, body, **{"Idempotency-Key": "k"})
    other = send(company.client("admin"), body, **{"Idempotency-Key": "k"})
    assert (first.status_code, other.status_code) == (201, 201)
    assert first.json()["id"] != other.json()["id"]


@pytest.mark.parametrize("key", ["", "k" * 201, "clé"])
def test_a_key_that_cannot_be_kept_is_refused(company, sender, key):
    response = send(sender, WHOLE, **{"Idempotency-Key": key})
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["Idempotency-Key"]


def test_a_key_of_200_characters_is_kept(company, sender):
    assert send(sender, WHOLE, **{"Idempotency-Key": "k" * 200}).status_code == 201


def test_every_wrong_field_is_named_at_once_by_its_outside_name(company, sender):
    body = {
        "company": "x" * 201,
        "contact": {"email": "ana", "phone": "12", "fax": "1"},
        "country": "Nowhere",
        "employees": -1,
        "score": "many",
        "attributes": {"list": [1]},
        "owner": "Amina",
    }
    response = send(sender, body)
    assert response.status_code == 400
    told = response.json()
    assert told["code"] == "invalid"
    assert set(told["fields"]) == {
        "source",
        "company",
        "contact.email",
        "contact.phone",
        "contact.fax",
        "country",
        "employees",
        "score",
        "attributes.list",
        "owner",
    }
    assert told["fields"]["contact.email"] == [
        "Expected an e-mail address such as ana@example.com, got “ana”."
    ]
    assert not Lead.objects.filter(company__startswith="xx").exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"company": "Lenoir"}, "source"),
        ({"source": "  ", "company": "Lenoir"}, "source"),
        ({"source": "website"}, "contact.email"),
        ({"source": "website", "company": "L", "received_at": "2026-01-01"}, "received_at"),
        ({"source": "website", "company": "L", "owner": "amina"}, "owner"),
        ({"source": "website", "contact.email": "ana@lenoir.example"}, "contact.email"),
        ({"source": "website", "company": "L", "contact": "Ana"}, "contact"),
        ({"source": {"name": "website"}, "company": "L"}, "source"),
        ([], ""),
        ("lead", ""),
    ],
)
def test_what_is_no_lead_is_refused(company, sender, body, field):
    response = send(sender, body)
    assert response.status_code == 400
    assert field in response.json()["fields"]


@pytest.mark.parametrize("name", ["company", "external_id", "name", "email", "phone"])
def test_one_thing_that_says_who_it_is_will_do(company, sender, name):
    value = {"email": "ana@lenoir.example", "phone": "+33142685300"}.get(name, "Lenoir")
    contact = {"contact": {name: value}} if name in {"name", "email", "phone"} else {name: value}
    assert send(sender, {"source": "website", **contact}).status_code == 201


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "",
        "null",
        '{"source": NaN}',
        '{"source": "\\ud800"}',
        "[" * 100_000,
        '{"score": ' + "9" * 5000 + "}",
        b'{"source": "\xff"}',
    ],
)
def test_what_is_no_json_is_refused(company, sender, text):
    response = sender.generic("POST", LEADS, text, "application/json")
    assert response.status_code == 400
    assert response.json()["code"] in {"parse_error", "invalid"}


def test_a_body_larger_than_any_lead_is_refused(company, sender):
    body = '{"source": "' + "x" * (1024 * 1024) + '"}'
    response = sender.generic("POST", LEADS, body, "application/json")
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_the_hosts_scores_make_a_lead_hot(company, sender, settings):
    settings.LEADDISTRIB = {"HOT_SCORE": 90, "WARM_SCORE": 85}
    response = send(sender, WHOLE)
    lead = Lead.objects.get(public_id=response.json()["id"])
    assert (lead.temperature, lead.quality) == ("cold", "low")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
def test_the_same_call_twice_at_once_makes_one_lead(headers):
    company = build_company()
    token = Token.objects.create(user_id=company.integration.pk).key
    body = {"source": "website", "company": "Lenoir"} if headers else WHOLE
    start = threading.Barrier(2)
    answers = []

    def call() -> None:
        client = APIClient(headers={"Authorization": f"Token {token}"})
        start.wait()
        try:
            answers.append(send(client, body, **headers))
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert answers[0].json() == answers[1].json()
    assert Lead.objects.filter(source="website", company__contains="Lenoir").count() == 1
    assert address("api-leads") == LEADS

"""Reps claim leads and give them back through the API (RA1, RA3, RA4, GU7)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leaddistrib.models import (
    Claim,
    GuardrailPolicy,
    Lead,
    Onboarding,
    OnboardingPhase,
    OnboardingPolicy,
    TimeOff,
)
from leaddistrib.testing import publish_rules
from tests.api.conftest import address, signed_in


def claim(company, rep, thing):
    return signed_in(rep.user).post(address("api-claim", id=company.id(thing)))


def test_the_winner_gets_the_whole_lead(company):
    company.leads["waiting"].contact_email = "ana@lenoir.example"
    company.leads["waiting"].save()
    response = claim(company, company.amina, "waiting")
    assert response.status_code == 200
    told = response.json()
    assert told["result"] == "won"
    assert told["lead"]["owner"] == "Amina"
    assert told["lead"]["status"] == "owned"
    assert told["lead"]["contact"]["email"] == "ana@lenoir.example"
    assert Claim.objects.get(lead=company.leads["waiting"]).via == "api"


def test_a_second_tap_wins_again(company):
    assert claim(company, company.amina, "waiting").json()["result"] == "won"
    again = claim(company, company.amina, "waiting")
    assert (again.status_code, again.json()["result"]) == (200, "won")


def test_the_second_claimer_is_told_who_won_and_when(company):
    response = claim(company, company.amina, "taken")
    assert response.status_code == 409
    assignment = company.leads["taken"].assignments.get()
    assert response.json() == {
        "result": "lost",
        "taken_by": "Bruno",
        "taken_at": assignment.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def test_a_refused_claim_says_what_would_lift_it(company):
    back = timezone.now().replace(microsecond=0) + timedelta(days=3)
    TimeOff.objects.create(rep=company.amina, starts_at=back - timedelta(days=5), ends_at=back)
    company.amina.capacity = 1
    company.amina.save()
    response = claim(company, company.amina, "waiting")
    assert response.status_code == 403
    assert response.json() == {
        "result": "refused",
        "reasons": [
            {
                "code": "time_off",
                "message": "You are on leave.",
                "lifts_at": back.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            {
                "code": "at_capacity",
                "message": (
                    "You are at capacity (open leads: 1 of 1). Close or give back one first."
                ),
                "lifts_at": None,
            },
        ],
    }


def test_limits_of_a_fair_race_come_with_their_numbers(company):
    """Each with when it lifts, if time alone lifts it."""
    GuardrailPolicy.objects.create(daily_claims=1)
    phase = OnboardingPhase.objects.create(
        policy=OnboardingPolicy.objects.create(),
        position=1,
        name="Weeks 1–4",
        weeks=4,
        competition=0,
    )
    today = timezone.localdate()
    Onboarding.objects.create(rep=company.amina, phase=phase, began_on=today, since=today)
    Claim.objects.create(
        lead=company.leads["taken"],
        rep=company.amina,
        period=7,
        result="won",
        competitive=True,
        via="page",
        claimed_at=timezone.now(),
    )

    response = claim(company, company.amina, "waiting")

    assert response.status_code == 403
    reasons = {one["code"]: one for one in response.json()["reasons"]}
    assert reasons["onboarding"]["message"].startswith("You watch races in this phase")
    assert "Claims in races today: 1 of 1." in reasons["daily_limit"]["message"]
    assert reasons["daily_limit"]["lifts_at"] > timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert reasons["onboarding"]["lifts_at"] is None


def test_a_lead_that_is_not_theirs_to_see_keeps_no_trace_of_the_attempt(company):
    assert claim(company, company.amina, "foreign waiting").status_code == 404
    assert not Claim.objects.filter(lead=company.leads["foreign waiting"]).exists()


def test_an_admin_who_is_no_rep_cannot_claim(company):
    response = company.client("admin").post(address("api-claim", id=company.id("waiting")))
    assert (response.status_code, response.json()["code"]) == (403, "not_a_rep")


def release(company, rep, thing, body):
    path = address("api-release", id=company.id(thing))
    return signed_in(rep.user).post(path, body, format="json")


def test_a_claimed_lead_given_back_is_a_preview_again(company):
    claim(company, company.amina, "waiting")
    response = release(company, company.amina, "waiting", {"reason": "Not my market"})
    assert response.status_code == 200
    told = response.json()
    assert (told["status"], told["owner"], told["pool"]) == ("waiting", None, "Paris pool")
    assert "email" not in told["contact"]
    ended = company.leads["waiting"].assignments.get()
    assert ended.end_reason == "Not my market"


def test_a_lead_that_goes_elsewhere_says_only_that_it_went(company):
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Lyon pool"}}])
    response = release(company, company.amina, "own", {"reason": "Moved"})
    assert response.status_code == 200
    assert response.json() == {"id": company.id("own"), "status": "waiting"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "a\0b"}, "reason"),
        ({"reason": ["a"]}, "reason"),
        ({"reason": "ok", "why": "x"}, "why"),
        ([], ""),
    ],
)
def test_a_lead_is_given_back_with_a_reason(company, body, field):
    response = release(company, company.amina, "own", body)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert Lead.objects.get(pk=company.leads["own"].pk).owner == company.amina


def test_only_the_owner_gives_a_lead_back(company):
    response = release(company, company.amina, "taken", {"reason": "I want it"})
    assert (response.status_code, response.json()["code"]) == (403, "not_yours")

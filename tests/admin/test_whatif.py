"""On a policy's page one tries its numbers on last month, and nothing is written by it."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import (
    AllocationPolicy,
    Assignment,
    Claim,
    GuardrailPolicy,
    Onboarding,
    OnboardingPolicy,
)
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory
from tests.tiers import tier_policy

pytestmark = pytest.mark.django_db

GUARDRAILS = ("change_guardrailpolicy", "view_claim")


@pytest.fixture
def amina():
    return RepFactory(user__username="amina", team=TeamFactory(name="Paris"))


def raced(rep, number):
    """So many claims that won, a minute apart on the noon of two days ago."""
    noon = timezone.now().replace(hour=12, minute=0) - timedelta(days=2)
    for minute in range(number):
        at, lead = noon + timedelta(minutes=minute), LeadFactory()
        Assignment.objects.create(lead=lead, rep=rep, method="claim", started_at=at)
        told = {"result": "won", "via": "page", "claimed_at": at, "competitive": True}
        Claim.objects.create(lead=lead, rep=rep, period=1, **told)


def guardrails(**fields):
    return {
        "team": "",
        "active": "on",
        "daily_claims": "10",
        "priority_head_start": "5",
        "priority_from": "09:00",
        "priority_until": "17:00",
        **fields,
    }


def tiers(policy, **fields):
    rows = {}
    for number, tier in enumerate(policy.tiers.all()):
        for name in ("id", "level", "name", "share", "delay_minutes"):
            rows[f"tiers-{number}-{name}"] = getattr(tier, name)
        rows[f"tiers-{number}-policy"] = policy.pk
    names = ("conversion_weight", "quota_weight", "speed_weight", "days", "prior_leads")
    more = ("least_leads", "least_reps", "margin", "floor_percent")
    numbers = {name: getattr(policy, name) for name in (*names, *more)}
    forms = {"tiers-TOTAL_FORMS": 3, "tiers-INITIAL_FORMS": 3}
    return {"team": "", "active": "on", **numbers, **rows, **forms, **fields}


def bands(**fields):
    rows = {"bands-0-from_percent": 0, "bands-0-leads": 3}
    forms = {"bands-TOTAL_FORMS": 1, "bands-INITIAL_FORMS": 0}
    return {"team": "", "active": "on", "floor": 2, "alert_after": 2, **rows, **forms, **fields}


def phases(**fields):
    phase = {"position": 1, "name": "Watching", "weeks": 4, "competition": 0, "least_leads": 0}
    rows = {f"phases-0-{name}": value for name, value in phase.items()}
    forms = {"phases-TOTAL_FORMS": 1, "phases-INITIAL_FORMS": 0}
    return {"team": "", "active": "on", **rows, **forms, **fields}


def attempt(client, policy, form):
    name = policy._meta.model_name
    address = reverse(f"admin:leaddistrib_{name}_change", args=[policy.pk])
    return client.post(address, {**form, "_whatif": "What if"})


def everything():
    """Each row of each table, as it is stored."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.label != "sessions.Session"
    }


def test_numbers_are_tried_as_they_stand_in_the_form_and_nothing_is_written(signed_in, amina):
    policy = GuardrailPolicy.objects.create()
    raced(amina, 3)
    client = signed_in(*GUARDRAILS)
    before = everything()

    answer = attempt(client, policy, guardrails(daily_claims="1"))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "With these numbers, last month …" in page
    assert "… 2 claims that won would have been refused, of 3." in page
    [reasons, reps] = answer.context["what_if"].tables
    assert reasons.rows[0] == ("Competitive claims a day", 0, 2)
    assert reps.rows == [("amina", 3, 0, 2, 0, 0)]
    assert answer.context["adminform"].form["daily_claims"].value() == "1", "as it was typed"
    assert "A rep claims at most 10 leads a day in races." in page, "as it is saved"
    assert everything() == before


def test_wrong_numbers_are_refused_as_when_they_are_saved(signed_in, amina):
    policy = GuardrailPolicy.objects.create()
    answer = attempt(signed_in(*GUARDRAILS), policy, guardrails(daily_claims="0"))
    assert list(answer.context["adminform"].form.errors) == ["daily_claims"]
    assert answer.context["what_if"] is None


def test_wrong_rows_below_a_policy_are_refused_too(signed_in):
    policy = AllocationPolicy.objects.create()
    own = ("change_allocationpolicy", "view_allocation", "add_allocationband")
    wrong = attempt(signed_in(*own), policy, bands(**{"bands-0-from_percent": 10}))
    assert wrong.context["what_if"] is None
    assert "One band begins at 0 %" in wrong.content.decode()


def test_a_month_without_races_has_nothing_to_replay(signed_in):
    policy = GuardrailPolicy.objects.create()
    page = attempt(signed_in(*GUARDRAILS), policy, guardrails()).content.decode()
    assert "No claims in races last month: nothing to replay." in page


def test_a_policy_is_tried_before_it_is_there_at_all(signed_in, amina):
    raced(amina, 3)
    client = signed_in("add_guardrailpolicy", "view_claim", "view_team")
    address = reverse("admin:leaddistrib_guardrailpolicy_add")
    form = guardrails(team=amina.team_id, daily_claims="2", _whatif="What if")
    page = client.post(address, form).content.decode()
    assert "… 1 claim that won would have been refused, of 3." in page
    assert not GuardrailPolicy.objects.exists()


@pytest.mark.parametrize(
    ("permissions", "may"),
    [
        (("change_guardrailpolicy", "view_claim"), True),
        (("change_guardrailpolicy", "change_rep"), True),
        (("change_guardrailpolicy",), False),
        (("view_guardrailpolicy", "view_claim"), False),
    ],
)
def test_who_may_save_and_see_claims_may_try(signed_in, permissions, may):
    policy = GuardrailPolicy.objects.create()
    client = signed_in(*permissions)
    address = reverse("admin:leaddistrib_guardrailpolicy_change", args=[policy.pk])
    assert ('name="_whatif"' in client.get(address).content.decode()) is may
    assert attempt(client, policy, guardrails()).status_code == (200 if may else 403)


def test_a_policy_that_was_deleted_meanwhile_is_not_tried(signed_in):
    policy = GuardrailPolicy.objects.create()
    client = signed_in(*GUARDRAILS)
    GuardrailPolicy.objects.all().delete()
    policy.pk = 4711
    assert attempt(client, policy, guardrails()).status_code == 302


def test_tiers_are_tried_with_the_rows_below_them(signed_in, amina):
    policy = tier_policy()
    own = ("change_tierpolicy", "view_tierplacement", "view_tier", "change_tier", "add_tier")
    client = signed_in(*own)
    before = everything()
    form = tiers(policy, **{"tiers-0-name": "Platinum"})
    answer = attempt(client, policy, form)
    page = answer.content.decode()
    assert "… 0 reps would be placed in another tier than by the policy as it is." in page
    assert "No leads opened in pools by tier last month: nothing to replay." in page
    assert 'value="Platinum"' in page, "what was typed stands there still"
    assert everything() == before


def test_allocations_are_tried_with_the_bands_below_them(signed_in, amina):
    policy = AllocationPolicy.objects.create()
    own = ("change_allocationpolicy", "view_allocation", "add_allocationband")
    client = signed_in(*own, "view_allocationband")
    raced(amina, 1)
    before = everything()
    answer = attempt(client, policy, bands())
    assert "… 0 leads would have been beyond the allocations, of 1." in answer.content.decode()
    [shares] = answer.context["what_if"].tables
    assert shares.rows == [("amina", "–", "not limited", "not limited", 1, 0, 0)]
    assert everything() == before


def test_phases_are_tried_as_they_stand_below_the_policy(signed_in, amina):
    policy = OnboardingPolicy.objects.create()
    phase = policy.phases.create(position=1, name="All of it", weeks=4)
    today = timezone.localdate() - timedelta(days=7)
    Onboarding.objects.create(rep=amina, phase=phase, began_on=today, since=today)
    raced(amina, 2)
    own = ("change_onboardingpolicy", "view_onboarding", "change_onboardingphase")
    client = signed_in(*own, "view_onboardingphase")
    before = everything()
    row = {"phases-0-id": phase.pk, "phases-0-policy": policy.pk, "phases-INITIAL_FORMS": 1}
    answer = attempt(client, policy, phases(**row))
    assert "… 2 claims that won would have been refused, of 2." in answer.content.decode()
    where, reasons, reps = answer.context["what_if"].tables
    assert where.rows == [("amina", "All of it", "Watching")]
    assert [row[1:] for row in reasons.rows] == [(0, 2), (0, 0)]
    assert reps.rows == [("amina", 2, 0, 2)]
    assert everything() == before


def test_the_page_takes_as_many_queries_for_many_reps(signed_in, amina):
    policy = GuardrailPolicy.objects.create()
    client = signed_in(*GUARDRAILS)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            attempt(client, policy, guardrails(daily_claims="1"))
        return len(queries)

    raced(amina, 2)
    asked()  # what the process keeps in mind is read once
    few = asked()
    for _number in range(12):
        raced(RepFactory(), 2)
    assert asked() == few
    page = attempt(client, policy, guardrails(daily_claims="1")).content.decode()
    assert "… and 3 others." in page

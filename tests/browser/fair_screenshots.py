"""`make screenshots`: the pages of a fair race, for reps, managers and admins."""

from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle.claiming import claim
from leaddistrib.lifecycle.onboarding import hold
from leaddistrib.models import AllocationPolicy, GuardrailPolicy, OnboardingPolicy, Pool, TierPolicy
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.browser.conftest import fair_race, leads
from tests.browser.screenshots import language as language
from tests.browser.screenshots import opening
from tests.browser.screenshots import shoot as shoot
from tests.tiers import tier_policy

RACE = "/leads/me/race/"


def test_place_of_a_rep(company, shoot):
    tier_policy()
    GuardrailPolicy.objects.create(
        daily_claims=None, hot_per_warm=None, claims_per_assigned=None, weekly_cold=None,
        priority_minutes=None,
    )  # fmt: skip
    shoot("race-not-placed", company.amina, opening(RACE))
    TierPolicy.objects.all().delete()
    GuardrailPolicy.objects.all().delete()
    for lead in leads(company.race)[:3]:
        claim(lead, company.amina, via="page")
    fair_race(company)
    shoot("race", company.amina, opening(RACE))
    shoot("race-of-a-newcomer", company.chloe, opening(RACE))


def test_what_a_pool_says(company, shoot):
    GuardrailPolicy.objects.create(daily_claims=4)
    first, second, third, *_ = leads(company.race)
    for lead in (first, third):
        lead.temperature = "hot"
        lead.save()
        claim(lead, company.amina, via="page")
    claim(second, company.amina, via="page")
    blind = PoolFactory(name="Blind", reps=[company.amina])
    lead = leads(blind)[0]
    lead.blind, lead.lead_type, lead.language = True, "Demo request", "fr"
    lead.save()
    leads(PoolFactory(name="Without a rating", reps=[company.amina], unrated=True))
    shoot("pool-near-limits", company.amina, opening("/leads/pool/"))
    shoot("lead-blind", company.amina, opening(f"/leads/lead/{lead.public_id}/"))


def test_a_claim_that_is_collected(company, shoot):
    pool = company.race
    pool.award, pool.sealed_seconds, pool.sealed_by = Pool.Award.SEALED, 10, Pool.SealedBy.TIER
    pool.save()
    for _ in range(8):
        LeadFactory(pool=pool, company="Boulangeries Lenoir", score=86)

    def press(page):
        opening("/leads/pool/")(page)
        page.locator(".lead .claim").first.click()
        page.locator("[data-claim-confirm]").click()
        page.locator("[data-state=collected]:visible").wait_for()

    shoot("dialog-collected", company.amina, press)
    shoot("pool-collecting", company.amina, opening("/leads/pool/"))


def test_new_reps(company, shoot):
    def at(name, *args):
        return opening(reverse(f"leaddistrib:{name}", args=args))

    shoot("onboarding-empty", company.mireille, at("onboarding"))
    fair_race(company)
    shoot("onboarding", company.mireille, at("onboarding"))
    shoot("onboarding-rep", company.mireille, at("onboarding-rep", company.chloe.public_id))
    hold(company.chloe, company.mireille, "Two weeks of leave")
    shoot("onboarding-rep-held", company.mireille, at("onboarding-rep", company.chloe.public_id))


def test_policies(company, shoot):
    fair_race(company)

    def at(name, *args, **query):
        return lambda page: page.goto(reverse(f"admin:leaddistrib_{name}", args=args, query=query))

    for model in (TierPolicy, AllocationPolicy, GuardrailPolicy, OnboardingPolicy):
        name = model._meta.model_name
        shoot(f"policy-{name}", company.agnes, at(f"{name}_change", model.objects.get().pk))
        shoot(f"policy-{name}-list", company.agnes, at(f"{name}_changelist"))
    month = timezone.localdate().strftime("%Y-%m")
    shoot("policy-preview", company.agnes, at("tierpolicy_preview", TierPolicy.objects.get().pk))
    shoot("policy-quotas", company.agnes, at("quota_month", month=month))

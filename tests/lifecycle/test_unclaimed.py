"""What nobody took from a race is assigned to the tier that gets such leads, and to whom a limit
keeps from races, before others (TI1, GU5)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.retrying import retry_due
from leaddistrib.models import GuardrailPolicy, Pool, Tier, TierPolicy, Turn
from leaddistrib.queries.explanations import sentence, trace
from leaddistrib.queries.roster import rep_facts
from leaddistrib.testing import RepFactory, clock_at, publish_rules
from tests.queries.test_counts import won
from tests.tiers import placed, tier_policy

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bronze(cast):
    """Leads race in “Everyone” for half an hour and are pushed to Paris then. Amina is in the
    highest tier of its policy; what nobody took is for the lowest, in which Bruno is."""
    Pool.objects.filter(pk=cast.pool.pk).update(push_minutes=30)
    then = {"pool": "Everyone", "fallback": [{"push": "round_robin", "team": "Paris"}]}
    publish_rules([{"name": "Race", "when": {}, "then": then}])
    cast.policy = tier_policy(team=cast.paris)
    cast.policy.tiers.filter(level=3).update(auto_assigned=True)
    placed(cast.amina, 1)
    placed(cast.bruno, 3)
    return cast


def nobody_takes(company="Acme", at=NOON):
    """A lead that waited for half an hour, and where it is then."""
    with clock_at(at):
        lead = receive(clean({"company": company})).lead
    with clock_at(at + HALF_AN_HOUR):
        retry_due(at + HALF_AN_HOUR)
    lead.refresh_from_db()
    return lead


def test_it_goes_to_the_lowest_tier_although_it_is_another_reps_turn(bronze):
    lead = nobody_takes()
    assert lead.owner == bronze.bruno
    assert Turn.objects.get().kind == "charge"

    told = trace(lead.decisions.latest("id"))
    [bruno, amina] = told.steps[-1].candidates
    assert bruno.result == (
        "first, as nobody took it from the race: the tier is assigned such leads"
    )
    assert amina.result == "after who is first for what nobody took"


def test_each_reads_why_and_a_colleague_not_in_which_tier_the_other_is(bronze):
    decision = nobody_takes().decisions.latest("id")
    waited = "Nobody took it in “Everyone” within 30 minutes. "
    assert sentence(decision, bronze.bruno) == (
        waited + "You got this lead by the rule “Race”: nobody took it from the race, and such "
        "leads go to reps of your tier first."
    )
    assert sentence(decision, bronze.amina) == (
        waited + "The rule “Race” gave this lead to bruno: nobody took it from the race, and such "
        "leads go to some reps before others. 1 rep was before you: what nobody takes from a race "
        "goes to some reps first."
    )


def test_who_has_used_up_the_claims_of_the_day_gets_it_too(bronze):
    bronze.policy.tiers.update(auto_assigned=False)
    GuardrailPolicy.objects.create(team=bronze.paris, daily_claims=2)
    for _ in range(2):
        won(bronze.bruno, NOON)

    lead = nobody_takes()

    assert lead.owner == bronze.bruno
    assert sentence(lead.decisions.latest("id"), bronze.bruno).endswith(
        "such leads go first to who has used up the claims of the day."
    )


def test_who_needs_an_assigned_lead_for_the_next_claim_gets_one_and_then_it_is_in_turn(bronze):
    bronze.policy.tiers.update(auto_assigned=False)
    limits = {"daily_claims": None, "hot_per_warm": None, "weekly_cold": None}
    GuardrailPolicy.objects.create(team=bronze.paris, claims_per_assigned=1, **limits)
    won(bronze.bruno, NOON)

    owners = [nobody_takes(f"Company {n}", NOON + n * 2 * HALF_AN_HOUR).owner for n in range(2)]

    assert owners == [bronze.bruno, bronze.amina]


def test_a_new_lead_that_is_pushed_is_in_turn(bronze, push_to_paris):
    publish_rules(push_to_paris())
    with clock_at(NOON):
        assert receive(clean({"company": "Acme"})).lead.owner == bronze.amina


def marked(*reps):
    return [rep_facts([rep.pk], NOON)[rep.pk].auto_assigned for rep in reps]


def test_it_is_the_tier_of_the_policy_that_holds_for_the_rep(bronze):
    """A team's own policy comes before the general one, also when it is not active."""
    general = TierPolicy.objects.create()
    for level in (1, 3):
        Tier.objects.create(
            policy=general, level=level, name=str(level), share=50, auto_assigned=level == 1
        )
    chloe, nobodys = placed(bronze.chloe, 1), placed(RepFactory(team=None), 1)
    assert marked(bronze.amina, bronze.bruno, chloe, nobodys) == [False, True, True, True]
    TierPolicy.objects.filter(pk=bronze.policy.pk).update(active=False)
    assert marked(bronze.amina, bronze.bruno, chloe) == [False, False, True]
    TierPolicy.objects.filter(pk=general.pk).update(active=False)
    assert marked(chloe, nobodys) == [False, False]


def test_who_is_in_no_tier_is_nobody_special(bronze):
    assert marked(placed(bronze.bruno, None), placed(bronze.amina, 2)) == [False, False]


def test_it_costs_no_query_and_claims_do_not_ask_for_it(bronze):
    def queries():
        with CaptureQueriesContext(connection) as counted:
            rep_facts([bronze.amina.pk, bronze.bruno.pk], NOON)
        return len(counted)

    before = queries()
    TierPolicy.objects.all().delete()
    assert queries() == before

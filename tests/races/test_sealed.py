"""Claims that are collected are awarded while more of them come, by several workers (RA5)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle import claim
from leaddistrib.models import Claim, GuardrailPolicy, Lead, Pool, Rep
from leaddistrib.testing import clock_at
from tests.races.fair_limits import passed_limits
from tests.races.history import faults
from tests.races.meeting import MEET

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture
def sealed(open_leads):
    """``sealed(3, team)``: so many leads whose claims are collected for five seconds, from now on
    or from ``at`` on; then they go to the highest tier."""

    def waiting(number, team, at=None):
        if at is None:
            leads = open_leads(number, team)
        else:
            with clock_at(at):
                leads = open_leads(number, team)
        Pool.objects.update(award=Pool.Award.SEALED, sealed_by=Pool.SealedBy.TIER)
        return leads

    return waiting


def only_daily(claims):
    none = dict.fromkeys(("hot_per_warm", "claims_per_assigned", "weekly_cold"))
    GuardrailPolicy.objects.create(daily_claims=claims, **none)


def tiers(reps):
    """Four tiers, and the last of ``reps`` are in the highest one."""
    for number, rep in enumerate(reps):
        rep.tier = 4 - 4 * number // len(reps)
    Rep.objects.bulk_update(reps, ("tier",))


def collected_of(rep, leads):
    """``rep`` claimed each of ``leads`` long ago, and nobody awarded them yet."""
    with clock_at(NOON + timedelta(seconds=1)):
        for lead in leads:
            lead.refresh_from_db()
            assert claim(lead, rep, via="page").result == "collected"


def test_twenty_reps_with_many_tabs_claim_while_two_workers_award(
    race, hire, sealed, dice, on_sqlite
):
    """One tab of each comes half a minute after the others. A worker may award as soon as there is
    one claim, and finds more of them each time it looks. Nobody gets a second lead that day."""
    reps = hire(20)
    tiers(reps)
    leads = sealed(3, reps[0].team, NOON - HALF_A_MINUTE)
    only_daily(1)
    moments = [NOON] * (2 if on_sqlite else 5) + [NOON + HALF_A_MINUTE]

    workers = [[("stop_clock", (NOON + 2 * HALF_A_MINUTE).isoformat()), ("award",)]] * 2
    tabs = [
        [("stop_clock", moment.isoformat())]
        + [("claim", lead.pk, rep.pk) for lead in dice.sample(leads, 3)]
        for rep in reps
        for moment in moments
    ]
    history = race([*workers, *tabs])

    assert faults(history) == []
    assert list(passed_limits()) == []
    assert sum(answer["leads"] for answer in history.of("award")) == 3
    assert len({lead.owner_id for lead in Lead.objects.all()} - {None}) == 3
    assert not Claim.objects.filter(result="collected").exists()


def test_workers_that_award_many_leads_at_once_give_a_rep_no_more_than_the_limit(
    race, hire, sealed
):
    [amina] = hire(1)
    leads = sealed(MEET, amina.team, NOON)
    only_daily(2)
    collected_of(amina, leads)

    history = race([("award_one", lead.pk)] for lead in leads)

    assert list(passed_limits()) == []
    assert [answer["result"] for answer in history.answers] == ["awarded"] * MEET
    assert amina.leads.count() == 2
    assert Claim.objects.filter(result="refused", reasons=["daily_limit"]).count() == MEET - 2


def test_without_the_lock_on_claimants_workers_give_a_rep_more_than_the_limit(
    race, hire, sealed, on_sqlite
):
    """On SQLite the transaction itself is the lock, and `deferred_awards` its control."""
    [amina] = hire(1)
    leads = sealed(MEET, amina.team, NOON)
    only_daily(1)
    collected_of(amina, leads)
    fault = "deferred_awards" if on_sqlite else "no_lock_on_claimants"

    history = race([[("award_one", lead.pk)] for lead in leads], processes=1, faults=[fault])

    found = [*faults(history), *passed_limits()]
    expected = "Busy" if on_sqlite else f"rep {amina.pk} won 2 claims in a day"
    assert [fault for fault in found if expected in fault], found


def test_without_the_lock_on_the_lead_a_claim_is_never_decided(race, hire, sealed, on_sqlite):
    """It is collected while the lead is awarded. On SQLite there is one lock for all."""
    amina, bruno = hire(2)
    [lead] = sealed(1, amina.team)
    assert claim(lead, bruno, via="page").result == "collected"

    history = race(
        [[("claim", lead.pk, amina.pk)], [("award_one", lead.pk)]],
        processes=1,
        faults=["no_lock_on_what_is_collected"],
    )

    never = f"the claim of rep {amina.pk} for lead {lead.pk} was never decided"
    assert (never in faults(history)) is not on_sqlite


def test_a_lead_that_is_awarded_twice_has_two_owners_without_condition_and_constraint(
    race, hire, sealed, without_constraints
):
    [amina] = hire(1)
    [lead] = sealed(1, amina.team, NOON)
    collected_of(amina, [lead])

    history = race(
        [[("award_one", lead.pk), ("award_one", lead.pk)]],
        faults=["stale_award", "no_award_condition"],
    )

    found = faults(history)
    assert f"lead {lead.pk} had two owners at once: {amina.pk}, {amina.pk}" in found


def test_the_condition_alone_keeps_a_lead_from_being_awarded_twice(
    race, hire, sealed, without_constraints
):
    [amina] = hire(1)
    [lead] = sealed(1, amina.team, NOON)
    collected_of(amina, [lead])

    history = race(
        [[("award_one", lead.pk), ("award_one", lead.pk)]],
        faults=["stale_award"],
    )

    assert [answer["result"] for answer in history.answers] == ["awarded", "error"]
    assert amina.assignments.count() == 1

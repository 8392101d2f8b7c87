"""Claims are collected for some seconds, and then one of them gets the lead (RA5)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.jobs.due import DueWork
from leaddistrib.lifecycle import assign_by_hand, awarding, claim
from leaddistrib.lifecycle.awarding import award_due
from leaddistrib.models import (
    AllocationPolicy,
    Assignment,
    Claim,
    GuardrailPolicy,
    Lead,
    Pool,
    Rep,
)
from leaddistrib.queries.inhand import looked_after
from leaddistrib.testing import LeadFactory, RepFactory, UserFactory, clock_at

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def at(seconds):
    return clock_at(NOON + timedelta(seconds=seconds))


@pytest.fixture
def sealed(cast):
    """Amina, of tier 1, and Bruno, of tier 2, claim in a pool that awards by tier after 5 s."""
    for rep, tier in ((cast.amina, 1), (cast.bruno, 2)):
        rep.tier = tier
        rep.save(update_fields=("tier",))
    cast.pool.award, cast.pool.sealed_seconds = Pool.Award.SEALED, 5
    cast.pool.sealed_by = Pool.SealedBy.TIER
    cast.pool.save()
    return cast


@pytest.fixture
def waiting(sealed):
    with clock_at(NOON):
        return LeadFactory(pool=sealed.pool)


def results(lead):
    rows = Claim.objects.filter(lead=lead).order_by("pk")
    return [(row.rep.user.username, row.result) for row in rows.select_related("rep__user")]


def owner(lead):
    lead.refresh_from_db()
    return lead.owner and lead.owner.user.username


def test_the_faster_thumb_waits_and_the_higher_tier_wins(sealed, waiting):
    with at(1):
        first = claim(waiting, sealed.bruno, via="page")
    with at(4):
        second = claim(waiting, sealed.amina, via="api")
    with at(6):
        awarded = award_due(NOON + timedelta(seconds=6))

    decided_at = NOON + timedelta(seconds=6)
    assert (first.result, first.decided_at) == ("collected", decided_at)
    assert (second.result, second.decided_at) == ("collected", decided_at)
    assert awarded == 1
    assert owner(waiting) == "amina"
    assert results(waiting) == [("bruno", "lost"), ("amina", "won")]
    assert waiting.collecting_until is None


@pytest.mark.parametrize(("after", "awarded"), [(-MILLISECOND, 0), (0 * MILLISECOND, 1)])
def test_nothing_is_decided_before_the_seconds_are_over(sealed, waiting, after, awarded):
    with at(0):
        claim(waiting, sealed.bruno, via="page")
    moment = NOON + timedelta(seconds=5) + after
    with clock_at(moment):
        assert award_due(moment) == awarded

    assert owner(waiting) == (sealed.bruno.user.username if awarded else None)


def test_a_second_tap_keeps_one_claim_and_the_same_moment(sealed, waiting):
    with at(0):
        first = claim(waiting, sealed.bruno, via="page")
    with at(2):
        again = claim(waiting, sealed.bruno, via="page")

    assert again.decided_at == first.decided_at
    assert results(waiting) == [("bruno", "collected")]


def test_who_claims_after_the_seconds_are_over_is_too_late(sealed, waiting):
    with at(0):
        claim(waiting, sealed.bruno, via="page")
    with at(5):
        late = claim(waiting, sealed.amina, via="page")
        award_due(NOON + timedelta(seconds=5))

    assert [refusal.code for refusal in late.refusals] == ["collecting_over"]
    assert owner(waiting) == "bruno"


def test_who_may_not_have_it_any_more_is_passed_over(sealed, waiting):
    with at(0):
        claim(waiting, sealed.amina, via="page")
        claim(waiting, sealed.bruno, via="page")
    sealed.amina.paused = True
    sealed.amina.save(update_fields=("paused",))
    with at(5):
        award_due(NOON + timedelta(seconds=5))

    assert owner(waiting) == "bruno"
    assert results(waiting) == [("amina", "refused"), ("bruno", "won")]


def test_a_lead_that_nobody_may_have_is_open_as_before(sealed, waiting):
    with at(0):
        claim(waiting, sealed.amina, via="page")
    sealed.amina.paused = True
    sealed.amina.save(update_fields=("paused",))
    with at(5):
        award_due(NOON + timedelta(seconds=5))
    with at(7):
        answer = claim(waiting, sealed.bruno, via="page")

    assert results(waiting) == [("amina", "refused"), ("bruno", "collected")]
    assert answer.decided_at == NOON + timedelta(seconds=12)


def test_a_claim_of_before_midnight_counts_on_its_own_day(sealed):
    """The limit of one race claim a day is not used up twice, nor freed, by when it was decided."""
    GuardrailPolicy.objects.create(
        daily_claims=1, hot_per_warm=None, claims_per_assigned=None, weekly_cold=None
    )
    sealed.paris.time_zone = "Europe/Paris"
    sealed.paris.save(update_fields=("time_zone",))
    midnight = datetime(2026, 3, 2, 23, tzinfo=UTC)  # in Paris, in winter
    with clock_at(midnight - timedelta(seconds=2)):
        late, early = LeadFactory(pool=sealed.pool), LeadFactory(pool=sealed.pool)
        claim(late, sealed.bruno, via="page")
    with clock_at(midnight + timedelta(seconds=4)):
        award_due(midnight + timedelta(seconds=4))
        today = claim(early, sealed.bruno, via="page")
    with clock_at(midnight + timedelta(seconds=10)):
        award_due(midnight + timedelta(seconds=10))

    assert owner(late) == owner(early) == "bruno"
    assert today.result == "collected"


def test_two_claims_at_once_do_not_take_a_rep_over_the_limit(sealed):
    GuardrailPolicy.objects.create(
        daily_claims=1, hot_per_warm=None, claims_per_assigned=None, weekly_cold=None
    )
    with at(0):
        leads = [LeadFactory(pool=sealed.pool) for _ in range(2)]
        answers = [claim(lead, sealed.bruno, via="page").result for lead in leads]
    with at(6):
        award_due(NOON + timedelta(seconds=6))

    assert answers == ["collected", "collected"]
    assert Assignment.objects.filter(rep=sealed.bruno).count() == 1
    assert sorted(one for lead in leads for _, one in results(lead)) == ["refused", "won"]


def test_what_is_assigned_by_hand_meanwhile_settles_the_claims(sealed, waiting):
    with at(1):
        claim(waiting, sealed.bruno, via="page")
        assign_by_hand([waiting], sealed.chloe, actor=UserFactory(), reason="Knows them")
    with at(9):
        assert award_due(NOON + timedelta(seconds=9)) == 0

    assert owner(waiting) == "chloé"
    assert results(waiting) == [("bruno", "lost")]


def test_the_worker_awards(sealed, waiting):
    with at(0):
        claim(waiting, sealed.bruno, via="page")
    with at(8):
        DueWork().handle()

    assert Lead.objects.get(pk=waiting.pk).owner == sealed.bruno


def test_a_pool_that_awards_otherwise_by_now_leaves_no_claim_undecided(sealed, waiting):
    with at(1):
        claim(waiting, sealed.bruno, via="page")
    Pool.objects.update(award=Pool.Award.FIRST)
    waiting.refresh_from_db()
    with at(2):
        assign_by_hand([waiting], sealed.chloe, actor=UserFactory(), reason="Knows them")
    with at(9):
        assert award_due(NOON + timedelta(seconds=9)) == 0

    assert results(waiting) == [("bruno", "lost")]
    assert Lead.objects.get(pk=waiting.pk).collecting_until is None


def test_what_is_wrong_with_one_lead_holds_up_no_other(sealed, monkeypatch):
    with at(0):
        bad, good = LeadFactory(pool=sealed.pool), LeadFactory(pool=sealed.pool)
        for lead in (bad, good):
            claim(lead, sealed.bruno, via="page")
    award = awarding._award

    def breaks(lead):
        if lead == bad.pk:
            raise ValueError("broken")
        return award(lead)

    monkeypatch.setattr(awarding, "_award", breaks)
    with at(6):
        awarded = award_due(NOON + timedelta(seconds=6))
    monkeypatch.setattr(awarding, "_award", award)
    with at(7):
        too_soon = award_due(NOON + timedelta(seconds=7))
    with at(67):
        again = award_due(NOON + timedelta(seconds=67))

    assert (awarded, too_soon, again) == (1, 0, 1)
    assert owner(bad) == owner(good) == "bruno"


def test_a_claim_of_sunday_that_is_decided_on_monday_keeps_mondays_allocation(sealed, waiting):
    """The lead counts in the week in which the rep has it, and that week is full."""
    AllocationPolicy.objects.create()
    sealed.paris.time_zone = "Europe/Paris"
    sealed.paris.save(update_fields=("time_zone",))
    sealed.bruno.allocation = 1
    sealed.bruno.save(update_fields=("allocation",))
    monday = datetime(2026, 3, 8, 23, tzinfo=UTC)
    with clock_at(monday - timedelta(seconds=2)):
        claim(waiting, sealed.bruno, via="page")
    with clock_at(monday + timedelta(seconds=1)):
        LeadFactory(owner=sealed.bruno)
    with clock_at(monday + timedelta(seconds=4)):
        award_due(monday + timedelta(seconds=4))

    assert owner(waiting) is None
    assert Claim.objects.get(lead=waiting).reasons == ["over_allocation"]


@pytest.mark.parametrize("by", Pool.SealedBy.values)
def test_an_award_costs_the_same_for_three_claimants_as_for_thirty(sealed, by):
    """All but the last in the order are refused, with every limit in force. Each claims at once, so
    the order is that of their keys."""
    GuardrailPolicy.objects.create()
    AllocationPolicy.objects.create()
    Pool.objects.update(sealed_by=by, premium=True)
    Rep.objects.update(allocation=100)
    costs = []
    for number in (3, 30):
        reps = [RepFactory(team=sealed.paris, allocation=100, tier=1) for _ in range(number)]
        last = reps[-1]
        sealed.pool.reps.set(reps)
        with at(0):
            lead = LeadFactory(pool=Pool.objects.get())
            for rep in reps:
                assert claim(lead, rep, via="page").result == "collected"
            Rep.objects.filter(pk__in=[rep.pk for rep in reps[:-1]]).update(paused=True)
        with at(6), CaptureQueriesContext(connection) as queries:
            award_due(NOON + timedelta(seconds=6))
        lead.refresh_from_db()
        assert lead.owner == last
        assert Claim.objects.filter(lead=lead, result="refused").count() == number - 1
        costs.append(len(queries))

    assert costs[0] == costs[1] < 60, costs


def test_those_who_claimed_before_and_after_midnight_are_each_asked_for_their_own_day(sealed):
    """Amina has used up Monday; Bruno, who claims on Tuesday, used up Monday too."""
    GuardrailPolicy.objects.create(
        daily_claims=1, hot_per_warm=None, claims_per_assigned=None, weekly_cold=None
    )
    sealed.paris.time_zone = "Europe/Paris"
    sealed.paris.save(update_fields=("time_zone",))
    midnight = datetime(2026, 3, 2, 23, tzinfo=UTC)
    with clock_at(midnight - timedelta(seconds=2)):
        contested = LeadFactory(pool=sealed.pool)
        assert claim(contested, sealed.amina, via="page").result == "collected"
    for rep in (sealed.amina, sealed.bruno):
        Claim.objects.create(
            lead=LeadFactory(owner=rep),
            rep=rep,
            period=1,
            result="won",
            competitive=True,
            via="page",
            claimed_at=midnight - timedelta(hours=3),
        )
    with clock_at(midnight + timedelta(seconds=1)):
        assert claim(contested, sealed.bruno, via="page").result == "collected"
    with clock_at(midnight + timedelta(seconds=4)):
        award_due(midnight + timedelta(seconds=4))

    assert owner(contested) == "bruno"
    assert Claim.objects.get(lead=contested, rep=sealed.amina).reasons == ["daily_limit"]


def test_a_lead_about_to_be_awarded_is_not_pushed_on_instead(sealed, waiting):
    with at(0):
        claim(waiting, sealed.bruno, via="page")
    waiting.refresh_from_db()
    waiting.pool = sealed.pool
    with at(5):
        in_hand = looked_after([waiting], NOON + timedelta(seconds=5))

    assert in_hand == {waiting.pk: NOON + timedelta(seconds=6)}

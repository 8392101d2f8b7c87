"""A button hands a rep the lead that fits best, without a list: "next, please" (RA5)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.errors import KeyReused
from leaddistrib.lifecycle import claim, claim_next, release
from leaddistrib.lifecycle.opening import open_to_claims, tell_due
from leaddistrib.models import Assignment, Claim, GuardrailPolicy, LogEntry, Offer, Pool
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    PoolFactory,
    TerritoryFactory,
    clock_at,
)
from tests.lifecycle.test_guarding import NO_LIMITS
from tests.tiers import placed, tier_policy

TUESDAY = datetime(2026, 3, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def pool(cast):
    cast.pool.award = Pool.Award.NEXT
    cast.pool.save()
    return cast.pool


@pytest.fixture
def waits(pool):
    """``waits(score=80)``: such a lead waits, since Tuesday or some minutes before or after."""

    def one(minutes=0, **fields):
        with clock_at(TUESDAY + minutes * MINUTE):
            return LeadFactory(pool=pool, **fields)

    return one


@pytest.fixture
def take(cast, pool):
    """Amina asks for the next lead ten minutes later, or after as many as is said."""

    def one(rep=None, minutes=10, key=None):
        with clock_at(TUESDAY + minutes * MINUTE):
            return claim_next(pool, rep or cast.amina, key=key or uuid4(), via="page")

    return one


def codes(result):
    return [refusal.code for refusal in result.refusals]


def test_the_higher_score_comes_first_then_who_waits_longest_and_no_score_last(waits, take):
    unknown = waits(score=None)
    later, sooner = waits(minutes=2, score=70), waits(minutes=1, score=70)
    best = waits(minutes=3, score=90)

    assert [take().lead for _ in range(4)] == [best, sooner, later, unknown]
    assert take() is None


@pytest.mark.parametrize("named", [True, False])
def test_the_own_territory_comes_before_a_higher_score(cast, waits, take, named):
    own = TerritoryFactory(name="Own", team=None if named else cast.paris)
    if named:
        own.reps.add(cast.amina)
    colleagues = TerritoryFactory(name="Another's", team=cast.paris)
    colleagues.reps.add(cast.bruno)
    best = waits(score=95, territory=colleagues)
    fits = waits(score=20, territory=own)

    assert [take().lead, take().lead] == [fits, best]


def test_the_own_account_comes_before_a_higher_score(cast, waits, take):
    best = waits(score=95, account=AccountFactory(owner=cast.bruno))
    fits = waits(score=20, account=AccountFactory(owner=cast.amina))

    assert [take().lead, take().lead] == [fits, best]


def test_it_is_a_claim_like_any_other(cast, pool, waits, take):
    lead = waits()
    result = take()

    lead.refresh_from_db()
    assert (result.result, result.taken_by, lead.owner) == ("won", cast.amina, cast.amina)
    kept = Claim.objects.get()
    assert (kept.result, kept.competitive, kept.via, kept.pool) == ("won", True, "page", pool)
    assert Assignment.objects.get(ended_at=None).method == Assignment.Method.CLAIM
    assert not Offer.objects.filter(lead=lead, closed_at=None).exists()
    assert lead.log.filter(event=LogEntry.Event.CLAIMED, rep=cast.amina).exists()


def test_the_same_key_again_gets_the_first_answer(cast, waits, take):
    first, _second = waits(score=90), waits(score=10)
    key = uuid4()

    answers = [take(key=key), take(minutes=11, key=key)]

    assert [(one.result, one.lead, one.taken_at) for one in answers] == [
        ("won", first, TUESDAY + 10 * MINUTE)
    ] * 2
    assert cast.amina.leads.count() == 1


def test_the_same_key_again_is_refused_as_it_was(cast, waits, take):
    GuardrailPolicy.objects.create(team=cast.paris, **NO_LIMITS | {"daily_claims": 1})
    waits()
    waits()
    take()
    key = uuid4()
    first = take(key=key)
    GuardrailPolicy.objects.all().delete()

    again = take(key=key)

    assert codes(first) == ["daily_limit"]
    assert (again.result, again.refusals) == ("refused", first.refusals)


def test_nobody_gets_a_lead_by_the_key_of_another(cast, waits, take):
    waits()
    key = uuid4()
    take(key=key)
    with pytest.raises(KeyReused):
        take(cast.bruno, key=key)


def test_a_key_for_which_nothing_waited_may_ask_again(waits, take):
    key = uuid4()
    assert take(key=key) is None
    assert not Claim.objects.exists()
    lead = waits()
    assert take(key=key).lead == lead


def test_a_rep_at_the_daily_limit_is_refused_and_the_attempt_is_kept(cast, waits, take):
    GuardrailPolicy.objects.create(team=cast.paris, **NO_LIMITS | {"daily_claims": 1})
    waits(score=90)
    left = waits(score=80)
    assert take().result == "won"

    refused = take()

    assert (refused.result, codes(refused)) == ("refused", ["daily_limit"])
    left.refresh_from_db()
    assert left.owner is None
    assert left.claims.get().reasons == ["daily_limit"]


def test_a_refused_rep_is_told_that_nothing_waits_if_nothing_does(cast, take):
    cast.amina.paused = True
    cast.amina.save()
    assert take() is None
    assert not Claim.objects.exists()


def test_who_needs_a_warm_lead_first_gets_one_however_many_hot_ones_wait(cast, waits, take):
    GuardrailPolicy.objects.create(team=cast.paris, **NO_LIMITS | {"hot_per_warm": 1})
    for score in range(75, 99):
        waits(score=score, temperature="hot")
    warm = waits(score=50, temperature="warm")

    assert [take().lead.score, take().lead] == [98, warm]


def test_a_lead_given_back_comes_last_and_not_before_its_hours_are_over(cast, waits, take):
    GuardrailPolicy.objects.create(team=cast.paris, **NO_LIMITS | {"cooldown_hours": 24})
    back, other = waits(score=90), waits(score=10)
    assert take().lead == back
    with clock_at(TUESDAY + 11 * MINUTE):
        release(back, cast.amina, reason="Wrong number")

    assert take(minutes=12).lead == other
    refused = take(minutes=13)
    assert (codes(refused), refused.lead) == (["gave_back"], back)
    last = waits(minutes=14, score=1)
    day = 24 * 60
    assert [take(minutes=11 + day).lead, take(minutes=11 + day).lead] == [last, back]


def test_told_is_what_stands_against_the_lead_that_it_takes_least_to_have(cast, waits, take):
    GuardrailPolicy.objects.create(
        team=cast.paris, **NO_LIMITS | {"hot_per_warm": 1, "weekly_cold": 3}
    )
    with clock_at(TUESDAY - timedelta(days=7)):
        race = PoolFactory(name="Race", reps=[cast.amina])
        claim(LeadFactory(pool=race), cast.amina, via="page")
    with clock_at(TUESDAY):
        hot = LeadFactory(pool=race, temperature="hot")
        GuardrailPolicy.objects.update(weekly_cold=None)
        claim(hot, cast.amina, via="page")
        GuardrailPolicy.objects.update(weekly_cold=3)
    waits(score=95, temperature="hot")
    warm = waits(score=50, temperature="warm")

    refused = take()

    assert codes(refused) == ["cold_first"]
    assert warm.claims.get().reasons == ["cold_first"]
    assert Claim.objects.filter(result="refused").count() == 1


def test_a_lead_opens_for_each_tier_in_its_time(cast, pool, take):
    tier_policy(cast.paris)
    placed(cast.amina, 1)
    placed(cast.bruno, 2)
    pool.tiered = True
    pool.save()
    with clock_at(TUESDAY):
        lead = LeadFactory()
        open_to_claims(lead, pool, TUESDAY)

    assert take(cast.bruno, minutes=14) is None
    assert take(cast.bruno, minutes=15).lead == lead


def test_who_waits_for_an_own_window_is_told_until_when(cast, pool, take):
    until = TUESDAY + timedelta(hours=1)
    open_to_claims(LeadFactory(), pool, TUESDAY, {cast.amina.pk: until})

    refused = take()

    assert [(one.code, one.lifts_at) for one in refused.refusals] == [("not_open_yet", until)]


def test_who_is_no_member_gets_nothing(cast, waits, take):
    waits()
    assert "not_a_member" in codes(take(cast.chloe))


def test_a_pool_that_awards_otherwise_hands_nothing_out(pool, waits, take):
    lead = waits()
    Pool.objects.update(award=Pool.Award.FIRST)
    assert take() is None
    lead.refresh_from_db()
    assert lead.owner is None


def test_a_claim_of_one_of_its_leads_is_refused(cast, waits):
    lead = waits()
    with clock_at(TUESDAY + MINUTE):
        refused = claim(lead, cast.amina, via="api")
    assert (refused.result, codes(refused)) == ("refused", ["next_only"])


def test_who_has_one_may_tap_claim_again_and_others_do_not_learn_whose_it_is(cast, waits, take):
    lead = waits()
    take()
    with clock_at(TUESDAY + 11 * MINUTE):
        assert claim(lead, cast.amina, via="api").result == "won"
        assert codes(claim(lead, cast.bruno, via="api")) == ["not_open"]


def test_it_costs_the_same_for_few_leads_and_for_many(cast, waits, take):
    def cost(leads):
        for number in range(leads):
            waits(score=number, temperature=("hot", "warm", "cold")[number % 3])
        with CaptureQueriesContext(connection) as queries:
            assert take().result == "won"
        return len(queries)

    assert cost(3) == cost(40)


@pytest.mark.parametrize("tiered", [False, True])
def test_pages_of_reps_hear_that_the_pool_changed_and_nothing_else(
    cast, pool, take, tiered, monkeypatch, django_capture_on_commit_callbacks
):
    if tiered:
        tier_policy(cast.paris)
        placed(cast.amina, 1)
        placed(cast.bruno, 2)
        pool.tiered = True
        pool.save()
    events: list[dict[str, Any]] = []
    monkeypatch.setattr("leaddistrib.events.publishing._send", events.append)
    with django_capture_on_commit_callbacks(execute=True), clock_at(TUESDAY):
        lead = LeadFactory(company="CANARY")
        open_to_claims(lead, pool, TUESDAY)
    with django_capture_on_commit_callbacks(execute=True), clock_at(TUESDAY + 20 * MINUTE):
        tell_due(TUESDAY + 20 * MINUTE)
    with django_capture_on_commit_callbacks(execute=True):
        assert take(minutes=21).lead == lead

    changes = [
        change for sent in events for event in sent.values() for change in event.get("changes", ())
    ]
    assert len(changes) >= 2
    assert all(change["reps"] == [] for change in changes)
    heard = [text for sent in events for event in sent.values() for text in event.get("texts", ())]
    heard += [change["others"] for change in changes]
    assert not any("CANARY" in text or str(lead.public_id) in text for text in heard)

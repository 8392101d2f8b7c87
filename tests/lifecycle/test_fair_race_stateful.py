"""Whatever is offered, claimed, collected, handed out, pushed and given back, over midnights and
weeks: the database never holds more than a limit allows, and each lead has one owner (RA1, RA5,
GU1, GU5, AL1, TI1).

``tests/engine/test_fair_race.py`` does the same to the gates alone.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from leaddistrib.lifecycle import claim, receive, release
from leaddistrib.lifecycle.awarding import award_due
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.nextplease import claim_next
from leaddistrib.lifecycle.opening import tell_due
from leaddistrib.models import (
    AllocationPolicy,
    Assignment,
    Claim,
    GuardrailPolicy,
    Lead,
    Offer,
    Pool,
    Rep,
)
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at, publish_rules
from tests.tiers import tier_policy

SATURDAY = datetime(2026, 3, 28, 20, tzinfo=UTC)
"""The day before Paris loses an hour."""

SMALL = settings(max_examples=12, stateful_step_count=25, deadline=None)

pytestmark = pytest.mark.django_db


class FairRace(RuleBasedStateMachine):
    """Amina, Bruno and Chloé of Paris, of a tier each, in three races: one that opens in waves, one
    whose claims are collected, and one that hands out the next lead."""

    def __init__(self, pools):
        super().__init__()
        self.pools = pools
        # All that an example did is undone with it. As Django's own test case has it, acts that
        # must be the outermost transaction may run in this one.
        atomic: Any = transaction.atomic()
        atomic._from_testcase = True
        self.atomic = atomic
        self.atomic.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(
        daily=st.none() | st.integers(1, 3),
        hot=st.none() | st.integers(1, 2),
        assigned=st.none() | st.integers(1, 3),
        allocation=st.none() | st.integers(2, 5),
        capacity=st.integers(2, 20),
    )
    def begin(self, daily, hot, assigned, allocation, capacity):
        self.now = SATURDAY
        self.most_assigned: Counter[Any] = Counter()
        self.daily, self.hot, self.assigned = daily, hot, assigned
        self.allocation, self.capacity = allocation, capacity
        GuardrailPolicy.objects.create(
            daily_claims=daily, hot_per_warm=hot, claims_per_assigned=assigned, weekly_cold=None
        )
        AllocationPolicy.objects.create()
        Rep.objects.update(allocation=allocation, capacity=capacity)
        self.reps = list(Rep.objects.select_related("team").order_by("pk"))
        for level, rep in enumerate(self.reps, start=1):
            Rep.objects.filter(pk=rep.pk).update(tier=level)
        for which in range(3):
            self.opens(which, "hot", 3)

    @rule(
        which=st.integers(0, 2),
        temperature=st.sampled_from(["hot", "hot", "warm", "cold"]),
        number=st.integers(1, 4),
    )
    def opened(self, which, temperature, number):
        self.opens(which, temperature, number)

    def opens(self, which, temperature, number):
        with clock_at(self.now):
            for _ in range(number):
                pool = Pool.objects.get(pk=self.pools[which].pk)
                LeadFactory(pool=pool, temperature=temperature)

    @rule(who=st.integers(0, 2), first=st.integers(0, 9), number=st.integers(2, 5))
    def claims(self, who, first, number):
        """Some leads that wait, the longest first, or from a later one on."""
        waiting = list(Lead.objects.filter(status=Lead.Status.WAITING).order_by("pk"))
        with clock_at(self.now):
            for lead in (waiting[first:] or waiting)[:number]:
                claim(lead, self.reps[who], via="page")

    @rule(who=st.integers(0, 2), number=st.integers(1, 3))
    def asks_for_the_next(self, who, number):
        with clock_at(self.now):
            for _ in range(number):
                claim_next(self.pools[2], self.reps[who], key=uuid4(), via="page")

    @rule(number=st.integers(1, 4))
    def is_pushed(self, number):
        with clock_at(self.now):
            for _ in range(number):
                receive(clean({"company": f"Company {uuid4()}", "source": "website"}))

    @rule(who=st.integers(0, 2), choice=st.integers(0, 9))
    def gives_back(self, who, choice):
        own = list(Lead.objects.filter(owner=self.reps[who], status=Lead.Status.OWNED))
        if own:
            with clock_at(self.now):
                release(own[choice % len(own)], self.reps[who], reason="Not my market")

    @rule(who=st.integers(0, 2), tier=st.sampled_from([None, 1, 2, 3]))
    def is_placed(self, who, tier):
        Rep.objects.filter(pk=self.reps[who].pk).update(tier=tier)

    @rule(
        after=st.sampled_from(
            [
                timedelta(seconds=6),
                timedelta(seconds=6),
                timedelta(minutes=15),
                timedelta(hours=4),
                timedelta(hours=23),
                timedelta(days=6),
            ]
        ),
        looks=st.booleans(),
    )
    def time_passes(self, after, looks):
        """Workers may be behind."""
        self.now += after
        if looks:
            with clock_at(self.now):
                while tell_due(self.now) or award_due(self.now):
                    pass

    @invariant()
    def each_lead_has_one_owner(self):
        held: Counter[Any] = Counter()
        for lead, rep in Assignment.objects.filter(ended_at=None).values_list("lead", "rep"):
            held[lead, rep] += 1
        owned = Lead.objects.filter(status=Lead.Status.OWNED).values_list("pk", "owner")
        assert held == Counter(owned)
        won = Counter(Claim.objects.filter(result="won").values_list("lead", "period"))
        assert max(won.values(), default=1) == 1

    @invariant()
    def nobody_holds_more_than_the_capacity(self):
        owned = Lead.objects.filter(status=Lead.Status.OWNED).values_list("owner", flat=True)
        assert max(Counter(owned).values(), default=0) <= self.capacity

    @invariant()
    def no_week_has_more_leads_than_the_allocation(self):
        weeks = Counter(
            (rep, self.week(at)) for rep, at in Assignment.objects.values_list("rep", "started_at")
        )
        assert self.allocation is None or max(weeks.values(), default=0) <= self.allocation

    @invariant()
    def no_day_and_no_week_has_more_races_than_the_limits(self):
        """An assigned lead that was given back counted until then."""
        days: Counter[Any] = Counter()
        kinds: Counter[Any] = Counter()
        won = Claim.objects.filter(result="won", competitive=True)
        for rep, at, temperature in won.values_list("rep", "claimed_at", "temperature"):
            days[rep, at.astimezone(self.reps[0].limits_zone).date()] += 1
            kinds[rep, self.week(at), temperature] += 1
            kinds[rep, self.week(at), "raced"] += 1
        assert self.daily is None or max(days.values(), default=0) <= self.daily
        kept = Counter(
            (rep, self.week(at))
            for rep, at in Assignment.objects.exclude(method="claim")
            .exclude(end="released")
            .values_list("rep", "started_at")
        )
        self.most_assigned |= kept
        for rep, week, _ in list(kinds):
            hot, warm, raced = (kinds[rep, week, kind] for kind in ("hot", "warm", "raced"))
            assigned = self.most_assigned[rep, week]
            assert self.hot is None or hot <= self.hot * (warm + 1)
            assert self.assigned is None or raced <= self.assigned * (assigned + 1)

    @invariant()
    def nobody_wins_before_the_own_wave(self):
        early = Offer.objects.filter(
            lead__claims__result="won",
            lead__claims__rep=F("rep"),
            lead__claims__period=F("period"),
            lead__claims__claimed_at__lt=F("opens_at"),
        )
        assert not early.exists()

    @invariant()
    def what_was_collected_is_decided_with_its_lead(self):
        left = Claim.objects.filter(result="collected")
        assert not left.filter(lead__collecting_until=None).exists()
        assert not left.exclude(lead__status=Lead.Status.WAITING).exists()

    def week(self, moment):
        return moment.astimezone(self.reps[0].limits_zone).isocalendar()[:2]


def test_no_limit_is_ever_passed_and_no_lead_has_two_owners(cast):
    cast.paris.time_zone = "Europe/Paris"
    cast.paris.save()
    cast.chloe.team = cast.paris
    cast.chloe.save()
    tier_policy(cast.paris)
    pools = [
        PoolFactory(teams=[cast.paris], tiered=True),
        PoolFactory(teams=[cast.paris], award=Pool.Award.SEALED, sealed_by=Pool.SealedBy.TIER),
        PoolFactory(teams=[cast.paris], award=Pool.Award.NEXT),
    ]
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": pools[0].name}]}
    publish_rules([{"name": "In turn", "when": {}, "then": then}])

    machine: Any = lambda: FairRace(pools)  # noqa: E731 - made anew for each example
    run_state_machine_as_test(machine, settings=SMALL)

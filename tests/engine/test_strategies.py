"""Whatever the strategy, nobody gets a lead who may not, and the trace says why (PU1, RU5)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.decision import Decision, Stays, decide, decide_waiting
from leaddistrib.engine.facts import (
    LeadFacts,
    PoolFacts,
    RepFacts,
    RuleFacts,
    Rules,
    Step,
    TeamFacts,
    TerritoryFacts,
    World,
)
from leaddistrib.engine.gates import Situation, refusals
from leaddistrib.engine.strategies import STRATEGIES
from leaddistrib.engine.turns import Rotation
from leaddistrib.models import RuleStep

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NET = PoolFacts(1, "Unassigned", "queue")
POOL = PoolFacts(2, "Everyone", "race", push_after=30 * MINUTE)
REST = PoolFacts(3, "Rest", "queue")
PARIS, LYON, ALSACE = 10, 20, 30
AMINA, BRUNO, CHLOE, DAVID = 1, 2, 3, 4

in_paris = Step("round_robin", PARIS)
in_lyon = Step("round_robin", LYON)
to_pool, to_rest = Step(pool=POOL.id), Step(pool=REST.id)


def world(reps=(), **changes):
    """Paris is Amina and Bruno, Lyon is Chloé and David; Amina and Chloé work Alsace."""
    made = {
        AMINA: RepFacts(AMINA, "Amina", seniority="senior", team=PARIS),
        BRUNO: RepFacts(BRUNO, "Bruno", team=PARIS, events=frozenset({"fair"})),
        CHLOE: RepFacts(CHLOE, "Chloé", team=LYON),
        DAVID: RepFacts(DAVID, "David", team=LYON),
    } | {rep.id: rep for rep in reps}
    return World(
        NOON,
        NET,
        made,
        {
            PARIS: TeamFacts(PARIS, "Paris", (AMINA, BRUNO), managers=(DAVID,)),
            LYON: TeamFacts(LYON, "Lyon", (CHLOE, DAVID), managers=(AMINA,)),
        },
        {ALSACE: TerritoryFacts(ALSACE, "Alsace", (AMINA, CHLOE), Rotation())},
        {pool.id: pool for pool in (NET, POOL, REST)},
    )


def rules(*steps):
    return Rules.compiled(1, [RuleFacts(1, "Rule", parse({}), steps)])


def lead(**facts):
    return LeadFacts({}, **facts)


def test_every_strategy_that_a_rule_may_name_is_in_the_table():
    assert set(STRATEGIES) == set(RuleStep.Push.values)


chances = st.booleans() | st.just(False)
someone = st.builds(
    lambda rep, **facts: (rep, facts),
    st.sampled_from([AMINA, BRUNO, CHLOE, DAVID]),
    active=st.booleans(),
    paused=chances,
    open_leads=st.integers(0, 3),
    capacity=st.integers(1, 3),
    time_off=st.sampled_from([(), ((NOON, NOON + DAY),)]),
    seniority=st.sampled_from(["senior", "standard"]),
    events=st.sampled_from([frozenset(), frozenset({"fair"})]),
    weight=st.decimals("0.01", "9", places=2),
    backup=st.sampled_from([None, AMINA, BRUNO, CHLOE, DAVID]),
)
teams = {AMINA: PARIS, BRUNO: PARIS, CHLOE: LYON, DAVID: LYON}
steps = st.builds(
    Step,
    push=st.sampled_from(sorted(STRATEGIES)),
    team=st.sampled_from([PARIS, LYON]),
    seniority=st.sampled_from(["", "senior"]),
    attended=chances,
)
incoming = st.builds(
    lead,
    territory=st.sampled_from([None, ALSACE]),
    account_owner=st.sampled_from([None, AMINA, CHLOE, 99]),
    event=st.sampled_from(["", "fair"]),
)


@given(
    st.lists(someone, max_size=4),
    st.lists(steps, min_size=1, max_size=3),
    st.lists(incoming, min_size=1, max_size=8),
    st.sets(st.integers(1, 4), max_size=2),
)
def test_no_strategy_ever_picks_who_may_not_have_the_lead(people, chain, leads, excluded):
    reps = [RepFacts(pk, f"rep {pk}", team=teams[pk], **facts) for pk, facts in people]
    around, compiled = world(reps), rules(*chain)
    for one in leads:
        before = dict(around.reps)
        decided = decide(compiled, one, around, frozenset(excluded))
        if decided.owner is None:
            assert (decided.found_nobody, decided.pool) == (True, NET)
            continue
        owner, step = before[decided.owner], decided.steps[-1].step
        assert refusals(owner, Situation(NOON)) == []
        assert owner.id not in excluded
        assert step.seniority in ("", owner.seniority)
        assert not step.attended or one.event in owner.events
        for trace in decided.steps:
            passed = [one.rep for one in trace.candidates if one.refusal is None]
            assert passed[:1] == ([] if trace.winner is None else [trace.winner])


def test_weighted_goes_by_the_reps_own_weight():
    around = world([RepFacts(AMINA, "Amina", weight=Decimal(3), team=PARIS)])

    owners = [decide(rules(Step("weighted", PARIS)), lead(), around).owner for _ in range(8)]

    assert owners == [AMINA, BRUNO, AMINA, AMINA] * 2


def test_who_was_not_asked_loses_no_turn_by_it():
    """Ten leads of the fair go to Bruno; then leads are Amina's until they are even."""
    around = world()
    fair = Step("round_robin", PARIS, attended=True)
    for _ in range(10):
        assert decide(rules(fair), lead(event="fair"), around).owner == BRUNO

    owners = Counter(decide(rules(in_paris), lead(), around).owner for _ in range(20))

    assert owners == {AMINA: 15, BRUNO: 5}


def test_several_absent_owners_are_backed_up_in_turn():
    away = ((NOON - DAY, NOON + DAY),)
    around = world(
        [
            RepFacts(AMINA, "Amina", backup=BRUNO, time_off=away),
            RepFacts(CHLOE, "Chloé", backup=DAVID, time_off=away),
        ]
    )
    by_territory = rules(Step("territory_owner"))

    owners = [decide(by_territory, lead(territory=ALSACE), around).owner for _ in range(4)]

    assert owners == [BRUNO, DAVID, BRUNO, DAVID]


def test_an_owner_who_is_there_needs_no_backup():
    around = world(
        [RepFacts(AMINA, "Amina", backup=BRUNO, time_off=((NOON, NOON + DAY),), team=PARIS)]
    )

    decided = decide(rules(Step("territory_owner")), lead(territory=ALSACE), around)

    assert decided.owner == CHLOE


def test_a_decision_that_found_nobody_says_when_it_may_find_somebody():
    around = world(
        [
            RepFacts(AMINA, "Amina", time_off=((NOON, NOON + 2 * DAY),), team=PARIS),
            RepFacts(BRUNO, "Bruno", time_off=((NOON, NOON + DAY),), team=PARIS),
        ]
    )

    decided = decide(rules(in_paris, to_pool), lead(), around)

    assert (decided.found_nobody, decided.lifts_at) == (True, NOON + DAY)
    assert decide(rules(to_pool), lead(), around).found_nobody is False


def test_a_waiting_lead_goes_to_who_is_there_now_before_its_pool():
    chain = rules(in_paris, to_pool, in_lyon)
    nobody = [RepFacts(rep, "away", paused=True, team=PARIS) for rep in (AMINA, BRUNO)]

    assert isinstance(decide_waiting(chain, lead(), world(nobody), POOL.id, MINUTE), Stays)
    found = decide_waiting(chain, lead(), world(), POOL.id, MINUTE)
    assert isinstance(found, Decision)
    assert (found.method, found.owner) == ("push", AMINA)


@pytest.mark.parametrize(
    ("waited", "owner"), [(29 * MINUTE, None), (30 * MINUTE, CHLOE), (3 * DAY, CHLOE)]
)
def test_a_lead_that_nobody_took_in_time_goes_on(waited, owner):
    decided = decide_waiting(rules(to_pool, in_lyon), lead(), world(), POOL.id, waited)

    assert (decided.owner if isinstance(decided, Decision) else None) == owner
    if isinstance(decided, Decision):
        assert decided.as_document()["steps"][0] == {
            "pool": "Everyone",
            "mode": "race",
            "waited": int(waited.total_seconds()),
        }


def test_it_may_go_on_to_another_pool_and_never_back_to_its_own():
    away = [RepFacts(rep, "away", active=False, team=LYON) for rep in (CHLOE, DAVID)]
    on = decide_waiting(rules(to_pool, in_lyon, to_rest), lead(), world(away), POOL.id, DAY)

    assert isinstance(on, Decision)
    assert (on.pool, on.method, on.found_nobody) == (REST, "queue", True)
    assert isinstance(
        decide_waiting(rules(to_pool, in_lyon), lead(), world(away), POOL.id, DAY), Stays
    )
    assert isinstance(decide_waiting(rules(to_pool), lead(), world(), POOL.id, DAY), Stays)


def test_a_pool_that_pushes_nothing_on_keeps_its_leads():
    assert isinstance(decide_waiting(rules(to_rest, in_lyon), lead(), world(), REST.id, DAY), Stays)


def test_a_lead_in_the_safety_net_is_for_whoever_its_rule_asks():
    found = decide_waiting(rules(in_paris), lead(), world(), NET.id, DAY)

    assert isinstance(found, Decision)
    assert found.owner == AMINA
    assert isinstance(decide_waiting(Rules.compiled(1, ()), lead(), world(), NET.id, DAY), Stays)


def test_a_lead_whose_rule_does_not_know_its_pool_goes_where_the_rule_says_now():
    found = decide_waiting(rules(to_pool, in_lyon), lead(), world(), NET.id, DAY)

    assert isinstance(found, Decision)
    assert (found.pool, found.owner) == (POOL, None)


def test_only_a_pool_with_steps_after_it_lets_leads_go_on():
    assert decide(rules(to_pool, in_lyon), lead(), world()).goes_on is True
    assert decide(rules(to_pool), lead(), world()).goes_on is False

"""What nobody took from a race is assigned, first to a tier and to whom a limit keeps from races
(TI1, GU5)."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.decision import Decision, decide, decide_waiting
from leaddistrib.engine.facts import (
    Counts,
    Guardrails,
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
from leaddistrib.engine.onboarding import PhaseFacts
from leaddistrib.engine.turns import STRIDE, Rotation
from leaddistrib.engine.unclaimed import first_for

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PARIS, ALSACE = 10, 30
AMINA, BRUNO, CHLOE = 1, 2, 3
NET = PoolFacts(1, "Unassigned", "queue")
RACE = PoolFacts(2, "Everyone", "race", push_after=HOUR)
QUEUE = PoolFacts(3, "Rest", "queue", push_after=HOUR)
TURNS = ("round_robin", "weighted", "least_loaded")
TEAM = (RepFacts(AMINA, "Amina"), RepFacts(BRUNO, "Bruno"), RepFacts(CHLOE, "Chloé"))

USED_UP = {"counts": Counts(competitive_today=10), "guardrails": Guardrails(daily_claims=10)}
TOO_MANY = {"counts": Counts(competitive=5), "guardrails": Guardrails(claims_per_assigned=5)}


def world(amina=None, bruno=None, **chloe):
    """Amina, Bruno and Chloé of Paris, who work Alsace too; nothing is special of them unless it
    is said."""
    reps = [
        replace(rep, team=PARIS, capacity=1000, **(own or {}))
        for rep, own in zip(TEAM, (amina, bruno, chloe), strict=True)
    ]
    return World(
        NOON,
        NET,
        {rep.id: rep for rep in reps},
        {PARIS: TeamFacts(PARIS, "Paris", (AMINA, BRUNO, CHLOE), managers=(BRUNO, CHLOE))},
        {ALSACE: TerritoryFacts(ALSACE, "Alsace", (AMINA, BRUNO, CHLOE), Rotation())},
        {pool.id: pool for pool in (NET, RACE, QUEUE)},
    )


def rules(*steps):
    return Rules.compiled(1, [RuleFacts(1, "Rule", parse({}), steps)])


def goes_on(push, around, number=1, pool=RACE, **facts):
    """What becomes of leads that nobody took from the pool."""
    known = rules(Step(pool=pool.id), Step(push, PARIS))
    found = [
        decide_waiting(known, LeadFacts({}, **facts), around, pool.id, HOUR) for _ in range(number)
    ]
    return [one for one in found if isinstance(one, Decision)]


def owners(*asked, **facts):
    return [one.owner for one in goes_on(*asked, **facts)]


def new(around, number, push="round_robin"):
    """Who gets leads that come in new."""
    known = rules(Step(push, PARIS))
    return [decide(known, LeadFacts({}), around).owner for _ in range(number)]


@pytest.mark.parametrize(
    ("rep", "why"),
    [
        ({}, ""),
        ({"tier": 3}, ""),
        ({"auto_assigned": True}, "tier"),
        (USED_UP, "daily_limit"),
        ({**USED_UP, "counts": Counts(competitive_today=9)}, ""),
        (TOO_MANY, "assigned_ratio"),
        ({**TOO_MANY, "counts": Counts(competitive=5, assigned=1)}, ""),
        ({**USED_UP, "auto_assigned": True}, "tier"),
        ({"counts": Counts(hot=9), "guardrails": Guardrails(hot_per_warm=2)}, ""),
    ],
)
def test_first_are_those_of_the_tier_and_whom_a_limit_keeps_from_races(rep, why):
    assert first_for(replace(TEAM[0], **rep), NOON) == why


@pytest.mark.parametrize("push", TURNS)
@pytest.mark.parametrize("own", [{"auto_assigned": True}, USED_UP, TOO_MANY])
def test_they_get_what_nobody_took_although_it_is_others_turn(push, own):
    assert owners(push, world(**own)) == [CHLOE]


@pytest.mark.parametrize("push", TURNS)
def test_with_nobody_special_turns_are_as_ever(push):
    assert owners(push, world(), 3) == [AMINA, BRUNO, CHLOE]


def test_an_assigned_lead_opens_races_again_and_the_next_one_is_in_turn():
    assert owners("round_robin", world(**TOO_MANY), 3) == [CHLOE, AMINA, BRUNO]


def test_among_several_of_them_turns_decide_and_the_others_get_none():
    around = world(bruno={"auto_assigned": True}, auto_assigned=True)
    assert owners("round_robin", around, 4) == [BRUNO, CHLOE, BRUNO, CHLOE]
    least = world(bruno={"auto_assigned": True, "open_leads": 5}, auto_assigned=True)
    assert owners("least_loaded", least, 2) == [CHLOE, CHLOE]


def test_guaranteed_leads_come_before():
    around = world(amina={"phase": PhaseFacts(3, "Full", least_leads=1)}, auto_assigned=True)
    assert owners("round_robin", around, 3) == [AMINA, CHLOE, CHLOE]


def test_who_may_not_have_the_lead_is_not_given_it_for_that():
    assert owners("round_robin", world(auto_assigned=True, paused=True)) == [AMINA]


def test_who_works_the_territory_and_is_first_comes_first():
    around = world(auto_assigned=True)
    assert owners("territory_owner", around, 2, territory=ALSACE) == [CHLOE, CHLOE]


def test_managers_are_asked_as_ever():
    around = world(bruno={"open_leads": 1}, auto_assigned=True, open_leads=2)
    assert owners("manager", around) == [BRUNO]


def test_it_is_about_races_alone():
    assert owners("round_robin", world(auto_assigned=True), 1, QUEUE) == [AMINA]
    assert new(world(auto_assigned=True), 1) == [AMINA]


def test_who_is_asked_before_the_race_is_asked_in_turn():
    known = rules(Step("round_robin", PARIS), Step(pool=RACE.id))
    found = decide_waiting(known, LeadFacts({}), world(auto_assigned=True), RACE.id, HOUR)
    assert isinstance(found, Decision)
    assert found.owner == AMINA


def test_out_of_turn_it_is_a_charge_and_moves_nobody_elses_turn():
    around = world(auto_assigned=True)
    [found] = goes_on("round_robin", around)
    entry = found.entry
    assert entry is not None
    assert (entry.kind, entry.rep, entry.start, entry.finish) == ("charge", CHLOE, 0, STRIDE)
    assert around.teams[PARIS].rotations[""].virtual_time == 0
    assert new(around, 5) == [AMINA, BRUNO, CHLOE, AMINA, BRUNO], "two for each of them"


def test_the_trace_says_who_was_first_and_why():
    [found] = goes_on("round_robin", world(bruno=USED_UP, auto_assigned=True))
    told = {one.rep: one.as_document().get("first") for one in found.steps[-1].candidates}
    assert told == {AMINA: None, BRUNO: "daily_limit", CHLOE: "tier"}


@given(
    st.sampled_from(TURNS[:2]),
    st.lists(st.decimals("0.5", "4", places=1), min_size=3, max_size=3),
    st.lists(st.booleans(), max_size=60),
)
def test_in_the_end_everybody_has_the_share_of_their_weight(push, weights, unclaimed):
    """Whatever nobody took in between: once so many new leads came that it is made up for."""
    around = world(*({"weight": weight} for weight in weights[:2]), weight=weights[2])
    around.reps[CHLOE] = replace(around.reps[CHLOE], auto_assigned=True)
    shares = weights if push == "weighted" else [1, 1, 1]
    got: Counter[int | None] = Counter()
    for one in unclaimed:
        got.update(owners(push, around) if one else new(around, 1, push))
    after = 30 * sum(unclaimed)
    got.update(new(around, after, push))
    for rep, share in zip((AMINA, BRUNO, CHLOE), shares, strict=True):
        assert abs(got[rep] - float(got.total() * share / sum(shares))) <= 2

"""Leads that a phase guarantees are given before all turns, and cost turns like any other (GU6)."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.decision import decide
from leaddistrib.engine.facts import (
    Counts,
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

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PARIS, ALSACE = 10, 30
AMINA, BRUNO, CHLOE = 1, 2, 3
FULL = PhaseFacts(3, "Full", least_leads=3)
TURNS = ("round_robin", "weighted", "least_loaded")


def world(*reps):
    net = PoolFacts(1, "Unassigned", "queue")
    return World(
        NOON,
        net,
        {rep.id: rep for rep in reps},
        {PARIS: TeamFacts(PARIS, "Paris", tuple(rep.id for rep in reps), managers=(BRUNO, CHLOE))},
        {ALSACE: TerritoryFacts(ALSACE, "Alsace", tuple(rep.id for rep in reps), Rotation())},
    )


def reps(had=0, **options):
    """Amina and Bruno are old hands; Chloé is new and ``had`` so many leads this week."""
    chloe = RepFacts(CHLOE, "Chloé", phase=FULL, counts=Counts(leads_week=had), team=PARIS)
    return (
        RepFacts(AMINA, "Amina", team=PARIS),
        RepFacts(BRUNO, "Bruno", team=PARIS),
        replace(chloe, **options),
    )


def pushed(push, around, number, **facts):
    """Who gets the next leads, in their order."""
    rules = Rules.compiled(1, [RuleFacts(1, "Rule", parse({}), (Step(push, PARIS),))])
    return [decide(rules, LeadFacts({}, **facts), around) for _ in range(number)]


def owners(*asked, **facts):
    return [one.owner for one in pushed(*asked, **facts)]


@pytest.mark.parametrize(("had", "owed"), [(0, 3), (2, 1), (3, 0), (9, 0)])
def test_what_is_still_to_come_is_the_guarantee_less_what_came_this_week(had, owed):
    assert reps(had)[2].owed == owed
    assert reps(had, phase=None)[2].owed == 0


@pytest.mark.parametrize("push", TURNS)
def test_a_new_rep_gets_the_guaranteed_leads_first_and_then_waits_for_the_others(push):
    got = owners(push, world(*reps()), 9)

    assert got[:3] == [CHLOE] * 3
    assert Counter(got) == {AMINA: 3, BRUNO: 3, CHLOE: 3}, "in the end the turns are even"


def test_what_came_this_week_already_is_not_given_again():
    assert owners("round_robin", world(*reps(had=2)), 3) == [CHLOE, AMINA, BRUNO]


@pytest.mark.parametrize("push", TURNS)
def test_with_nothing_guaranteed_turns_are_as_ever(push):
    without = owners(push, world(*reps(phase=None)), 12)
    assert owners(push, world(*reps(had=3)), 12) == without


def test_who_may_not_have_the_lead_is_not_given_it_for_a_guarantee():
    assert CHLOE not in owners("round_robin", world(*reps(paused=True)), 4)


def test_of_two_who_are_owed_leads_the_one_whose_turn_it_is_comes_first():
    amina, bruno, chloe = reps()
    around = world(replace(amina, phase=FULL), bruno, chloe)
    assert owners("round_robin", around, 6) == [AMINA, CHLOE] * 3


@pytest.mark.parametrize("push", ["territory_owner", "manager"])
def test_only_turns_of_the_team_are_given_up_for_a_guarantee(push):
    around = world(*reps(open_leads=1))
    assert owners(push, around, 1, territory=ALSACE) != [CHLOE]


def test_such_a_lead_is_in_the_ledger_as_a_charge_and_moves_nobody_elses_turn():
    around = world(*reps())
    first = pushed("round_robin", around, 1)[0].entry
    assert first is not None
    assert (first.kind, first.rep, first.start, first.finish) == ("charge", CHLOE, 0, STRIDE)
    rotation = around.teams[PARIS].rotations[""]
    assert rotation.virtual_time == 0
    assert [one.rep for one in rotation.standings({AMINA: STRIDE, BRUNO: STRIDE})] == [AMINA, BRUNO]


def test_whose_turn_it_is_anyway_takes_it_as_a_turn():
    entry = pushed("round_robin", world(reps()[2]), 1)[0].entry
    assert entry is not None
    assert entry.kind == "turn"


def test_the_trace_says_how_many_guaranteed_leads_are_to_come():
    [step] = pushed("round_robin", world(*reps(had=1)), 1)[0].steps
    documents = {one.rep: one.as_document() for one in step.candidates}
    assert documents[CHLOE]["owed"] == 2
    assert "owed" not in documents[AMINA]


@given(
    st.sampled_from(TURNS[:2]),
    st.lists(st.decimals("0.5", "4", places=1), min_size=3, max_size=3),
    st.integers(0, 6),
)
def test_once_the_guarantee_is_met_everybody_ends_with_the_share_of_their_weight(
    push, weights, guaranteed
):
    """Within one turn, after so many leads that what came first is made up for."""
    team = [
        replace(rep, weight=weight, capacity=10_000)
        for rep, weight in zip(reps(), weights, strict=True)
    ]
    team[2] = replace(team[2], phase=replace(FULL, least_leads=guaranteed))
    shares = weights if push == "weighted" else [Decimal(1)] * 3
    number = 150
    got = Counter(owners(push, world(*team), number))
    for rep, share in zip(team, shares, strict=True):
        assert abs(got[rep.id] - number * share / sum(shares)) <= 2

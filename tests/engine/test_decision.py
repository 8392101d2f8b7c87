"""Where a lead goes, with the reasons (RU2, RU5, PU4)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine import decision
from leaddistrib.engine.conditions import parse
from leaddistrib.engine.facts import (
    LeadFacts,
    PoolFacts,
    RepFacts,
    RuleFacts,
    Rules,
    Step,
    TeamFacts,
    World,
)
from leaddistrib.engine.gates import Situation, refusals
from tests.engine.oracle import leads, trees

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NET, EVERYONE = PoolFacts(1, "Unassigned", "queue"), PoolFacts(2, "Everyone", "race")
PARIS, LYON = 10, 20
AMINA, BRUNO, CHLOE, DAVID = 1, 2, 3, 4
NAMES = {AMINA: "Amina", BRUNO: "Bruno", CHLOE: "Chloé", DAVID: "David"}

push_paris = Step(push="round_robin", team=PARIS)
push_lyon = Step(push="round_robin", team=LYON)
to_everyone = Step(pool=EVERYONE.id)


def world(**reps):
    """Paris is Amina and Bruno, Lyon is Chloé and David; ``bruno={"paused": True}``."""
    made = {
        rep: RepFacts(rep, name, **reps.get(name.lower().replace("é", "e"), {}))
        for rep, name in NAMES.items()
    }
    teams = {
        PARIS: TeamFacts(PARIS, "Paris", (AMINA, BRUNO)),
        LYON: TeamFacts(LYON, "Lyon", (CHLOE, DAVID)),
    }
    return World(NOON, NET, made, teams, pools={pool.id: pool for pool in (NET, EVERYONE)})


def rules(*rows):
    return Rules.compiled(
        7,
        (
            RuleFacts(number, f"Rule {number}", parse(when), steps)
            for number, (when, steps) in enumerate(rows, start=1)
        ),
    )


def decide(rules, values, around, excluded=frozenset()):
    return decision.decide(rules, LeadFacts(values), around, excluded)


FRANCE = {"field": "country", "op": "eq", "value": "FR"}


def test_the_first_rule_that_matches_decides():
    both = rules((FRANCE, (push_paris,)), ({}, (push_lyon,)))

    french, other = (decide(both, {"country": code}, world()) for code in ("FR", "DE"))

    assert (french.owner, french.rule and french.rule.name) == (AMINA, "Rule 1")
    assert (other.owner, other.rule and other.rule.name) == (CHLOE, "Rule 2")
    assert (french.method, french.steps[0].team, french.pool) == ("push", "Paris", None)


def test_leads_of_a_batch_go_round_and_fill_a_rep_only_to_capacity():
    around = world(bruno={"open_leads": 48, "capacity": 50})

    owners = [decide(rules(({}, (push_paris,))), {}, around).owner for _ in range(8)]

    assert owners == [AMINA, BRUNO, AMINA, BRUNO, AMINA, AMINA, AMINA, AMINA]
    assert around.reps[BRUNO].open_leads == 50


def test_the_fallback_is_tried_step_by_step():
    chain = rules(({}, (push_paris, push_lyon, to_everyone)))
    paris_away = {"amina": {"paused": True}, "bruno": {"active": False}}
    all_away = paris_away | {"chloe": {"paused": True}, "david": {"open_leads": 50}}

    lyon, pool = decide(chain, {}, world(**paris_away)), decide(chain, {}, world(**all_away))

    assert (lyon.owner, lyon.steps[-1].team) == (CHLOE, "Lyon")
    assert (pool.owner, pool.pool, pool.method) == (None, EVERYONE, "race")
    assert [trace.team or trace.pool.name for trace in pool.steps] == ["Paris", "Lyon", "Everyone"]


def test_when_every_step_failed_the_safety_net_takes_the_lead():
    away = world(amina={"paused": True}, bruno={"paused": True})

    decided = decide(rules(({}, (push_paris,))), {}, away)

    assert (decided.method, decided.pool, decided.owner) == ("queue", NET, None)
    assert decided.rule is not None


def test_when_no_rule_matched_the_safety_net_takes_the_lead():
    for none in (rules(), rules((FRANCE, (push_paris,)))):
        decided = decide(none, {"country": "DE"}, world())

        assert (decided.rule, decided.pool, decided.entry) == (None, NET, None)


def test_who_gave_the_lead_back_is_passed_over_and_loses_no_turn():
    around = world()

    back = decide(rules(({}, (push_paris,))), {}, around, frozenset({AMINA}))
    following = decide(rules(({}, (push_paris,))), {}, around)

    assert (back.owner, following.owner) == (BRUNO, AMINA)
    [step] = back.as_document()["steps"]
    assert step["candidates"][1] == {"rep": AMINA, "name": "Amina", "refused": "previous_owner"}


def test_the_explanation_says_what_was_seen_on_the_way():
    until = NOON + timedelta(days=1)
    around = world(amina={"time_off": ((NOON, until),)}, bruno={"open_leads": 5, "capacity": 5})
    both = rules((FRANCE, (to_everyone,)), ({}, (push_paris, push_lyon)))

    document = decide(both, {"country": "DE"}, around).as_document()

    assert document == {
        "rule": 1,
        "misses": [{"field": "country", "actual": "DE", "rules": [0]}],
        "steps": [
            {
                "push": "round_robin",
                "team": "Paris",
                "candidates": [
                    {
                        "rep": AMINA,
                        "name": "Amina",
                        "refused": "time_off",
                        "lifts_at": until.isoformat(),
                    },
                    {
                        "rep": BRUNO,
                        "name": "Bruno",
                        "refused": "at_capacity",
                        "params": {"open": 5, "capacity": 5},
                    },
                ],
                "winner": None,
            },
            {
                "push": "round_robin",
                "team": "Lyon",
                "candidates": [
                    {"rep": CHLOE, "name": "Chloé", "time": 0},
                    {"rep": DAVID, "name": "David", "time": 0},
                ],
                "winner": CHLOE,
            },
        ],
    }


def test_a_team_without_members_takes_nothing():
    around = world()
    around.teams[PARIS] = TeamFacts(PARIS, "Paris", ())

    decided = decide(rules(({}, (push_paris, push_lyon))), {}, around)

    assert decided.owner == CHLOE


facts = st.fixed_dictionaries(
    {},
    optional={
        "active": st.booleans(),
        "paused": st.booleans(),
        "open_leads": st.integers(0, 3),
        "capacity": st.integers(1, 3),
        "time_off": st.sampled_from(
            [(), ((NOON, NOON + timedelta(hours=1)),), ((NOON - timedelta(days=1), NOON),)]
        ),
    },
)
rosters = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("amina", "bruno", "chloe", "david"), facts)
)
pushes = st.lists(st.sampled_from([push_paris, push_lyon]), max_size=3)
chains = st.builds(
    lambda first, last: (*first, *last), pushes, st.sampled_from([(), (to_everyone,)])
)
rule_sets = st.lists(st.tuples(trees | st.just({}), chains), max_size=5)


@given(rosters, rule_sets, st.lists(leads, min_size=1, max_size=12), st.sets(st.integers(1, 4)))
def test_any_lead_has_an_owner_or_a_pool_and_never_an_unavailable_rep(
    roster, rows, incoming, excluded
):
    around, compiled = world(**roster), rules(*rows)
    for lead in incoming:
        before = dict(around.reps)
        decided = decide(compiled, lead, around, frozenset(excluded))

        assert (decided.owner is None) != (decided.pool is None)
        assert (decided.owner is None) == (decided.entry is None)
        if decided.owner is not None:
            assert decided.owner not in excluded
            assert refusals(before[decided.owner], Situation(NOON)) == []
        assert json.loads(json.dumps(decided.as_document())) == decided.as_document()


@given(rosters, rule_sets, st.lists(leads, min_size=1, max_size=12))
def test_the_same_facts_give_the_same_decisions(roster, rows, incoming):
    once, again = world(**roster), world(**roster)
    compiled = rules(*rows)

    assert [decide(compiled, lead, once).as_document() for lead in incoming] == [
        decide(compiled, lead, again).as_document() for lead in incoming
    ]


@pytest.mark.parametrize("mode", ["queue", "race"])
def test_the_method_is_the_mode_of_the_pool(mode):
    around = world()
    around.pools[EVERYONE.id] = PoolFacts(EVERYONE.id, "Everyone", mode)

    assert decide(rules(({}, (to_everyone,))), {}, around).method == mode

"""A simulation: ten reps, one of them on leave for two weeks, and the week after (PU3)."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from leaddistrib.engine.availability import WorkingWeek
from leaddistrib.engine.conditions import parse
from leaddistrib.engine.decision import decide
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
from leaddistrib.engine.turns import Rotation

AMINA = 1
TEAM = TERRITORY = 1
EVERYBODY = tuple(range(1, 11))
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(weeks=1)
AWAY = (MONDAY + WEEK, MONDAY + 3 * WEEK)
LEADS_A_WEEK = 600

OFFICE = WorkingWeek(
    ZoneInfo("Europe/Paris"),
    tuple(
        block
        for day in range(5)
        for block in ((day, time(9), time(12, 30)), (day, time(13, 30), time(18)))
    ),
)


def simulate(push, *, week=None, seed=1, **amina):
    """Leads by rep and week (0 to 4): they come at random moments, and stay open for a day."""
    dice = random.Random(seed)
    reps = {
        rep: RepFacts(rep, f"rep {rep}", team=TEAM, week=week, capacity=500) for rep in EVERYBODY
    }
    reps[AMINA] = replace(reps[AMINA], time_off=(AWAY,), **amina)
    net = PoolFacts(1, "Unassigned", "queue")
    world = World(
        MONDAY,
        net,
        reps,
        {TEAM: TeamFacts(TEAM, "Paris", EVERYBODY)},
        {TERRITORY: TerritoryFacts(TERRITORY, "France", EVERYBODY, Rotation())},
    )
    rules = Rules.compiled(1, [RuleFacts(1, "All", parse({}), (Step(push, TEAM),))])
    moments = sorted(dice.random() * 5 for _ in range(5 * LEADS_A_WEEK))
    open_until: list[tuple[datetime, int]] = []
    taken: list[Counter[int]] = [Counter() for _ in range(5)]
    for at in moments:
        world.moment = MONDAY + at * WEEK
        while open_until and open_until[0][0] <= world.moment:
            rep = world.reps[open_until.pop(0)[1]]
            world.reps[rep.id] = replace(rep, open_leads=rep.open_leads - 1)
        owner = decide(rules, LeadFacts({}, territory=TERRITORY), world).owner
        if owner is not None:
            open_until.append((world.moment + timedelta(days=1), owner))
            taken[int(at)][owner] += 1
    return taken


@pytest.mark.parametrize("push", ["round_robin", "weighted", "territory_owner", "least_loaded"])
@pytest.mark.parametrize("week", [None, OFFICE], ids=["around the clock", "office hours"])
def test_her_share_in_the_week_after_is_that_of_the_others(push, week):
    weeks = simulate(push, week=week)

    assert weeks[1][AMINA] == weeks[2][AMINA] == 0
    others = sum(weeks[3][rep] for rep in EVERYBODY if rep != AMINA) / 9
    assert weeks[3][AMINA] == pytest.approx(others, rel=0.10)


def test_by_weight_too_she_comes_back_to_her_share():
    weeks = simulate("weighted", weight=Decimal(3))

    others = sum(weeks[3][rep] for rep in EVERYBODY if rep != AMINA) / 9
    assert weeks[3][AMINA] == pytest.approx(3 * others, rel=0.10)

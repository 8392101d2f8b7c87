"""What does each strategy keep of what it promises? The table of docs/strategies.md.

    python -m benchmarks.strategies [--leads 6000] [--seed 1]

In memory, with the engine that decides live leads, in one second or two: ten reps, leads at random
moments over five weeks, each worked for a day. Amina is away in the second and third week; one lead
in ten is none, its turn is given back and it is not counted; Bruno's weight is 3 and his capacity
half of the others'. One lead in five is from an account of Chloé's; what is nobody's goes in turn.

- share: the least and the most leads a rep got for each one of the average, over all weeks in which
  Amina was there; for weighted, for the rep's weight.
- apart: by how many turns any two ever differed while all were there, each for the rep's weight and
  with credits taken off. One turn of each is promised, so at most 2.
- exact: by how many turns any ever differed from the exact share meanwhile. Less than 1 where all
  weights are equal.
- fill: by how much the open leads of any two ever differed while all were there, as a part of their
  capacity. "Fewest open leads" keeps it to two leads of the smallest capacity.
- back: Amina's leads in the week after, for each one of the others'.
- Gini: of the leads by rep over all weeks.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.decision import Decision, decide
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
from leaddistrib.engine.fairness import gini
from leaddistrib.engine.strategies import STRATEGIES
from leaddistrib.engine.turns import Rotation

AMINA, BRUNO, CHLOE = 1, 2, 3
EVERYBODY = tuple(range(1, 11))
TEAM = TERRITORY = 1
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
IN_TURN = ("round_robin", "weighted", "territory_owner")
WEEK = timedelta(weeks=1)
AWAY = (MONDAY + WEEK, MONDAY + 3 * WEEK)


@dataclass
class Run:
    """What a strategy did: leads by rep in each week, and how far two reps were ever apart."""

    weeks: list[Counter[int]] = field(default_factory=lambda: [Counter() for _ in range(5)])
    apart: float = 0.0
    exact: float = 0.0
    fill: float = 0.0


def company() -> World:
    reps = {rep: RepFacts(rep, f"rep {rep}", team=TEAM, capacity=400) for rep in EVERYBODY}
    reps[AMINA] = replace(reps[AMINA], time_off=(AWAY,))
    reps[BRUNO] = replace(reps[BRUNO], weight=Decimal(3), capacity=200)
    return World(
        MONDAY,
        PoolFacts(1, "Unassigned", "queue"),
        reps,
        {TEAM: TeamFacts(TEAM, "Paris", EVERYBODY, managers=(4, 5))},
        {TERRITORY: TerritoryFacts(TERRITORY, "France", EVERYBODY, Rotation())},
    )


def run(push: str, leads: int, seed: int) -> Run:
    """The same leads, whatever the strategy."""
    dice, world, done = random.Random(seed), company(), Run()
    steps = (Step(push, TEAM), Step("round_robin", TEAM))
    rules = Rules.compiled(1, [RuleFacts(1, "All", parse({}), steps)])
    open_until: list[tuple[datetime, int]] = []
    weight = {rep.id: float(rep.weight) if push == "weighted" else 1 for rep in world.reps.values()}
    ahead = dict.fromkeys(EVERYBODY, 0.0)
    for at in sorted(dice.random() * 5 for _ in range(leads)):
        world.moment = MONDAY + at * WEEK
        while open_until and open_until[0][0] <= world.moment:
            rep = world.reps[open_until.pop(0)[1]]
            world.reps[rep.id] = replace(rep, open_leads=rep.open_leads - 1)
        lead = LeadFacts(
            {}, territory=TERRITORY, account_owner=CHLOE if dice.random() < 0.2 else None
        )
        decided = decide(rules, lead, world)
        if decided.owner is None:
            continue
        open_until.append((world.moment + timedelta(days=1), decided.owner))
        if dice.random() < 0.1 and decided.entry:
            _give_back(decided, world)
        else:
            done.weeks[int(at)][decided.owner] += 1
        if int(at) == 0:  # everybody is there
            fill = [rep.open_leads / rep.capacity for rep in world.reps.values()]
            done.fill = max(done.fill, max(fill) - min(fill))
        if int(at) == 0 and decided.entry:
            ahead[decided.owner] += 1 / weight[decided.owner] * (1 - _paid(decided))
            done.apart = max(done.apart, max(ahead.values()) - min(ahead.values()))
            done.exact = max(done.exact, _off(ahead, weight))
    return done


def _off(ahead: Mapping[int, float], weight: Mapping[int, float]) -> float:
    """The most turns by which a rep differs from the exact share; ``ahead`` is for each weight."""
    turns = {rep: ahead[rep] * weight[rep] for rep in ahead}
    each = sum(turns.values()) / sum(weight.values())
    return max(abs(turns[rep] - each * weight[rep]) for rep in ahead)


def _paid(decided: Decision) -> float:
    """How much of the turn a credit paid for."""
    entry = decided.entry
    return entry.used / (entry.finish - entry.start) if entry else 0.0


def _give_back(decided: Decision, world: World) -> None:
    entry = decided.entry
    if entry:
        rotation = next(one for one in _rotations(world) if entry.rep in one.seats)
        rotation.credit(entry.rep, entry.finish - entry.start)


def _rotations(world: World) -> Iterator[Rotation]:
    for team in world.teams.values():
        yield from team.rotations.values()
    yield from (territory.rotation for territory in world.territories.values())


def row(push: str, leads: int, seed: int) -> str:
    """A line of the table."""
    done = run(push, leads, seed)
    there = sum((done.weeks[week] for week in (0, 3, 4)), Counter[int]())
    weight = {rep: 3 if push == "weighted" and rep == BRUNO else 1 for rep in EVERYBODY}
    shares = [there[rep] / weight[rep] for rep in EVERYBODY]
    mean = sum(there.values()) / sum(weight.values())
    others = sum(done.weeks[3][rep] for rep in EVERYBODY if rep not in (AMINA, BRUNO, CHLOE)) / 7
    back = f"{done.weeks[3][AMINA] / others:.2f}" if others else "–"
    total = sum(done.weeks, Counter[int]())
    in_turn = push in IN_TURN
    apart, exact = (f"{one:.2f}" if in_turn else "–" for one in (done.apart, done.exact))
    return (
        f"| {push} | {min(shares) / mean:.2f}–{max(shares) / mean:.2f} | {apart} | {exact}"
        f" | {done.fill:.3f} | {back} | {gini([total[rep] for rep in EVERYBODY]):.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("| strategy | share | apart | exact | fill | back | Gini |")
    print("|---|---|---|---|---|---|---|")
    for push in STRATEGIES:
        print(row(push, given.leads, given.seed), flush=True)


if __name__ == "__main__":
    main()

"""Decides where a lead goes, and keeps the reasons as it goes (RU2, RU5, PU4).

``decide`` takes the first rule that matches and walks its steps until one takes the lead. The
explanation is what was seen on the way; it is never worked out afterwards.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from leaddistrib.engine.facts import LeadFacts, PoolFacts, RuleFacts, Rules, Step, World
from leaddistrib.engine.matcher import RuleMatch
from leaddistrib.engine.strategies import Ask, Candidate, choose
from leaddistrib.engine.turns import Entry


@dataclass(frozen=True, slots=True)
class StepTrace:
    """A step that was tried, and what came of it. Candidates stand in order, next first, then those
    who were passed over. ``waited`` is how long the lead has been in the pool, if it was there.
    ``beyond`` is the quality of which the pool has its share already, if the lead passed it by."""

    step: Step
    team: str = ""
    territory: str = ""
    event: str = ""
    candidates: tuple[Candidate, ...] = ()
    winner: int | None = None
    pool: PoolFacts | None = None
    waited: timedelta | None = None
    beyond: str = ""

    def as_document(self) -> dict[str, Any]:
        if self.pool is not None:
            document: dict[str, Any] = {"pool": self.pool.name, "mode": self.pool.mode}
            if self.waited is not None:
                document["waited"] = int(self.waited.total_seconds())
            if self.beyond:
                document["beyond"] = self.beyond
            return document
        document = {"push": self.step.push, "team": self.team}
        if self.step.push == "territory_owner":
            document["territory"] = self.territory
        if self.step.seniority:
            document["seniority"] = self.step.seniority
        if self.step.attended:
            document["event"] = self.event
        document["candidates"] = [candidate.as_document() for candidate in self.candidates]
        return document | {"winner": self.winner}


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a lead goes: to ``owner`` (a push, with its ``entry`` in a rotation's ledger if it
    counts there) or to ``pool``.

    ``found_nobody``: reps were asked, and none could take it. ``lifts_at`` is then the earliest
    moment at which the reason against one of them lifts, where one is known. ``goes_on``: the rule
    has steps after this pool, for leads that nobody takes there. ``quality`` is what the lead
    counts as in the pool's mix, "" where it has none.
    """

    method: str
    match: RuleMatch
    rule: RuleFacts | None
    steps: tuple[StepTrace, ...]
    owner: int | None = None
    entry: Entry | None = None
    pool: PoolFacts | None = None
    found_nobody: bool = False
    lifts_at: datetime | None = None
    goes_on: bool = False
    quality: str = ""

    def as_document(self) -> dict[str, Any]:
        """The explanation as it is kept."""
        return self.match.as_document() | {"steps": [step.as_document() for step in self.steps]}


@dataclass(frozen=True, slots=True)
class Stays:
    """A waiting lead stays where it is. ``lifts_at`` is the earliest moment at which the reason
    against one of the reps who were asked lifts, where one is known."""

    lifts_at: datetime | None = None


def decide(
    rules: Rules,
    lead: LeadFacts,
    world: World,
    excluded: frozenset[int] = frozenset(),
) -> Decision:
    """Where ``lead`` goes. Turns taken and pools filled are remembered in ``world`` for the leads
    that follow.

    ``excluded`` reps are passed over (they had the lead before). A pool is passed by that has its
    share of the lead's quality (GU3), unless no step after it takes the lead. When every step of
    the rule failed, or no rule matched, the safety net takes the lead: it is never without owner or
    queue.
    """
    walk = _Walk(rules, lead, world, excluded)
    found = walk.down(walk.rule.steps if walk.rule else ())
    return found or walk.to_pool(world.safety_net, Step(pool=world.safety_net.id))


def decide_waiting(
    rules: Rules,
    lead: LeadFacts,
    world: World,
    pool: int,
    waited: timedelta,
    excluded: frozenset[int] = frozenset(),
) -> Decision | Stays:
    """Where ``lead`` goes that has ``waited`` in ``pool``, if it does not stay there (PU9, PL2).

    Reps that the rule asks before the pool are asked again: one of them may be there now. Once the
    lead has waited for as long as the pool's ``push_after``, it goes on to the steps after it: from
    a race to reps first who are assigned what nobody took (TI1, GU5). A lead that its rule would
    not send to this pool (the rules changed, or none took it) goes where the rule says now.
    """
    walk = _Walk(rules, lead, world, excluded)
    steps = walk.rule.steps if walk.rule else ()
    own = [n for n, step in enumerate(steps) if step.pool == pool]
    if not own:
        return walk.down(steps) or walk.stay()
    place = own[0]
    for step in steps[:place]:
        if step.pool is None and (decision := walk.push(step)):
            return decision
    facts = world.pools.get(pool, world.safety_net)
    if facts.push_after is None or waited < facts.push_after:
        return walk.stay()
    walk.traces.append(StepTrace(Step(pool=pool), pool=facts, waited=waited))
    walk.unclaimed = facts.mode == "race"
    return walk.down(step for step in steps[place + 1 :] if step.pool != pool) or walk.stay()


@dataclass(slots=True)
class _Walk:
    """One lead's way through the steps of its rule, and what was seen on it."""

    rules: Rules
    lead: LeadFacts
    world: World
    excluded: frozenset[int]
    match: RuleMatch = field(init=False)
    rule: RuleFacts | None = field(init=False)
    traces: list[StepTrace] = field(default_factory=list)
    unclaimed: bool = False  # it goes on from a race

    def __post_init__(self) -> None:
        self.match = self.rules.matcher.explain(self.lead.values)
        index = self.match.index
        self.rule = None if index is None else self.rules.rules[index]

    def down(self, steps: Iterable[Step]) -> Decision | None:
        """The first step that takes the lead; None if nobody of any could. A pool that was passed
        by for its mix opens the lead all the same if no step after it takes it."""
        passed_by: tuple[PoolFacts, Step, int] | None = None
        for step in steps:
            if step.pool is not None:
                pool = self.world.pools[step.pool]
                if self.within_mix(pool):
                    return self.to_pool(pool, step)
                passed_by = passed_by or (pool, step, len(self.traces))
                self.traces.append(StepTrace(step, pool=pool, beyond=self.lead.quality))
            elif decision := self.push(step):
                return decision
        return self.to_pool(*passed_by) if passed_by else None

    def within_mix(self, pool: PoolFacts) -> bool:
        """Whether the pool takes the lead's quality as it is: without a mix, always."""
        newest = self.world.newest.get(pool.id, ())
        return pool.mix is None or pool.mix.takes(self.lead.quality, newest)

    def push(self, step: Step) -> Decision | None:
        """Ask the step's reps; None if nobody could take the lead."""
        ask = Ask(step, self.lead, self.world, self.excluded, unclaimed=self.unclaimed)
        choice = choose(ask)
        territory = self.world.territories.get(self.lead.territory or 0)
        self.traces.append(
            StepTrace(
                step,
                team=ask.team.name if ask.team else "",
                territory=territory.name if territory else "",
                event=self.lead.event,
                candidates=choice.candidates,
                winner=choice.winner,
            )
        )
        if choice.winner is None:
            return None
        rep = self.world.reps[choice.winner]
        self.world.reps[rep.id] = rep.handed()
        return Decision(
            "push", self.match, self.rule, tuple(self.traces), owner=rep.id, entry=choice.entry
        )

    def to_pool(self, pool: PoolFacts, step: Step, asked: int | None = None) -> Decision:
        """To the pool of ``step``. Of the places tried, the first ``asked`` come before it, None:
        all. Who was asked after it is asked again when nobody takes the lead there."""
        before = self.traces[:asked]
        self.traces.append(StepTrace(step, pool=pool))
        quality = self.lead.quality if pool.mix else ""
        if quality:
            self.world.opened(pool, quality)
        return Decision(
            pool.mode,
            self.match,
            self.rule,
            tuple(self.traces),
            pool=pool,
            found_nobody=any(trace.step.push for trace in before),
            lifts_at=min(_lifting(before), default=None),
            goes_on=self.rule is not None and step in self.rule.steps[:-1],
            quality=quality,
        )

    def stay(self) -> Stays:
        return Stays(min(_lifting(self.traces), default=None))


def _lifting(traces: Iterable[StepTrace]) -> Iterator[datetime]:
    for trace in traces:
        for candidate in trace.candidates:
            if candidate.refusal and candidate.refusal.lifts_at:
                yield candidate.refusal.lifts_at

"""Decides where a lead goes, and keeps the reasons as it goes (RU2, RU5, PU4).

``decide`` takes the first rule that matches and walks its steps until one takes the lead. The
explanation is what was seen on the way; it is never worked out afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from leaddistrib.engine.facts import PoolFacts, RuleFacts, Rules, Step, TeamFacts, World
from leaddistrib.engine.gates import Refusal, Situation, first_refusal
from leaddistrib.engine.matcher import RuleMatch
from leaddistrib.engine.turns import Turn


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rep who was looked at: a standing in the rotation, or the reason for passing over."""

    rep: int
    name: str
    time: int | None = None
    refusal: Refusal | None = None

    def as_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"rep": self.rep, "name": self.name}
        if self.refusal is None:
            return document | {"time": self.time}
        document["refused"] = self.refusal.code
        if self.refusal.params:
            document["params"] = dict(self.refusal.params)
        if self.refusal.lifts_at:
            document["lifts_at"] = self.refusal.lifts_at.isoformat()
        return document


@dataclass(frozen=True, slots=True)
class StepTrace:
    """A step that was tried, and what came of it. Candidates stand in order, next first."""

    step: Step
    name: str
    candidates: tuple[Candidate, ...] = ()
    winner: int | None = None
    mode: str = ""

    def as_document(self) -> dict[str, Any]:
        if self.step.pool is not None:
            return {"pool": self.name, "mode": self.mode}
        return {
            "push": self.step.push,
            "team": self.name,
            "candidates": [candidate.as_document() for candidate in self.candidates],
            "winner": self.winner,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a lead goes: to ``owner`` (a push, with its ``turn``) or to ``pool``."""

    method: str
    match: RuleMatch
    rule: RuleFacts | None
    steps: tuple[StepTrace, ...]
    owner: int | None = None
    team: int | None = None
    turn: Turn | None = None
    pool: PoolFacts | None = None

    def as_document(self) -> dict[str, Any]:
        """The explanation as it is kept."""
        return self.match.as_document() | {"steps": [step.as_document() for step in self.steps]}


def decide(
    rules: Rules,
    lead: Mapping[str, object],
    world: World,
    excluded: frozenset[int] = frozenset(),
) -> Decision:
    """Where ``lead`` goes. Turns taken are remembered in ``world`` for the leads that follow.

    ``excluded`` reps are passed over (they just gave the lead back). When every step of the rule
    failed, or no rule matched, the safety net takes the lead: it is never without owner or queue.
    """
    match = rules.matcher.explain(lead)
    rule = None if match.index is None else rules.rules[match.index]
    traces: list[StepTrace] = []
    for step in rule.steps if rule else ():
        if step.pool is not None:
            return _to_pool(world.pools[step.pool], match, rule, traces, step)
        team = world.teams[cast("int", step.team)]
        trace = _push(step, team, world, excluded)
        traces.append(trace)
        if trace.winner is not None:
            turn = team.rotation.take(trace.winner)
            rep = world.reps[trace.winner]
            world.reps[rep.id] = replace(rep, open_leads=rep.open_leads + 1)
            return Decision("push", match, rule, tuple(traces), rep.id, team.id, turn)
    return _to_pool(world.safety_net, match, rule, traces, Step(pool=world.safety_net.id))


def _push(step: Step, team: TeamFacts, world: World, excluded: frozenset[int]) -> StepTrace:
    situation = Situation(world.moment)
    passed_over: list[Candidate] = []
    present: list[int] = []
    for rep in (world.reps[member] for member in team.members):
        refusal = Refusal("previous_owner") if rep.id in excluded else first_refusal(rep, situation)
        if refusal:
            passed_over.append(Candidate(rep.id, rep.name, refusal=refusal))
        else:
            present.append(rep.id)
    standing = team.rotation.standing(present)
    candidates = [Candidate(rep, world.reps[rep].name, time) for time, rep in standing]
    return StepTrace(
        step,
        team.name,
        (*candidates, *passed_over),
        winner=candidates[0].rep if candidates else None,
    )


def _to_pool(
    pool: PoolFacts,
    match: RuleMatch,
    rule: RuleFacts | None,
    traces: list[StepTrace],
    step: Step,
) -> Decision:
    traces.append(StepTrace(step, pool.name, mode=pool.mode))
    return Decision(pool.mode, match, rule, tuple(traces), pool=pool)

"""Who gets a lead that is pushed: one table of strategies (PU1, PU6, PU8).

Whatever the strategy, the gates are asked first: nobody is given a lead who may not have one. A
strategy says whom to ask, and in which order those are taken who passed: in turn, by load, or as
named. Every rep it looked at is in the trace, with a place in that order or the reason against.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from leaddistrib.engine.facts import LeadFacts, RepFacts, Step, TeamFacts, World
from leaddistrib.engine.gates import Refusal, Situation, first_refusal
from leaddistrib.engine.turns import Entry, Rotation, Standing, stride
from leaddistrib.engine.unclaimed import first_for

BACKED_UP = frozenset({"time_off", "taper", "off_hours", "holiday"})
"""Absences during which an owner's backup is asked (PU8)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a step asks of its strategy: who gets this lead? ``excluded`` reps had it before;
    ``unclaimed``: nobody took it from the race that it comes from."""

    step: Step
    lead: LeadFacts
    world: World
    excluded: frozenset[int] = frozenset()
    unclaimed: bool = False

    @property
    def team(self) -> TeamFacts | None:
        return None if self.step.team is None else self.world.teams[self.step.team]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rep who was looked at: where in the order (``time`` is the virtual time, ``load`` open
    leads and capacity, as the strategy goes by them), or the reason for passing over.
    ``owed`` guaranteed leads are still to come, and put the rep before who is owed none; ``first``
    is why the rep is asked before others for what nobody took (``unclaimed.first_for``).
    ``backup_of`` names the absent owner whom the rep stands in for."""

    rep: int
    name: str
    time: int | None = None
    load: tuple[int, int] | None = None
    refusal: Refusal | None = None
    backup_of: str = ""
    owed: int = 0
    first: str = ""

    def as_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"rep": self.rep, "name": self.name}
        if self.backup_of:
            document["backup_of"] = self.backup_of
        if self.refusal is None:
            if self.owed:
                document["owed"] = self.owed
            if self.first:
                document["first"] = self.first
            if self.load is not None:
                document["load"] = [*self.load]
            return document if self.time is None else document | {"time": self.time}
        document["refused"] = self.refusal.code
        if self.refusal.params:
            document["params"] = dict(self.refusal.params)
        if self.refusal.lifts_at:
            document["lifts_at"] = self.refusal.lifts_at.isoformat()
        return document


@dataclass(frozen=True, slots=True)
class Choice:
    """What came of a push: everybody looked at, those in the order first; the winner, if anybody,
    and the entry in the ledger, if the lead counts."""

    candidates: tuple[Candidate, ...]
    winner: int | None = None
    entry: Entry | None = None


def team_members(ask: Ask) -> Sequence[int]:
    return ask.team.members if ask.team else ()


def team_managers(ask: Ask) -> Sequence[int]:
    return ask.team.managers if ask.team else ()


def territory_reps(ask: Ask) -> Sequence[int]:
    territory = ask.world.territories.get(ask.lead.territory or 0)
    return territory.reps if territory else ()


def account_owner(ask: Ask) -> Sequence[int]:
    owner = ask.lead.account_owner
    return (owner,) if owner in ask.world.reps else ()


def team_rotation(ask: Ask) -> Rotation | None:
    """A seniority has a rotation of its own: who is senior takes turns with seniors."""
    return ask.team.rotations.setdefault(ask.step.seniority, Rotation()) if ask.team else None


def territory_rotation(ask: Ask) -> Rotation | None:
    territory = ask.world.territories.get(ask.lead.territory or 0)
    return territory.rotation if territory else None


def no_rotation(ask: Ask) -> Rotation | None:
    return None


def equally(rep: RepFacts) -> int:
    return stride(1)


def by_weight(rep: RepFacts) -> int:
    return stride(rep.weight)


class Strategy(NamedTuple):
    """``who`` is asked; ``rotation`` is where they sit, ``turn`` how long a turn is there. They are
    taken in turn, or ``by_load``, or without a rotation as named. ``backups`` stand in for owners
    who are away; an ``owner_match`` takes the rep's turn in the team, if the team counts it."""

    who: Callable[[Ask], Sequence[int]]
    rotation: Callable[[Ask], Rotation | None] = no_rotation
    turn: Callable[[RepFacts], int] = equally
    by_load: bool = False
    backups: bool = False
    owner_match: bool = False


STRATEGIES: Mapping[str, Strategy] = MappingProxyType(
    {
        "round_robin": Strategy(team_members, team_rotation),
        "weighted": Strategy(team_members, team_rotation, by_weight),
        "territory_owner": Strategy(territory_reps, territory_rotation, backups=True),
        "account_owner": Strategy(account_owner, backups=True, owner_match=True),
        "least_loaded": Strategy(team_members, team_rotation, by_load=True),
        "manager": Strategy(team_managers, by_load=True),
    }
)


def choose(ask: Ask) -> Choice:
    """Who gets the lead by the step's strategy. A turn taken is remembered in the world."""
    strategy = STRATEGIES[ask.step.push]
    reps = {rep: "" for rep in strategy.who(ask) if rep in ask.world.reps}
    choice = among(reps, ask, strategy)
    if choice.winner is not None or not strategy.backups:
        return choice
    backups = {
        backup: absent.name
        for absent in (ask.world.reps[one.rep] for one in choice.candidates if _backed_up(one))
        if (backup := absent.backup) in ask.world.reps and backup not in reps
    }
    instead = among(backups, ask, strategy)
    in_order = tuple(one for one in instead.candidates if one.refusal is None)
    out = tuple(one for one in instead.candidates if one.refusal is not None)
    return Choice((*in_order, *choice.candidates, *out), instead.winner, instead.entry)


def _backed_up(candidate: Candidate) -> bool:
    return candidate.refusal is not None and candidate.refusal.code in BACKED_UP


def among(reps: Mapping[int, str], ask: Ask, strategy: Strategy) -> Choice:
    """The choice among ``reps``, each with the name of the owner that the rep stands in for.

    Whoever is there and only not asked this time (did not attend the event, gave the lead back)
    still stands in the rotation: an exception for one lead moves nobody's turn.
    """
    rotation = strategy.rotation(ask)
    situation = Situation(ask.world.moment)
    passed_over: list[Candidate] = []
    asked: dict[int, RepFacts] = {}
    present: dict[int, int] = {}
    for rep in (ask.world.reps[one] for one in reps):
        unavailable = first_refusal(rep, situation)
        if not unavailable and _sits(rep, ask.step, strategy):
            present[rep.id] = strategy.turn(rep)
        refusal = _not_asked(rep, ask) or unavailable
        if refusal:
            passed_over.append(Candidate(rep.id, rep.name, None, None, refusal, reps[rep.id]))
        else:
            asked[rep.id] = rep
    standings = rotation.standings(present) if rotation else []
    by_rep = {standing.rep: standing for standing in standings if standing.rep in asked}
    order = [asked[rep] for rep in (by_rep if rotation else asked)]
    if strategy.by_load:
        order.sort(key=_load)  # stable: equal loads stay in turn
    first = (
        {rep.id: first_for(rep, ask.world.moment) for rep in order}
        if ask.unclaimed and rotation
        else {}
    )
    # Stable, too; out of turn, such a lead is a charge.
    order.sort(key=lambda rep: not first.get(rep.id))
    if strategy.rotation is team_rotation:
        order.sort(key=_is_owed_none)
    ranked = tuple(
        Candidate(
            rep=rep.id,
            name=rep.name,
            time=by_rep[rep.id].time if rotation else None,
            load=(rep.open_leads, rep.capacity) if strategy.by_load else None,
            backup_of=reps[rep.id],
            owed=rep.owed if strategy.rotation is team_rotation else 0,
            first=first.get(rep.id, ""),
        )
        for rep in order
    )
    if not order:
        return Choice(tuple(passed_over))
    winner = order[0]
    entry: Entry | None = None
    if rotation:
        entry = _counted(rotation, by_rep[winner.id], standings[0])
    elif strategy.owner_match:
        entry = _owner_match(winner, ask.world)
    return Choice((*ranked, *passed_over), winner.id, entry)


def _sits(rep: RepFacts, step: Step, strategy: Strategy) -> bool:
    """Whether the rep has a seat in the rotation: in that of a seniority only who is of it."""
    return strategy.rotation is not team_rotation or step.seniority in ("", rep.seniority)


def _not_asked(rep: RepFacts, ask: Ask) -> Refusal | None:
    """Why the step does not ask this rep for this lead, available or not."""
    step, team = ask.step, ask.team
    if rep.id in ask.excluded:
        return Refusal("previous_owner")
    if team and step.push != "manager" and rep.id not in team.members:
        return Refusal("not_in_team")
    if step.seniority and rep.seniority != step.seniority:
        return Refusal("wrong_seniority")
    if step.attended and (not ask.lead.event or ask.lead.event not in rep.events):
        return Refusal("not_attended")
    return None


def _load(rep: RepFacts) -> Fraction:
    return Fraction(rep.open_leads, rep.capacity)


def _is_owed_none(rep: RepFacts) -> bool:
    """Guaranteed leads go before all turns of the team (GU6)."""
    return rep.owed == 0


def _counted(rotation: Rotation, standing: Standing, first: Standing) -> Entry:
    return rotation.take(standing) if standing is first else rotation.pass_to(standing)


def _owner_match(rep: RepFacts, world: World) -> Entry | None:
    team = world.teams.get(rep.team or 0)
    if team is None or not team.count_owner_matches:
        return None
    return team.rotations.setdefault("", Rotation()).charge(rep.id, by_weight(rep))

"""The rules decide where leads go, and it is written down with its reasons (RU2, RU5, PU5).

One lead and a file of leads go the same way: everything is loaded and saved for the whole batch,
in a number of queries that does not depend on how many leads, rules or reps there are.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from leaddistrib.engine import decision as engine
from leaddistrib.engine.facts import PoolFacts, Rules, TeamFacts, World
from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.opening import tell
from leaddistrib.lifecycle.rotations import lock_rotations, rotation_facts, save_turns
from leaddistrib.lifecycle.transactions import lock_teams
from leaddistrib.models import (
    Assignment,
    Decision,
    Lead,
    LogEntry,
    Pool,
    Rep,
    Rotation,
    RuleSet,
    Team,
)
from leaddistrib.notify.outbox import tell_owners
from leaddistrib.queries import clock, rulebook
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_assigned


def route(leads: Sequence[Lead], *, excluded: Iterable[Rep] = ()) -> list[Decision]:
    """Route ``leads`` that nobody owns, saving them; returns their decisions, in the same order.

    Leads without a row get one, already in its place. Must run inside a transaction; locks the reps
    and the rotation of every team that the matching rules may push to. ``excluded`` reps get none
    of them (they just gave them back).

    Raises:
        ValueError: a lead is somebody's, or waits in a pool.
    """
    if not leads:
        return []
    ruleset, rules = _in_force()
    values = [rulebook.lead_values(lead) for lead in leads]
    world, rotations = _locked_world(_teams_wanted(rules, values))
    _lock_received([lead.pk for lead in leads if lead.pk is not None])
    out = frozenset(rep.pk for rep in excluded)
    decided = [engine.decide(rules, facts, world, out) for facts in values]
    return _record(ruleset, world, rotations, leads, decided)


def candidates(leads: Iterable[Lead]) -> list[int]:
    """The reps that ``route`` would lock for these leads: for acts that lock other reps too."""
    _, rules = _in_force()
    teams = _teams_wanted(rules, (rulebook.lead_values(lead) for lead in leads))
    return list(Rep.objects.filter(team__in=teams).order_by("pk").values_list("pk", flat=True))


def safety_net() -> Pool:
    """The pool of last resort, made when it is first needed: a lead is never without a queue."""
    net = Pool.objects.filter(is_safety_net=True).first()
    if net is None:
        # A pool of this name that somebody made by hand becomes the net.
        net, _ = Pool.objects.update_or_create(
            name="Unassigned",
            defaults={"is_safety_net": True},
            create_defaults={"is_safety_net": True, "mode": Pool.Mode.QUEUE},
        )
    return net


def _in_force() -> tuple[RuleSet, Rules]:
    """The published version. Before any was: version 0, by which every lead goes to the net."""
    ruleset = rulebook.published()
    if ruleset is None:
        ruleset, _ = RuleSet.objects.get_or_create(
            status=RuleSet.Status.PUBLISHED,
            defaults={"version": 0, "published_at": clock.now(), "note": "No rules yet"},
        )
    return ruleset, rulebook.compiled(ruleset)


def _lock_received(leads: Collection[int]) -> None:
    """Lock leads that have a row, and make sure that nobody took them meanwhile."""
    if not leads:
        return
    received = Lead.objects.select_for_update(no_key=True).filter(status=Lead.Status.RECEIVED)
    if len(received.filter(pk__in=leads).order_by("pk").values_list("pk")) < len(leads):
        raise ValueError("Only leads that are nobody's and wait nowhere can be routed.")


def _teams_wanted(rules: Rules, values: Iterable[Mapping[str, object]]) -> list[int]:
    """Teams that these leads may be pushed to, known before any lock is taken."""
    matched = {rules.matcher.first(facts) for facts in values}
    return sorted(
        {
            step.team
            for index in matched
            if index is not None
            for step in rules.rules[index].steps
            if step.team is not None
        }
    )


def _locked_world(teams: list[int]) -> tuple[World, dict[int, Rotation]]:
    """Facts for the batch, with the teams' reps and then their rotations locked.

    The reps are locked although only one of them gets the lead: a claim that fills a rep's last
    place while the turn is being decided would otherwise take the rep over capacity.
    """
    net = safety_net()
    members = lock_teams(teams)
    rotations = lock_rotations(teams)
    world = World(clock.now(), PoolFacts(net.pk, net.name, net.mode))
    world.pools = {pool.pk: PoolFacts(pool.pk, pool.name, pool.mode) for pool in Pool.objects.all()}
    if teams:
        world.reps = rep_facts((rep for reps in members.values() for rep in reps), world.moment)
        names = dict(Team.objects.filter(pk__in=teams).values_list("pk", "name"))
        rounds = rotation_facts(list(rotations.values()))
        world.teams = {
            team: TeamFacts(team, names[team], tuple(members[team]), rounds[team]) for team in teams
        }
    return world, rotations


def _record(
    ruleset: RuleSet,
    world: World,
    rotations: Mapping[int, Rotation],
    leads: Sequence[Lead],
    decided: Sequence[engine.Decision],
) -> list[Decision]:
    """Write a decided batch: places, decisions, assignments, turns, log, messages, offers."""
    moment = world.moment
    _place(leads, decided, world)
    owners = Rep.objects.select_related("user").in_bulk({what.owner for what in decided} - {None})
    decisions = Decision.objects.bulk_create(
        Decision(
            lead=lead,
            ruleset=ruleset,
            rule_id=what.rule.id if what.rule else None,
            method=what.method,
            owner=owners[what.owner] if what.owner else None,
            pool=lead.pool if what.pool else None,
            explanation=what.as_document(),
            decided_at=moment,
        )
        for lead, what in zip(leads, decided, strict=True)
    )
    pushed = [decision for decision in decisions if decision.owner_id]
    Assignment.objects.bulk_create(
        Assignment(
            lead=decision.lead,
            rep=cast("Rep", decision.owner),
            decision=decision,
            method=Assignment.Method.PUSH,
            started_at=moment,
        )
        for decision in pushed
    )
    for team, rotation in rotations.items():
        turns = [
            (lead, what.turn)
            for lead, what in zip(leads, decided, strict=True)
            if what.turn and what.team == team
        ]
        if turns:
            save_turns(rotation, world.teams[team].rotation, turns, moment)
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=decision.lead,
            event=LogEntry.Event.ASSIGNED,
            rep_id=decision.owner_id,
            at=moment,
            detail={"method": decision.method},
        )
        for decision in pushed
    )
    tell_owners(pushed, moment)
    for decision in pushed:
        announce(lead_assigned, sender=Lead, lead=decision.lead, rep=decision.owner)
    announce_limits(owners.values(), world.reps, moment)
    tell([lead for lead in leads if lead.status == Lead.Status.WAITING], moment)
    return decisions


def _place(leads: Sequence[Lead], decided: Sequence[engine.Decision], world: World) -> None:
    """Save each lead where it was decided to go."""
    pools = Pool.objects.in_bulk({what.pool.id for what in decided if what.pool})
    new = [lead for lead in leads if lead.pk is None]
    known = [lead for lead in leads if lead.pk is not None]
    for lead, what in zip(leads, decided, strict=True):
        if what.owner:
            lead.status, lead.owner_id = Lead.Status.OWNED, what.owner
        elif what.pool:
            lead.status, lead.owner, lead.pool = Lead.Status.WAITING, None, pools[what.pool.id]
            lead.opens_at, lead.period = world.moment, lead.period + 1
    Lead.objects.bulk_create(new)
    Lead.objects.bulk_update(
        known, ("status", "owner", "pool", "opens_at", "period"), batch_size=500
    )

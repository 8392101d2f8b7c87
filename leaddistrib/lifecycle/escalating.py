"""A lead that its owner does not answer goes to somebody who will (SL3, SL6).

To the owner's backup, to another rep by the rules, to a manager of the team, or to a pool: by the
steps of its policy, each of which is passed over where it finds nobody. It never goes back to
whoever let it lapse. Where nobody is left it stays with its owner, and the managers are told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from leaddistrib.lifecycle.lapsing import Going, leased, locked, part, stay, tell_of_handing_on
from leaddistrib.lifecycle.opening import tell
from leaddistrib.lifecycle.recording import record_decisions, save_placed
from leaddistrib.lifecycle.routing import lock_for, reroute
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Decision, EscalationStep, Lead, Rep
from leaddistrib.queries import clock as time
from leaddistrib.queries.partings import parted_with
from leaddistrib.queries.successors import Successors, named_by

To = EscalationStep.To

NOBODY_BY_RULES: dict[str, Any] = {"push": "rules", "team": "", "candidates": [], "winner": None}
"""A step that asked the rules, which had nobody."""


@act(durable=False)
def escalate(taken: Sequence[int], until: datetime) -> list[Going]:
    """Hand on the leads of clocks that are leased ``until`` then. Returns those that go to a pool,
    for ``to_pools``: in a transaction of its own, because pools are the last locks.

    Locks their owners and all reps who may be next in one go, then rotations, leads and clocks.
    """
    held = _lock_reps(taken, until)
    clocks = locked(taken, until)
    now = time.now()
    going = [Going(one, list(one.policy.steps.all()), one.step) for one in clocks if one.policy]
    parted = parted_with([one.clock.lead for one in going])
    _walk(going, parted, held, now)
    gone = _hand_on(going, now)
    asked = [one for one in going if one.waits_for_rules]
    gone += _ask_rules(asked, now)
    rest = [one for one in asked if one not in gone]
    _walk(rest, parted, held, now)
    gone += _hand_on(rest, now)
    tell_of_handing_on(gone, now)
    stay([one.clock for one in going if one.step is None], now)
    return [one for one in going if one.step and one.step.to == To.POOL]


@act(durable=False)
def to_pools(going: Sequence[Going], until: datetime) -> None:
    """Put the leads of clocks that are still leased ``until`` then into the pools of their steps.

    Locks their owners, leads, clocks, and pools by ascending id.
    """
    lock_reps(one.clock.rep_id for one in going)
    clocks = {one.pk: one for one in locked([one.clock.pk for one in going], until)}
    now = time.now()
    still = [replace(one, clock=clocks[one.clock.pk]) for one in going if one.clock.pk in clocks]
    if not still:
        return
    part(still, now)
    leads = [one.clock.lead for one in still]
    for one in still:
        lead = one.clock.lead
        lead.status, lead.owner = Lead.Status.WAITING, None
        lead.pool = one.step.pool if one.step else None
        lead.opens_at, lead.period, lead.retry_at = now, lead.period + 1, None
    save_placed(leads)
    _record(still, now)
    tell_of_handing_on(still, now)
    tell(leads, now, urgent=True)


def _lock_reps(taken: Sequence[int], until: datetime) -> set[int]:
    """Lock the owners, whom their steps name, and whom the rules may ask; returns the first two."""
    clocks = list(
        leased(taken, until)
        .select_related("rep", "lead", "policy")
        .prefetch_related("policy__steps")
    )
    owners = [one.rep for one in clocks]
    held = {owner.pk for owner in owners} | named_by(owners)
    by_rules = [
        one.lead
        for one in clocks
        if one.policy and any(step.to == To.RULES for step in list(one.policy.steps.all()))
    ]
    if by_rules:
        lock_for(by_rules, others=held)
    else:
        lock_reps(held)
    return held


def _walk(
    going: Sequence[Going], parted: Mapping[int, set[int]], held: set[int], now: datetime
) -> None:
    """Each goes on, past steps that find nobody, until somebody is found or a step is reached
    about which the rules are to be asked, or a pool."""
    there = Successors([one.clock.rep for one in going], held, now) if going else None
    for one in going:
        owner = one.clock.rep
        excluded = frozenset({owner.pk} | parted[one.clock.lead_id])
        while there and one.step and one.step.to != To.POOL and not one.waits_for_rules:
            if one.step.to != To.RULES:  # about which they were asked before
                ask = there.backup if one.step.to == To.BACKUP else there.manager
                trace = ask(owner, excluded)
                if trace.winner is not None:
                    one.found = trace
                    break
                one.passed_over.append(trace.as_document())
            one.place += 1


def _hand_on(going: Sequence[Going], now: datetime) -> list[Going]:
    """The leads for which somebody was found, at a step that names them, are theirs; returns
    those."""
    gone = [one for one in going if one.found is not None]
    if gone:
        part(gone, now)
        owners = Rep.objects.select_related("user", "team").in_bulk(
            {one.found.winner for one in gone if one.found}
        )
        for one in gone:
            lead, winner = one.clock.lead, one.found.winner if one.found else None
            lead.owner, lead.retry_at = owners[winner or 0], None
        save_placed([one.clock.lead for one in gone])
        _record(gone, now)
    return gone


def _ask_rules(asked: Sequence[Going], now: datetime) -> list[Going]:
    """The rules give these leads to other reps, or open them to others; returns those that went.
    The others are past that step."""
    by_lead = {one.clock.lead_id: one for one in asked}
    decided = reroute(
        [one.clock.lead for one in asked],
        part=lambda leads: part([by_lead[lead.pk] for lead in leads], now),
        told=[one.explained() for one in asked],
    )
    gone = []
    for one, decision in zip(asked, decided, strict=True):
        if decision is None:
            one.passed_over.append(NOBODY_BY_RULES)
            one.place, one.rules_asked = one.place + 1, True
        else:
            one.decision = decision
            gone.append(one)
    return gone


def _record(going: Sequence[Going], now: datetime) -> None:
    """Decisions of steps that name somebody, or a pool."""
    decisions = record_decisions(
        (
            Decision(
                lead=one.clock.lead,
                method=Decision.Method.ESCALATION,
                owner=one.clock.lead.owner,
                pool=None if one.clock.lead.owner else one.clock.lead.pool,
                explanation={
                    "rule": None,
                    "misses": [],
                    "steps": [_taken(one)],
                    **one.explained(),
                },
                decided_at=now,
            )
            for one in going
        ),
        now,
    )
    for one, decision in zip(going, decisions, strict=True):
        one.decision = decision


def _taken(one: Going) -> dict[str, Any]:
    """The step that was taken, as an explanation has it."""
    if one.found is not None:
        return one.found.as_document()
    pool = one.clock.lead.pool
    return {"pool": pool.name, "mode": pool.mode} if pool else {}

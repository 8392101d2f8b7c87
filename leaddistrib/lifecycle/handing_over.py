"""A rep leaves: all that is open goes through the rules to the others, after a preview (PU10)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID, uuid4

from django.contrib.auth.models import AbstractUser
from django.db.models import Exists, OuterRef, QuerySet

from leaddistrib.engine import decision as engine
from leaddistrib.engine.facts import LeadFacts, Rules, World
from leaddistrib.engine.gates import Situation, first_refusal
from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.holdings import give_holdings, set_active
from leaddistrib.lifecycle.matching import place
from leaddistrib.lifecycle.reassigning import end_as_reassigned
from leaddistrib.lifecycle.retrying import wake
from leaddistrib.lifecycle.routing import candidates, route
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Assignment, Decision, HandOver, Lead, Pool, Rep, Rule
from leaddistrib.queries import clock, explanations, rulebook
from leaddistrib.queries.handovers import coverable
from leaddistrib.queries.partings import parted_with
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.world import load

BATCH = 20
"""Leads that change hands in one transaction, here and back: small, so that claims never wait
long."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a preview: whom or which pool a lead would go to, and why."""

    lead: Lead
    decision: Decision

    @property
    def owner(self) -> Rep | None:
        return self.decision.owner

    @property
    def pool(self) -> Pool | None:
        return self.decision.pool

    @property
    def why(self) -> str:
        return explanations.sentence(self.decision)

    @property
    def receiver(self) -> str:
        return receiver(self.decision)


def receiver(decision: Decision) -> str:
    """A stable name for where a lead goes, to compare what was done with what was shown."""
    if decision.owner:
        return f"rep:{decision.owner.public_id}"
    return f"pool:{decision.pool and decision.pool.public_id}"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was done: the hand-over, by which it can be taken back, and the decisions, in order."""

    handover: HandOver
    decisions: Sequence[Decision]

    @property
    def id(self) -> str:
        return str(self.handover.public_id)


def open_leads(rep: Rep) -> QuerySet[Lead]:
    """What is handed over, oldest first."""
    return Lead.objects.filter(owner=rep, status=Lead.Status.OWNED).order_by("received_at", "pk")


def preview_handover(rep: Rep, *, successor: Rep | None = None) -> list[Row]:
    """Where each open lead of ``rep`` would go now, worked out in memory; nothing is written and
    nothing is locked. With ``successor``, as if the rep's accounts, territories and cover were
    that rep's already."""
    leads = list(open_leads(rep).select_related("pool", "owner__user"))
    if not leads:
        return []
    place(leads)
    rulebook.with_market(leads)
    ruleset = rulebook.published()
    rules = rulebook.compiled(ruleset) if ruleset else Rules.compiled(0, ())
    facts = [_as_if(rulebook.lead_facts(lead), rep, successor) for lead in leads]
    matched = {rules.matcher.first(one.values) for one in facts}
    world = load(rules, matched, clock.now(), leads=facts)
    if successor is not None:
        _take_over(world, rep, successor)
    out = frozenset([rep.pk])
    parted = parted_with(leads)
    decided = [
        engine.decide(rules, one, world, out | parted[lead.pk])
        for lead, one in zip(leads, facts, strict=True)
    ]
    return _rows(leads, decided)


def hand_over(
    rep: Rep,
    *,
    actor: AbstractUser,
    reason: str,
    successor: Rep | None = None,
    leaves: bool = False,
    public_id: UUID | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> HandedOver:
    """Give everything open of ``rep`` to others, by the rules, which pass the rep over.

    With ``leaves`` the rep is set inactive first, so that nothing comes in meanwhile; a
    ``successor`` gets the rep's accounts and territories, and covers for whom the rep covered,
    before the leads go. Each batch is a transaction of its own: when it is cut off, what was
    handed over stays so, and doing it again with the same ``public_id`` goes on with the rest of
    the same hand-over, by what it was begun with: what became the rep's since stays. One that
    was taken back, even while it is under way, is not gone on with. ``progress`` is told how many
    of how many are done.

    Raises:
        ValueError: no reason was given, the successor is the rep or not active, or the hand-over
            of this id is another rep's.
        Busy: the database was locked through every retry; the batches before it are done.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("Leads are handed over with a reason.")
    if successor == rep:
        raise ValueError("Nobody succeeds themselves.")
    handover = _begin(rep.pk, public_id or uuid4(), actor, reason[:500], successor, leaves)
    decisions: list[Decision] = []
    if handover.taken_back_at is None:
        pks = list(_to_go(handover).values_list("pk", flat=True))
        for start in range(0, len(pks), BATCH):
            gone = _hand_over_batch(handover, pks[start : start + BATCH], actor)
            if gone is None:
                break
            decisions += gone
            progress(min(start + BATCH, len(pks)), len(pks))
        _wake([one for one in (handover.rep, handover.successor) if one])
    return HandedOver(handover, decisions)


def _to_go(handover: HandOver) -> QuerySet[Lead]:
    """What the rep had when it was begun, and still has. A form that is sent again days later takes
    nothing that no preview showed."""
    since = Assignment.objects.filter(
        lead=OuterRef("pk"), ended_at=None, started_at__gt=handover.at
    )
    return open_leads(handover.rep).filter(~Exists(since))


def _as_if(facts: LeadFacts, rep: Rep, successor: Rep | None) -> LeadFacts:
    if successor is None or facts.account_owner != rep.pk:
        return facts
    values = {**facts.values, "account_owner": successor.user.get_username()}
    return replace(facts, values=values, account_owner=successor.pk)


def _take_over(world: World, rep: Rep, successor: Rep) -> None:
    """Put ``successor`` into the territories that name ``rep``, and behind those whose backup the
    rep is."""
    if successor.pk not in world.reps:
        world.reps.update(rep_facts([successor.pk], world.moment))
    for pk in rep.territories.values_list("pk", flat=True):
        if pk in world.territories:
            known = world.territories[pk]
            reps = sorted({*known.reps, successor.pk} - {rep.pk})
            world.territories[pk] = replace(known, reps=tuple(reps))
    for other in coverable(rep, successor):
        if other.pk in world.reps:
            world.reps[other.pk] = replace(world.reps[other.pk], backup=successor.pk)


def _rows(leads: Sequence[Lead], decided: Sequence[engine.Decision]) -> list[Row]:
    owners = Rep.objects.select_related("user").in_bulk({what.owner for what in decided} - {None})
    pools = Pool.objects.in_bulk({what.pool.id for what in decided if what.pool})
    rules = Rule.objects.select_related("ruleset").in_bulk(
        {what.rule.id for what in decided if what.rule}
    )
    rows = []
    for lead, what in zip(leads, decided, strict=True):
        decision = Decision(
            lead=lead,
            rule=rules[what.rule.id] if what.rule else None,
            ruleset=rules[what.rule.id].ruleset if what.rule else None,
            method=what.method,
            owner=owners[what.owner] if what.owner else None,
            pool=pools.get(what.pool.id) if what.pool else None,
            explanation=what.as_document(),
        )
        rows.append(Row(lead, decision))
    return rows


@act(durable=True)
def _begin(
    rep_id: int,
    public_id: UUID,
    actor: AbstractUser,
    reason: str,
    successor: Rep | None,
    leaves: bool,
) -> HandOver:
    """The hand-over of this id. Once: whoever comes second with it waits for the rep's lock."""
    covered = Rep.objects.filter(backup=rep_id).values_list("pk", flat=True)
    lock_reps({rep_id, *([successor.pk, *covered] if successor else ())})
    known = HandOver.objects.select_related("rep__user", "successor__user")
    begun = known.filter(public_id=public_id).first()
    if begun is not None:
        if begun.rep_id != rep_id:
            raise ValueError("This hand-over is another rep's.")
        return begun
    rep = Rep.objects.select_related("user").get(pk=rep_id)
    retired = leaves and rep.active
    if retired:
        set_active(rep, False, actor, reason)
    to = successor and Rep.objects.select_related("user").get(pk=successor.pk)
    if to and not to.active:
        raise ValueError("A successor is active.")
    return HandOver.objects.create(
        public_id=public_id,
        rep=rep,
        successor=to,
        by=cast("Any", actor),
        at=clock.now(),
        reason=reason,
        retired=retired,
        moved=give_holdings(rep, to, actor, reason) if to else {},
    )


@act(durable=True)
def _hand_over_batch(
    handover: HandOver, pks: Iterable[int], actor: AbstractUser
) -> list[Decision] | None:
    """None, and nothing goes, once the hand-over was taken back: whoever does that holds the rep,
    so it was before this batch, or comes after it and gives all of it back.

    All reps in one go: the leaving one first and the receivers later would break the order of
    locks, as in giving back."""
    rep = handover.rep
    mine = _to_go(handover).filter(pk__in=pks)
    lock_reps({rep.pk, *candidates(list(mine))})
    handover.refresh_from_db(fields=("taken_back_at",))
    if handover.taken_back_at is not None:
        return None
    rows = mine.select_for_update(no_key=True, of=("self",)).select_related("owner__user")
    leads = sorted(rows.order_by("pk"), key=lambda lead: (lead.received_at, lead.pk))
    now = clock.now()
    end_as_reassigned(leads, now, handover.reason, actor, handover=str(handover.public_id))
    for lead in leads:
        lead.status, lead.owner, lead.pool, lead.opens_at = Lead.Status.RECEIVED, None, None, None
    Lead.objects.bulk_update(leads, ("status", "owner", "pool", "opens_at"))
    decisions = route(leads, excluded=[rep])
    announce_limits([rep], rep_facts([rep.pk], now), now)
    return decisions


@act(durable=False)
def _wake(reps: Sequence[Rep]) -> None:
    """A rep who stays has room now, and a successor may be given what nobody could: leads that
    wait for somebody are tried."""
    now = clock.now()
    facts = rep_facts([rep.pk for rep in reps], now)
    there = [rep for rep in reps if not first_refusal(facts[rep.pk], Situation(now))]
    if there:
        wake(there)

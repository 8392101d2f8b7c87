"""A rep leaves: all that is open goes through the rules to the others, after a preview (PU10)."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet
from simple_history.utils import bulk_update_with_history

from leaddistrib.engine import decision as engine
from leaddistrib.engine.facts import LeadFacts, Rules
from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.matching import place
from leaddistrib.lifecycle.reassigning import Assigned, assign_by_hand, end_as_reassigned
from leaddistrib.lifecycle.routing import candidates, route
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Account, Contact, Decision, Lead, LogEntry, Outcome, Pool, Rep, Rule
from leaddistrib.queries import clock, explanations, rulebook
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.world import load

BATCH = 20
"""Leads that change hands in one transaction: small, so that claims never wait long."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a preview: whom or which pool a lead would go to, and why."""

    lead: Lead
    owner: Rep | None
    pool: Pool | None
    why: str

    @property
    def receiver(self) -> str:
        """A stable name for where it goes, to compare what was done with what was shown."""
        return f"rep:{self.owner.pk}" if self.owner else f"pool:{self.pool and self.pool.pk}"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was done: the decision for each lead, in order, and the id it can be taken back by."""

    id: str
    decisions: Sequence[Decision]
    accounts: int = 0


def open_leads(rep: Rep) -> QuerySet[Lead]:
    """What is handed over, oldest first."""
    return Lead.objects.filter(owner=rep, status=Lead.Status.OWNED).order_by("received_at", "pk")


def preview_handover(rep: Rep, *, accounts_to: Rep | None = None) -> list[Row]:
    """Where each open lead of ``rep`` would go now, worked out in memory; nothing is written and
    nothing is locked. ``accounts_to``: as if the rep's accounts were this rep's already."""
    leads = list(open_leads(rep).select_related("pool"))
    if not leads:
        return []
    place(leads)
    rulebook.with_market(leads)
    ruleset = rulebook.published()
    rules = rulebook.compiled(ruleset) if ruleset else Rules.compiled(0, ())
    facts = [_as_if(rulebook.lead_facts(lead), rep, accounts_to) for lead in leads]
    matched = {rules.matcher.first(one.values) for one in facts}
    world = load(rules, matched, clock.now(), leads=facts)
    out = frozenset([rep.pk])
    decided = [engine.decide(rules, one, world, out) for one in facts]
    return _rows(leads, decided)


def hand_over(
    rep: Rep,
    *,
    actor: AbstractUser,
    reason: str,
    accounts_to: Rep | None = None,
    leaves: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> HandedOver:
    """Give everything open of ``rep`` to others, by the rules, which pass the rep over.

    With ``leaves`` the rep is set inactive first, so that nothing comes in meanwhile; with
    ``accounts_to`` the rep's accounts are given to that rep before their leads are. Each batch is
    a transaction of its own: when it is cut off, what was handed over stays so, and calling it
    again goes on with the rest. ``progress`` is told how many of how many are done.

    Raises:
        ValueError: no reason was given.
        Busy: the database was locked through every retry; the batches before it are done.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("Leads are handed over with a reason.")
    if leaves:
        _retire(rep.pk, actor, reason)
    accounts = _give_accounts(rep, accounts_to, actor, reason) if accounts_to else 0
    done = HandedOver(str(uuid.uuid4()), [], accounts)
    decisions: list[Decision] = []
    pks = list(open_leads(rep).values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        decisions += _hand_over_batch(rep.pk, pks[start : start + BATCH], actor, reason, done.id)
        progress(min(start + BATCH, len(pks)), len(pks))
    return replace(done, decisions=decisions)


def take_back(rep: Rep, handover: str, *, actor: AbstractUser, reason: str) -> Assigned:
    """Give ``rep`` back the leads of a hand-over that nobody worked on since: neither contacted
    nor closed, nor with an outcome, nor handed on. Accounts stay where they are.

    Raises:
        ValueError: no reason was given, or the rep is not active.
        Busy: the database was locked through every retry; nothing was written.
    """
    entries = LogEntry.objects.filter(
        event=LogEntry.Event.REASSIGNED, rep=rep, detail__handover=handover
    )
    untouched = []
    for entry in entries.select_related("lead"):
        since = {"lead": entry.lead, "at__gte": entry.at}
        touched = (
            Contact.objects.filter(**since).exists()
            or Outcome.objects.filter(**since).exists()
            or LogEntry.objects.filter(**since, pk__gt=entry.pk, event__in=WORKED_ON).exists()
        )
        if not touched:
            untouched.append(entry.lead)
    return assign_by_hand(untouched, rep, reason=reason, actor=actor)


WORKED_ON = (
    LogEntry.Event.CLAIMED,
    LogEntry.Event.CONTACTED,
    LogEntry.Event.RELEASED,
    LogEntry.Event.REASSIGNED,
    LogEntry.Event.CLOSED,
)


def _as_if(facts: LeadFacts, rep: Rep, accounts_to: Rep | None) -> LeadFacts:
    if accounts_to is None or facts.account_owner != rep.pk:
        return facts
    values = {**facts.values, "account_owner": accounts_to.user.get_username()}
    return replace(facts, values=values, account_owner=accounts_to.pk)


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
        why = explanations.sentence(decision)
        rows.append(Row(lead, decision.owner, decision.pool, why))
    return rows


@act(durable=True)
def _retire(rep_id: int, actor: AbstractUser, reason: str) -> None:
    lock_reps([rep_id])
    rep: Any = Rep.objects.get(pk=rep_id)  # simple_history reads who did it from the row
    if rep.active:
        rep.active = False
        rep._history_user = actor
        rep._change_reason = reason[:100]
        rep.save(update_fields=("active",))


@act(durable=True)
def _give_accounts(rep: Rep, to: Rep, actor: AbstractUser, reason: str) -> int:
    accounts = list(Account.objects.select_for_update(no_key=True).filter(owner=rep).order_by("pk"))
    for account in accounts:
        account.owner = to
    given: int = bulk_update_with_history(
        accounts,
        Account,
        ["owner"],
        batch_size=500,
        default_user=actor,
        default_change_reason=reason[:100],
    )
    return given


@act(durable=True)
def _hand_over_batch(
    rep_id: int, pks: Iterable[int], actor: AbstractUser, reason: str, handover: str
) -> list[Decision]:
    """All reps in one go: the leaving one first and the receivers later would break the order of
    locks, as in giving back."""
    mine = Lead.objects.filter(pk__in=pks, owner=rep_id, status=Lead.Status.OWNED)
    lock_reps({rep_id, *candidates(list(mine))})
    rep = Rep.objects.select_related("user").get(pk=rep_id)
    rows = mine.select_for_update(no_key=True, of=("self",)).select_related("owner__user")
    leads = sorted(rows.order_by("pk"), key=lambda lead: (lead.received_at, lead.pk))
    now = clock.now()
    end_as_reassigned(leads, now, reason, actor, handover=handover)
    for lead in leads:
        lead.status, lead.owner, lead.pool, lead.opens_at = Lead.Status.RECEIVED, None, None, None
    Lead.objects.bulk_update(leads, ("status", "owner", "pool", "opens_at"))
    decisions = route(leads, excluded=[rep])
    announce_limits([rep], rep_facts([rep.pk], now), now)
    return decisions

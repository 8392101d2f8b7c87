"""Somebody gives leads to a rep by hand, past the rules, with a reason (PU7)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal, Situation, refusals
from leaddistrib.lifecycle.announcing import announce_limits, announce_taken
from leaddistrib.lifecycle.crediting import charge_turns
from leaddistrib.lifecycle.recording import record_decisions
from leaddistrib.lifecycle.retrying import wake
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Assignment, Decision, Lead, LogEntry, Offer, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.roster import rep_facts


@dataclass(frozen=True, slots=True)
class Assigned:
    """What came of it: the decisions, and the leads that were left alone, because they are closed
    or the rep's already."""

    decisions: Sequence[Decision]
    left_alone: Sequence[Lead]


def objections(to: Rep, number: int, moment: datetime) -> list[Refusal]:
    """What the gates say against giving ``to`` so many more leads at ``moment``: a warning to
    whoever does it by hand."""
    return _against(rep_facts([to.pk], moment)[to.pk], moment, before=number - 1)


@act(durable=True)
def assign_by_hand(leads: Iterable[Lead], to: Rep, *, reason: str, actor: AbstractUser) -> Assigned:
    """``actor`` gives ``leads``, wherever they are, to ``to``: all of them or none.

    What the gates say against it is kept in each decision and stops nobody. For a previous owner
    the lead ends as reassigned. It takes the new owner's turn if the team counts such leads.
    Whether the actor may do this is the doors' to ask.

    Raises:
        ValueError: no reason was given, or the rep is not active.
        Busy: the database was locked through every retry; nothing was written.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("A lead is assigned by hand with a reason.")
    wanted = Lead.objects.filter(pk__in={lead.pk for lead in leads})
    owners = set(wanted.filter(owner__isnull=False).values_list("owner", flat=True))
    lock_reps({to.pk, *owners})
    to = Rep.objects.select_related("user", "team").get(pk=to.pk)
    if not to.active:
        raise ValueError("Leads are given to active reps only.")
    moving, left_alone = _locked(wanted, to)
    now = clock.now()
    facts = rep_facts({to.pk, *owners}, now)
    decisions = [
        Decision(
            lead=lead,
            method=Decision.Method.MANUAL,
            owner=to,
            explanation=_explanation(lead, actor, reason, _against(facts[to.pk], now, number)),
            decided_at=now,
        )
        for number, lead in enumerate(moving)
    ]
    before = [(lead.status, lead.owner) for lead in moving]
    owned = [lead for lead in moving if lead.status == Lead.Status.OWNED]
    end_as_reassigned(owned, now, reason, actor)
    Offer.objects.filter(lead__in=moving, closed_at=None).update(closed_at=now)
    Lead.objects.filter(pk__in=[lead.pk for lead in moving]).update(
        status=Lead.Status.OWNED, owner=to, retry_at=None
    )
    for lead in moving:
        lead.status, lead.owner, lead.retry_at = Lead.Status.OWNED, to, None
    record_decisions(decisions, now, actor=actor)
    charge_turns(moving, to, now, reason=reason)
    _tell_pages(moving, before, to, facts, now)
    return Assigned(decisions, left_alone)


def _locked(wanted: QuerySet[Lead], to: Rep) -> tuple[list[Lead], list[Lead]]:
    """The leads, locked by ascending id: those to be moved, and those that are left alone."""
    rows = wanted.select_for_update(no_key=True, of=("self",)).order_by("pk")
    moving: list[Lead] = []
    left_alone: list[Lead] = []
    for lead in rows.select_related("pool", "owner__user"):
        settled = lead.owner_id == to.pk or lead.status == Lead.Status.CLOSED
        (left_alone if settled else moving).append(lead)
    return moving, left_alone


def _against(facts: RepFacts, moment: datetime, before: int) -> list[Refusal]:
    """What stands against one more lead, when ``before`` others were given just now."""
    return refusals(replace(facts, open_leads=facts.open_leads + before), Situation(moment))


def _explanation(
    lead: Lead, actor: AbstractUser, reason: str, against: Iterable[Refusal]
) -> dict[str, Any]:
    """No rule was asked: who did it, why, whose it was, and what they went past."""
    return {
        "rule": None,
        "misses": [],
        "steps": [],
        "by": actor.get_full_name() or actor.get_username(),
        "reason": reason,
        "from": lead.owner.name if lead.owner else None,
        "despite": [{"refused": one.code, "params": dict(one.params)} for one in against],
    }


def end_as_reassigned(
    leads: Sequence[Lead], moment: datetime, reason: str, actor: AbstractUser, **detail: str
) -> None:
    """The leads' stretches of time with their owners end as reassigned, and the log says so, with
    the reason and ``detail``. The leads are locked, and still carry the owner."""
    Assignment.objects.filter(lead__in=leads, ended_at=None).update(
        ended_at=moment, end=Assignment.Ended.REASSIGNED, end_reason=reason[:500]
    )
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=lead,
            event=LogEntry.Event.REASSIGNED,
            rep=lead.owner,
            actor=cast("Any", actor),
            at=moment,
            detail={"reason": reason, **detail},
        )
        for lead in leads
    )


def _tell_pages(
    leads: Sequence[Lead],
    before: Sequence[tuple[str, Rep | None]],
    to: Rep,
    facts: Mapping[int, RepFacts],
    moment: datetime,
) -> None:
    """Pools lose what waited there, previous owners have fewer open leads, ``to`` has more."""
    lost = Counter(owner.pk for _, owner in before if owner)
    after = {
        pk: replace(one, open_leads=max(0, one.open_leads - lost[pk])) for pk, one in facts.items()
    }
    after[to.pk] = replace(facts[to.pk], open_leads=facts[to.pk].open_leads + len(leads))
    waited = [
        lead
        for lead, (status, _) in zip(leads, before, strict=True)
        if status == Lead.Status.WAITING
    ]
    # Pools are the last locks, by ascending id.
    for lead in sorted(waited, key=lambda lead: lead.pool_id or 0):
        announce_taken(lead, to, after[to.pk], moment)
    previous = {owner.pk: owner for _, owner in before if owner and owner.pk in after}
    announce_limits([to, *previous.values()], after, moment)
    full = [one for pk, one in previous.items() if facts[pk].open_leads >= facts[pk].capacity]
    if full:
        wake(full)

"""Somebody gives leads to a rep by hand, past the rules, with a reason (PU7)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal, Situation, refusals
from leaddistrib.lifecycle.announcing import announce_gone, announce_limits
from leaddistrib.lifecycle.crediting import charge_turns, counts_by_hand
from leaddistrib.lifecycle.opening import close_offers
from leaddistrib.lifecycle.recording import record_decisions
from leaddistrib.lifecycle.responding import stop_clocks
from leaddistrib.lifecycle.retrying import places_freed
from leaddistrib.lifecycle.rotations import lock_rotations
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Assignment, Decision, Lead, LogEntry, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.partings import let_lapse
from leaddistrib.queries.roster import rep_facts


@dataclass(frozen=True, slots=True)
class Assigned:
    """What came of it: the decisions; the leads that were left alone, because they are closed or
    the rep's already; and those that are not any more what whoever gives them away has seen."""

    decisions: Sequence[Decision]
    left_alone: Sequence[Lead] = ()
    changed: Sequence[Lead] = ()


def objections(to: Rep, leads: Sequence[Lead], moment: datetime) -> list[Refusal]:
    """What the gates say at ``moment`` against giving ``leads`` to ``to``: a warning to whoever
    does it by hand. If ``to`` had some of them and did not answer in time, ``number`` of that
    refusal says how many (SL6)."""
    facts = rep_facts([to.pk], moment)[to.pk]
    lapsed = sum(to.pk in reps for reps in let_lapse(leads).values())
    against = _against(facts, moment, before=len(leads) - 1, lapsed=lapsed > 0)
    return [
        replace(one, params={"number": lapsed}) if one.code == "let_lapse" else one
        for one in against
    ]


@act(durable=True)
def assign_by_hand(
    leads: Iterable[Lead],
    to: Rep,
    *,
    reason: str,
    actor: AbstractUser,
    still: Callable[[Lead], bool] = lambda lead: True,
) -> Assigned:
    """``actor`` gives ``leads``, wherever they are, to ``to``.

    What the gates say against it is kept in each decision and stops nobody. For a previous owner
    the lead ends as reassigned. It takes the new owner's turn if the team counts such leads.
    ``still`` is asked about each lead once it is locked: whether it is what the actor saw, and
    the actor's to give. Whoever else may not do this, the doors turn away.

    Raises:
        ValueError: no reason was given, or the rep is not active.
        Busy: the database was locked through every retry; nothing was written.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("A lead is assigned by hand with a reason.")
    wanted = Lead.objects.filter(pk__in={lead.pk for lead in leads})
    held = hold(wanted, to)
    lock_rotations(counts_by_hand(held.to))
    moving: list[Lead] = []
    left_alone: list[Lead] = []
    changed: list[Lead] = []
    for lead in locked(wanted):
        settled = lead.owner_id == to.pk or lead.status == Lead.Status.CLOSED
        (left_alone if settled else moving if still(lead) else changed).append(lead)
    charge_turns(moving, held.to, held.moment, reason=reason)
    return Assigned(give(moving, held, reason=reason, actor=actor), left_alone, changed)


@dataclass(frozen=True, slots=True)
class Held:
    """Whom leads are given to, as a row that is locked, and what is known of that rep and of those
    who own the leads, who are locked too."""

    to: Rep
    facts: Mapping[int, RepFacts]
    moment: datetime


def hold(wanted: QuerySet[Lead], to: Rep) -> Held:
    """Lock ``to`` and the owners of the leads, in one go.

    Raises:
        ValueError: the rep is not active.
    """
    owners = set(wanted.filter(owner__isnull=False).values_list("owner", flat=True))
    lock_reps({to.pk, *owners})
    to = Rep.objects.select_related("user", "team").get(pk=to.pk)
    if not to.active:
        raise ValueError("Leads are given to active reps only.")
    now = clock.now()
    return Held(to, rep_facts({to.pk, *owners}, now), now)


def locked(wanted: QuerySet[Lead]) -> QuerySet[Lead]:
    """The leads, locked by ascending id, with all that says whose they are. After ``hold``, and
    after the rotations whose turns they take or give back."""
    rows = wanted.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return rows.select_related("pool", "owner__user")


def give(moving: Sequence[Lead], held: Held, *, reason: str, actor: AbstractUser) -> list[Decision]:
    """Make locked leads those of the rep who is held, and tell everybody whom it concerns."""
    to, now = held.to, held.moment
    lapsed = let_lapse(moving)
    decisions = []
    for number, lead in enumerate(moving):
        against = _against(held.facts[to.pk], now, number, lapsed=to.pk in lapsed[lead.pk])
        decisions.append(
            Decision(
                lead=lead,
                method=Decision.Method.MANUAL,
                owner=to,
                explanation=_explanation(lead, actor, reason, against),
                decided_at=now,
            )
        )
    owned = [lead for lead in moving if lead.status == Lead.Status.OWNED]
    waited = [lead for lead in moving if lead.status == Lead.Status.WAITING]
    previous = [lead.owner for lead in owned if lead.owner]
    end_as_reassigned(owned, now, reason, actor)
    close_offers(waited, now)
    Lead.objects.filter(pk__in=[lead.pk for lead in moving]).update(
        status=Lead.Status.OWNED, owner=to, retry_at=None
    )
    for lead in moving:
        lead.status, lead.owner, lead.retry_at = Lead.Status.OWNED, to, None
    record_decisions(decisions, now, actor=actor)
    announce_gone([(lead, to) for lead in waited], now)  # pools are the last locks
    _tell_reps(len(moving), previous, held)
    return decisions


def _against(facts: RepFacts, moment: datetime, before: int, *, lapsed: bool) -> list[Refusal]:
    """What stands against one more lead, which this rep may have let lapse, when ``before`` others
    were given just now."""
    return refusals(facts.handed(before), Situation(moment, let_lapse=lapsed))


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
    stop_clocks(leads, moment)
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


def _tell_reps(number: int, previous: Sequence[Rep], held: Held) -> None:
    """Each of ``previous`` has one open lead less, whoever is held so many more; who was full and
    is not any more may be given what waits."""
    lost = Counter(owner.pk for owner in previous)
    owners = {owner.pk: owner for owner in previous if owner.pk in held.facts}
    after = {
        pk: replace(held.facts[pk], open_leads=max(0, held.facts[pk].open_leads - lost[pk]))
        for pk in owners
    }
    own = held.facts[held.to.pk]
    after[held.to.pk] = own.handed(number)
    announce_limits([held.to, *owners.values()], after, held.moment)
    places_freed([owner for owner in previous if owner.pk in owners], after, held.moment)

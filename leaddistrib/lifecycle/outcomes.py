"""What comes of a lead: the stages that it reaches, until it is won or lost (OU1)."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet

from leaddistrib import conf
from leaddistrib.errors import NotYours, Outdated
from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.contacting import AHEAD, imply_contact
from leaddistrib.lifecycle.intake.fields import HIGHEST_AMOUNT
from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.lifecycle.reaching import Reached, against, keep
from leaddistrib.lifecycle.responding import resume_clock, stop_clocks
from leaddistrib.lifecycle.satisfying import ask, withdraw
from leaddistrib.lifecycle.transactions import act, lock_lead, lock_reps
from leaddistrib.lifecycle.undoing import undo_entry
from leaddistrib.models import Assignment, Lead, LogEntry, Outcome, Rep, ResponseClock
from leaddistrib.queries import clock
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.contacts import said_at
from leaddistrib.queries.membership import is_member
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.standing import TERMINAL, reached, standing_of
from leaddistrib.signals import announce, lead_outcome_undone

REASON = 500
"""Characters of a reason at most."""


@act(durable=True)
def record_outcome(
    lead: Lead,
    stage: str,
    *,
    rep: Rep | None = None,
    by: AbstractUser | None,
    at: datetime | None = None,
    value: Decimal | None = None,
    currency: str = "",
    reason: str = "",
) -> Outcome:
    """``lead`` reached ``stage`` (of ``Outcome.Stage``), now or ``at``; returns the outcome (OU1).

    With ``rep`` that rep says so, who owns the lead or, as a member of its pool, shares it. Without
    one somebody who looks after it does (``by``; None for a program), for whoever owns it: whoever
    else may not, the doors turn away. ``value`` is what the deal is worth, in ``currency`` (ISO
    4217; the lead's own if left out, else CURRENCY).

    Won or lost closes the lead; one that is closed can only become won or lost. What its owner says
    of it, unless that it is lost, takes having been in touch: it stops the response clock. Said
    twice in the same words, the first one is returned: a second tap does no harm. A lead that had
    another chance since is won or lost anew, unless ``at`` says that this is what was known before.

    Raises:
        ValueError: no such stage, a time in the future, an amount out of bounds, or a reason of
            over 500 characters.
        NotYours: the lead is neither the rep's nor shared with the rep.
        Closed: it is closed, and the stage comes before that.
        Outdated: somebody else has the lead since it was read, or it went on since ``at``.
        Busy: the database was locked through every retry; nothing was written.
    """
    reason = _checked(stage, value, reason)
    owner = Lead.objects.values_list("owner", flat=True).get(pk=lead.pk)
    held = {pk for pk in (owner, rep.pk if rep else None) if pk is not None}
    lock_reps(held)
    locked = lock_lead(lead.pk)
    if rep is not None and not _works_on(rep, locked):
        raise NotYours("This lead is not yours (any more).")
    if not held.issuperset({locked.owner_id} - {None}):
        raise Outdated("Somebody else has this lead since you read it.")
    now = clock.now()
    if at is not None and at > now + AHEAD:
        raise ValueError("An outcome is recorded when it has come.")
    one = Reached(
        locked,
        stage,
        rep.pk if rep else locked.owner_id,
        min(at or now, now),
        value,
        (currency or locked.currency or conf.settings.CURRENCY) if value is not None else "",
        reason,
    )
    known = _known(one, rep) if at is not None else None
    if known is not None:
        return known
    before = standing_of([locked]).get(locked.pk)
    still_to_close = stage in TERMINAL and locked.status != Lead.Status.CLOSED
    again = at is None and before is not None and one.equals(before) and not still_to_close
    if rep is not None and rep.pk == locked.owner_id and stage != Outcome.Stage.LOST:
        imply_contact(locked, rep, one.at, before if again else None)
    if before is not None and again:
        return before
    against(one, before)
    [outcome] = keep([one], now, by=by)
    ask(outcome, now)
    return outcome


def _known(one: Reached, rep: Rep | None) -> Outcome | None:
    """The outcome that says the same of the very moment, whatever became of the lead since: another
    system tells what it knows each night. With ``rep`` only what was said of that rep; else also of
    a former owner."""
    last = reached([one.stage]).filter(lead=one.lead, at=one.at).order_by("pk").last()
    if last is None:
        return None
    said = one if rep is not None else replace(one, rep=last.rep_id)
    return last if said.equals(last) else None


def _checked(stage: str, value: Decimal | None, reason: str) -> str:
    """The reason without spaces around it. Raises ValueError where something is wrong."""
    if stage not in Outcome.Stage.values:
        raise ValueError(f"There is no stage {stage}.")
    if value is not None and not 0 <= value <= HIGHEST_AMOUNT:
        raise ValueError(f"A deal is worth from 0 to {HIGHEST_AMOUNT}.")
    reason = reason.strip()
    if len(reason) > REASON:
        raise ValueError(f"A reason has {REASON} characters at most.")
    return reason


def _works_on(rep: Rep, lead: Lead) -> bool:
    """Whether ``rep`` owns the lead, closed or not, or shares it."""
    if lead.owner_id == rep.pk:
        return True
    return is_shared(lead) and lead.pool_id is not None and is_member(rep, lead.pool_id)


@act(durable=True)
def undo_outcome(outcome: Outcome, by: AbstractUser | None) -> Lead:
    """``outcome`` was recorded by mistake: it is kept, and counts nowhere any more. Returns the
    lead, which is open again where only this had closed it: its owner's, or else where it waited.
    The contact that it implied goes with it. What was undone already stays so.

    Raises:
        Outdated: somebody else has the lead since it was read.
        Busy: the database was locked through every retry; nothing was written.
    """
    owner = Lead.objects.values_list("owner", flat=True).get(pk=outcome.lead_id)
    lock_reps([owner] if owner is not None else [])
    lead = lock_lead(outcome.lead_id)
    if lead.owner_id != owner:
        raise Outdated("Somebody else has this lead since you read it.")
    actor: Any = by  # whatever AUTH_USER_MODEL is
    now = clock.now()
    if not reached().filter(pk=outcome.pk).update(undone_at=now, undone_by=actor):
        return lead
    LogEntry.objects.create(
        lead=lead,
        event=LogEntry.Event.OUTCOME_UNDONE,
        rep_id=outcome.rep_id,
        actor=actor,
        at=now,
        detail={"outcome": outcome.pk, "stage": outcome.stage},
    )
    announce(lead_outcome_undone, sender=Lead, lead=lead, rep=outcome.rep, outcome=outcome)
    closing = lead.log.filter(event=LogEntry.Event.CLOSED).order_by("-pk").first()
    if closing and outcome.stage in TERMINAL and not _came_of(lead, closing).exists():
        withdraw(lead, closing.at)
        if "outcome" in closing.detail and lead.status == Lead.Status.CLOSED:
            _reopen(lead, now)
    if lead.owner is not None and lead.status == Lead.Status.OWNED:
        _disclaim(lead, lead.owner, actor, now)
    return lead


def _came_of(lead: Lead, closing: LogEntry) -> QuerySet[Outcome]:
    """The wins and losses that stand of those that closed ``lead`` then, or were recorded since.
    What it came to before it was recycled says nothing about how it is now."""
    ends = reached(TERMINAL).filter(lead=lead)
    if "outcome" in closing.detail:
        return ends.filter(pk__gte=closing.detail["outcome"])
    recorded = lead.log.filter(event=LogEntry.Event.OUTCOME, pk__gt=closing.pk)
    return ends.filter(pk__in=[entry.detail["outcome"] for entry in recorded])


def _reopen(lead: Lead, now: datetime) -> None:
    """As it was before it was closed: the owner's, in the same stretch of time; or where it waited,
    or not routed yet."""
    if lead.owner is not None:
        lead.status = Lead.Status.OWNED
        lead.save(update_fields=("status",))
        last = lead.assignments.filter(rep=lead.owner).order_by("started_at", "pk").last()
        if last is None:
            raise Assignment.DoesNotExist(f"{lead} is owned without an assignment.")
        last.ended_at, last.end, last.end_reason = None, "", ""
        last.save(update_fields=("ended_at", "end", "end_reason"))
        resume_clock(last, now)
        announce_limits([lead.owner], rep_facts([lead.owner.pk], now), now)
    elif lead.pool is not None:
        open_to_claims(lead, lead.pool, now)
    else:
        lead.status = Lead.Status.RECEIVED
        lead.save(update_fields=("status",))


def _disclaim(lead: Lead, owner: Rep, actor: Any, now: datetime) -> None:
    """The contact that answered the clock of the ``owner``, and that nobody logged, goes where
    nothing stands any more that implied it. Where they were in touch since, it stays."""
    clocks = ResponseClock.objects.filter(assignment__lead=lead, assignment__ended_at=None)
    answered = clocks.exclude(answered_at=None).select_related("assignment").first()
    if answered is None:
        return
    contacted = lead.log.filter(event=LogEntry.Event.CONTACTED, detail__response__clock=answered.pk)
    entry = contacted.order_by("-pk").first()
    if entry is None or "implied_by" not in entry.detail["response"]:
        return
    recorded = lead.log.filter(event=LogEntry.Event.OUTCOME, rep=owner, pk__gt=entry.pk)
    said = {one.detail["outcome"] for one in recorded}
    said.add(entry.detail["response"]["implied_by"])  # None: one of those recorded
    if reached().filter(pk__in=said - {None}).exclude(stage=Outcome.Stage.LOST).exists():
        return
    if lead.contacts.filter(rep=owner, pk__gt=entry.detail["contact"]).exists():
        return
    undo_entry(lead, owner, entry, actor, now)
    # As if it had stood still since then: it runs on where that is fair.
    stop_clocks([lead], said_at(entry))
    resume_clock(answered.assignment, now)

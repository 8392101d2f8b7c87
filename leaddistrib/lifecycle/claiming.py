"""A rep reaches for a lead. The first valid claim owns it (RA1, RA2, RA3).

Losing is a result, not an error. docs/locking.md walks through the transaction.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError
from django.db.models import QuerySet

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal
from leaddistrib.lifecycle.collecting import collect, collects
from leaddistrib.lifecycle.transactions import act, lock_lead, lock_reps, violates
from leaddistrib.lifecycle.winning import as_told, keep_claim, take_over
from leaddistrib.models import Assignment, Claim, Lead, Offer, Rep
from leaddistrib.policy import handed_out
from leaddistrib.queries import clock
from leaddistrib.queries.claimable import against_claiming
from leaddistrib.queries.membership import is_member
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.situations import situations
from leaddistrib.queries.visibility import open_for


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What came of a claim: "won", "lost" (then by whom and when), "refused" (then why), or
    "collected" (then when it is decided). ``decided_at`` also says when a collected one was."""

    result: str
    lead: Lead
    taken_by: Rep | None = None
    taken_at: datetime | None = None
    refusals: tuple[Refusal, ...] = ()
    decided_at: datetime | None = None


def claim(lead: Lead, rep: Rep, *, via: str) -> ClaimResult:
    """``rep`` claims ``lead``; ``via`` names the door ("page", "api" …).

    Exactly one claim wins each time the lead is open, under any load. A rep who already owns the
    lead is told "won" again: a second tap does no harm. Every attempt is kept with its result.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
        Lead.DoesNotExist, Rep.DoesNotExist: it was deleted meanwhile.
    """
    try:
        return _claim(lead.pk, rep.pk, via)
    except IntegrityError as error:
        # The backstop: the conditional UPDATE let two through, a constraint did not. It undid
        # the whole transaction, so the attempt is looked at again, and now sees the rival's.
        one_owner = violates(error, Assignment, Assignment.ONE_OPEN)
        if not one_owner and not violates(error, Claim, Claim.ONE_WIN):
            raise
        return _claim(lead.pk, rep.pk, via)


@act(durable=True)
def _claim(lead_id: int, rep_id: int, via: str) -> ClaimResult:
    lock_reps([rep_id])  # first: the limits below are counted as nobody else can change them
    rep = Rep.objects.select_related("user").get(pk=rep_id)
    seen = Lead.objects.select_related("pool", "owner__user").get(pk=lead_id)
    # Nearly always the first look decides. When a rival's commit fell between two of its
    # statements it does not, and the second look holds the lead still.
    result = _attempt(seen, rep, via) or _attempt(lock_lead(lead_id), rep, via)
    if result is None:
        raise Assignment.DoesNotExist(f"{seen} is owned without an assignment.")
    return result


def _attempt(lead: Lead, rep: Rep, via: str) -> ClaimResult | None:
    """What comes of the claim, for the lead as it was read; None if it is not so any more."""
    # One at most; ordered as offers are, it would be joined with lead and rep for nothing.
    offer = Offer.objects.filter(lead=lead, rep=rep, period=lead.period).order_by("pk").first()
    now = clock.now()
    # What is not open for the rep is refused as what does not wait at all, whoever has it.
    exists = open_for(lead, offer, now)
    by_button = handed_out(lead) and lead.owner_id != rep.pk
    if by_button and exists and lead.status == Lead.Status.WAITING:
        return _refused(lead, rep, offer, [Refusal("next_only")], now, via)
    exists = exists and not by_button
    if lead.status == Lead.Status.OWNED and (exists or lead.owner_id == rep.pk):
        return _too_late(lead, rep, offer, now, via)
    facts = rep_facts([rep.pk], now, claiming=True)[rep.pk]
    against = stands_against(lead, rep, facts, offer, now) if exists else [Refusal("not_open")]
    if against:
        return _refused(lead, rep, offer, against, now, via)
    if collects(lead):
        return _collected(lead, rep, offer, now, via)
    if claimable(lead, now).update(status=Lead.Status.OWNED, owner=rep) != 1:
        return None
    lead.status, lead.owner = Lead.Status.OWNED, rep
    keep_claim(lead, rep, offer, Claim.Result.WON, now, via)
    take_over(lead, rep, facts, now, via)
    return ClaimResult("won", lead, taken_by=rep, taken_at=now)


def _collected(
    lead: Lead, rep: Rep, offer: Offer | None, now: datetime, via: str
) -> ClaimResult | None:
    """The claim is kept until no more are collected; then the worker awards the lead (RA5)."""
    decided_at = collect(lead, rep, offer, now, via)
    if decided_at is None:
        return None
    if decided_at <= now:
        return _refused(lead, rep, offer, [Refusal("collecting_over")], now, via)
    return ClaimResult("collected", lead, decided_at=decided_at)


def _refused(
    lead: Lead, rep: Rep, offer: Offer | None, against: list[Refusal], now: datetime, via: str
) -> ClaimResult:
    keep_claim(lead, rep, offer, Claim.Result.REFUSED, now, via, against)
    return ClaimResult("refused", lead, refusals=tuple(against))


def claimable(lead: Lead, moment: datetime) -> QuerySet[Lead]:
    """``lead``, if it is open at ``moment``, still as it was read: this decides a race.

    Its UPDATE changes one row for one rival, none for all others, because the database checks the
    condition again once it holds the row. The period makes it the opening that the rep was judged
    for: a lead given back meanwhile may wait in a pool that is not the rep's.
    """
    return Lead.objects.filter(
        pk=lead.pk,
        period=lead.period,
        owner__isnull=True,
        status=Lead.Status.WAITING,
        opens_at__lte=moment,
    )


def stands_against(
    lead: Lead, rep: Rep, facts: RepFacts, offer: Offer | None, now: datetime
) -> list[Refusal]:
    """Why ``rep``, of whom ``facts`` are known and to whom ``offer`` was made, may not have the
    lead, read with its pool, by a claim of ``now``; empty if nothing does."""
    if lead.status != Lead.Status.WAITING or lead.pool_id is None or lead.opens_at is None:
        return [Refusal("not_open")]
    # A rep's own window may open after the lead does, never before it.
    opens_at = max(lead.opens_at, offer.opens_at) if offer else lead.opens_at
    member = is_member(rep, lead.pool_id)
    asked = situations(rep, facts, [lead], {lead.pk: opens_at}, now, member=member)
    return against_claiming(lead, facts, asked[lead.pk])


def _too_late(
    lead: Lead, rep: Rep, offer: Offer | None, now: datetime, via: str
) -> ClaimResult | None:
    """The lead is somebody's: the rep's own after a second tap, or a rival's.

    None when it was given back after it was read.
    """
    held = Assignment.objects.filter(lead=lead, ended_at__isnull=True)
    holding = held.select_related("rep__user").first()
    if holding is None:
        return None
    if holding.rep_id == rep.pk:
        return ClaimResult("won", lead, taken_by=rep, taken_at=holding.started_at)
    keep_claim(lead, rep, offer, Claim.Result.LOST, now, via)
    return ClaimResult("lost", lead, taken_by=holding.rep, taken_at=holding.started_at)


def answer(lead: Lead, rep: Rep) -> ClaimResult | None:
    """What came of the latest claim of ``rep`` for ``lead``, as it is open now or was last: the
    answer to a claim that was collected, once it is decided (RA5). None if there was none. Three
    queries at most, and nothing is written."""
    claims = Claim.objects.filter(lead=lead, rep=rep, period=lead.period)
    latest = claims.order_by("-claimed_at", "-pk").first()
    if latest is None:
        return None
    if latest.result == Claim.Result.COLLECTED:
        return ClaimResult("collected", lead, decided_at=lead.collecting_until)
    if latest.result == Claim.Result.REFUSED:
        against = tuple(as_told(one) for one in latest.against)
        return ClaimResult("refused", lead, refusals=against)
    ended = Assignment.objects.filter(lead=lead, started_at__gte=latest.claimed_at)
    taken = ended.select_related("rep__user").order_by("started_at", "pk").first()
    won = latest.result == Claim.Result.WON
    return ClaimResult(
        "won" if won else "lost",
        lead,
        taken_by=taken.rep if taken else None,
        taken_at=taken.started_at if taken else None,
        decided_at=latest.decided_at,
    )

"""A rep asks for the next lead, and gets the one that fits best: "next, please" (RA5).

In such a pool nobody sees a lead before it is theirs. docs/locking.md walks through the
transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Case, F, Value, When

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal
from leaddistrib.errors import KeyReused
from leaddistrib.lifecycle.claiming import ClaimResult, claimable
from leaddistrib.lifecycle.transactions import act, lock_reps, violates
from leaddistrib.lifecycle.winning import as_told, keep_claim, take_over
from leaddistrib.models import Assignment, Claim, Lead, Offer, Pool, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.claimable import against_claiming
from leaddistrib.queries.fitting import fitting
from leaddistrib.queries.membership import is_member
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.situations import situations

LOOKS = 5
"""How often it is looked for further leads, where others hold all that were found."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead that waits, the rep's own offer of it, and what stands against it."""

    lead: Lead
    offer: Offer | None
    against: list[Refusal]


def claim_next(pool: Pool, rep: Rep, *, key: UUID, via: str) -> ClaimResult | None:
    """``rep`` gets the most fitting lead of ``pool`` that nothing stands against, as by a claim;
    ``via`` names the door ("page", "api" …).

    Any number of reps may ask at once: each gets another lead. The same ``key`` again gets the
    first answer, whatever became of the lead since. None: nothing waits there for the rep, and
    nothing was written. "refused": something stands against each of them; said and kept is what
    stands against the one that it takes least to have.

    Raises:
        KeyReused: the key is that of another claim.
        Busy: the database was locked through every retry; nothing was written.
        Rep.DoesNotExist: the rep was deleted meanwhile.
    """
    try:
        return _claim_next(pool.pk, rep.pk, key, via)
    except IntegrityError as error:
        # The backstop, as for a claim; or the key was used by somebody else meanwhile. It undid
        # the whole transaction, and a second look sees the rival's.
        rival = violates(error, Assignment, Assignment.ONE_OPEN) or violates(
            error, Claim, Claim.ONE_WIN
        )
        if not rival and not Claim.objects.filter(public_id=key).exists():
            raise
        return _claim_next(pool.pk, rep.pk, key, via)


@act(durable=True)
def _claim_next(pool: int, rep_id: int, key: UUID, via: str) -> ClaimResult | None:
    lock_reps([rep_id])  # a second tap waits here, and limits are counted as nobody changes them
    rep = Rep.objects.select_related("user").get(pk=rep_id)
    known = Claim.objects.select_related("lead__pool", "lead__owner__user").filter(public_id=key)
    if first := known.first():
        return _first_answer(first, pool, rep)
    now = clock.now()
    facts = rep_facts([rep.pk], now, claiming=True)[rep.pk]
    member = is_member(rep, pool)
    held: list[Candidate] = []
    refused: list[Candidate] = []
    looked: set[int] = set()
    for _look in range(LOOKS):
        found = _judged(fitting(pool, rep, now, without=looked), rep, facts, now, member=member)
        refused += [one for one in found if one.against]
        free = [one for one in found if not one.against]
        if taken := _first_unheld(free, rep, now):
            return _won(taken, rep, facts, now, key, via)
        if not free:
            break
        held += free
        looked |= {one.lead.pk for one in found}
    # Others are about to take these, nearly always; who changes one otherwise is waited for.
    for one in held:
        if _take(one, rep, now):
            return _won(one, rep, facts, now, key, via)
    if not refused:
        return None
    nearest = min(refused, key=lambda one: len(one.against))
    result = Claim.Result.REFUSED
    keep_claim(nearest.lead, rep, nearest.offer, result, now, via, nearest.against, key=key)
    return ClaimResult("refused", nearest.lead, refusals=tuple(nearest.against))


def _judged(
    leads: Sequence[Lead], rep: Rep, facts: RepFacts, now: datetime, *, member: bool
) -> list[Candidate]:
    """``leads`` with what stands against each. A constant number of queries."""
    own = Offer.objects.filter(rep=rep, lead__in=leads, period=F("lead__period"))
    offers = {offer.lead_id: offer for offer in own} if leads else {}
    opens_at = {lead.pk: _opens_at(lead, offers.get(lead.pk)) for lead in leads}
    asked = situations(rep, facts, leads, opens_at, now, member=member)
    return [
        Candidate(lead, offers.get(lead.pk), against_claiming(lead, facts, asked[lead.pk]))
        for lead in leads
    ]


def _opens_at(lead: Lead, offer: Offer | None) -> datetime | None:
    """A rep's own window may open after the lead does, never before it."""
    return max(lead.opens_at, offer.opens_at) if offer and lead.opens_at else lead.opens_at


def _first_unheld(candidates: Iterable[Candidate], rep: Rep, now: datetime) -> Candidate | None:
    """The first of ``candidates`` whose lead nobody else holds, and which is the rep's now. None if
    others hold them all: it waits for nobody."""
    left = {one.lead.pk: one for one in candidates}
    while left:
        order = Case(*(When(pk=pk, then=Value(place)) for place, pk in enumerate(left)))
        unheld = Lead.objects.filter(pk__in=left, status=Lead.Status.WAITING).order_by(order)
        locked = unheld.select_for_update(no_key=True, skip_locked=True, of=("self",))
        pk = locked.values_list("pk", flat=True).first()
        if pk is None:
            return None
        candidate = left.pop(pk)
        if _take(candidate, rep, now):
            return candidate
    return None


def _take(candidate: Candidate, rep: Rep, now: datetime) -> bool:
    """Whether the lead is the rep's now: it was not, if it is not as it was judged any more."""
    lead = candidate.lead
    if claimable(lead, now).update(status=Lead.Status.OWNED, owner=rep) != 1:
        return False
    lead.status, lead.owner = Lead.Status.OWNED, rep
    return True


def _won(
    taken: Candidate, rep: Rep, facts: RepFacts, now: datetime, key: UUID, via: str
) -> ClaimResult:
    keep_claim(taken.lead, rep, taken.offer, Claim.Result.WON, now, via, key=key)
    take_over(taken.lead, rep, facts, now, via)
    return ClaimResult("won", taken.lead, taken_by=rep, taken_at=now)


def _first_answer(first: Claim, pool: int, rep: Rep) -> ClaimResult:
    if first.rep_id != rep.pk or first.pool_id != pool:
        raise KeyReused("This key is that of another claim.")
    if first.result == Claim.Result.WON:
        return ClaimResult("won", first.lead, taken_by=rep, taken_at=first.claimed_at)
    if first.result == Claim.Result.REFUSED:
        return ClaimResult("refused", first.lead, refusals=tuple(map(as_told, first.against)))
    raise KeyReused("This key is that of a claim which asked for a lead by name.")

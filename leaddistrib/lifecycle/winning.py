"""A claim is kept with its result, and a lead that was won becomes its winner's (RA1, RA3)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal
from leaddistrib.events.messages import stamp
from leaddistrib.lifecycle.announcing import announce_taken
from leaddistrib.lifecycle.opening import close_offers
from leaddistrib.lifecycle.responding import start_clocks
from leaddistrib.models import Assignment, Claim, Lead, LogEntry, Offer, Rep
from leaddistrib.queries.blindness import shown_temperature
from leaddistrib.queries.situations import is_competitive
from leaddistrib.signals import announce, lead_claimed


def keep_claim(
    lead: Lead,
    rep: Rep,
    offer: Offer | None,
    result: Claim.Result,
    now: datetime,
    via: str,
    against: Iterable[Refusal] = (),
    *,
    key: UUID | None = None,
) -> None:
    """Keep an attempt to claim ``lead``, read with its pool; ``offer`` is the rep's own, and
    ``against`` why it was refused. One that came with a ``key`` may be asked for again by it, so
    its reasons are kept with their numbers.

    Raises:
        IntegrityError: the key is that of another claim.
    """
    against = list(against)
    Claim.objects.create(
        public_id=key or uuid4(),
        against=[_kept(refusal) for refusal in against] if key else [],
        lead=lead,
        rep=rep,
        pool_id=lead.pool_id,
        period=lead.period,
        result=result,
        reasons=[refusal.code for refusal in against],
        competitive=is_competitive(lead),
        temperature=shown_temperature(lead),
        via=via,
        told_at=offer.told_at if offer else None,
        seen_at=offer.seen_at if offer else None,
        claimed_at=now,
    )


def _kept(refusal: Refusal) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "params": dict(refusal.params),
        "lifts_at": stamp(refusal.lifts_at),
    }


def as_told(against: Mapping[str, Any]) -> Refusal:
    """A reason that was kept with a claim, with its numbers (``Claim.against``)."""
    lifts_at = against["lifts_at"]
    moment = datetime.fromisoformat(lifts_at) if lifts_at else None
    return Refusal(against["code"], against["params"], moment)


def take_over(lead: Lead, rep: Rep, facts: RepFacts, now: datetime, via: str) -> None:
    """``lead``, which was just saved as owned, is ``rep``'s from ``now`` on; ``facts`` are those of
    the rep before. After the claim was kept: the last locks are taken here."""
    assignment = Assignment.objects.create(
        lead=lead, rep=rep, method=Assignment.Method.CLAIM, started_at=now
    )
    close_offers([lead], now)
    LogEntry.objects.create(
        lead=lead,
        event=LogEntry.Event.CLAIMED,
        rep=rep,
        actor=rep.user,
        at=now,
        detail={"via": via},
    )
    start_clocks([assignment], now)
    after = facts.claimed(competitive=is_competitive(lead), temperature=shown_temperature(lead))
    announce_taken(lead, rep, after, now)
    announce(lead_claimed, sender=Lead, lead=lead, rep=rep)

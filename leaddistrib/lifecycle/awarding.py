"""A lead whose claims were collected goes to one of those who claimed it (RA5)."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from leaddistrib.engine.gates import Refusal
from leaddistrib.events.messages import stamp
from leaddistrib.lifecycle.claiming import claimable
from leaddistrib.lifecycle.transactions import act, lock_lead, lock_reps
from leaddistrib.lifecycle.winning import take_over
from leaddistrib.models import Claim, Lead, Pool, Rep
from leaddistrib.notify.telling import tell_decided
from leaddistrib.queries import clock
from leaddistrib.queries.bids import collected, ranked_claims
from leaddistrib.queries.eligible import claimants

log = logging.getLogger(__name__)

TRY_AGAIN = timedelta(minutes=1)

AT_ONCE = 20
"""Leads that a worker awards in one go."""


def award_due(moment: datetime, limit: int = AT_ONCE) -> int:
    """Award the leads whose claims were collected until ``moment`` or before, the oldest first;
    returns how many. Any number of workers may run this at once: who comes second finds nothing to
    decide."""
    due = Lead.objects.filter(collecting_until__lte=moment).order_by("collecting_until", "pk")
    return sum(_awarded(pk, moment) for pk in list(due.values_list("pk", flat=True)[:limit]))


def _awarded(lead: int, moment: datetime) -> bool:
    """Award one lead. Whatever is wrong with it holds up no other: it is tried again in a minute. A
    lost database does."""
    try:
        return _award(lead)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # of any kind: leads are awarded oldest first, and would all wait behind it
        log.exception("lead=%d cannot be awarded: it is tried again", lead)
        later = moment + TRY_AGAIN
        Lead.objects.filter(pk=lead, collecting_until__lte=moment).update(collecting_until=later)
        return False


@act(durable=False)
def _award(lead_id: int) -> bool:
    """Give the lead to the first of its claimants, in the order of the pool's choice, whom nothing
    stands against; the claims of the others are lost, or refused. If the lead is nobody's then, it
    is open as before. A constant number of queries, however many claimants.

    Claimants are locked before the lead. Who claimed between the two looks is not: then the lead is
    left for the next round.
    """
    known = collected([lead_id])
    lock_reps({claim.rep_id for claim in known})
    lead = lock_lead(lead_id)
    now = clock.now()
    if lead.collecting_until is None or lead.collecting_until > now:
        return False
    claims = collected([lead_id])
    if {claim.pk for claim in claims} != {claim.pk for claim in known}:
        return False
    lead.collecting_until = None
    lead.save(update_fields=("collecting_until",))
    if lead.status != Lead.Status.WAITING or lead.pool is None:
        _decide(claims, Claim.Result.LOST, now)
    elif claims:
        _choose(lead, lead.pool, claims, now)
    return True


def _choose(lead: Lead, pool: Pool, claims: Sequence[Claim], now: datetime) -> None:
    """Give the lead to one of those who claimed, unless something stands against them all. Claims
    that are left are lost then: ``close_offers`` settles them."""
    found = Rep.objects.select_related("user", "team").filter(
        pk__in=[claim.rep_id for claim in claims]
    )
    reps = {rep.pk: rep for rep in found}
    asked = claimants(lead, claims, reps, now)
    ranking = ranked_claims(claims, reps, pool, now)
    won = next((claim for claim in ranking if not asked[claim.rep_id].against), None)
    before = ranking[: ranking.index(won)] if won else ranking
    for claim in before:
        against = asked[claim.rep_id].against
        claim.reasons = [refusal.code for refusal in against]
        claim.against = [_told(refusal) for refusal in against]
    _decide(before, Claim.Result.REFUSED, now)
    if won is None:
        return
    rep = reps[won.rep_id]
    if claimable(lead, now).update(status=Lead.Status.OWNED, owner=rep) != 1:
        raise Lead.DoesNotExist(f"{lead} was locked, and is not as it was.")
    lead.status, lead.owner = Lead.Status.OWNED, rep
    _decide([won], Claim.Result.WON, now)
    take_over(lead, rep, asked[rep.pk].facts, now, won.via)


def _decide(claims: Sequence[Claim], result: Claim.Result, now: datetime) -> None:
    for claim in claims:
        claim.result, claim.decided_at = result, now
    Claim.objects.bulk_update(claims, ("result", "decided_at", "reasons", "against"))
    tell_decided(claims, now)


def _told(refusal: Refusal) -> dict[str, object]:
    """A reason with its numbers: the rep hears of it later."""
    return {
        "code": refusal.code,
        "params": dict(refusal.params),
        "lifts_at": stamp(refusal.lifts_at),
    }

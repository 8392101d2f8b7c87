"""A lead whose claims were collected goes to one of those who claimed it (RA5)."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from leaddistrib.engine.gates import Refusal, Situation, allocation
from leaddistrib.events.messages import stamp
from leaddistrib.lifecycle.claiming import claimable, stands_against
from leaddistrib.lifecycle.transactions import act, lock_lead, lock_reps
from leaddistrib.lifecycle.winning import take_over
from leaddistrib.models import Claim, Lead, Offer, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.bids import collected, ranked_claims
from leaddistrib.queries.roster import rep_facts

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
    """What is wrong with one lead holds up no other: it is tried again in a minute. A lost database
    does."""
    try:
        return _award(lead)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("lead=%d cannot be awarded: it is tried again", lead)
        later = moment + TRY_AGAIN
        Lead.objects.filter(pk=lead, collecting_until__lte=moment).update(collecting_until=later)
        return False


@act(durable=False)
def _award(lead_id: int) -> bool:
    """Give the lead to the first of its claimants, in the order of the pool's choice, whom nothing
    stands against; the claims of the others are lost, or refused. If the lead is nobody's then, it
    is open as before.

    Claimants are locked before the lead. Who claimed between the two looks is not: then the lead is
    left for the next round. Each is asked as at the moment of the own claim, so that it counts on
    the day on which it was made.
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
        for claim in claims:
            _decide(claim, Claim.Result.LOST, now)
        return True
    for claim in ranked_claims(claims, lead.pool, now):
        if _won(lead, claim, now):
            break
    return True


def _won(lead: Lead, claim: Claim, now: datetime) -> bool:
    """Give the lead to whoever made this claim, unless something stands against it. The claims that
    are left are lost then: ``close_offers`` settles them."""
    rep = Rep.objects.select_related("user").get(pk=claim.rep_id)
    facts = rep_facts([rep.pk], claim.claimed_at, claiming=True)[rep.pk]
    offer = Offer.objects.filter(lead=lead, rep=rep, period=lead.period).first()
    against = stands_against(lead, rep, facts, offer, claim.claimed_at)
    if not against and facts.week_ends_at and facts.week_ends_at <= now:
        # The lead counts in the week in which it is had, which is another by now.
        full = allocation(rep_facts([rep.pk], now, claiming=True)[rep.pk], Situation(now))
        against = [full] if full else []
    if against:
        _decide(claim, Claim.Result.REFUSED, now, against)
        return False
    if claimable(lead, now).update(status=Lead.Status.OWNED, owner=rep) != 1:
        raise Lead.DoesNotExist(f"{lead} was locked, and is not as it was.")
    lead.status, lead.owner = Lead.Status.OWNED, rep
    _decide(claim, Claim.Result.WON, now)
    take_over(lead, rep, facts, now, claim.via)
    return True


def _decide(
    claim: Claim, result: Claim.Result, now: datetime, against: Iterable[Refusal] = ()
) -> None:
    claim.result, claim.decided_at = result, now
    claim.reasons = [refusal.code for refusal in against]
    claim.against = [
        {"code": one.code, "params": dict(one.params), "lifts_at": stamp(one.lifts_at)}
        for one in against
    ]
    claim.save(update_fields=("result", "decided_at", "reasons", "against"))

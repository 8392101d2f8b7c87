"""A rep gives a lead back, with a reason (RA4). It keeps its age, and is open again at once."""

from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.lifecycle.parting import end_assignment, lock_own_lead
from leaddistrib.lifecycle.retrying import places_freed
from leaddistrib.lifecycle.routing import candidates, route
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Assignment, Lead, LogEntry, Pool, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_released


@act(durable=True)
def release(lead: Lead, rep: Rep, *, reason: str) -> Lead:
    """``rep`` gives ``lead`` back; returns it as it is then.

    A claimed lead returns to its pool, where every member may claim it. A lead that was pushed, or
    given by hand, goes through the rules again, which pass this rep over.

    Raises:
        NotYours: the rep does not own the lead (any more).
        ValueError: no reason was given.
        Busy: the database was locked through every retry; nothing was written.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("A lead is given back with a reason.")
    # All in one go: this rep first and the others for the routing would break the order of locks.
    lock_reps({rep.pk, *_next_candidates(lead.pk)})
    locked = lock_own_lead(lead.pk, rep)
    pool = _pool_to_return_to(locked)
    now = clock.now()
    end_assignment(
        locked,
        rep,
        now,
        end=Assignment.Ended.RELEASED,
        event=LogEntry.Event.RELEASED,
        reason=reason,
    )
    if pool is None:
        locked.status, locked.owner = Lead.Status.RECEIVED, None
        locked.save(update_fields=("status", "owner"))
        route([locked], excluded=[rep])
    else:
        open_to_claims(locked, pool, now)
    announce(lead_released, sender=Lead, lead=locked, rep=rep)
    facts = rep_facts([rep.pk], now)
    announce_limits([rep], facts, now)
    places_freed([rep], facts, now)
    return locked


def _next_candidates(lead_id: int) -> list[int]:
    """Who may be pushed the lead when it is given back: nobody, if it goes back to its pool."""
    lead = Lead.objects.select_related("pool").get(pk=lead_id)
    return candidates([lead]) if _pool_to_return_to(lead) is None else []


def _pool_to_return_to(lead: Lead) -> Pool | None:
    """The pool that it was taken from. None for a lead that was pushed, or that was given by hand
    or because nobody answered: its pool may be one whose rule it has outgrown."""
    given = (Assignment.Method.MANUAL, Assignment.Method.ESCALATION)
    held = Assignment.objects.filter(lead=lead, ended_at=None, method__in=given)
    return None if lead.pool is None or held.exists() else lead.pool

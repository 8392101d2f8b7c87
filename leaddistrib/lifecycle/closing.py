"""A rep is done with a lead: it no longer counts against the rep's capacity (PU2)."""

from leaddistrib.errors import NotYours
from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.transactions import act, lock_lead, lock_reps
from leaddistrib.models import Assignment, Lead, LogEntry, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_closed


@act(durable=True)
def close(lead: Lead, rep: Rep, *, reason: str = "") -> Lead:
    """``rep`` closes ``lead``; returns it as it is then. It stays the rep's, and is never opened
    again. ``reason`` is kept with the assignment.

    Raises:
        NotYours: the rep does not own the lead (any more), or it is closed already.
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([rep.pk])
    locked = lock_lead(lead.pk)
    if locked.owner_id != rep.pk or locked.status != Lead.Status.OWNED:
        raise NotYours("Only the rep who owns a lead can close it.")
    now = clock.now()
    locked.status = Lead.Status.CLOSED
    locked.save(update_fields=("status",))
    Assignment.objects.filter(lead=locked, ended_at__isnull=True).update(
        ended_at=now, end=Assignment.Ended.CLOSED, end_reason=reason.strip()[:500]
    )
    LogEntry.objects.create(
        lead=locked,
        event=LogEntry.Event.CLOSED,
        rep=rep,
        actor=rep.user,
        at=now,
        detail={"reason": reason.strip()},
    )
    announce(lead_closed, sender=Lead, lead=locked, rep=rep)
    announce_limits([rep], rep_facts([rep.pk], now), now)
    return locked

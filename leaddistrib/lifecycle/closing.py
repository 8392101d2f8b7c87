"""A rep is done with a lead: it no longer counts against the rep's capacity (PU2)."""

from leaddistrib.lifecycle.announcing import announce_limits, announce_withdrawn
from leaddistrib.lifecycle.parting import end_assignment, lock_workable_lead
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Assignment, Lead, LogEntry, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_closed


@act(durable=True)
def close(lead: Lead, rep: Rep, *, reason: str = "") -> Lead:
    """``rep`` closes ``lead``; returns it as it is then. It stays the rep's, and is never opened
    again. ``reason`` is kept with the assignment. Any member of a shared pool closes a lead that
    waits there (PO1); it is nobody's then, and the log says who closed it.

    Raises:
        NotYours: the rep neither owns nor shares the lead (any more), or it is closed already.
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([rep.pk])
    locked = lock_workable_lead(lead.pk, rep)
    now, was_shared = clock.now(), locked.owner_id is None
    locked.status = Lead.Status.CLOSED
    locked.save(update_fields=("status",))
    end_assignment(
        locked,
        rep,
        now,
        end=Assignment.Ended.CLOSED,
        event=LogEntry.Event.CLOSED,
        reason=reason.strip(),
    )
    announce(lead_closed, sender=Lead, lead=locked, rep=rep)
    if was_shared:
        announce_withdrawn(locked)
    announce_limits([rep], rep_facts([rep.pk], now), now)
    return locked

"""A rep is done with a lead: it no longer counts against the rep's capacity (PU2)."""

from leaddistrib.lifecycle.announcing import announce_gone, announce_limits
from leaddistrib.lifecycle.crediting import CREDITED, credit_turn
from leaddistrib.lifecycle.opening import close_offers
from leaddistrib.lifecycle.parting import end_assignment, lock_workable_lead
from leaddistrib.lifecycle.retrying import places_freed
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Assignment, Lead, LogEntry, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_closed


@act(durable=True)
def close(lead: Lead, rep: Rep, *, reason: str = "", credit: str = "") -> Lead:
    """``rep`` closes ``lead``; returns it as it is then. It stays the rep's, and is opened again
    only to give it another chance (``recycling``). ``reason`` is kept with the assignment. Any
    member of a shared pool closes a lead that waits there (PO1); it is nobody's then, and the log
    says who closed it. With ``credit``
    ("duplicate", "invalid" or "no_show") the turn that the lead took is given back (PU7).

    Raises:
        ValueError: ``credit`` is none of these.
        NotYours: the rep neither owns nor shares the lead (any more), or it is closed already.
        Busy: the database was locked through every retry; nothing was written.
    """
    if credit and credit not in CREDITED:
        raise ValueError(f"{credit!r} gives no turn back.")
    lock_reps([rep.pk])
    if credit:  # before the lead is locked: rotations come first
        credit_turn(lead, reason=credit, actor=rep.user)
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
        close_offers([locked], now)
        announce_gone([(locked, None)], now)
    facts = rep_facts([rep.pk], now)
    announce_limits([rep], facts, now)
    places_freed([rep], facts, now)
    return locked

"""What giving a lead back and closing it have in common: it was the rep's, and now the stretch of
time in which the rep owned it ends."""

from datetime import datetime

from leaddistrib.errors import NotYours
from leaddistrib.lifecycle.responding import stop_clocks
from leaddistrib.lifecycle.transactions import lock_lead
from leaddistrib.models import Assignment, Lead, LogEntry, Rep
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.membership import is_member


def lock_own_lead(lead_id: int, rep: Rep) -> Lead:
    """The lead, locked, if ``rep`` owns it. Taken after the reps' locks.

    Raises:
        NotYours: somebody else owns it, nobody does, or it is closed.
    """
    lead = lock_lead(lead_id)
    if lead.owner_id != rep.pk or lead.status != Lead.Status.OWNED:
        raise NotYours("This lead is not yours (any more).")
    return lead


def lock_workable_lead(lead_id: int, rep: Rep) -> Lead:
    """The lead, locked, if ``rep`` owns it or, as a member of its pool, shares it (PO1).

    Raises:
        NotYours: neither, or it is closed.
    """
    lead = lock_lead(lead_id)
    if is_shared(lead) and lead.pool_id is not None and is_member(rep, lead.pool_id):
        return lead
    return lock_own_lead(lead_id, rep)


def end_assignment(
    lead: Lead,
    rep: Rep,
    moment: datetime,
    *,
    end: Assignment.Ended,
    event: LogEntry.Event,
    reason: str,
) -> None:
    """End the open assignment at ``moment``; a shared lead has none. The log keeps the whole
    ``reason``, the assignment its first 500 characters."""
    Assignment.objects.filter(lead=lead, ended_at__isnull=True).update(
        ended_at=moment, end=end, end_reason=reason[:500]
    )
    stop_clocks([lead], moment)
    LogEntry.objects.create(
        lead=lead, event=event, rep=rep, actor=rep.user, at=moment, detail={"reason": reason}
    )

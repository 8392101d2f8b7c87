"""A rep gives a lead back, with a reason (RA4). It keeps its age, and is open again at once."""

from leaddistrib.errors import NotYours
from leaddistrib.events.messages import MeChanged
from leaddistrib.events.publishing import publish, rep_group
from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.lifecycle.routing import route
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Assignment, Lead, LogEntry, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_released


@act(durable=True)
def release(lead: Lead, rep: Rep, *, reason: str) -> Lead:
    """``rep`` gives ``lead`` back; returns it as it is then.

    A claimed lead returns to its pool, where every member may claim it. A pushed lead goes through
    the rules again, which pass this rep over.

    Raises:
        NotYours: the rep does not own the lead (any more).
        ValueError: no reason was given.
        Busy: the database was locked through every retry; nothing was written.
    """
    if not reason.strip():
        raise ValueError("A lead is given back with a reason.")
    lock_reps([rep.pk])
    locked = Lead.objects.select_for_update(of=("self",)).select_related("pool").get(pk=lead.pk)
    if locked.owner_id != rep.pk or locked.status != Lead.Status.OWNED:
        raise NotYours("Only the rep who owns a lead can give it back.")
    now = clock.now()
    Assignment.objects.filter(lead=locked, ended_at__isnull=True).update(
        ended_at=now, end=Assignment.Ended.RELEASED, end_reason=reason.strip()
    )
    LogEntry.objects.create(
        lead=locked,
        event=LogEntry.Event.RELEASED,
        rep=rep,
        actor=rep.user,
        at=now,
        detail={"reason": reason.strip()},
    )
    if locked.pool is None:
        locked.status, locked.owner = Lead.Status.RECEIVED, None
        locked.save(update_fields=("status", "owner"))
        route([locked], excluded=[rep])
    else:
        open_to_claims(locked, locked.pool, now)
    announce(lead_released, sender=Lead, lead=locked, rep=rep)
    left = rep_facts([rep.pk], now)[rep.pk].open_leads
    publish(rep_group(rep), MeChanged({"open_leads": left}))
    return locked

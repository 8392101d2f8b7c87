"""A rep tried to reach a lead, and nobody answered: the clock goes on (SL2)."""

from datetime import datetime

from leaddistrib.errors import NotYours
from leaddistrib.lifecycle.contacting import TAP, checked
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Lead, LogEntry, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.membership import is_member


@act(durable=True)
def log_attempt(
    lead: Lead, rep: Rep, channel: str, note: str = "", *, tapped: bool = False
) -> Lead:
    """``rep`` tried to reach ``lead`` by ``channel`` (of ``Contact.Channel``) just now, in vain.
    Returns the lead, which is as it was: an attempt answers no clock and makes no owner.

    For the owner, and for the members of a shared pool while the lead waits there. ``tapped``: by a
    button of a page, and the same again within a minute is the same attempt.

    Raises:
        ValueError: no such channel, or a note of over 500 characters.
        NotYours: the lead is neither the rep's nor waits in a shared pool of theirs.
        Busy: the database was locked through every retry; nothing was written.
        Lead.DoesNotExist, Rep.DoesNotExist: it was deleted meanwhile.
    """
    note = checked(channel, note)
    lock_reps([rep.pk])  # whoever takes the lead away holds its owner, too
    rep = Rep.objects.select_related("user").get(pk=rep.pk)
    found = Lead.objects.select_related("pool", "owner__user").get(pk=lead.pk)
    owned = found.status == Lead.Status.OWNED and found.owner_id == rep.pk
    shares = is_shared(found) and found.pool_id is not None and is_member(rep, found.pool_id)
    if not owned and not shares:
        raise NotYours("Only who has a lead tries to reach it.")
    now = clock.now()
    if not (tapped and _tapped_before(found, rep, channel, note, now)):
        attempted(found, rep, channel, note, now)
    return found


def attempted(lead: Lead, rep: Rep, channel: str, note: str, at: datetime) -> None:
    """Log an attempt of ``rep``, who is locked."""
    LogEntry.objects.create(
        lead=lead,
        event=LogEntry.Event.ATTEMPTED,
        rep=rep,
        actor=rep.user,
        at=at,
        detail={"channel": channel, "note": note},
    )


def _tapped_before(lead: Lead, rep: Rep, channel: str, note: str, now: datetime) -> bool:
    before = lead.log.filter(
        event=LogEntry.Event.ATTEMPTED, rep=rep, at__gt=now - TAP, detail__channel=channel
    )
    return before.filter(detail__note=note).exists() if note else before.exists()

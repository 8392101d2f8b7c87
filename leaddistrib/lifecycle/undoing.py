"""A contact was logged by mistake, or nobody answered: it is taken back (SL2).

One tap logs a call before anybody picks it up, so a slip must not end what makes sure that the lead
is answered. The log keeps both; everything else is as if it had not been.
"""

from datetime import datetime
from typing import Any

from leaddistrib.errors import NotYours, Outdated
from leaddistrib.lifecycle.announcing import announce_updated
from leaddistrib.lifecycle.attempting import attempted
from leaddistrib.lifecycle.contacting import TAP
from leaddistrib.lifecycle.responding import resume_clock, start_clocks
from leaddistrib.lifecycle.tallying import tally_undone
from leaddistrib.lifecycle.transactions import act, lock_lead, lock_reps
from leaddistrib.models import Assignment, Contact, Lead, LogEntry, Rep, ResponseClock
from leaddistrib.queries import clock
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.contacts import UNDO_WITHIN, said_at, undoable_contact
from leaddistrib.signals import announce, lead_contact_undone


@act(durable=True)
def undo_contact(
    lead: Lead, rep: Rep, contact: int | None = None, *, unanswered: bool = False
) -> Lead:
    """The newest contact that ``rep`` logged with ``lead`` was none: it counts nowhere any more.
    Returns the lead as it is now.

    Within ten minutes, while nothing came of it. The response clock that it answered runs on, with
    the deadline that was promised. Where it made the owner, the lead stays the rep's, and a clock
    starts. With ``unanswered`` the rep tried, and it is logged as an attempt instead, also where it
    was taken back as a slip just before; an attempt is no slip any more. ``contact``, a primary
    key, says which one is meant: what was taken back already stays so. Left out, a second call
    within a minute takes back no second one.

    Raises:
        NotYours: the lead is neither the rep's nor shared.
        Outdated: there is nothing that can be taken back (any more), another contact came since, or
            it was made an attempt.
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([rep.pk])
    locked = lock_lead(lead.pk)
    if locked.owner_id != rep.pk and not is_shared(locked):
        raise NotYours("This lead is not yours (any more).")
    rep = Rep.objects.select_related("user").get(pk=rep.pk)
    now = clock.now()
    undone = _undone_already(locked, rep, contact, now)
    if undone is not None:
        _say_again(locked, rep, undone, now, unanswered)
        return locked
    entry = undoable_contact(locked, rep, now)
    if entry is None or contact not in (None, entry.detail["contact"]):
        raise Outdated("There is nothing that could be taken back any more.")
    undo_entry(locked, rep, entry, rep.user, now)
    if unanswered:
        attempted(locked, rep, entry.detail["channel"], entry.detail["note"], entry.at)
    return locked


def _undone_already(lead: Lead, rep: Rep, contact: int | None, now: datetime) -> LogEntry | None:
    """The entry of the tap before this one, if that did it. The rep is locked, so of two taps at
    once the second one sees it."""
    undone = LogEntry.Event.CONTACT_UNDONE
    own = lead.log.filter(rep=rep, event__in=(LogEntry.Event.CONTACTED, undone))
    if contact is not None:
        return own.filter(event=undone, detail__contact=contact).first()
    last = own.order_by("-pk").first()
    return last if last and last.event == undone and last.at > now - TAP else None


def _say_again(lead: Lead, rep: Rep, undone: LogEntry, now: datetime, unanswered: bool) -> None:
    """It is undone, and the log may say otherwise how: whoever tapped both buttons is told what is
    so. A slip becomes an attempt as long as the contact could have; an attempt stays."""
    entry = lead.log.get(
        rep=rep, event=LogEntry.Event.CONTACTED, detail__contact=undone.detail["contact"]
    )
    tried = lead.log.filter(rep=rep, event=LogEntry.Event.ATTEMPTED, at=entry.at).exists()
    if tried == unanswered:
        return
    if tried or said_at(entry) <= now - UNDO_WITHIN:
        raise Outdated("There is nothing that could be taken back any more.")
    attempted(lead, rep, entry.detail["channel"], entry.detail["note"], entry.at)


def undo_entry(lead: Lead, rep: Rep, entry: LogEntry, actor: Any, now: datetime) -> None:
    """The contact of ``entry`` (``lead.contacted``), which ``rep`` had with ``lead``, was none:
    ``actor`` says so (an account; None: a program). The rep and the lead are locked."""
    said = entry.detail
    contact = Contact.objects.get(pk=said["contact"])
    Contact.objects.filter(pk=contact.pk).delete()
    detail: dict[str, Any] = {"contact": contact.pk, "channel": contact.channel}
    if "response" in said:
        detail["response"] = said["response"]
    undone = LogEntry.objects.create(
        lead=lead,
        event=LogEntry.Event.CONTACT_UNDONE,
        rep=rep,
        actor=actor,
        at=now,
        detail=detail,
    )
    if "response" in said:
        answered = ResponseClock.objects.select_related("assignment").get(
            pk=said["response"]["clock"]
        )
        resume_clock(answered.assignment, now, answered=True)
        tally_undone(answered, entry, undone)
    elif said["took"]:
        start_clocks([Assignment.objects.get(lead=lead, ended_at=None)], now)
    elif is_shared(lead):
        _pass_on_again(lead)
    announce(lead_contact_undone, sender=Lead, lead=lead, rep=rep, contact=contact)


def _pass_on_again(lead: Lead) -> None:
    """Nobody was found after all: the lead goes on as it would have, unless another was in touch
    with it. Until when it stays is kept with the contact that ended that, whoever's it was."""
    if lead.retry_at is not None or lead.pool is None:
        return
    if Contact.objects.filter(lead=lead, at__gte=lead.opens_at).exists():
        return
    waited = lead.log.filter(
        event=LogEntry.Event.CONTACTED, at__gte=lead.opens_at, detail__has_key="retry_at"
    )
    last = waited.order_by("-pk").first()
    if last is None:
        return
    lead.retry_at = datetime.fromisoformat(last.detail["retry_at"])
    lead.save(update_fields=("retry_at",))
    announce_updated(lead.pool, [lead])

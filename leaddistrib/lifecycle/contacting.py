"""A rep was in touch with a lead (PO1). In a shared pool the first contact may make the owner.

Who is first is decided as in a claim: by the condition of one UPDATE. docs/locking.md walks
through it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import Exists, OuterRef

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal
from leaddistrib.errors import NotYours
from leaddistrib.lifecycle.announcing import announce_taken, announce_updated
from leaddistrib.lifecycle.claiming import claimable
from leaddistrib.lifecycle.opening import close_offers
from leaddistrib.lifecycle.responding import answer_clock
from leaddistrib.lifecycle.transactions import act, lock_lead, lock_reps, violates
from leaddistrib.models import (
    Assignment,
    Contact,
    Lead,
    LogEntry,
    Outcome,
    Pool,
    Rep,
    Work,
)
from leaddistrib.queries import clock
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.claimable import against_working
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_contacted

AHEAD = timedelta(minutes=5)
"""How far the clock of whoever says when it was may be off the database's."""

LONGEST_NOTE = 500
"""Characters."""

TAP = timedelta(minutes=1)
"""Within this time the same button, tapped again, is the same contact."""


@dataclass(frozen=True, slots=True)
class ContactResult:
    """What came of it: "logged" (with the contact), "lost" (a colleague was in touch first and owns
    the lead: who, since when) or "refused" (why)."""

    result: str
    lead: Lead
    contact: Contact | None = None
    taken_by: Rep | None = None
    taken_at: datetime | None = None
    refusals: tuple[Refusal, ...] = ()


def log_contact(
    lead: Lead,
    rep: Rep,
    channel: str,
    at: datetime | None = None,
    note: str = "",
    *,
    tapped: bool = False,
) -> ContactResult:
    """``rep`` was in touch with ``lead`` by ``channel`` (of ``Contact.Channel``), now or ``at``.

    For the owner of a lead, and for the members of a shared pool while the lead waits there, whom
    the gates are asked about as for a claim. Where the pool says so, the first contact makes the
    owner, exactly one under any load (RA2); elsewhere the lead stays shared and each contact counts
    for its rep. It also extends the rep's own work on the lead. ``tapped``: by a button of a page;
    a tap that comes again within ``TAP``, with nothing new in its note, finds the contact that it
    made and logs no second one.

    Raises:
        ValueError: no such channel, a time in the future or from before the lead came in, or a note
            of over 500 characters.
        NotYours: the lead is neither the rep's nor waits in a shared pool.
        Busy: the database was locked through every retry; nothing was written.
        Lead.DoesNotExist, Rep.DoesNotExist: it was deleted meanwhile.
    """
    note = checked(channel, note)
    try:
        return _log_contact(lead.pk, rep.pk, channel, at, note, tapped)
    except IntegrityError as error:
        # The backstop, as in a claim: the constraint undid it all, so it is looked at again.
        if not violates(error, Assignment, Assignment.ONE_OPEN):
            raise
        return _log_contact(lead.pk, rep.pk, channel, at, note, tapped)


def checked(channel: str, note: str) -> str:
    """The note without blanks around it. Raises ValueError where one of the two is wrong."""
    if channel not in Contact.Channel.values:
        raise ValueError(f"There is no channel {channel}.")
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise ValueError(f"A note has {LONGEST_NOTE} characters at most.")
    return note


@act(durable=True)
def _log_contact(
    lead_id: int, rep_id: int, channel: str, at: datetime | None, note: str, tapped: bool
) -> ContactResult:
    lock_reps([rep_id])  # first: the capacity below is counted as nobody else can change it
    rep = Rep.objects.select_related("user").get(pk=rep_id)
    now = clock.now()
    if at is not None and at > now + AHEAD:
        raise ValueError("A contact is logged when it has been made.")
    seen = Lead.objects.select_related("pool", "owner__user").get(pk=lead_id)
    if at is not None and at < seen.received_at - AHEAD:
        raise ValueError("A contact with a lead is from after it came in.")
    at = min(max(at, seen.received_at), now) if at else now
    contact = Contact(lead=seen, rep=rep, channel=channel, at=at, note=note)
    made = _made_by_tap(seen, contact) if tapped else None
    if made:
        return ContactResult("logged", seen, made, taken_by=seen.owner)
    # Nearly always the first look decides; where a rival's commit fell in between, the second one
    # holds the lead still.
    result = _attempt(seen, rep, contact) or _attempt(lock_lead(lead_id), rep, contact)
    if result is None:
        raise Assignment.DoesNotExist(f"{seen} is owned without an assignment.")
    return result


def _made_by_tap(lead: Lead, contact: Contact) -> Contact | None:
    """The contact that the tap before this one made, while the lead is still this rep's, or shared.
    The rep is locked, so of two taps at once the second one sees it."""
    if lead.owner_id != contact.rep_id and not is_shared(lead):
        return None
    # One from before the lead was this rep's again would leave the new clock running.
    again = Assignment.objects.filter(
        lead=lead, rep=contact.rep, ended_at=None, started_at__gt=OuterRef("at")
    ).exclude(method=Assignment.Method.CONTACT)
    before = Contact.objects.filter(
        ~Exists(again),
        lead=lead,
        rep=contact.rep,
        channel=contact.channel,
        at__gt=contact.at - TAP,
        at__lte=contact.at,
    )
    if contact.note:
        before = before.filter(note=contact.note)
    return before.order_by("-at", "-pk").first()


def _attempt(lead: Lead, rep: Rep, contact: Contact) -> ContactResult | None:
    """What comes of it, for the lead as it was read; None if it is not so any more."""
    if lead.status == Lead.Status.OWNED:
        return _owned(lead, rep, contact)
    if not is_shared(lead):
        raise NotYours("Only the owner of a lead logs contacts with it.")
    now = clock.now()
    facts = rep_facts([rep.pk], now, claiming=True)[rep.pk]
    against = against_working(lead, rep, facts, now)
    if against:
        return ContactResult("refused", lead, refusals=tuple(against))
    if lead.pool and lead.pool.ownership == Pool.Ownership.SHARED:
        return _share(lead, rep, contact, now)
    if claimable(lead, now).update(status=Lead.Status.OWNED, owner=rep) != 1:
        return None
    lead.status, lead.owner = Lead.Status.OWNED, rep
    return _take(lead, rep, contact, facts, now)


def _take(lead: Lead, rep: Rep, contact: Contact, facts: RepFacts, now: datetime) -> ContactResult:
    """The first contact: from now on the lead is the rep's."""
    Assignment.objects.create(lead=lead, rep=rep, method=Assignment.Method.CONTACT, started_at=now)
    close_offers([lead], now)
    _record(lead, rep, contact, now, owner_made=True)
    announce_taken(lead, rep, facts.claimed(competitive=False), now)
    return ContactResult("logged", lead, contact, taken_by=rep, taken_at=now)


def _share(lead: Lead, rep: Rep, contact: Contact, now: datetime) -> ContactResult | None:
    """A contact with a lead that stays shared; None if it does not wait any more, or was opened
    anew, which may be elsewhere."""
    period, lead = lead.period, lock_lead(lead.pk)
    if not is_shared(lead) or lead.period != period:
        return None
    _record(lead, rep, contact, now, owner_made=False, retry_at=lead.retry_at)
    until = now + timedelta(minutes=lead.pool.working_minutes if lead.pool else 0)
    worked = Work.objects.filter(lead=lead, rep=rep, until__gt=now).update(until=until)
    waited = lead.retry_at is not None
    if waited:  # somebody was found: it is not passed on to anybody
        lead.retry_at = None
        lead.save(update_fields=("retry_at",))
    if lead.pool and (worked or waited):
        announce_updated(lead.pool, [lead])
    return ContactResult("logged", lead, contact)


def _owned(lead: Lead, rep: Rep, contact: Contact) -> ContactResult | None:
    """A contact by the owner; anybody else learns whose it is. None if it was just given back."""
    holding = (
        Assignment.objects.filter(lead=lead, ended_at__isnull=True)
        .select_related("rep__user")
        .first()
    )
    if holding is None:
        return None
    if holding.rep_id != rep.pk:
        return ContactResult("lost", lead, taken_by=holding.rep, taken_at=holding.started_at)
    response = answer_clock(lead, rep, contact.at)
    _record(lead, rep, contact, clock.now(), owner_made=False, response=response)
    return ContactResult("logged", lead, contact, taken_by=rep, taken_at=holding.started_at)


def imply_contact(lead: Lead, rep: Rep, at: datetime, outcome: Outcome | None) -> None:
    """The owner says of ``lead`` what takes having been in touch with it: if nobody logged that,
    and the response clock runs, it is logged now. ``outcome`` is what was said, if it was known
    before; None if it is recorded next. Both are locked."""
    response = answer_clock(lead, rep, at)
    if response is not None:
        since = max(at, lead.received_at)
        contact = Contact(lead=lead, rep=rep, channel=Contact.Channel.OTHER, at=since)
        response["implied_by"] = outcome.pk if outcome else None
        _record(lead, rep, contact, clock.now(), owner_made=False, response=response)


def _record(
    lead: Lead,
    rep: Rep,
    contact: Contact,
    now: datetime,
    *,
    owner_made: bool,
    response: dict[str, Any] | None = None,
    retry_at: datetime | None = None,
) -> None:
    """Keep the contact, and in the log what is needed to take it back (``lifecycle.undoing``)."""
    contact.pool = lead.pool
    contact.save()
    detail: dict[str, Any] = {
        "contact": contact.pk,
        "channel": contact.channel,
        "note": contact.note,
        "took": owner_made,
    }
    if now - contact.at >= TAP:
        detail["said_at"] = now.isoformat()
    if response is not None:
        detail["response"] = response
    if retry_at is not None:
        detail["retry_at"] = retry_at.isoformat()
    LogEntry.objects.create(
        lead=lead,
        event=LogEntry.Event.CONTACTED,
        rep=rep,
        actor=rep.user,
        at=contact.at,
        detail=detail,
    )
    announce(lead_contacted, sender=Lead, lead=lead, rep=rep, contact=contact)

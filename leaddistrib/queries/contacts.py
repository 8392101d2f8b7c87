"""Contacts that can still be taken back, and attempts that reached nobody (SL2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef

from leaddistrib.models import Contact, Lead, LogEntry, Rep
from leaddistrib.queries.cards import is_shared

UNDO_WITHIN = timedelta(minutes=10)
"""How long a contact that was logged by mistake can be taken back."""

LOOKED_THROUGH = 50
"""Newest entries of a lead's log among which such a contact is looked for."""

MOVED_ON = {
    LogEntry.Event.ASSIGNED,
    LogEntry.Event.OPENED,
    LogEntry.Event.CLAIMED,
    LogEntry.Event.RELEASED,
    LogEntry.Event.REASSIGNED,
    LogEntry.Event.ESCALATED,
    LogEntry.Event.RECYCLED,
}
"""After one of these the lead is another's, or anybody's: what was before it stays."""


def said_at(entry: LogEntry) -> datetime:
    """When the contact of a ``lead.contacted`` entry was logged: it may have been before that."""
    said = entry.detail.get("said_at")
    return datetime.fromisoformat(said) if said else entry.at


def undoable_contact(lead: Lead, rep: Rep, now: datetime) -> LogEntry | None:
    """The ``lead.contacted`` entry of the newest contact of ``rep`` with ``lead``, if it can be
    taken back: it was logged within ``UNDO_WITHIN`` before ``now``, the lead is still the rep's, or
    shared as it was, and nothing came of it. One query."""
    owned = lead.status == Lead.Status.OWNED and lead.owner_id == rep.pk
    if not owned and not is_shared(lead):
        return None
    undone: set[tuple[str, int | None]] = set()
    for entry in lead.log.order_by("-pk")[:LOOKED_THROUGH]:
        contact, outcome = entry.detail.get("contact"), entry.detail.get("outcome")
        match entry.event:
            case LogEntry.Event.CONTACT_UNDONE:
                undone.add(("contact", contact))
            case LogEntry.Event.OUTCOME_UNDONE:
                undone.add(("outcome", outcome))
            case LogEntry.Event.OUTCOME if ("outcome", outcome) not in undone:
                return None
            case LogEntry.Event.CONTACTED if (
                entry.rep_id == rep.pk and ("contact", contact) not in undone
            ):
                fresh = contact is not None and said_at(entry) > now - UNDO_WITHIN
                return entry if fresh else None
            case event if event in MOVED_ON:
                return None
    return None


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often somebody tried to reach a lead in vain since the last contact, and since it was
    recycled; and when last."""

    number: int
    last_at: datetime


def attempts_of(leads: Iterable[Lead]) -> dict[int, Attempts]:
    """The attempts to reach each of ``leads`` that no contact followed, whoever made them, since it
    was recycled last, by the lead's primary key; a lead that nobody tried is not in it. One
    query."""
    reached = Contact.objects.filter(lead=OuterRef("lead"), at__gt=OuterRef("at"))
    recycled = LogEntry.objects.filter(
        lead=OuterRef("lead"), event=LogEntry.Event.RECYCLED, pk__gt=OuterRef("pk")
    )
    tried = LogEntry.objects.filter(
        ~Exists(reached), ~Exists(recycled), lead__in=list(leads), event=LogEntry.Event.ATTEMPTED
    )
    counted = tried.order_by().values_list("lead").annotate(Count("pk"), Max("at"))
    return {lead: Attempts(number, last_at) for lead, number, last_at in counted}

"""A lead's life as its page tells it, newest first (RA3)."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from leaddistrib.models import Claim, Contact, Lead, LogEntry, Rep
from leaddistrib.policy import View

LONGEST = 50


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``note`` is what somebody wrote about it."""

    at: datetime
    text: str
    note: str = ""
    own: bool = False


def history(lead: Lead, view: View, rep: Rep | None, *, oversees: bool = False) -> list[Event]:
    """What happened to ``lead``, with the attempts of ``rep`` in between. Two queries.

    Notes may name the contact, so only those who see the lead whole read them; why a colleague
    left is for those who oversee leads alone.
    """
    entries = lead.log.select_related("rep__user").order_by("-at", "-id")[:LONGEST]
    events = [
        Event(entry.at, _told(entry), _note(entry, oversees) if view is View.WHOLE else "")
        for entry in entries
    ]
    if rep is not None:
        failed = lead.claims.filter(rep=rep).exclude(result=Claim.Result.WON)[:LONGEST]
        events += [Event(claim.claimed_at, _tried(claim), own=True) for claim in failed]
    return sorted(events, key=lambda event: event.at, reverse=True)[:LONGEST]


def _told(entry: LogEntry) -> str:
    who = {"name": entry.rep.name if entry.rep else _("Somebody")}
    pool = {"pool": entry.detail.get("pool", "")}
    match entry.event:
        case LogEntry.Event.RECEIVED:
            return _("Came in")
        case LogEntry.Event.UPDATED:
            return _("Updated by its source")
        case LogEntry.Event.ASSIGNED:
            return _("Given to %(name)s") % who
        case LogEntry.Event.OPENED if entry.detail.get("mode") == "race":
            return _("Opened to all of “%(pool)s” at once") % pool
        case LogEntry.Event.OPENED if entry.detail.get("mode") == "shared":
            return _("Shared by everybody in “%(pool)s”") % pool
        case LogEntry.Event.OPENED:
            return _("Put in the queue “%(pool)s”") % pool
        case LogEntry.Event.CLAIMED:
            return _("Claimed by %(name)s") % who
        case LogEntry.Event.CONTACTED:
            return _contacted(entry) % who
        case LogEntry.Event.RELEASED:
            return _("Given back by %(name)s") % who
        case LogEntry.Event.CLOSED:
            return _("Closed by %(name)s") % who
        case LogEntry.Event.REASSIGNED:
            return _("Passed on from %(name)s") % who
        case LogEntry.Event.CREDITED:
            return _("The turn went back to %(name)s") % who
    return str(entry.get_event_display())


def _contacted(entry: LogEntry) -> str:
    match entry.detail.get("channel"):
        case Contact.Channel.CALL:
            return _("%(name)s called")
        case Contact.Channel.EMAIL:
            return _("%(name)s sent an e-mail")
        case Contact.Channel.MEETING:
            return _("%(name)s met the contact")
    return _("%(name)s was in touch")


def _note(entry: LogEntry, oversees: bool) -> str:
    if entry.event == LogEntry.Event.CREDITED:
        return ""  # a code, and the closing says more
    if "handover" in entry.detail and not oversees:
        return ""
    return str(entry.detail.get("reason") or entry.detail.get("note", ""))


def _tried(claim: Claim) -> str:
    if claim.result == Claim.Result.LOST:
        return _("Your claim came too late")
    return _("Your claim was refused")

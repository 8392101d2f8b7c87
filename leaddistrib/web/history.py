"""A lead's life as its page tells it, newest first (RA3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_timedelta
from django.utils.text import capfirst
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from leaddistrib.models import (
    Claim,
    Contact,
    EscalationStep,
    Lead,
    LogEntry,
    Outcome,
    Rep,
    Satisfaction,
)
from leaddistrib.policy import View

LONGEST = 50


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with ``more`` that is known about it, and until when it is ``due``;
    ``note`` is what somebody wrote."""

    at: datetime
    text: str
    more: str = ""
    note: str = ""
    due: datetime | None = None
    own: bool = False


def history(lead: Lead, view: View, rep: Rep | None, *, oversees: bool = False) -> list[Event]:
    """What happened to ``lead``, with the attempts of ``rep`` in between. Two queries.

    Notes may name the contact, and what came of a lead is no part of a preview, so only those who
    see the lead whole read them; why a colleague left is for those who oversee leads alone.
    """
    entries = lead.log.select_related("rep__user").order_by("-at", "-id")[:LONGEST]
    whole = view is View.WHOLE
    events = [
        Event(
            entry.at,
            _told(entry),
            _more(entry) if whole else "",
            _note(entry, oversees) if whole else "",
            _due(entry),
        )
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
        case LogEntry.Event.RECYCLED:
            return _("Recycled to “%(pool)s”") % pool
    return _answering(entry, who)


def _answering(entry: LogEntry, who: dict[str, str]) -> str:
    """How soon somebody answered it, or who was asked instead (SL3)."""
    match entry.event:
        case LogEntry.Event.CLOCK_STARTED:
            return _("%(name)s is to answer it") % who
        case LogEntry.Event.REMINDED:
            return _("%(name)s was reminded to answer") % who
        case LogEntry.Event.LAPSED:
            return _("%(name)s did not answer in time") % who
        case LogEntry.Event.ESCALATED:
            late = {"late": entry.detail.get("from") or _("Somebody")}
            if entry.rep is None:
                return _("Passed on, because %(late)s did not answer") % late
            return _("Passed on to %(name)s, because %(late)s did not answer") % (who | late)
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


def _more(entry: LogEntry) -> str:
    """How soon, how far: what the entry knows in figures."""
    detail = entry.detail
    match entry.event:
        case LogEntry.Event.CONTACTED if "response" in detail:
            after = {"time": _duration(detail["response"]["seconds"])}
            if detail["response"]["in_time"]:
                return _("Answered after %(time)s, in time") % after
            return _("Answered after %(time)s, late") % after
        case LogEntry.Event.ESCALATED if "to" in detail:
            return str(capfirst(dict(EscalationStep.To.choices).get(detail["to"], "")))
        case LogEntry.Event.OUTCOME | LogEntry.Event.OUTCOME_UNDONE:
            stage = str(dict(Outcome.Stage.choices).get(detail["stage"], detail["stage"]))
            value = f" · {detail['value']} {detail['currency']}" if "value" in detail else ""
            return f"{stage}{value}"
        case LogEntry.Event.SATISFACTION:
            return f"{dict(Satisfaction.Measure.choices)[detail['measure']]}: {detail['score']}"
    return ""


def _due(entry: LogEntry) -> datetime | None:
    if entry.event != LogEntry.Event.CLOCK_STARTED:
        return None
    return datetime.fromisoformat(entry.detail["due_at"])


def _duration(seconds: int) -> str:
    """In words of the reader's language, to the largest unit that counts: "4 minutes"."""
    locale = to_locale(get_language() or "en")
    return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=locale)


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

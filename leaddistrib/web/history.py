"""A lead's life as its page tells it, newest first (RA3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_timedelta
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_noop, to_locale
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
from leaddistrib.queries.contacts import said_at
from leaddistrib.queries.refusing import refusal

LONGEST = 50
TEXT_MESSAGE = gettext_noop("Text message")
"""The note that a contact by text message is kept with: each reads it in their own language."""

CONTACT_UNDONE = LogEntry.Event.CONTACT_UNDONE
OF_THE_CLOCK = (LogEntry.Event.CLOCK_STARTED, LogEntry.Event.REMINDED, LogEntry.Event.LAPSED)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with ``more`` that is known about it, and until when it is ``due``;
    ``note`` is what somebody wrote, ``said`` when, if that was some time after it happened."""

    at: datetime
    text: str
    more: str = ""
    note: str = ""
    due: datetime | None = None
    said: datetime | None = None
    own: bool = False


def history(lead: Lead, view: View, rep: Rep | None, *, oversees: bool = False) -> list[Event]:
    """What happened to ``lead``, with the claims of ``rep`` that failed in between. Two queries.

    Notes may name the contact, and what came of a lead is no part of a preview, so only those who
    see the lead whole read them; nor is by when a colleague was to answer it, and did not. Why a
    colleague left is for those who oversee leads alone.
    """
    entries = lead.log.select_related("rep__user").order_by("-at", "-id")
    whole = view is View.WHOLE
    if not whole:
        entries = entries.exclude(~Q(rep=rep) if rep else Q(), event__in=OF_THE_CLOCK)
    newest = list(entries[:LONGEST])
    undone = {one.detail.get("contact") for one in newest if one.event == CONTACT_UNDONE}
    events = [
        Event(
            entry.at,
            _told(entry, whole=whole or _lost(entry, rep)),
            _more(entry, undone) if whole else "",
            _note(entry, oversees) if whole else "",
            _due(entry),
            _said(entry) if whole else None,
        )
        for entry in newest
    ]
    if rep is not None:
        failed = lead.claims.filter(rep=rep).exclude(result=Claim.Result.WON)[:LONGEST]
        events += [
            Event(claim.claimed_at, _tried(claim), _why_not(claim), own=True) for claim in failed
        ]
    return sorted(events, key=lambda event: event.at, reverse=True)[:LONGEST]


def _lost(entry: LogEntry, rep: Rep | None) -> bool:
    """Whether the lead was passed on because this very rep did not answer."""
    return rep is not None and entry.detail.get("from") == rep.name


def _told(entry: LogEntry, *, whole: bool) -> str:
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
            return contacted(entry)
        case LogEntry.Event.ATTEMPTED if entry.detail.get("channel") == Contact.Channel.CALL:
            return _("%(name)s called, and nobody answered") % who
        case LogEntry.Event.ATTEMPTED:
            return _("%(name)s tried, and nobody answered") % who
        case LogEntry.Event.CONTACT_UNDONE if "implied_by" in entry.detail.get("response", {}):
            return _("%(name)s was not in touch after all") % who  # whoever undid the outcome
        case LogEntry.Event.CONTACT_UNDONE:
            return _("%(name)s took the contact back") % who
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
    return _answering(entry, who, whole)


def _answering(entry: LogEntry, who: dict[str, str], whole: bool) -> str:
    """How soon somebody answered it, or who was asked instead (SL3)."""
    match entry.event:
        case LogEntry.Event.CLOCK_STARTED:
            return _("%(name)s is to answer it") % who
        case LogEntry.Event.REMINDED:
            return _("%(name)s was reminded to answer") % who
        case LogEntry.Event.LAPSED:
            return _("%(name)s did not answer in time") % who
        case LogEntry.Event.ESCALATED if not whole:
            return _("Passed on to %(name)s") % who if entry.rep else _("Passed on")
        case LogEntry.Event.ESCALATED:
            late = {"late": entry.detail.get("from") or _("Somebody")}
            if entry.rep is None:
                return _("Passed on, because %(late)s did not answer") % late
            return _("Passed on to %(name)s, because %(late)s did not answer") % (who | late)
    return str(entry.get_event_display())


def contacted(entry: LogEntry) -> str:
    """Who was in touch, and how, by a ``lead.contacted`` entry."""
    who = {"name": entry.rep.name if entry.rep else _("Somebody")}
    match entry.detail.get("channel"):
        case Contact.Channel.CALL:
            return _("%(name)s called") % who
        case Contact.Channel.EMAIL:
            return _("%(name)s sent an e-mail") % who
        case Contact.Channel.MEETING:
            return _("%(name)s met the contact") % who
    return _("%(name)s was in touch") % who


def _more(entry: LogEntry, undone: set[int]) -> str:
    """How soon, how far: what the entry knows in figures; or that it was ``undone``."""
    detail = entry.detail
    match entry.event:
        case LogEntry.Event.CONTACTED if detail.get("contact") in undone:
            return _("It was taken back")
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


def _said(entry: LogEntry) -> datetime | None:
    """When a contact was logged that had been some time before."""
    if entry.event != LogEntry.Event.CONTACTED or "said_at" not in entry.detail:
        return None
    return said_at(entry)


def _duration(seconds: int) -> str:
    """In words of the reader's language, to the largest unit that counts: "4 minutes"."""
    locale = to_locale(get_language() or "en")
    return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=locale)


def _note(entry: LogEntry, oversees: bool) -> str:
    if entry.event == LogEntry.Event.CREDITED:
        return ""  # a code, and the closing says more
    if "handover" in entry.detail and not oversees:
        return ""
    note = str(entry.detail.get("reason") or entry.detail.get("note", ""))
    return _("Text message") if note == TEXT_MESSAGE else note


def _tried(claim: Claim) -> str:
    if claim.result == Claim.Result.LOST and claim.decided_at:
        return _("Your claim was in, and the lead went to somebody else")
    if claim.result == Claim.Result.LOST:
        return _("Your claim came too late")
    if claim.result == Claim.Result.COLLECTED:
        return _("Your claim is in, and not decided yet")
    return _("Your claim was refused")


def _why_not(claim: Claim) -> str:
    """What stood against a claim that was collected, when it was decided: the rep was not there."""
    return " ".join(refusal(one["code"], one["params"]) for one in claim.against)

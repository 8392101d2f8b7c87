"""One lead: as much of it as its reader may see, and why it came here (RU5)."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from leaddistrib.models import Claim, Contact, Decision, Lead, Outcome, Rep
from leaddistrib.models.going_on import passed_on, stale_at
from leaddistrib.policy import View, disclose
from leaddistrib.queries import clock, explanations
from leaddistrib.queries.blindness import tells_class
from leaddistrib.queries.cards import is_shared, work_on
from leaddistrib.queries.claimable import opening_times
from leaddistrib.queries.clocks import clocks_of, late
from leaddistrib.queries.contacts import UNDO_WITHIN, attempts_of, said_at, undoable_contact
from leaddistrib.queries.inbox import standing
from leaddistrib.queries.outcomes import may_speak, outcomes_of, undoable
from leaddistrib.queries.overseeing import may_move
from leaddistrib.queries.templating import first_messages, mailto, sms, tel
from leaddistrib.queries.visibility import is_member_for
from leaddistrib.web import outcomes
from leaddistrib.web.access import Viewer, lead_for, signed_in
from leaddistrib.web.cards import SIZES, TEMPERATURES, details, later_than, place
from leaddistrib.web.forms import CloseForm
from leaddistrib.web.history import contacted, history


@require_safe
@signed_in
def lead(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    found, view, passed = lead_for(viewer, public_id)
    rep = viewer.rep
    shown = disclose(found, view)
    whole = view is View.WHOLE
    decision = passed or explanations.decisions_of(found).last()
    waiting = found.status == Lead.Status.WAITING
    member = is_member_for(found, viewer.sight)
    limits = standing(rep, clock.now()) if rep and member and waiting else None
    own = rep is not None and found.owner_id == rep.pk and found.status == Lead.Status.OWNED
    shared = is_shared(found) and member
    works = work_on([found])
    movable = may_move(found, viewer.sight)
    owned = found.status == Lead.Status.OWNED
    deadline = clocks_of([found]).get(found.pk) if owned and whole else None
    stages = outcomes_of(found)
    slips = undoable(found, stages, viewer.sight, viewer.user)
    said = stages if whole else slips  # whoever sees a preview knows what they said themselves
    stands = said[0] if said else None
    logged = found.log.count()  # before it is read: what comes in between is drawn once more
    events = history(found, view, rep, oversees=viewer.oversees)
    context = {
        "viewer": viewer,
        "lead": found,
        "shown": shown,
        "whole": whole,
        "own": own,
        "shared": shared,
        "working": works.get(found.pk),
        "stale_at": stale_at(found),
        "pushed_on": None if tells_class(view) else passed_on([found]).get(found.pk),
        "claimable": waiting and member and not shared,
        "window": later_than(clock.now(), opening_times(rep, [found])[found.pk])
        if rep and waiting and member
        else None,
        "limits": limits,
        "reasons": [outcomes.reason(refusal, rep) for refusal in limits.refusals]
        if limits and rep
        else [],
        "too_late": _too_late(found, viewer) if not own else "",
        "place": place(shown.get("city", ""), shown.get("country", "")),
        "temperature": TEMPERATURES.get(shown.get("temperature", ""), ""),
        "size": SIZES.get(shown.get("size_band", ""), ""),
        "details": details(shown),
        "sentence": explanations.sentence(
            decision, rep, whole=whole, oversees=movable, unnamed=tells_class(view)
        )
        if decision
        else "",
        "trace": _trace(decision, viewer, view),
        "deadline": deadline,
        "attempts": attempts_of([found]).get(found.pk) if whole else None,
        "is_late": deadline is not None and late(deadline, clock.now()),
        "history": events,
        # What is on screen: a page that is asked for again, and has the same, stays as it is. Of a
        # long history the newest part is shown, and the log alone says that there is more.
        "state": f"{found.status} {found.period} {own:d} {logged} {len(events)}",
        "movable": movable,
        "stands": stands,
        "speaks": whole and may_speak(found, viewer.sight),
        "undoable": slips,
        "recyclable": found.status in (Lead.Status.OWNED, Lead.Status.CLOSED)
        and not (stands and stands.stage == Outcome.Stage.WON),
        "form": CloseForm() if own or shared else None,
    }
    if rep is not None and (own or shared):
        context |= _ways(found, rep, shown) | {"slip": _slip(found, rep)}
    # Scripts put times into the browser's zone; without them they are in the rep's own.
    with timezone.override(rep.zone if rep else timezone.get_current_timezone()):
        return render(request, "leaddistrib/lead.html", context)


def _slip(found: Lead, rep: Rep) -> dict[str, object] | None:
    """The own contact of just now, which may have been none."""
    entry = undoable_contact(found, rep, clock.now())
    if entry is None:
        return None
    return {
        "text": contacted(entry),
        "contact": entry.detail["contact"],
        "call": entry.detail["channel"] == Contact.Channel.CALL,
        "until": said_at(entry) + UNDO_WITHIN,
    }


def _ways(found: Lead, rep: Rep, shown: dict[str, Any]) -> dict[str, object]:
    """By which ways the rep gets in touch, of those that are shown: each is one tap."""
    phone, email = shown["contact"].get("phone"), shown["contact"].get("email")
    return {
        "tel": tel(phone) if phone else "",
        "sms": sms(phone) if phone else "",
        "mailto": mailto(email) if email else "",
        "first_messages": first_messages(found, rep, shown),
        "booking_by_email": mailto(email, body=rep.booking_url) if email else "",
        "booking_by_text": sms(phone, rep.booking_url) if phone else "",
    }


def _trace(decision: Decision | None, viewer: Viewer, view: View) -> explanations.Trace | None:
    """The decision in full, for those who see all that it was made of."""
    if decision is None or not viewer.oversees or view is not View.WHOLE:
        return None
    return explanations.trace(decision)


def _too_late(found: Lead, viewer: Viewer) -> str:
    """Who was faster, where the viewer claimed this lead and lost it."""
    if viewer.rep is None or found.status != Lead.Status.OWNED or found.owner is None:
        return ""
    tried = found.claims.filter(
        rep=viewer.rep, period=found.period, result=Claim.Result.LOST
    ).first()
    held = found.assignments.filter(ended_at__isnull=True).first()
    if tried is None or held is None:
        return ""
    if tried.decided_at:
        return outcomes.chosen(found.owner.name)
    return outcomes.too_late(found.owner.name, tried.claimed_at - held.started_at)

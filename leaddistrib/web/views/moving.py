"""A manager gives leads to a rep by hand, or gives a lead's turn back (PU7)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from leaddistrib.engine.gates import Refusal
from leaddistrib.errors import Busy
from leaddistrib.lifecycle.crediting import credit_turn
from leaddistrib.lifecycle.reassigning import Assigned, assign_by_hand, objections
from leaddistrib.models import Lead, Rep
from leaddistrib.queries import clock, refusing
from leaddistrib.queries.overseeing import may_move, reps_overseen
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.busy import BUSY
from leaddistrib.web.cards import listed, shown_to
from leaddistrib.web.overseeing import CreditForm, MoveForm, as_it_is, leads_to_move


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def assign(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """GET asks to whom and why; POST shows what stands against it, if anything does and was not
    seen yet, and otherwise does it. The leads are named in the address; the form says how they
    were when they were looked at, and what changed since is shown again before it is given away."""
    leads = leads_to_move(viewer, request.GET.getlist("lead"))
    shown = listed(leads, viewer.sight)  # as they were when they were this viewer's to give away
    reps = reps_overseen(viewer.sight)
    form = MoveForm(request.POST if request.method == "POST" else None, reps=reps)
    against: Sequence[Refusal] = ()
    seen = set(request.POST.getlist("seen"))
    changed = [lead for lead in leads if form.is_bound and as_it_is(lead) not in seen]
    if form.is_valid() and not changed:
        to, reason = form.cleaned_data["to"], form.cleaned_data["reason"]
        against = objections(to, leads, clock.now())
        if not against or request.POST.get("despite") == str(to.public_id):
            try:
                done = assign_by_hand(
                    leads,
                    to,
                    reason=reason,
                    actor=viewer.user,
                    still=lambda lead: as_it_is(lead) in seen and may_move(lead, viewer.sight),
                )
            except Busy:
                form.add_error(None, BUSY)
            except ValueError:  # set inactive at this very moment
                form.add_error("to", form.fields["to"].error_messages["invalid_choice"])
            else:
                _say(request, done, to, shown)
                return _back([] if done.changed else leads)
    context = {
        "viewer": viewer,
        "form": form,
        "leads": list(shown.values()),
        "seen": [as_it_is(lead) for lead in leads],
        "changed": changed,
        "to": form.cleaned_data.get("to") if against else None,
        "against": [_in_words(one, len(leads)) for one in against],
    }
    status = 400 if form.errors else 409 if changed else 200
    return render(request, "leaddistrib/assign.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def credit(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET asks why; POST gives the turn that the lead took back, once."""
    [lead] = leads_to_move(viewer, [str(public_id)])
    form = CreditForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            given = credit_turn(lead, reason=form.cleaned_data["reason"], actor=viewer.user)
        except Busy:
            form.add_error(None, BUSY)
        else:
            if given:
                messages.success(request, _("The turn that this lead took was given back."))
            else:
                messages.info(request, _("This lead has no turn to give back (any more)."))
            return redirect("leaddistrib:lead", public_id)
    status = 400 if form.errors else 200
    context = {"viewer": viewer, "form": form, "shown": shown_to(lead, viewer.sight)}
    return render(request, "leaddistrib/credit.html", context, status=status)


def _in_words(refusal: Refusal, of: int) -> str:
    """What stands against it, said of ``of`` leads at once."""
    if refusal.code == "let_lapse" and of > 1:
        number = int(refusal.params["number"])
        text = ngettext(
            "did not answer %(number)d of these leads in time",
            "did not answer %(number)d of these leads in time",
            number,
        )
        return text % {"number": number}
    return refusing.passed_over(refusal.code, refusal.params)


def _back(leads: Sequence[Lead]) -> HttpResponse:
    if len(leads) == 1:
        return redirect("leaddistrib:lead", leads[0].public_id)
    return redirect("leaddistrib:manage")


def _say(
    request: HttpRequest, done: Assigned, to: Rep, shown: Mapping[int, Mapping[str, Any]]
) -> None:
    number = len(done.decisions)
    if number:
        text = ngettext(
            "%(name)s has %(number)d more lead.", "%(name)s has %(number)d more leads.", number
        )
        messages.success(request, text % {"name": to.name, "number": number})
    if done.left_alone:
        text = ngettext(
            "%(number)d lead was left alone: it is closed, or theirs already.",
            "%(number)d leads were left alone: they are closed, or theirs already.",
            len(done.left_alone),
        )
        messages.info(request, text % {"number": len(done.left_alone)})
    for lead in done.changed:
        if lead.pk not in shown:
            continue
        text = _("%(lead)s was left alone: it changed hands while you gave it away.")
        messages.warning(request, text % {"lead": shown[lead.pk]["called"]})

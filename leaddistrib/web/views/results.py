"""Somebody says what came of a lead, or takes it back (OU1)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leaddistrib.errors import Answered, Busy, Closed, NotYours, Outdated
from leaddistrib.lifecycle.outcomes import record_outcome, undo_outcome
from leaddistrib.lifecycle.satisfying import tell_satisfaction
from leaddistrib.models import Lead, Outcome, Rep
from leaddistrib.policy import disclose
from leaddistrib.queries.outcomes import outcomes_of, speaks_as, undoable
from leaddistrib.web.access import Viewer, lead_for, signed_in
from leaddistrib.web.busy import BUSY
from leaddistrib.web.cards import called
from leaddistrib.web.outcomeforms import OutcomeForm


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def outcome(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET asks how far the lead got and changes nothing; POST records it."""
    found, view, _passed = lead_for(viewer, public_id)
    name = called(disclose(found, view))
    try:
        rep = speaks_as(found, viewer.sight)
    except NotYours:
        return _not_yours(request, public_id)
    form = OutcomeForm(request.POST if request.method == "POST" else None, lead=found)
    if form.is_valid():
        try:
            _record(viewer, found, rep, form)
        except NotYours:
            return _not_yours(request, None)
        except (Closed, Outdated):
            messages.warning(request, _("This lead changed since you looked. Nothing was kept."))
            return redirect("leaddistrib:lead", public_id)
        except Busy:
            form.add_error(None, BUSY)
        else:
            return _kept(request, viewer, found, rep, form, name)
    context = {"viewer": viewer, "lead": found, "form": form, "called": name}
    status = 400 if form.errors else 200
    return render(request, "leaddistrib/outcome.html", context, status=status)


def _record(viewer: Viewer, lead: Lead, rep: Rep | None, form: OutcomeForm) -> None:
    said = form.cleaned_data
    record_outcome(
        lead,
        said["stage"],
        rep=rep,
        by=viewer.user,
        value=said["value"],
        currency=said["currency"],
        reason=said["reason"],
    )


def _kept(
    request: HttpRequest,
    viewer: Viewer,
    lead: Lead,
    rep: Rep | None,
    form: OutcomeForm,
    name: str,
) -> HttpResponse:
    csat, stage = form.cleaned_data["csat"], Outcome.Stage(form.cleaned_data["stage"])
    if csat is not None:
        try:
            tell_satisfaction(lead, csat, rep=rep, by=viewer.user)
        except Answered:
            messages.info(request, _("The customer answered already: that answer stays."))
        except Busy:  # the outcome stands, and is one if it is said again
            text = _(
                "Too much is going on at once. What the customer said was not kept: say it again."
            )
            messages.warning(request, text)
    text = _("Noted: %(lead)s, %(stage)s.")
    messages.success(request, text % {"lead": name, "stage": stage.label})
    # Also won or lost, when it is in no list any more: a slip is undone there.
    return redirect("leaddistrib:lead", lead.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def undo(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET shows what may be undone and changes nothing; POST undoes the one that is named."""
    found, view, _passed = lead_for(viewer, public_id)
    name = called(disclose(found, view))
    choices = undoable(found, outcomes_of(found), viewer.sight, viewer.user)
    if not choices:
        messages.info(request, _("There is nothing that you could undo here."))
        return redirect("leaddistrib:lead", public_id)
    named = request.POST.get("outcome", "")
    chosen = next((one for one in choices if str(one.pk) == named), None)
    error = ""
    if request.method == "POST" and chosen is not None:
        try:
            undo_outcome(chosen, viewer.user)
        except Outdated:
            messages.warning(request, _("This lead changed since you looked. Nothing was undone."))
            return redirect("leaddistrib:home")
        except Busy:
            error = str(BUSY)
        else:
            text = _("Undone: %(lead)s, %(stage)s.")
            stage = Outcome.Stage(chosen.stage).label
            messages.success(request, text % {"lead": name, "stage": stage})
            return redirect("leaddistrib:lead", public_id)
    elif request.method == "POST":
        error = _("Choose what is to be undone.")
    context = {"viewer": viewer, "lead": found, "called": name, "choices": choices, "error": error}
    status = 400 if error else 200
    return render(request, "leaddistrib/undo.html", context, status=status)


def _not_yours(request: HttpRequest, public_id: UUID | None) -> HttpResponse:
    """Its page says whose it is; it may be gone for this reader when it changed hands just now."""
    messages.info(request, _("This lead is not yours (any more)."))
    if public_id is None:
        return redirect("leaddistrib:home")
    return redirect("leaddistrib:lead", public_id)

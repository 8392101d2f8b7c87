"""Work on a lead, from its page: contacts (PO1), and who is at a shared lead now (PO2)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leaddistrib.errors import Busy, NotYours
from leaddistrib.lifecycle import working
from leaddistrib.lifecycle.contacting import ContactResult, log_contact
from leaddistrib.lifecycle.working import WorkResult
from leaddistrib.models import Lead
from leaddistrib.policy import disclose, policy
from leaddistrib.queries import clock
from leaddistrib.queries.cards import is_shared
from leaddistrib.web import outcomes
from leaddistrib.web.access import Viewer, lead_for_rep, signed_in
from leaddistrib.web.forms import ContactForm


@require_POST
@signed_in
def contacts(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """Log that the rep was in touch with the lead just now."""
    lead, rep = lead_for_rep(viewer, public_id)
    form = ContactForm(request.POST)
    if not form.is_valid():
        if lead.owner_id == rep.pk or is_shared(lead):
            return _asked_again(request, viewer, lead, form)
        _say_not_yours(request)  # a preview of it has no such form
        return redirect("leaddistrib:lead", public_id)
    try:
        result = log_contact(
            lead, rep, form.cleaned_data["channel"], note=form.cleaned_data["note"]
        )
    except NotYours:
        _say_not_yours(request)
    except Busy:
        _say_busy(request)
    else:
        _answer(request, lead, result)
    return redirect("leaddistrib:lead", public_id)


def _asked_again(
    request: HttpRequest, viewer: Viewer, lead: Lead, form: ContactForm
) -> HttpResponse:
    """The form with what was written, and what is wrong with which field."""
    context = {
        "viewer": viewer,
        "lead": lead,
        "shown": disclose(lead, policy().view(lead, viewer.sight)),
        "shared": is_shared(lead),
        "contact": form,
    }
    return render(request, "leaddistrib/contact.html", context, status=400)


def _answer(request: HttpRequest, before: Lead, result: ContactResult) -> None:
    if result.result == "lost" and result.taken_by and result.taken_at:
        ahead = clock.now() - result.taken_at
        messages.warning(request, outcomes.too_late(result.taken_by.name, ahead))
    elif result.result == "logged" and before.owner_id is None and result.taken_by:
        messages.success(request, _("Noted. You were first: this lead is yours."))
    elif result.result == "logged":
        messages.success(request, _("Noted."))
    for refusal in result.refusals:
        messages.error(request, outcomes.reason(refusal).sentence)


@require_POST
@signed_in
def work(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """Begin, go on or, with ``stop``, end to work on a shared lead."""
    lead, rep = lead_for_rep(viewer, public_id)
    try:
        if "stop" in request.POST:
            working.stop(lead, rep)
        else:
            _told(request, working.start(lead, rep))
    except NotYours:
        messages.info(request, _("This lead is not shared any more."))
    except Busy:
        _say_busy(request)
    return redirect("leaddistrib:lead", public_id)


def _told(request: HttpRequest, result: WorkResult) -> None:
    """The page shows who is at it; here is what it does not show."""
    if result.result == "busy" and result.by and result.until:
        who = {"name": result.by.name, "time": f"{localtime(result.until):%H:%M}"}
        messages.warning(request, _("%(name)s is on it until %(time)s.") % who)
    for refusal in result.refusals:
        messages.error(request, outcomes.reason(refusal).sentence)


def _say_not_yours(request: HttpRequest) -> None:
    messages.info(request, _("This lead is not yours (any more)."))


def _say_busy(request: HttpRequest) -> None:
    messages.error(request, _("Too much is going on at once. Nothing was changed: try again."))

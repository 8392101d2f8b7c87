"""A rep claims a lead: the confirmation, the claim itself and its answer (UI1)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import claiming
from leaddistrib.lifecycle.claiming import ClaimResult
from leaddistrib.models import Lead, Rep
from leaddistrib.queries import clock
from leaddistrib.web import outcomes
from leaddistrib.web.access import Viewer, lead_for_rep, signed_in, wants_json
from leaddistrib.web.busy import busy_answer
from leaddistrib.web.cards import rows

STATUS = {"won": 200, "collected": 202, "lost": 409, "refused": 403}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def claim(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET asks for confirmation and changes nothing; POST claims. A script gets the answer as
    JSON, a form is sent on to the lead's page, which shows it. A script that asks by GET is told
    what came of a claim that was collected."""
    lead, rep = lead_for_rep(viewer, public_id)
    if request.method != "POST":
        known = claiming.answer(lead, rep) if wants_json(request) else None
        if known is not None:
            return _answer(request, rep, known)
        return _confirmation(request, viewer, lead)
    try:
        result = claiming.claim(lead, rep, via="page")
    except Busy:
        return _busy(request, viewer, lead)
    return _answer(request, rep, result)


def _confirmation(
    request: HttpRequest, viewer: Viewer, lead: Lead, status: int = 200
) -> HttpResponse:
    if lead.status != Lead.Status.WAITING:
        return redirect("leaddistrib:lead", lead.public_id)
    [row] = rows([lead], clock.now())
    context = {"viewer": viewer, "lead": lead, "row": row, "busy": status == 503}
    return render(request, "leaddistrib/claim.html", context, status=status)


def _answer(request: HttpRequest, rep: Rep, result: ClaimResult) -> HttpResponse:
    now = clock.now()
    url = reverse("leaddistrib:lead", args=[result.lead.public_id])
    if result.result == "won":
        # Shown by the lead's page, where a script goes too.
        messages.success(request, outcomes.message(result, now))
    if wants_json(request):
        document = outcomes.document(result, rep, now, url)
        return JsonResponse(document, status=STATUS[result.result])
    if result.result == "collected":
        messages.info(request, outcomes.message(result, now))
    if result.result == "lost":
        messages.warning(request, outcomes.message(result, now))
    for refusal in result.refusals:
        messages.error(request, outcomes.reason(refusal, rep).sentence)
    return redirect(url)


def _busy(request: HttpRequest, viewer: Viewer, lead: Lead) -> HttpResponse:
    if not wants_json(request):
        return _confirmation(request, viewer, lead, status=503)
    return busy_answer()

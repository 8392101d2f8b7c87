"""A button gives the next lead of a pool that shows none: "next, please" (RA5)."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leaddistrib.errors import KeyReused
from leaddistrib.lifecycle.claiming import ClaimResult
from leaddistrib.lifecycle.nextplease import claim_next
from leaddistrib.models import Pool, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.membership import pools_of
from leaddistrib.web import outcomes
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.busy import unless_busy
from leaddistrib.web.forms import NextForm


@require_POST
@signed_in
def take_next(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """Whoever got a lead goes to its page; everybody else back to the pool, which says why not. The
    form has a key of its own, so that a second tap gets the first answer."""
    rep = viewer.own
    pool = pools_of(rep).filter(public_id=public_id, award=Pool.Award.NEXT).first()
    if pool is None:
        raise Http404
    form = NextForm(request.POST)
    if form.is_valid():
        try:
            with unless_busy(request):
                result = claim_next(pool, rep, key=form.cleaned_data["key"], via="page")
                _tell(request, rep, result)
                if result and result.result == "won" and result.lead.owner_id == rep.pk:
                    return redirect("leaddistrib:lead", result.lead.public_id)
        except KeyReused:
            messages.warning(request, _("This page was out of date. Ask again."))
    return redirect(f"{reverse('leaddistrib:pool')}?pool={pool.public_id}")


def _tell(request: HttpRequest, rep: Rep, result: ClaimResult | None) -> None:
    if result is None:
        messages.info(request, _("Nothing waits here now: somebody was faster."))
    elif result.result == "won":
        messages.success(request, outcomes.message(result, clock.now()))
    else:
        messages.error(request, _("Something waits, but nothing that you can have now."))
        for refusal in result.refusals:
            messages.error(request, outcomes.reason(refusal, rep).sentence)

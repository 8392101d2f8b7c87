"""Who is at a shared lead now (PO2)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leaddistrib.errors import NotYours
from leaddistrib.lifecycle import working
from leaddistrib.lifecycle.working import WorkResult
from leaddistrib.models import Rep
from leaddistrib.web import outcomes
from leaddistrib.web.access import Viewer, lead_for_rep, signed_in
from leaddistrib.web.busy import unless_busy


@require_POST
@signed_in
def work(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """Begin, go on or, with ``stop``, end to work on a shared lead."""
    lead, rep = lead_for_rep(viewer, public_id)
    try:
        with unless_busy(request):
            if "stop" in request.POST:
                working.stop(lead, rep)
            else:
                _told(request, rep, working.start(lead, rep))
    except NotYours:
        messages.info(request, _("This lead is not shared any more."))
    return redirect("leaddistrib:lead", public_id)


def _told(request: HttpRequest, rep: Rep, result: WorkResult) -> None:
    """The page shows who is at it; here is what it does not show."""
    if result.result == "busy" and result.by and result.until:
        who = {"name": result.by.name, "time": f"{localtime(result.until):%H:%M}"}
        messages.warning(request, _("%(name)s is on it until %(time)s.") % who)
    for refusal in result.refusals:
        messages.error(request, outcomes.reason(refusal, rep).sentence)

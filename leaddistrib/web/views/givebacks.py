"""The leads that a rep gave back: which, when, and why (RA4)."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from leaddistrib.policy import View, policy
from leaddistrib.queries.distribution import Scope
from leaddistrib.queries.givebacks import How, given_back
from leaddistrib.queries.periods import DaysForm
from leaddistrib.queries.sight import leads_of
from leaddistrib.web import reporting
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.cards import listed


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What is behind a figure of leads given back, as far as the leads are still the viewer's to
    see: of one of which they see a preview alone, because another team has it by now, the words of
    whoever gave it back are left out."""
    teams = reporting.teams_asked(viewer)
    form, asked = DaysForm(request.GET), request.GET
    if not form.is_valid():
        raise Http404
    try:
        rep = UUID(asked["key"]) if asked.get("key") else None
        how = How(asked["figure"]) if asked.get("figure") else None
    except ValueError as error:
        raise Http404 from error
    rows = given_back(Scope(form.since, form.until, teams), rep=rep, how=how)
    seen = rows.filter(lead__in=leads_of(viewer.sight).order_by().values("pk"))
    page = reporting.paged(
        request, seen.select_related("rep__user", "lead__owner__user", "lead__pool")
    )
    leads = listed((one.lead for one in page.object_list), viewer.sight)
    context = {
        "viewer": viewer,
        "page": page,
        "rows": [
            (one, leads[one.lead_id], policy().view(one.lead, viewer.sight) is View.WHOLE)
            for one in page.object_list
            if one.lead_id in leads
        ],
        "days": form.cleaned_data,
        "fewer": page.paginator.count < rows.count(),
        "back": reverse("leaddistrib:claim-speed") + reporting.query(form),
    }
    return render(request, "leaddistrib/give_backs.html", context)

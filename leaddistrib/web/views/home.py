"""A rep's home: own limits, pools and leads (DB1); for everybody else, what they can do here."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaddistrib.queries import clock
from leaddistrib.queries.inbox import own_leads, pools_with_sizes, standing
from leaddistrib.queries.own.called import tier_called
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.cards import own_rows
from leaddistrib.web.outcomes import reason

PAGE = 25


@require_safe
@signed_in
def home(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    if viewer.rep is None:
        return render(request, "leaddistrib/home_guest.html", {"viewer": viewer})
    now = clock.now()
    limits = standing(viewer.rep, now)
    page = Paginator(own_leads(viewer.rep), PAGE).get_page(request.GET.get("page"))
    context = {
        "viewer": viewer,
        "tier": tier_called(viewer.rep),
        "limits": limits,
        "reasons": [reason(refusal, viewer.rep) for refusal in limits.refusals],
        "pools": list(pools_with_sizes(viewer.rep, now)),
        "page": page,
        "rows": own_rows(page.object_list, now),
    }
    return render(request, "leaddistrib/home.html", context)

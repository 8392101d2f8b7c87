"""What each member gives to a pool: all of it for its managers, the own part for a member (PO3)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from leaddistrib.models import Pool
from leaddistrib.policy import Role, View, disclose
from leaddistrib.queries import clock
from leaddistrib.queries.contributions import Contribution, Figure, contributions, leads_behind
from leaddistrib.queries.sight import pools_seen
from leaddistrib.queries.visibility import views
from leaddistrib.web.access import Viewer, signed_in

PAGE = 25
PERIODS = (7, 30, 90, 365)
"""Days that the page looks back on, at choice."""


@require_safe
@signed_in
def parts(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """``?days=`` is how far it looks back; with ``?rep=`` and ``?figure=``, the leads behind one
    figure are listed below."""
    pool = get_object_or_404(pools_seen(viewer.sight), public_id=public_id)
    now = clock.now()
    days = request.GET.get("days", "")
    back = int(days) if days in map(str, PERIODS) else PERIODS[1]
    since = now - timedelta(days=back)
    everybody = contributions(pool, since, now)
    seen = [one for one in everybody if _may_see(viewer, pool, one)]
    context: dict[str, Any] = {
        "viewer": viewer,
        "pool": pool,
        "days": back,
        "periods": PERIODS,
        "members": [
            (one, [(figure, one.figures[figure]) for figure in Figure], round(one.share * 100))
            for one in seen
        ],
        "contacts": sum(one.figures[Figure.CONTACTS] for one in everybody),
        "oversees": _oversees(viewer, pool),
    }
    if "figure" in request.GET:
        context |= _behind(request, viewer, pool, seen, since, now)
    return render(request, "leaddistrib/contributions.html", context)


def _oversees(viewer: Viewer, pool: Pool) -> bool:
    return viewer.sight.role is Role.ADMIN or pool.pk in viewer.sight.managed_pools


def _may_see(viewer: Viewer, pool: Pool, one: Contribution) -> bool:
    return _oversees(viewer, pool) or one.rep == viewer.rep


def _behind(
    request: HttpRequest,
    viewer: Viewer,
    pool: Pool,
    seen: list[Contribution],
    since: datetime,
    until: datetime,
) -> dict[str, Any]:
    """The leads behind one figure, as far as the viewer sees them. 404 for a figure that there is
    not, or that is not the viewer's to see."""
    asked = request.GET.get("rep", "")
    rep = next((one.rep for one in seen if str(one.rep.public_id) == asked), None)
    if rep is None or request.GET["figure"] not in list(Figure):
        raise Http404
    figure = Figure(request.GET["figure"])
    leads = leads_behind(pool, rep, figure, since, until)
    page = Paginator(leads, PAGE).get_page(request.GET.get("page"))
    shown = views(list(page.object_list), viewer.sight)
    return {
        "figure": figure,
        "who": rep,
        "page": page,
        "leads": [disclose(lead, view) for lead, view in shown if view is not View.NOTHING],
    }

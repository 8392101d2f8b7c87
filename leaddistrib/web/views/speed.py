"""How fast reps claim, and how soon messages reach them (NO3, RA3)."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaddistrib.policy import Role
from leaddistrib.queries.distribution import Scope
from leaddistrib.queries.periods import DaysForm
from leaddistrib.queries.speed import Line, speed
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.durations import duration
from leaddistrib.web.overseeing import must_oversee

PAGE = 50


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A rep's row, its medians in words."""

    line: Line
    delivered: str
    seen: str
    claimed: str
    handed_delivered: str
    handed_seen: str


@require_safe
@signed_in
def claim_speed(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    must_oversee(viewer)
    form = DaysForm(request.GET)
    context: dict[str, Any] = {"viewer": viewer, "form": form}
    if form.is_valid():
        everybody = viewer.sight.role is Role.ADMIN
        teams = None if everybody else viewer.sight.managed_teams
        page = Paginator(speed(Scope(form.since, form.until, teams)), PAGE).get_page(
            request.GET.get("page")
        )
        context |= {"page": page, "rows": [_shown(line) for line in page.object_list]}
    return render(request, "leaddistrib/speed.html", context)


def _shown(line: Line) -> ShownLine:
    return ShownLine(
        line,
        duration(line.claims.delivered),
        duration(line.claims.seen),
        duration(line.claims.claimed),
        duration(line.receipts.delivered),
        duration(line.receipts.seen),
    )

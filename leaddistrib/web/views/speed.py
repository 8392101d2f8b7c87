"""How fast reps claim, and how soon messages reach them (NO3, RA3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leaddistrib.queries.distribution import Scope
from leaddistrib.queries.givebacks import How, give_backs
from leaddistrib.queries.givebacks import Line as Returned
from leaddistrib.queries.periods import DaysForm
from leaddistrib.queries.speed import HANDED_OUT, Line, leads_behind, speed
from leaddistrib.web import reporting
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.durations import duration
from leaddistrib.web.overseeing import overview


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A rep's row, its medians in words, and what stands behind each of its figures, by name."""

    line: Line
    delivered: str
    seen: str
    claimed: str
    handed_delivered: str
    handed_seen: str
    behind: Mapping[str, str]


@require_safe
@signed_in
def claim_speed(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    context = overview(viewer)
    form = DaysForm(request.GET)
    context["form"] = form
    if form.is_valid():
        scope = Scope(form.since, form.until, reporting.teams_asked(viewer))
        page = reporting.paged(request, speed(scope))
        returned = {line.key: line for line in give_backs(scope)}
        context |= {
            "page": page,
            "rows": [_shown(line, form) for line in page.object_list],
            "returned": [
                (back, _behind_returned(back, form))
                for line in page.object_list
                if (back := returned.get(line.key))
            ],
        }
    return render(request, "leaddistrib/speed.html", context)


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The leads that a figure of a rep counts, as far as they are still the viewer's to see."""
    teams = reporting.teams_asked(viewer)
    form = DaysForm(request.GET)
    if not form.is_valid():
        raise Http404
    scope, asked = Scope(form.since, form.until, teams), request.GET
    try:
        leads = leads_behind(scope, UUID(asked.get("key", "")), asked.get("figure", ""))
    except ValueError as error:
        raise Http404 from error
    back = reverse("leaddistrib:claim-speed") + reporting.query(form)
    return reporting.leads_page(
        request, viewer, leads, back, _("Back to how fast leads are claimed")
    )


def _shown(line: Line, form: DaysForm) -> ShownLine:
    figures = {**line.attempts, HANDED_OUT: line.handed_out}
    return ShownLine(
        line,
        duration(line.claims.delivered),
        duration(line.claims.seen),
        duration(line.claims.claimed),
        duration(line.receipts.delivered),
        duration(line.receipts.seen),
        reporting.behind(form, "claim-speed-leads", "rep", line.key, figures),
    )


def _behind_returned(line: Returned, form: DaysForm) -> dict[str, str]:
    """What stands behind each figure of leads that a rep gave back, by its name."""
    figures = {str(How.CLAIMED): line.claimed_back, str(How.HANDED_OUT): line.handed_out_back}
    return reporting.behind(form, "give-backs", "rep", line.key, figures)

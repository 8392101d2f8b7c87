"""How long customers wait: the report, and the leads behind each of its figures (SL4, DB2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leaddistrib.queries.periods import RESPONSE_LABELS, WaitingForm
from leaddistrib.queries.response import By
from leaddistrib.queries.waiting import OTHERS, Figure, Line, leads_behind, told, waiting
from leaddistrib.web import reporting
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.durations import duration
from leaddistrib.web.overseeing import must_oversee, overview

COLUMNS = (
    *("key", "name", "leads", "answered", "median_seconds", "p90_seconds"),
    *("within_5", "within_60", "waiting", "closed"),
)
TABS = (By.SOURCE, By.LEAD_TYPE, By.HOUR, By.REP, By.TEAM)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row, its times in words, and what stands behind each of its figures, by name."""

    line: Line
    median: str
    p90: str
    within_5: float | None
    within_60: float | None
    behind: Mapping[str, str]


@require_safe
@signed_in
def report(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The report, of the leads that the viewer looks after; with ``format=csv`` as a file for
    spreadsheets, which is put on record."""
    context = overview(viewer)
    form = WaitingForm(request.GET)
    context["form"] = form
    if form.is_valid():
        found = waiting(form.asked(viewer.sight), form.by_asked)
        if reporting.csv_asked(request, viewer):
            rows = map(_cells, found.lines)
            return reporting.csv_file(
                request, viewer, "waiting", form, str(found.by), found.lines, COLUMNS, rows
            )
        labels = {by: RESPONSE_LABELS[by] for by in TABS}
        context |= reporting.table(request, form, found, partial(_shown, form), labels)
        context["csv"] = reporting.csv_link(viewer, form, str(found.by))
    return render(request, "leaddistrib/waiting.html", context)


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The leads that a figure counts."""
    must_oversee(viewer)
    form = WaitingForm(request.GET)
    if not form.is_valid():
        raise Http404
    try:
        figure = Figure(request.GET.get("figure", Figure.LEADS))
        asked = form.asked(viewer.sight)
        leads = leads_behind(asked, form.by_asked, request.GET.get("key"), figure)
    except ValueError as error:
        raise Http404 from error
    back = reverse("leaddistrib:waiting") + reporting.query(form, by=str(form.by_asked))
    label = _("Back to how long customers wait")
    return reporting.leads_page(
        request, viewer, leads, back, label, told=told(asked, leads, figure)
    )


def _shown(form: WaitingForm, line: Line, key: str | None) -> ShownLine:
    # Nothing is behind those of other teams: that would say which of their leads waited how long.
    shown = () if key == OTHERS else Figure
    figures = {str(figure): getattr(line, figure) for figure in shown}
    return ShownLine(
        line,
        duration(line.median),
        duration(line.p90),
        line.share(line.within_5),
        line.share(line.within_60),
        reporting.behind(form, "waiting-leads", str(form.by_asked), key, figures),
    )


def _cells(line: Line) -> dict[str, object]:
    return {
        "key": line.key,
        "name": line.name,
        "leads": line.leads,
        "answered": line.answered,
        "median_seconds": reporting.number(line.median, 1),
        "p90_seconds": reporting.number(line.p90, 1),
        "within_5": reporting.number(line.share(line.within_5), 4),
        "within_60": reporting.number(line.share(line.within_60), 4),
        "waiting": line.waiting,
        "closed": line.closed,
    }

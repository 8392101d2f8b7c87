"""How soon leads are answered: the report, and the leads behind each of its figures (SL4, DB2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leaddistrib.queries.periods import RESPONSE_LABELS, ResponseForm
from leaddistrib.queries.response import By, Figure, Line, leads_behind, responses
from leaddistrib.queries.waiting import Line as Waited
from leaddistrib.queries.waiting import asked_by, waiting
from leaddistrib.web import reporting
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.durations import duration
from leaddistrib.web.overseeing import overview

COLUMNS = (
    *("key", "name", "started", "answered", "mean_seconds", "in_time", "within_5", "within_60"),
    *("lapsed", "longest_run"),
)

AT_ONCE = timedelta(days=31)
"""For how long a period the waiting times are told beside it: any month."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row, its mean time in words, and what stands behind each of its figures, by name."""

    line: Line
    mean: str
    behind: Mapping[str, str]


@require_safe
@signed_in
def report(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The report, with what the customers of these days waited beside it; with ``format=csv`` as a
    file for spreadsheets, which is put on record."""
    context = overview(viewer)
    form = ResponseForm(request.GET)
    context["form"] = form
    if form.is_valid():
        found = responses(form.asked(reporting.teams_asked(viewer)), form.by_asked)
        if reporting.csv_asked(request, viewer):
            rows = map(_cells, found.lines)
            return reporting.csv_file(
                request, viewer, "responses", form, str(found.by), found.lines, COLUMNS, rows
            )
        waited = _waited(viewer, form)
        labels = {by: RESPONSE_LABELS[by] for by in By}
        context |= reporting.table(request, form, found, partial(_shown, form), labels)
        context |= {
            "runs": found.by in (By.REP, By.TEAM),
            "csv": reporting.csv_link(viewer, form, str(found.by)),
            "waited": waited,
            "waited_median": duration(waited.median) if waited else "",
            "waited_p90": duration(waited.p90) if waited else "",
            "waited_days": reporting.query(form),
        }
    return render(request, "leaddistrib/response.html", context)


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The leads that a figure counts, as far as they are still the viewer's to see."""
    teams = reporting.teams_asked(viewer)
    form = ResponseForm(request.GET)
    if not form.is_valid():
        raise Http404
    try:
        figure = Figure(request.GET.get("figure", Figure.STARTED))
        leads = leads_behind(form.asked(teams), form.by_asked, request.GET.get("key"), figure)
    except ValueError as error:
        raise Http404 from error
    back = reverse("leaddistrib:response") + reporting.query(form, by=str(form.by_asked))
    label = _("Back to how soon leads are answered")
    return reporting.leads_page(request, viewer, leads, back, label)


def _waited(viewer: Viewer, form: ResponseForm) -> Waited | None:
    """What the customers of these days waited; None for more than a month: it is read from leads
    and contacts, and a report of years costs no more than one of days."""
    if form.until - form.since > AT_ONCE:
        return None
    return waiting(asked_by(viewer.sight, form.since, form.until)).total


def _shown(form: ResponseForm, line: Line, key: str | None) -> ShownLine:
    figures = {str(figure): getattr(line.sums, figure) for figure in Figure}
    return ShownLine(
        line,
        duration(line.mean),
        reporting.behind(form, "response-leads", str(form.by_asked), key, figures),
    )


def _cells(line: Line) -> dict[str, object]:
    return {
        "key": line.key,
        "name": line.name,
        "started": line.sums.started,
        "answered": line.sums.answered,
        "mean_seconds": reporting.number(line.mean, 1),
        "in_time": reporting.number(line.in_time, 4),
        "within_5": reporting.number(line.within_5, 4),
        "within_60": reporting.number(line.within_60, 4),
        "lapsed": line.sums.lapsed,
        "longest_run": "" if line.longest is None else line.longest,
    }

"""How soon leads are answered: the report, and the leads behind each of its figures (SL4, DB2)."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leaddistrib.lifecycle.exporting import record_export
from leaddistrib.lifecycle.intake.rejects import neutralised
from leaddistrib.policy import Role
from leaddistrib.queries.periods import RESPONSE_LABELS, ResponseForm
from leaddistrib.queries.response import By, Figure, Line, Report, leads_behind, responses
from leaddistrib.queries.sight import leads_of
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.durations import duration
from leaddistrib.web.overseeing import must_oversee

PAGE = 50
COLUMNS = (
    *("key", "name", "started", "answered", "mean_seconds", "in_time", "within_5", "within_60"),
    *("lapsed", "longest_run"),
)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row, its mean time in words, and what stands behind each of its figures, by name."""

    line: Line
    mean: str
    behind: Mapping[str, str]


@require_safe
@signed_in
def report(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The report; with ``format=csv`` as a file for spreadsheets, which is put on record."""
    form, teams = _asked(request, viewer)
    context: dict[str, Any] = {"viewer": viewer, "form": form}
    if form.is_valid():
        found = responses(form.asked(teams), form.by_asked)
        may_export = _may_export(viewer)
        if request.GET.get("format") == "csv":
            if not may_export:
                raise PermissionDenied(_("You may read this, but not take it out as a file."))
            return _csv(request, found, form, viewer)
        page = Paginator(found.lines, PAGE).get_page(request.GET.get("page"))
        context |= {
            "report": found,
            "page": page,
            "rows": [_shown(line, form) for line in page.object_list],
            "total": _shown(found.total, form, whole=True),
            "tabs": [(by, RESPONSE_LABELS[by], _query(form, by=str(by))) for by in By],
            "runs": found.by in (By.REP, By.TEAM),
            "csv": _query(form, by=str(found.by), format="csv") if may_export else "",
        }
    return render(request, "leaddistrib/response.html", context)


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The leads that a figure counts, as far as they are still the viewer's to see: one that went
    on to another team counts for the rep who had it, and is that team's now."""
    form, teams = _asked(request, viewer)
    if not form.is_valid():
        raise Http404
    try:
        figure = Figure(request.GET.get("figure", Figure.STARTED))
        leads = leads_behind(form.asked(teams), form.by_asked, request.GET.get("key"), figure)
    except ValueError as error:
        raise Http404 from error
    leads = leads_of(viewer.sight).filter(pk__in=leads.values("pk")).order_by("-received_at", "-id")
    context = {
        "viewer": viewer,
        "page": Paginator(leads, PAGE).get_page(request.GET.get("page")),
        "back": f"{reverse('leaddistrib:response')}{_query(form, by=str(form.by_asked))}",
        "back_label": _("Back to how soon leads are answered"),
    }
    return render(request, "leaddistrib/distribution_leads.html", context)


def _asked(request: HttpRequest, viewer: Viewer) -> tuple[ResponseForm, frozenset[int] | None]:
    """What is asked for, and the teams that the viewer may ask of."""
    must_oversee(viewer)
    everybody = viewer.sight.role is Role.ADMIN
    return ResponseForm(request.GET), None if everybody else viewer.sight.managed_teams


def _may_export(viewer: Viewer) -> bool:
    """As of the distribution: managers take out the figures of their own teams; those of everybody
    need a permission."""
    return viewer.sight.role is not Role.ADMIN or viewer.user.has_perm("leaddistrib.export_lead")


def _query(form: ResponseForm, **more: str) -> str:
    days = {name: form.cleaned_data[name].isoformat() for name in ("from", "to")}
    return f"?{urlencode({**days, **more})}"


def _shown(line: Line, form: ResponseForm, *, whole: bool = False) -> ShownLine:
    address = reverse("leaddistrib:response-leads")
    said = {"by": str(form.by_asked)} | ({} if whole else {"key": line.key})
    behind = {
        str(figure): address + _query(form, **said, figure=str(figure))
        for figure in Figure
        if getattr(line.sums, figure)
    }
    return ShownLine(line, duration(line.mean), behind)


def _csv(request: HttpRequest, found: Report, form: ResponseForm, viewer: Viewer) -> HttpResponse:
    """As spreadsheets open it: no cell is taken for a formula. Who took it out is kept."""
    days = {name: form.cleaned_data[name].isoformat() for name in ("from", "to")}
    if request.method != "HEAD":  # which takes nothing out
        asked = {**days, "by": str(found.by)}
        record_export("responses", len(found.lines), asked, actor=viewer.user)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"responses-{found.by}-{days['from']}-{days['to']}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for line in found.lines:
        sums = line.sums
        shares = (line.in_time, line.within_5, line.within_60)
        writer.writerow(
            [
                *(neutralised(line.key), neutralised(line.name), sums.started, sums.answered),
                "" if line.mean is None else f"{line.mean:.1f}",
                *("" if share is None else f"{share:.4f}" for share in shares),
                *(sums.lapsed, "" if line.longest is None else line.longest),
            ]
        )
    return response

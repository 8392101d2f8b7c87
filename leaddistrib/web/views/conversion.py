"""What becomes of leads: the report, and the leads behind each of its figures (DB2, OU1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leaddistrib.queries.conversion import By, Figure, Line, conversion, leads_behind
from leaddistrib.queries.periods import CONVERSION_LABELS, ConversionForm
from leaddistrib.queries.sight import leads_of
from leaddistrib.web import reporting
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.overseeing import must_oversee, overview


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row, and what stands behind each of its figures, by name."""

    line: Line
    behind: Mapping[str, str]

    @property
    def percent(self) -> float | None:
        return None if self.line.rate is None else 100 * self.line.rate


@require_safe
@signed_in
def report(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The report, of the leads that the viewer looks after."""
    context = overview(viewer)
    form = ConversionForm(request.GET)
    context["form"] = form
    if form.is_valid():
        found = conversion(leads_of(viewer.sight), form.since, form.until, form.by_asked)
        labels = {by: CONVERSION_LABELS[by] for by in By}
        context |= reporting.table(request, form, found, partial(_shown, form), labels)
    return render(request, "leaddistrib/conversion.html", context)


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The leads that a figure counts."""
    must_oversee(viewer)
    form = ConversionForm(request.GET)
    if not form.is_valid():
        raise Http404
    try:
        figure = Figure(request.GET.get("figure", Figure.LEADS))
    except ValueError as error:
        raise Http404 from error
    seen, key = leads_of(viewer.sight), request.GET.get("key")
    leads = leads_behind(seen, form.since, form.until, form.by_asked, key, figure)
    back = reverse("leaddistrib:conversion") + reporting.query(form, by=str(form.by_asked))
    label = _("Back to what becomes of leads")
    return reporting.leads_page(request, viewer, leads, back, label)


def _shown(form: ConversionForm, line: Line, key: str | None) -> ShownLine:
    figures = {str(figure): getattr(line, figure) for figure in Figure}
    links = reporting.behind(form, "conversion-leads", str(form.by_asked), key, figures)
    return ShownLine(line, links)

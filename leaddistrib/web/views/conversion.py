"""What becomes of leads: the report, and the leads behind each of its figures (DB2, OU1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leaddistrib.queries.conversion import By, Figure, Line, conversion, leads_behind
from leaddistrib.queries.periods import CONVERSION_LABELS, ConversionForm
from leaddistrib.queries.sight import leads_of
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.overseeing import must_oversee

PAGE = 50


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
    must_oversee(viewer)
    form = ConversionForm(request.GET)
    context: dict[str, Any] = {"viewer": viewer, "form": form}
    if form.is_valid():
        found = conversion(leads_of(viewer.sight), form.since, form.until, form.by_asked)
        page = Paginator(found.lines, PAGE).get_page(request.GET.get("page"))
        context |= {
            "report": found,
            "page": page,
            "rows": [_shown(line, form) for line in page.object_list],
            "total": _shown(found.total, form, whole=True),
            "tabs": [(by, CONVERSION_LABELS[by], _query(form, by=str(by))) for by in By],
        }
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
    leads = leads_behind(
        leads_of(viewer.sight),
        form.since,
        form.until,
        form.by_asked,
        request.GET.get("key"),
        figure,
    )
    shown = leads.select_related("owner__user").order_by("-received_at", "-id")
    context = {
        "viewer": viewer,
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")),
        "back": f"{reverse('leaddistrib:conversion')}{_query(form, by=str(form.by_asked))}",
        "back_label": _("Back to what becomes of leads"),
    }
    return render(request, "leaddistrib/distribution_leads.html", context)


def _query(form: ConversionForm, **more: str) -> str:
    days = {name: form.cleaned_data[name].isoformat() for name in ("from", "to")}
    return f"?{urlencode({**days, **more})}"


def _shown(line: Line, form: ConversionForm, *, whole: bool = False) -> ShownLine:
    address = reverse("leaddistrib:conversion-leads")
    said = {"by": str(form.by_asked)} | ({} if whole else {"key": line.key})
    behind = {
        str(figure): address + _query(form, **said, figure=str(figure))
        for figure in Figure
        if getattr(line, figure)
    }
    return ShownLine(line, behind)

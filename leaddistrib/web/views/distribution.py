"""How leads are spread over reps, teams, sources, rules and ways they came (DB2, FA1)."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leaddistrib.lifecycle.exporting import record_export
from leaddistrib.lifecycle.intake.rejects import neutralised
from leaddistrib.models import RuleSet
from leaddistrib.policy import Role
from leaddistrib.queries.distribution import By, Line, Report, distribution, leads_behind
from leaddistrib.queries.periods import LABELS, PeriodForm
from leaddistrib.queries.sight import leads_of
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.durations import duration

PAGE = 50
COLUMNS = (
    *("key", "name", "volume", "share", "closed", "won", "conversion", "response", "in_time"),
    *("value", "currency"),
)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row with its bar (percent of the largest one's volume) and what stands behind each of its
    figures."""

    line: Line
    bar: str
    response: str
    value: str
    all: str
    closed: str
    won: str


@require_safe
@signed_in
def spread(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The report; with ``format=csv`` as a file for spreadsheets, which is put on record."""
    form, teams = _asked(request, viewer)
    context: dict[str, Any] = {"viewer": viewer, "form": form, "compared": _compared(viewer)}
    if form.is_valid():
        report = distribution(form.scope(teams), form.by_asked)
        may_export = _may_export(viewer)
        if request.GET.get("format") == "csv":
            if not may_export:
                raise PermissionDenied(_("You may read this, but not take it out as a file."))
            return _csv(request, report, form, viewer)
        page = Paginator(report.lines, PAGE).get_page(request.GET.get("page"))
        most = max((line.volume for line in report.lines), default=0) or 1
        context |= {
            "report": report,
            "page": page,
            "rows": [_shown(line, most, form) for line in page.object_list],
            "total": _shown(report.total, most, form, whole=True),
            "tabs": [(by, LABELS[by], _query(form, by=str(by))) for by in By],
            "csv": _query(form, by=str(report.by), format="csv") if may_export else "",
        }
    return render(request, "leaddistrib/distribution.html", context)


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The leads that a figure counts, as far as they are still the viewer's to see: one that went
    on to another team counts for the rep who had it, and is that team's now."""
    form, teams = _asked(request, viewer)
    result = request.GET.get("result", "")
    if not form.is_valid() or result not in ("", "closed", "won"):
        raise Http404
    try:
        key = request.GET.get("key")
        leads = leads_behind(form.scope(teams), form.by_asked, key, result)
    except ValueError as error:
        raise Http404 from error
    leads = leads_of(viewer.sight).filter(pk__in=leads.values("pk")).order_by("-received_at", "-id")
    page = Paginator(leads, PAGE).get_page(request.GET.get("page"))
    back = f"{reverse('leaddistrib:distribution')}{_query(form, by=str(form.by_asked))}"
    context = {"viewer": viewer, "page": page, "back": back, "form": form}
    return render(request, "leaddistrib/distribution_leads.html", context)


def _asked(request: HttpRequest, viewer: Viewer) -> tuple[PeriodForm, frozenset[int] | None]:
    """What is asked for, and the teams that the viewer may ask of."""
    if not viewer.oversees:
        raise PermissionDenied(_("This page is for managers."))
    everybody = viewer.sight.role is Role.ADMIN
    return PeriodForm(request.GET), None if everybody else viewer.sight.managed_teams


def _may_export(viewer: Viewer) -> bool:
    """Managers take out the figures of their own teams; those of everybody need a permission."""
    return viewer.sight.role is not Role.ADMIN or viewer.user.has_perm("leaddistrib.export_lead")


def _compared(viewer: Viewer) -> int | None:
    """The version whose strategies a dry run in the admin site compares, for who may ask for one
    there."""
    may = viewer.user.has_perm
    may_look = may("leaddistrib.view_ruleset") or may("leaddistrib.change_ruleset")
    if not (viewer.user.is_staff and may_look and may("leaddistrib.add_dryrun")):
        return None
    published = RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED)
    return published.values_list("pk", flat=True).first()


def _query(form: PeriodForm, **more: str) -> str:
    days = {name: form.cleaned_data[name].isoformat() for name in ("from", "to")}
    return f"?{urlencode({**days, **more})}"


def _shown(line: Line, most: int, form: PeriodForm, *, whole: bool = False) -> ShownLine:
    address = reverse("leaddistrib:distribution-leads")
    said = {"by": str(form.by_asked)} | ({} if whole else {"key": line.key})
    return ShownLine(
        line,
        f"{100 * line.volume / most:.1f}",
        duration(line.answers.mean),
        _money(line.value),
        address + _query(form, **said),
        address + _query(form, **said, result="closed"),
        address + _query(form, **said, result="won"),
    )


def _money(value: Mapping[str, Decimal]) -> str:
    """Amounts without cents, each with its currency."""
    return " + ".join(
        f"{number_format(amount, 0, use_l10n=True, force_grouping=True)} {currency}"
        for currency, amount in sorted(value.items())
    )


def _csv(request: HttpRequest, report: Report, form: PeriodForm, viewer: Viewer) -> HttpResponse:
    """As spreadsheets open it: no cell is taken for a formula. Who took it out is kept."""
    days = {name: form.cleaned_data[name].isoformat() for name in ("from", "to")}
    if request.method != "HEAD":  # which takes nothing out
        asked = {**days, "by": str(report.by)}
        record_export("distribution", len(report.lines), asked, actor=viewer.user)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"distribution-{report.by}-{form.cleaned_data['from']}-{form.cleaned_data['to']}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for line in report.lines:
        writer.writerows(_cells(line))
    return response


def _cells(line: Line) -> Iterator[list[object]]:
    """One row, and one more for each further currency, in which the other figures are left out so
    that a sum over the column counts them once."""
    conversion = "" if line.conversion is None else f"{line.conversion:.4f}"
    names = [neutralised(line.key), neutralised(line.name)]
    mean, in_time = line.answers.mean, line.answers.share_in_time
    figures = [
        *(line.volume, f"{line.share:.4f}", line.closed, line.won, conversion),
        *("" if mean is None else f"{mean:.1f}", "" if in_time is None else f"{in_time:.4f}"),
    ]
    values: list[tuple[str, object]] = [*sorted(line.value.items())] or [("", "")]
    for number, (currency, amount) in enumerate(values):
        yield [*names, *(figures if number == 0 else [""] * len(figures)), amount, currency]

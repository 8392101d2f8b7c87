"""How leads are spread over reps, teams, sources, rules and ways they came (DB2, FA1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leaddistrib.models import RuleSet
from leaddistrib.queries.distribution import By, Figure, Line, distribution, leads_behind
from leaddistrib.queries.periods import LABELS, PeriodForm
from leaddistrib.web import reporting
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.durations import duration
from leaddistrib.web.money import money
from leaddistrib.web.overseeing import overview

COLUMNS = (
    *("key", "name", "volume", "share", "closed", "won", "conversion", "response", "in_time"),
    *("value", "currency"),
)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row with its bar (percent of the largest one's volume) and what stands behind each of its
    figures, by name."""

    line: Line
    bar: str
    response: str
    value: str
    behind: Mapping[str, str]


@require_safe
@signed_in
def spread(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The report; with ``format=csv`` as a file for spreadsheets, which is put on record."""
    context = overview(viewer)
    form = PeriodForm(request.GET)
    context |= {"form": form, "compared": _compared(viewer)}
    if form.is_valid():
        report = distribution(form.scope(reporting.teams_asked(viewer)), form.by_asked)
        if reporting.csv_asked(request, viewer):
            rows = (cells for line in report.lines for cells in _cells(line))
            return reporting.csv_file(
                request, viewer, "distribution", form, str(report.by), report.lines, COLUMNS, rows
            )
        page = reporting.paged(request, report.lines)
        most = max((line.volume for line in report.lines), default=0) or 1
        context |= {
            "report": report,
            "page": page,
            "rows": [_shown(line, most, form, line.key) for line in page.object_list],
            "total": _shown(report.total, most, form, None),
            "tabs": [(by, LABELS[by], reporting.query(form, by=str(by))) for by in By],
            "csv": reporting.csv_link(viewer, form, str(report.by)),
        }
    return render(request, "leaddistrib/distribution.html", context)


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The leads that a figure counts, as far as they are still the viewer's to see."""
    teams = reporting.teams_asked(viewer)
    form = PeriodForm(request.GET)
    if not form.is_valid():
        raise Http404
    try:
        figure = Figure(request.GET.get("figure", Figure.VOLUME))
        leads = leads_behind(form.scope(teams), form.by_asked, request.GET.get("key"), figure)
    except ValueError as error:
        raise Http404 from error
    back = reverse("leaddistrib:distribution") + reporting.query(form, by=str(form.by_asked))
    return reporting.leads_page(request, viewer, leads, back, _("Back to the distribution"))


def _compared(viewer: Viewer) -> int | None:
    """The version whose strategies a dry run in the admin site compares, for who may ask for one
    there."""
    may = viewer.user.has_perm
    may_look = may("leaddistrib.view_ruleset") or may("leaddistrib.change_ruleset")
    if not (viewer.user.is_staff and may_look and may("leaddistrib.add_dryrun")):
        return None
    published = RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED)
    return published.values_list("pk", flat=True).first()


def _shown(line: Line, most: int, form: PeriodForm, key: str | None) -> ShownLine:
    figures = {
        str(Figure.VOLUME): line.volume,
        str(Figure.CLOSED): line.closed,
        str(Figure.WON): line.won,
        str(Figure.ANSWERED): line.answers.answered,
        str(Figure.IN_TIME): line.answers.in_time,
    }
    return ShownLine(
        line,
        f"{100 * line.volume / most:.1f}",
        duration(line.answers.mean),
        " + ".join(money(line.value)),
        reporting.behind(form, "distribution-leads", str(form.by_asked), key, figures),
    )


def _cells(line: Line) -> Iterator[dict[str, object]]:
    """One row, and one more for each further currency, in which the other figures are left out so
    that a sum over the column counts them once."""
    names: dict[str, object] = {"key": line.key, "name": line.name}
    figures: dict[str, object] = {
        "volume": line.volume,
        "share": f"{line.share:.4f}",
        "closed": line.closed,
        "won": line.won,
        "conversion": reporting.number(line.conversion, 4),
        "response": reporting.number(line.answers.mean, 1),
        "in_time": reporting.number(line.answers.share_in_time, 4),
    }
    values: list[tuple[str, object]] = [*sorted(line.value.items())] or [("", "")]
    for currency, amount in values:
        yield {**names, **figures, "value": amount, "currency": currency}
        figures = {}

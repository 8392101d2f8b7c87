"""How each tier does, by what it is measured by, and the leads behind each figure (TI3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from leaddistrib.queries.periods import TiersForm
from leaddistrib.queries.tierleads import Figure, leads_behind
from leaddistrib.queries.tiermetrics import Line, TeamLines, tier_metrics
from leaddistrib.web import reporting
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.durations import duration
from leaddistrib.web.money import money
from leaddistrib.web.overseeing import must_oversee, overview

COLUMNS = (
    *("team", "level", "tier", "reps", "measured_by", "leads", "won", "conversion"),
    *("response_seconds", "started", "answered", "contact_rate", "judged", "right", "accuracy"),
    *("revenue", "deals", "deal_size", "currency"),
)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A tier's row, its money and times in words, and what stands behind each figure, by name."""

    line: Line
    revenue: Sequence[str]
    deal_size: Sequence[tuple[str, str]]
    response: str
    behind: Mapping[str, str]


@require_safe
@signed_in
def report(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The report; with ``format=csv`` as a file for spreadsheets, which is put on record."""
    context = overview(viewer)
    form = TiersForm(request.GET, viewer.sight)
    context["form"] = form
    if form.is_valid():
        found = tier_metrics(form.asked)
        if reporting.csv_asked(request, viewer):
            lines = [(team, line) for team in found for line in team.lines]
            rows = (cells for team, line in lines for cells in _cells(team, line))
            return reporting.csv_file(request, viewer, "tiers", form, "tier", lines, COLUMNS, rows)
        page = reporting.paged(request, found)
        context |= {
            "page": page,
            "teams": [
                (team, [_shown(line, form) for line in team.lines]) for team in page.object_list
            ],
            "csv": _csv(viewer, form),
        }
    return render(request, "leaddistrib/tiers.html", context)


@require_safe
@signed_in
def behind(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The leads that a figure counts, as far as they are still the viewer's to see."""
    must_oversee(viewer)
    form = TiersForm(request.GET, viewer.sight)
    if not form.is_valid():
        raise Http404
    try:
        figure = Figure(request.GET.get("figure", Figure.LEADS))
        leads = leads_behind(form.asked, request.GET.get("key", ""), figure)
    except ValueError as error:
        raise Http404 from error
    back = reverse("leaddistrib:tiers") + reporting.query(form, **_team(form))
    return reporting.leads_page(request, viewer, leads, back, _("Back to the tiers"))


def _team(form: TiersForm) -> dict[str, str]:
    team = form.cleaned_data["team"]
    return {"team": str(team.public_id)} if team else {}


def _csv(viewer: Viewer, form: TiersForm) -> str:
    """Where the report is taken out as a file; empty for who may not."""
    if not reporting.may_export(viewer):
        return ""
    return reporting.query(form, **_team(form), format="csv")


def _shown(line: Line, form: TiersForm) -> ShownLine:
    one = line.figures
    figures = {str(figure): getattr(one, figure) for figure in Figure}
    deals = [
        ngettext("%(number)d deal", "%(number)d deals", number) % {"number": number}
        for _currency, number in sorted(one.deals.items())
    ]
    return ShownLine(
        line,
        money(one.revenue),
        list(zip(money(one.deal_size), deals, strict=True)),
        duration(one.response),
        reporting.behind(form, "tiers-leads", "tier", line.key, figures),
    )


def _cells(team: TeamLines, line: Line) -> Iterator[dict[str, object]]:
    """One row, and one more for each further currency, in which the other figures are left out so
    that a sum over the column counts them once."""
    one = line.figures
    names: dict[str, object] = {
        "team": team.name,
        "level": "" if line.level is None else line.level,
        "tier": line.name,
    }
    figures: dict[str, object] = {
        "reps": line.reps,
        "measured_by": " ".join(sorted(line.measures)),
        "leads": one.leads,
        "won": one.won,
        "conversion": reporting.number(one.conversion, 4),
        "response_seconds": reporting.number(one.response, 1),
        "started": one.started,
        "answered": one.answered,
        "contact_rate": reporting.number(one.contact_rate, 4),
        "judged": one.judged,
        "right": one.right,
        "accuracy": reporting.number(one.accuracy, 4),
    }
    for currency in sorted(one.revenue) or [""]:
        money = (
            {
                "revenue": one.revenue[currency],
                "deals": one.deals[currency],
                "deal_size": one.deal_size[currency],
                "currency": currency,
            }
            if currency in one.revenue
            else {}
        )
        yield {**names, **figures, **money}
        figures = {}

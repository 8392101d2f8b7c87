"""What the pages of reports share: which days, whose leads, and the report as a file."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from leaddistrib.lifecycle.exporting import record_export
from leaddistrib.lifecycle.intake.rejects import neutralised
from leaddistrib.models import Lead
from leaddistrib.policy import Role
from leaddistrib.queries.periods import DaysForm
from leaddistrib.queries.sight import leads_of
from leaddistrib.web.access import Viewer
from leaddistrib.web.cards import listed
from leaddistrib.web.overseeing import must_oversee

PAGE = 50


def teams_asked(viewer: Viewer) -> frozenset[int] | None:
    """The teams whose reps the viewer may ask about; None for everybody's.

    Raises:
        PermissionDenied: the viewer looks after nobody's leads.
    """
    must_oversee(viewer)
    return None if viewer.sight.role is Role.ADMIN else viewer.sight.managed_teams


def days_of(form: DaysForm) -> dict[str, str]:
    """The days of a valid form, as they stand in addresses."""
    return {name: form.cleaned_data[name].isoformat() for name in ("from", "to")}


def query(form: DaysForm, **more: str) -> str:
    """What follows a report's address, to ask for the days of ``form`` and ``more``."""
    return f"?{urlencode({**days_of(form), **more})}"


def behind(
    form: DaysForm, route: str, by: str, key: str | None, figures: Mapping[str, int]
) -> dict[str, str]:
    """The addresses of the leads behind those of ``figures`` that are not 0, by their names;
    ``key`` is the row's, None for the total."""
    said = {"by": by} | ({} if key is None else {"key": key})
    address = reverse(f"leaddistrib:{route}")
    return {
        name: address + query(form, **said, figure=name)
        for name, number in figures.items()
        if number
    }


def paged(request: HttpRequest, rows: Sequence[Any] | QuerySet[Any]) -> Page[Any]:
    """The page of ``rows`` that is asked for."""
    return Paginator(rows, PAGE).get_page(request.GET.get("page"))


def table(
    request: HttpRequest,
    form: DaysForm,
    found: Any,
    shown: Callable[[Any, str | None], Any],
    labels: Mapping[Any, Any],
) -> dict[str, Any]:
    """What the page of a report shows of what was ``found``: a page of its lines and the total, as
    they are ``shown`` with the key of the row, and the ways to count it, by ``labels``."""
    page = paged(request, found.lines)
    return {
        "report": found,
        "page": page,
        "rows": [shown(line, line.key) for line in page.object_list],
        "total": shown(found.total, None),
        "tabs": [(by, label, query(form, by=str(by))) for by, label in labels.items()],
    }


def leads_page(
    request: HttpRequest,
    viewer: Viewer,
    leads: QuerySet[Lead],
    back: str,
    label: str,
    told: QuerySet[Lead] | None = None,
) -> HttpResponse:
    """The ``leads`` behind a figure of the days that are asked for, as far as they are still the
    viewer's to see: one that went on to another team counts for the rep who had it, and is that
    team's now. With ``told``, none but those are listed. The page says if there are fewer."""
    counted = Lead.objects.filter(pk__in=leads.order_by().values("pk"))
    may_list = counted if told is None else told
    shown = leads_of(viewer.sight).filter(pk__in=may_list.order_by().values("pk"))
    days = DaysForm(request.GET)
    page = paged(request, shown.order_by("-received_at", "-id"))
    context = {
        "viewer": viewer,
        "page": page,
        "leads": list(listed(page.object_list, viewer.sight).values()),
        "days": days.cleaned_data if days.is_valid() else {},
        "fewer": page.paginator.count < counted.count(),
        "back": back,
        "back_label": label,
    }
    return render(request, "leaddistrib/report_leads.html", context)


def may_export(viewer: Viewer) -> bool:
    """Managers take out the figures of their own teams; those of everybody need a permission."""
    return viewer.sight.role is not Role.ADMIN or viewer.user.has_perm("leaddistrib.export_lead")


def csv_asked(request: HttpRequest, viewer: Viewer) -> bool:
    """Whether the report is asked for as a file.

    Raises:
        PermissionDenied: it is, by somebody who may not take it out.
    """
    if request.GET.get("format") != "csv":
        return False
    if not may_export(viewer):
        raise PermissionDenied(_("You may read this, but not take it out as a file."))
    return True


def csv_link(viewer: Viewer, form: DaysForm, by: str) -> str:
    """Where the report is taken out as a file; empty for who may not."""
    return query(form, by=by, format="csv") if may_export(viewer) else ""


def csv_file(
    request: HttpRequest,
    viewer: Viewer,
    what: str,
    form: DaysForm,
    by: str,
    lines: Sequence[Any],
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
) -> HttpResponse:
    """``rows``, by ``columns``, as spreadsheets open them: no cell is taken for a formula. Who took
    how many ``lines`` of ``what`` out is kept."""
    days = days_of(form)
    if request.method != "HEAD":  # which takes nothing out
        record_export(what, len(lines), {**days, "by": by}, actor=viewer.user)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"{what}-{by}-{days['from']}-{days['to']}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.DictWriter(response, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                name: neutralised(cell) if isinstance(cell, str) else cell
                for name, cell in row.items()
            }
        )
    return response


def number(value: float | None, digits: int) -> str:
    """A figure for a cell; empty for None."""
    return "" if value is None else f"{value:.{digits}f}"

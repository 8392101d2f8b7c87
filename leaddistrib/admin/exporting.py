"""Leads as a file. Who took which is on record."""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.lifecycle.exporting import record_export
from leaddistrib.lifecycle.intake.cleaning import FIELDS
from leaddistrib.lifecycle.intake.mapping import ATTRIBUTE
from leaddistrib.lifecycle.intake.rejects import neutralised
from leaddistrib.models import Lead
from leaddistrib.queries import rulebook
from leaddistrib.queries.exports import NOT_KEPT


@admin.action(description=lazy("Export selected leads as CSV"), permissions=["export"])
def export(
    model_admin: Any, request: HttpRequest, queryset: QuerySet[Lead]
) -> StreamingHttpResponse:
    """As CSV with intake's column names, which can be imported again."""
    asked = _filters(model_admin, request)
    if request.POST.get("select_across") != "1":
        asked["ticked"] = str(len(set(request.POST.getlist(ACTION_CHECKBOX_NAME))))
    record_export("leads", queryset.count(), asked, actor=cast("Any", request.user))
    response = StreamingHttpResponse(_csv(queryset), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="leads.csv"'
    return response


def _filters(model_admin: Any, request: HttpRequest) -> dict[str, object]:
    """What the list is narrowed by. Only a filter's value is kept: what was searched for, or was
    written into the address by hand, may be somebody's e-mail, which no erasure would find in the
    record of changes or in a log."""
    filters = model_admin.get_changelist_instance(request).filter_specs
    names = {name for one in filters for name in one.expected_parameters()}
    asked = request.GET.items()
    return {name: value if name in names else NOT_KEPT for name, value in asked if value}


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(queryset: QuerySet[Lead]) -> Iterator[str]:
    """The lines of an export, without a formula in any cell (a spreadsheet would run it)."""
    write: Callable[[Iterable[str]], str] = csv.writer(cast("Any", _Line())).writerow
    attributes = {name for kept in queryset.values_list("attributes", flat=True) for name in kept}
    columns = [name for name in FIELDS if name != "attributes"]
    columns += [f"{ATTRIBUTE}{name}" for name in sorted(attributes)]
    yield "\ufeff" + write([*map(neutralised, columns), "status", "owner", "pool"])
    for lead in queryset.select_related("owner__user", "pool").iterator(chunk_size=1000):
        values = {**rulebook.lead_values(lead), "received_at": lead.received_at.isoformat()}
        row = [values.get(name) for name in columns]
        row += [lead.status, lead.owner.name if lead.owner else "", lead.pool]
        yield write(["" if value is None else neutralised(str(value)) for value in row])

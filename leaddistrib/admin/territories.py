"""Territories from a file and as one: spreadsheets hold hundreds of postal prefixes (RU1)."""

import csv
from typing import Any, cast

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from leaddistrib.admin.lists import ListImport
from leaddistrib.lifecycle.catalogue.territories import Territories, territory_rows
from leaddistrib.lifecycle.exporting import record_export
from leaddistrib.lifecycle.intake.rejects import neutralised


class TerritoryFiles(ListImport):
    """Adds both to the admin of territories."""

    catalogue = Territories
    change_list_template: Any = "leaddistrib/admin/change_list_territories.html"
    import_export_change_list_template = change_list_template

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        return [path("export/", view, name="leaddistrib_territory_export"), *super().get_urls()]

    def export(self, request: HttpRequest) -> HttpResponse:
        """All of them as CSV, as it can be brought in again, and as spreadsheets open it."""
        if not cast("Any", self).has_view_permission(request):
            raise PermissionDenied
        header, *rows = territory_rows()
        if request.method != "HEAD":  # which takes nothing out
            record_export("territories", len(rows), {}, actor=cast("AbstractUser", request.user))
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="territories.csv"'
        writer = csv.writer(response)
        writer.writerow(header)
        writer.writerows([neutralised(cell) for cell in row] for row in rows)
        return response

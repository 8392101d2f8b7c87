"""Leads, or what came of them, from a file: upload, say which column is what, look at the preview,
confirm (IN1, IN7, OU1).

django-import-export gives the button, its permission hook, its addresses and the place where the
file waits between the steps. What a row means is intake's: its resources read a file as a whole
in one encoding, and would save row by row without the rules.
"""

import hashlib
import io
import json
from pathlib import PurePath
from typing import Any, cast

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from leaddistrib.admin.base import ReadOnlyAdmin
from leaddistrib.admin.filters import DateRangeFilter
from leaddistrib.admin.importforms import MappingForm, OutcomeUploadForm, UploadForm
from leaddistrib.admin.uploads import BUSY, Uploads
from leaddistrib.errors import Busy, UnreadableFile
from leaddistrib.lifecycle.intake.files import read_rows
from leaddistrib.lifecycle.intake.importing import ImportReport, import_file
from leaddistrib.models import ImportRun

if apps.is_installed("import_export"):
    from import_export.admin import ImportMixin
else:

    class ImportMixin:  # type: ignore[no-redef]
        """Without django-import-export: no button, and a word on how to get it."""

        change_list_template = "leaddistrib/admin/change_list_without_import.html"


PERMISSION = "leaddistrib.import_lead"
SHOWN = 100
"""Rows of the preview; its counts are of the whole file."""


class ImportAdmin(ImportMixin):
    """Adds the import of a file to the admin of leads; with ``import_outcomes``, of what came of
    leads that are known, to that of outcomes."""

    admin_site: admin.AdminSite
    opts: Any
    import_title: Any = lazy("Import leads")
    import_permissions: tuple[str, ...] = (PERMISSION,)
    import_outcomes = False
    upload_form: type[UploadForm | OutcomeUploadForm] = UploadForm
    mapping_form: type[MappingForm] = MappingForm

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(self.import_permissions)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        context = {
            **(extra_context or {}),
            "has_import_permission": self.has_import_permission(request),
        }
        return super().changelist_view(request, context)

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The first step, and the preview after each change of the columns."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if "file" in request.POST:
            return self._preview(request, *self._waiting(request))
        form = self.upload_form(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["import_file"]
            content = upload.read()
            try:
                with read_rows(io.BytesIO(content), upload.name) as table:
                    headers = table.headers
            except UnreadableFile as error:
                form.add_error("import_file", str(error))
            else:
                token = Uploads(self, request).keep(content, upload.name)
                mapping = self.mapping_form(headers, initial_from=form, token=token)
                return self._preview(request, content, upload.name, mapping)
        return self._page(request, "leaddistrib/admin/import_upload.html", {"form": form})

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The last step: what was previewed is imported, once."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        content, name, form = self._waiting(request)
        if content is None or form is None:
            return self._preview(request, content, name, form)
        if not form.is_valid() or request.POST.get("previewed") != _fingerprint(form):
            text = _("You changed the columns. Look at the preview once more, then confirm.")
            self._say(request, text, messages.WARNING)
            return self._preview(request, content, name, form)
        if not Uploads(self, request).take_away():
            return self._preview(request, None, name, None)
        try:
            report = import_file(
                io.BytesIO(content),
                name=name,
                column_map=form.column_map(),
                source=form.cleaned_data.get("source", ""),
                outcomes=self.import_outcomes,
                actor=cast("AbstractUser", request.user),
            )
        except (UnreadableFile, Busy) as error:
            text = str(BUSY if isinstance(error, Busy) else error)
            self._say(request, text, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:leaddistrib_importrun_changelist"))
        self._say(request, _summary(report), messages.SUCCESS)
        run = cast("ImportRun", report.run)
        return HttpResponseRedirect(reverse("admin:leaddistrib_importrun_change", args=[run.pk]))

    def _waiting(self, request: HttpRequest) -> tuple[bytes | None, str, MappingForm | None]:
        """The uploaded file, its name and the posted columns; no file once it was imported."""
        content, name = Uploads(self, request).read()
        if content is None:
            return None, name, None
        with read_rows(io.BytesIO(content), name) as table:
            return content, name, self.mapping_form(table.headers, data=request.POST)

    def _preview(
        self, request: HttpRequest, content: bytes | None, name: str, form: MappingForm | None
    ) -> HttpResponse:
        if content is None or form is None:
            text = _("The file is no longer there. It was imported already, or upload it again.")
            self._say(request, text, messages.WARNING)
            return HttpResponseRedirect(self._address("import"))
        context: dict[str, Any] = {"form": form, "file_name": name}
        if form.is_valid():
            try:
                context["report"] = import_file(
                    io.BytesIO(content),
                    name=name,
                    column_map=form.column_map(),
                    source=form.cleaned_data.get("source", ""),
                    outcomes=self.import_outcomes,
                    dry_run=True,
                    sample=SHOWN,
                )
                context["previewed"] = _fingerprint(form)
            except UnreadableFile as error:
                form.add_error(None, str(error))
        return self._page(request, "leaddistrib/admin/import_preview.html", context)

    def _address(self, page: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}")

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        cast("Any", request).current_app = self.admin_site.name
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.import_title,
            "media": self.media,
            "upload": self._address("import"),
            "confirm": self._address("process_import"),
            "of_outcomes": self.import_outcomes,
            **context,
        }
        return TemplateResponse(request, template, whole)

    def _say(self, request: HttpRequest, text: str, level: int) -> None:
        cast("admin.ModelAdmin", self).message_user(request, text, level)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """What became of each file, and its rejected rows to be mended and imported again."""

    list_display = (
        "file_name",
        "started_at",
        "by",
        "source",
        "created",
        "updated",
        "unchanged",
        "rejected",
        "finished_at",
    )
    list_select_related = ("by",)
    list_filter = (("started_at", DateRangeFilter),)
    search_fields = ("file_name", "source", "by__username")
    fields = (
        ("file_name", "source"),
        ("created", "updated", "unchanged", "rejected"),
        ("by", "started_at", "finished_at"),
    )
    change_form_template = "admin/leaddistrib/importrun/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("rejects")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may import sees what became of it."""
        return super().has_view_permission(request, obj) or request.user.has_perm(PERMISSION)

    def get_urls(self) -> list[URLPattern]:
        rejects = self.admin_site.admin_view(self.rejects)
        name = "leaddistrib_importrun_rejects"
        return [path("<int:pk>/rejects/", rejects, name=name), *super().get_urls()]

    def rejects(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The rejected rows as CSV, with line and reason, as spreadsheets open it."""
        run = get_object_or_404(ImportRun, pk=pk)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        response = HttpResponse(run.rejects.encode("utf-8-sig"), content_type="text/csv")
        file_name = f"{PurePath(run.file_name).stem}-{_('rejected')}.csv"
        response["Content-Disposition"] = content_disposition_header(True, file_name)
        return response


def _fingerprint(form: MappingForm) -> str:
    """What the preview was of: the choices of the form, but not the file, which stays the same."""
    said = json.dumps(form.cleaned_data, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def _summary(report: ImportReport) -> str:
    return _(
        "%(created)d created, %(updated)d updated, %(unchanged)d unchanged, %(rejected)d rejected"
    ) % {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": report.rejected,
    }

"""Lists from a file: upload, look at the preview, confirm. Accounts and territories share it.

As with leads, django-import-export gives the button, its addresses and the place where the file
waits; what a row means, and how much is read, is ours.
"""

import io
from typing import Any, cast

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leaddistrib.admin.importforms import FileForm
from leaddistrib.admin.uploads import BUSY, Uploads
from leaddistrib.errors import Busy, UnreadableFile
from leaddistrib.lifecycle.catalogue.files import MOST_ROWS, Catalogue, ListReport, import_list

if apps.is_installed("import_export"):
    from import_export.admin import ImportMixin
else:

    class ImportMixin:  # type: ignore[no-redef]
        """Without django-import-export: no button."""


class ListImport(ImportMixin):
    """Adds the import of a list to the admin of its model."""

    admin_site: admin.AdminSite
    opts: Any
    catalogue: type[Catalogue]

    def has_import_permission(self, request: HttpRequest) -> bool:
        """A row may add as well as change."""
        acts = [f"{self.opts.app_label}.{act}_{self.opts.model_name}" for act in ("add", "change")]
        return request.user.has_perms(acts)

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The upload, and after it the preview."""
        self._may(request)
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["import_file"]
            content = upload.read()
            try:
                report = self._import(request, content, upload.name, dry_run=True)
            except UnreadableFile as error:
                form.add_error("import_file", str(error))
            else:
                token = Uploads(self, request).keep(content, upload.name)
                return self._page(request, report=report, file_name=upload.name, token=token)
        columns = ", ".join(self.catalogue().columns)
        return self._page(request, form=form, columns=columns, most=MOST_ROWS)

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """What was previewed is written, once; if something stands against it now, it is shown."""
        self._may(request)
        uploads = Uploads(self, request)
        content, name = uploads.read()
        back = HttpResponseRedirect(reverse(self._address("changelist")))
        if content is None or not uploads.take_away():
            return self._gone(request, back)
        try:
            report = self._import(request, content, name, dry_run=False)
        except UnreadableFile as error:
            return self._said(request, str(error), messages.ERROR, back)
        except Busy:
            return self._said(request, str(BUSY), messages.ERROR, back)
        if report.rejected:
            return self._page(request, report=report, file_name=name)
        text = _("%(created)d created, %(updated)d updated, %(unchanged)d unchanged") % {
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
        }
        self._said(request, text, messages.SUCCESS, back)
        self.imported(request)
        return back

    def _gone(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        text = _("The file is no longer there. It was imported already, or upload it again.")
        return self._said(request, text, messages.WARNING, response)

    def imported(self, request: HttpRequest) -> None:
        """Say what is to be known after an import."""

    def _import(
        self, request: HttpRequest, content: bytes, name: str, *, dry_run: bool
    ) -> ListReport:
        return import_list(
            self.catalogue(),
            io.BytesIO(content),
            name=name,
            actor=cast("AbstractUser", request.user),
            dry_run=dry_run,
        )

    def _may(self, request: HttpRequest) -> None:
        if not self.has_import_permission(request):
            raise PermissionDenied

    def _address(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _said(
        self, request: HttpRequest, text: str, level: int, response: HttpResponse
    ) -> HttpResponse:
        cast("admin.ModelAdmin", self).message_user(request, text, level)
        return response

    def _page(self, request: HttpRequest, **context: Any) -> HttpResponse:
        cast("Any", request).current_app = self.admin_site.name
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Import %(what)s") % {"what": self.opts.verbose_name_plural},
            "media": cast("Any", self).media,
            "upload": reverse(self._address("import")),
            "confirm": reverse(self._address("process_import")),
            **context,
        }
        return TemplateResponse(request, "leaddistrib/admin/import_list.html", whole)

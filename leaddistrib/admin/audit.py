"""The record of changes: who changed what in the configuration, from what to what, searchable."""

import re
from datetime import datetime, time, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import ReadOnlyAdmin
from leaddistrib.models import ConfigurationChange
from leaddistrib.queries import audit
from leaddistrib.queries.periods import DayField
from leaddistrib.queries.records import Change


class ChangesForm(forms.Form):
    """What to look for. Every field may stay empty."""

    text = forms.CharField(
        label=lazy("Name, reason, conditions or steps contain"), required=False, max_length=100
    )
    model = forms.ChoiceField(label=lazy("What"), required=False)
    by = forms.CharField(label=lazy("Who (name)"), required=False, max_length=100)
    first = DayField(label=lazy("From"), required=False, widget=AdminDateWidget)
    last = DayField(label=lazy("To"), required=False, widget=AdminDateWidget)
    page = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = sorted(
            (capfirst(str(model._meta.verbose_name)), name)
            for name, model in audit.tracked().items()
        )
        choice = cast("forms.ChoiceField", self.fields["model"])
        choice.choices = [("", lazy("everything")), *((name, label) for label, name in models)]

    def clean_page(self) -> int:
        """Pages are counted from 1; what is no such number stands for the first one, and takes
        nothing from what is looked for."""
        given = self.cleaned_data["page"]
        return int(given) if re.fullmatch("[1-9][0-9]{0,3}", given) else 1

    def wanted(self) -> audit.Wanted:
        given = self.cleaned_data
        return audit.Wanted(
            model=given.get("model") or "",
            by=given.get("by") or "",
            since=_midnight(given.get("first")),
            until=_midnight(given["last"] + timedelta(days=1)) if given.get("last") else None,
            text=given.get("text") or "",
        )


def _midnight(day: Any) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None


@admin.register(ConfigurationChange)
class ConfigurationChangeAdmin(ReadOnlyAdmin):
    """A page of its own in the place of the list: its rows come from many tables."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ChangesForm(request.GET or None)
        wanted, page = audit.Wanted(), 1
        if form.is_bound and form.is_valid():
            wanted, page = form.wanted(), form.cleaned_data["page"]
        found, more = audit.changes(wanted, page)
        if page > 1 and not found:  # the list ends before, as one that was narrowed meanwhile
            page = 1
            found, more = audit.changes(wanted, page)
        context = {
            **self.admin_site.each_context(request),
            "title": capfirst(str(self.model._meta.verbose_name_plural)),
            "opts": self.model._meta,
            "media": self.media + form.media,
            "form": form,
            "changes": [(change, _address(change)) for change in found],
            "narrowed": wanted != audit.Wanted(),
            "newer": _page(request, page - 1) if page > 1 else None,
            "older": _page(request, page + 1) if more else None,
        }
        template = "admin/leaddistrib/configurationchange/change_list.html"
        return TemplateResponse(request, template, context)


def _page(request: HttpRequest, number: int) -> str:
    return "?" + urlencode({**request.GET.dict(), "page": number})


def _address(change: Change) -> str:
    """Where the row can be looked at; "" when it is gone or has no page of its own."""
    if change.kind in ("-", "export"):
        return ""
    try:
        return reverse(
            f"admin:leaddistrib_{change.model._meta.model_name}_change", args=[change.pk]
        )
    except NoReverseMatch:
        return ""

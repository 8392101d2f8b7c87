"""Forms of what has conditions, rules and scoring rules: their editor, and conditions in words."""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.conditions import ConditionTree
from leaddistrib.models import Pool
from leaddistrib.queries import wording


class ConditionsForm(forms.ModelForm):
    """A form whose row's ``when`` is edited in fields of its own, outside the form's.

    Without the editor's own field in what was sent, the form says nothing about the conditions.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.edits_conditions = self.is_bound and "cond-root-match" in self.data
        self.tree = (
            ConditionTree.of_data(cast("Any", self.data))
            if self.edits_conditions
            else ConditionTree.of_document(self.instance.when)
        )

    @property
    def media(self) -> forms.Media:
        # Long choices are searchable with what the admin site uses for that.
        select2 = AutocompleteSelect(Pool.reps.field, admin.site).media
        return super().media + select2 + forms.Media(js=["leaddistrib/admin/conditions.js"])

    def clean(self) -> dict[str, Any] | None:
        if self.edits_conditions:
            before, document = self.instance.when, self.tree.document
            if self.tree.has_errors:
                raise ValidationError(_("Please correct the conditions that are marked below."))
            self.instance.when = document
            if document != before:
                self.changed_data.append("when")
        return super().clean()


class ConditionsAdmin(LeadDistribAdmin):
    """Pages of what has conditions; its form is a ``ConditionsForm``."""

    class Media:
        css: ClassVar = {"all": ("leaddistrib/admin/rules.css",)}

    @admin.display(description=lazy("conditions"))
    def conditions(self, row: Any) -> str:
        return capfirst(wording.condition_in_words(row.when))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        editable = add or self.has_change_permission(request, obj)
        context["tree"] = context["adminform"].form.tree if editable else None
        return super().render_change_form(request, context, add, change, form_url, obj)

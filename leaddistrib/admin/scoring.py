"""Scoring rules: points per condition, with the editor that rules have (IN6)."""

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
from leaddistrib.models import Pool, ScoringRule
from leaddistrib.queries import wording


class ScoringRuleForm(forms.ModelForm):
    """Name, points, and the conditions, which have fields of their own."""

    class Meta:
        model = ScoringRule
        fields = ("name", "points", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tree = (
            ConditionTree.of_data(cast("Any", self.data))
            if self.is_bound and "cond-root-match" in self.data
            else ConditionTree.of_document(self.instance.when)
        )

    @property
    def media(self) -> forms.Media:
        select2 = AutocompleteSelect(Pool.reps.field, admin.site).media
        return super().media + select2 + forms.Media(js=["leaddistrib/admin/conditions.js"])

    def clean(self) -> dict[str, Any] | None:
        before, document = self.instance.when, self.tree.document
        if self.tree.has_errors:
            raise ValidationError(_("Please correct the conditions that are marked below."))
        self.instance.when = document
        if document != before:
            self.changed_data.append("when")
        return super().clean()


@admin.register(ScoringRule)
class ScoringRuleAdmin(LeadDistribAdmin):
    form = ScoringRuleForm
    list_display = ("name", "points", "active", "conditions")
    list_filter = ("active",)
    search_fields = ("name",)
    change_form_template = "admin/leaddistrib/scoringrule/change_form.html"
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "points", "active"),
                "description": lazy(
                    "The points of all rules that hold for a lead add up to its score, from 0 to "
                    "100. Points may be negative."
                ),
            },
        ),
    )

    class Media:
        css: ClassVar = {"all": ("leaddistrib/admin/rules.css",)}

    @admin.display(description=lazy("conditions"))
    def conditions(self, rule: ScoringRule) -> str:
        return capfirst(wording.condition_in_words(rule.when))

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

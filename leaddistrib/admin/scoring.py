"""Scoring rules: points per condition, with the editor that rules have (IN6)."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.conditionforms import ConditionsAdmin, ConditionsForm
from leaddistrib.models import ScoringRule


class ScoringRuleForm(ConditionsForm):
    """Name, points, and the conditions."""

    class Meta:
        model = ScoringRule
        fields = ("name", "points", "active")


@admin.register(ScoringRule)
class ScoringRuleAdmin(ConditionsAdmin):
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

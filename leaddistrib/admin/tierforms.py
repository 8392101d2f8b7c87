"""A policy's tiers are checked together: shares, levels, and who is told before whom (TI1)."""

from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _

from leaddistrib.models import TierPolicy

WEIGHTS = ("conversion_weight", "quota_weight", "speed_weight")


class TierPolicyForm(forms.ModelForm):
    class Meta:
        model = TierPolicy
        fields = (
            *("team", "active"),
            *WEIGHTS,
            *("days", "prior_leads", "least_leads", "least_reps", "margin"),
            *("floor_percent", "working_time"),
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not any(data.get(name) or name in self.errors for name in WEIGHTS):
            self.add_error(WEIGHTS[0], _("One of the three must have a weight."))
        return data


class TierFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        rows = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        rows.sort(key=lambda row: row["level"])
        if problems := list(_problems(rows)):
            raise ValidationError(problems)


def _problems(rows: list[dict[str, Any]]) -> list[str]:
    """What stands against tiers, the highest first."""
    if not rows:
        return [_("A policy needs at least one tier.")]
    found = []
    if [row["level"] for row in rows] != list(range(1, len(rows) + 1)):
        text = _("Number the tiers from 1 to %(count)d, each once: 1 is the highest.")
        found.append(text % {"count": len(rows)})
    total = sum(row["share"] for row in rows)
    if total != 100:
        text = _("The shares add up to %(total)d %%: make it 100 %%.")
        found.append(text % {"total": total})
    for above, below in pairwise(rows):
        if below["delay_minutes"] < above["delay_minutes"]:
            text = _("“%(below)s” would be told before “%(above)s”, which is higher.")
            found.append(text % {"below": below["name"], "above": above["name"]})
    return found

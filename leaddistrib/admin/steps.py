"""Where a rule sends its leads: the form of its steps, in order (PU1, PU4, PU6, HY1)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.models import Rule, RuleSet, RuleStep
from leaddistrib.queries.documents import keeps_every_lead

# What each strategy promises, in the words of docs/strategies.md.
PROMISES = {
    RuleStep.Push.ROUND_ROBIN: lazy(
        "Everybody who is available gets as many leads as the others. Whoever was away is not "
        "flooded afterwards, and a new rep starts level."
    ),
    RuleStep.Push.WEIGHTED: lazy(
        "As in turn, but a rep of weight 3 gets three leads for each one of a colleague of "
        "weight 1, spread evenly."
    ),
    RuleStep.Push.TERRITORY_OWNER: lazy(
        "The lead goes to the reps who work its territory, in turn, or to their backup during "
        "leave. Without a territory the next step takes it. A team narrows who may get it."
    ),
    RuleStep.Push.ACCOUNT_OWNER: lazy(
        "The lead goes to the owner of its account, or to the owner's backup during leave. Without "
        "an owner the next step takes it. A team narrows who may get it."
    ),
    RuleStep.Push.LEAST_LOADED: lazy(
        "The lead goes to whoever has the fewest open leads now. Who closes faster gets more."
    ),
    RuleStep.Push.MANAGER: lazy(
        "The lead goes to one of the team's managers who is a rep, the least loaded first. Meant "
        "as a fallback."
    ),
}


class StepForm(forms.ModelForm):
    order = forms.IntegerField(
        label=lazy("Order"), required=False, min_value=0, widget=forms.NumberInput({"size": 3})
    )

    class Meta:
        model = RuleStep
        fields = ("push", "team", "seniority", "attended", "pool")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["order"] = self.instance.position + 1


class StepFormSet(BaseInlineFormSet):
    """The steps in the order that their numbers say; steps without one come last."""

    def steps(self) -> list[RuleStep]:
        forms = [
            form
            for form in self.forms
            if form.cleaned_data
            and not form.cleaned_data.get("DELETE")
            and (form.instance.push or form.instance.pool_id)
        ]
        forms.sort(key=lambda form: (order := form.cleaned_data.get("order")) is None or order)
        return [form.instance for form in forms]

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        steps = self.steps()
        if not steps:
            raise ValidationError(_("Say where the lead goes: to a team or to a pool."))
        for step in steps[:-1]:
            if step.pool and keeps_every_lead(step.pool):
                raise ValidationError(
                    _(
                        "Nothing can follow the pool “%(pool)s”: its leads wait until somebody "
                        "takes them. Make it the last step, or set on the pool after how many "
                        "minutes its leads are pushed."
                    ),
                    params={"pool": step.pool.name},
                )


class StepInline(admin.TabularInline):
    model = RuleStep
    form = StepForm
    formset = StepFormSet
    extra = 1
    verbose_name = lazy("step")
    verbose_name_plural = lazy("Where it goes: the first that can take it, then the fallbacks")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """What a published rule does is shown in its order; there is nothing to number."""
        fields = ("push", "team", "seniority", "attended", "pool")
        return ("order", *fields) if in_draft(obj) else fields

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        choice = super().formfield_for_dbfield(db_field, request, **options)
        # A rule chooses among teams and pools; they are made on their own pages.
        if choice is not None and db_field.name in ("team", "pool"):
            for act in ("add", "change", "delete", "view"):
                setattr(choice.widget, f"can_{act}_related", False)
        return choice


def in_draft(obj: Model | None) -> bool:
    """Whether a rule, or a new one, may be edited."""
    return not isinstance(obj, Rule) or obj.ruleset.status == RuleSet.Status.DRAFT

"""What is filled in about how a lead ended: by reps, managers, and the customer (OU1, OU2)."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from leaddistrib import conf
from leaddistrib.lifecycle.intake import fields
from leaddistrib.lifecycle.intake.fields import HIGHEST_AMOUNT
from leaddistrib.lifecycle.outcomes import REASON
from leaddistrib.lifecycle.satisfying import COMMENT, SCORES
from leaddistrib.models import Lead, Outcome, Pool, Satisfaction
from leaddistrib.queries.standing import TERMINAL

CSAT = SCORES[Satisfaction.Measure.CSAT]


class OutcomeForm(forms.Form):
    """How far a lead got. One that is closed can only become won or lost."""

    stage = forms.ChoiceField(label=_("How far did it get?"), widget=forms.RadioSelect)
    value = forms.DecimalField(
        label=_("What is the deal worth? (optional)"),
        min_value=0,
        max_value=HIGHEST_AMOUNT,
        decimal_places=2,
        required=False,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.CharField(
        label=_("Currency"),
        max_length=fields.CODE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"size": 4, "autocomplete": "off"}),
    )
    csat = forms.TypedChoiceField(
        label=_("How satisfied is the customer, from 1 to 5? (optional)"),
        choices=[("", _("Not known")), *((score, score) for score in CSAT)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    reason = forms.CharField(
        label=_("Why? (optional)"),
        max_length=REASON,
        required=False,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
    )

    def __init__(self, data: Any, *, lead: Lead) -> None:
        super().__init__(data, initial={"currency": lead.currency or conf.settings.CURRENCY})
        closed = lead.status == Lead.Status.CLOSED
        self.fields["stage"].choices = [  # type: ignore[attr-defined]
            (stage.value, stage.label) for stage in (TERMINAL if closed else Outcome.Stage)
        ]

    def clean_currency(self) -> str:
        said: str = self.cleaned_data["currency"]
        return fields.currency(said) if said.strip() else ""


class RecycleForm(forms.Form):
    """Where leads get another chance, and why."""

    pool = forms.ModelChoiceField(
        label=_("Into which pool?"),
        queryset=Pool.objects.none(),
        to_field_name="public_id",
        empty_label=_("Choose a pool"),
    )
    reason = forms.CharField(label=_("Why?"), max_length=REASON)

    def __init__(self, data: Any, *, pools: QuerySet[Pool]) -> None:
        super().__init__(data)
        self.fields["pool"].queryset = pools  # type: ignore[attr-defined]


class SurveyForm(forms.Form):
    """The one question to a customer."""

    QUESTIONS = {
        Satisfaction.Measure.CSAT: _("How satisfied are you with how we looked after you?"),
        Satisfaction.Measure.NPS: _("How likely are you to recommend us to a colleague?"),
    }
    ENDS = {
        Satisfaction.Measure.CSAT: (_("not at all"), _("very")),
        Satisfaction.Measure.NPS: (_("not at all"), _("very likely")),
    }

    score = forms.TypedChoiceField(coerce=int, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("Anything else? (optional)"),
        max_length=COMMENT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any, *, measure: str) -> None:
        super().__init__(data)
        asked = Satisfaction.Measure(measure)
        self.fields["score"].label = self.QUESTIONS[asked]
        scores = SCORES[asked]
        ends = dict(zip((scores[0], scores[-1]), self.ENDS[asked], strict=True))
        self.fields["score"].choices = [  # type: ignore[attr-defined]
            (score, f"{score} · {ends[score]}" if score in ends else str(score)) for score in scores
        ]

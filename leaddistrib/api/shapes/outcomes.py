"""What came of a lead (OU1)."""

from typing import Any

from rest_framework import serializers

from leaddistrib.lifecycle.intake import fields
from leaddistrib.lifecycle.intake.fields import CODE_LENGTH, HIGHEST_AMOUNT
from leaddistrib.lifecycle.outcomes import REASON
from leaddistrib.lifecycle.satisfying import SCORES
from leaddistrib.models import Outcome, Satisfaction

CSAT = SCORES[Satisfaction.Measure.CSAT]


class Currency(serializers.CharField):
    """An ISO 4217 code."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        return fields.currency(text) if text else ""


class OutcomeIn(serializers.Serializer):
    """The stage that a lead reached, and what goes with it."""

    stage = serializers.ChoiceField(Outcome.Stage.choices)
    value = serializers.FloatField(
        min_value=0,
        max_value=float(HIGHEST_AMOUNT),
        required=False,
        allow_null=True,
        help_text="what the deal is worth, in `currency`; in two decimals",
    )
    currency = Currency(
        max_length=CODE_LENGTH,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="ISO 4217 code; the lead's own or the host's where it is left out",
    )
    csat = serializers.IntegerField(
        min_value=CSAT[0],
        max_value=CSAT[-1],
        required=False,
        allow_null=True,
        help_text="how satisfied the customer is",
    )
    reason = serializers.CharField(
        max_length=REASON, required=False, allow_blank=True, allow_null=True
    )
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="now if left out")

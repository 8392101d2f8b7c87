"""Leads, as they are sent and as they are read."""

from rest_framework import serializers

from leaddistrib.api.documenting import typed
from leaddistrib.lifecycle.intake.cleaning import (
    ATTRIBUTES,
    HIGHEST_SCORE,
    MOST_EMPLOYEES,
    TEXT_FIELDS,
)
from leaddistrib.lifecycle.intake.fields import (
    ATTRIBUTE_LENGTH,
    CODE_LENGTH,
    EMAIL_LENGTH,
    HIGHEST_AMOUNT,
)
from leaddistrib.models import Decision, Lead


def _text(name: str) -> serializers.CharField:
    """An optional text of intake, as long as ``clean`` takes."""
    return serializers.CharField(
        max_length=TEXT_FIELDS[name], required=False, allow_blank=True, allow_null=True
    )


def _code(length: int, help_text: str) -> serializers.CharField:
    return serializers.CharField(
        max_length=length, required=False, allow_blank=True, allow_null=True, help_text=help_text
    )


def _number(greatest: int) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0, max_value=greatest, required=False, allow_null=True
    )


@typed(
    {
        "type": "object",
        "maxProperties": ATTRIBUTES,
        "additionalProperties": {
            "nullable": True,
            "oneOf": [
                {"type": "string", "maxLength": ATTRIBUTE_LENGTH},
                {"type": "number"},
                {"type": "boolean"},
            ],
        },
    }
)
class Attributes(serializers.DictField):
    """Values of the host's own, by name."""


class ContactIn(serializers.Serializer):
    """The person behind a lead."""

    name = _text("contact.name")
    title = _text("contact.title")
    email = _code(EMAIL_LENGTH, "an e-mail address")
    phone = _code(CODE_LENGTH, "international, or as written in the lead's country")


class LeadIn(serializers.Serializer):
    """A lead that comes in. At least one of company, contact.name, contact.email, contact.phone
    and external_id must say who it is."""

    source = serializers.CharField(max_length=TEXT_FIELDS["source"])  # type: ignore[assignment]
    source_system = _text("source_system")
    external_id = _text("external_id")
    lead_type = _text("lead_type")
    company = _text("company")
    contact = ContactIn(required=False, allow_null=True)
    country = _code(CODE_LENGTH, "ISO 3166-1 code, or an English or French name")
    subdivision = _code(CODE_LENGTH, "ISO 3166-2 code, or a name beside a country")
    city = _text("city")
    postal_code = _text("postal_code")
    industry = _text("industry")
    employees = _number(MOST_EMPLOYEES)
    product = _text("product")
    score = _number(HIGHEST_SCORE)
    language = _code(CODE_LENGTH, "such as fr or en-GB")
    value = serializers.FloatField(
        min_value=0,
        max_value=float(HIGHEST_AMOUNT),
        required=False,
        allow_null=True,
        help_text="what the lead may be worth, in `currency`; in two decimals",
    )
    currency = _code(CODE_LENGTH, "ISO 4217 code; the host's currency where it is left out")
    attributes = Attributes(required=False, allow_null=True)


class DecisionOut(serializers.Serializer):
    """What the rules decided."""

    method = serializers.ChoiceField(Decision.Method.choices)
    rule = serializers.CharField(allow_null=True, help_text="null: no rule matched")
    ruleset_version = serializers.IntegerField(
        allow_null=True, help_text="null for duplicates and leads assigned by hand"
    )
    owner = serializers.CharField(allow_null=True)
    pool = serializers.CharField(allow_null=True)
    explanation = serializers.CharField(help_text="in a sentence")


class Received(serializers.Serializer):
    """What became of a lead that was sent."""

    id = serializers.UUIDField()
    decision = DecisionOut(allow_null=True, help_text="null: kept, not routed yet")


class ContactOut(serializers.Serializer):
    """The person behind a lead, as far as the viewer may see."""

    title = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)


class LeadOut(serializers.Serializer):
    """A lead, as far as the viewer may see: what is not theirs to see is left out."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Lead.Status.choices)
    received_at = serializers.DateTimeField(required=False)
    opens_at = serializers.DateTimeField(required=False, allow_null=True)
    pool = serializers.CharField(required=False, allow_null=True)
    owner = serializers.CharField(required=False, allow_null=True)
    blind = serializers.BooleanField(
        required=False,
        help_text="true for one that shows next to nothing until it is claimed; else left out",
    )
    source = serializers.CharField(required=False)  # type: ignore[assignment]
    source_system = serializers.CharField(required=False)
    external_id = serializers.CharField(required=False)
    lead_type = serializers.CharField(required=False)
    company = serializers.CharField(required=False)
    contact = ContactOut(required=False)
    country = serializers.CharField(required=False)
    subdivision = serializers.CharField(required=False)
    city = serializers.CharField(required=False)
    postal_code = serializers.CharField(required=False)
    industry = serializers.CharField(required=False)
    employees = serializers.IntegerField(required=False, allow_null=True)
    size_band = serializers.CharField(required=False)
    product = serializers.CharField(required=False)
    score = serializers.IntegerField(required=False, allow_null=True)
    temperature = serializers.CharField(required=False)
    language = serializers.CharField(required=False)
    value = serializers.DecimalField(12, 2, required=False, allow_null=True)
    currency = serializers.CharField(required=False)
    attributes = Attributes(required=False)


class LeadPage(serializers.Serializer):
    """Some leads, and the address of the next ones."""

    next = serializers.URLField(allow_null=True)
    results = LeadOut(many=True)

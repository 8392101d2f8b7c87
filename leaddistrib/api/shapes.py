"""The shapes of what the API takes and gives, for its schema. Tests hold them against answers."""

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
from leaddistrib.models import Contact, Decision, Lead, Pool


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


class TriedRule(serializers.Serializer):
    """A rule that was tried."""

    position = serializers.IntegerField()
    name = serializers.CharField()
    conditions = serializers.CharField()
    matched = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class Candidate(serializers.Serializer):
    """A rep who was looked at, in order of turn."""

    name = serializers.CharField()
    chosen = serializers.BooleanField()
    virtual_time = serializers.IntegerField(allow_null=True)
    passed_over = serializers.CharField(help_text="why; empty for those who were not")
    lifts_at = serializers.DateTimeField(allow_null=True)


class TriedStep(serializers.Serializer):
    """A place that the rule sent the lead to."""

    target = serializers.CharField()
    took = serializers.BooleanField()
    candidates = Candidate(many=True)


class TraceOut(DecisionOut):
    """A decision in full."""

    decided_at = serializers.DateTimeField()
    rules = TriedRule(many=True)
    steps = TriedStep(many=True)


class Explanation(serializers.Serializer):
    """Why a lead went where it went; in full for those who see the whole lead and lead a team."""

    explanation = serializers.CharField()
    decisions = TraceOut(many=True, required=False)


class Reason(serializers.Serializer):
    """Why a rep may not have a lead, and what would lift it."""

    code = serializers.CharField()
    message = serializers.CharField()
    lifts_at = serializers.DateTimeField(allow_null=True)


class ClaimWon(serializers.Serializer):
    """The lead is the caller's."""

    result = serializers.ChoiceField(["won"])
    lead = LeadOut()


class ClaimLost(serializers.Serializer):
    """Another was faster."""

    result = serializers.ChoiceField(["lost"])
    taken_by = serializers.CharField()
    taken_at = serializers.DateTimeField()


class ClaimRefused(serializers.Serializer):
    """A rule stands against it."""

    result = serializers.ChoiceField(["refused"])
    reasons = Reason(many=True)


class ReleaseIn(serializers.Serializer):
    """Why a lead is given back."""

    reason = serializers.CharField(max_length=500)


class LoggedContactIn(serializers.Serializer):
    """How and when a rep was in touch with a lead."""

    channel = serializers.ChoiceField(Contact.Channel.choices)
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="now if left out")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class PoolOut(serializers.Serializer):
    """A pool, and how many leads wait in it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    mode = serializers.ChoiceField(Pool.Mode.choices)
    size = serializers.IntegerField()
    member = serializers.BooleanField(help_text="whether the caller may claim from it")


class WorkingOut(serializers.Serializer):
    """Who works on a shared lead now."""

    by = serializers.CharField()
    until = serializers.DateTimeField(help_text="when it lapses, unless they go on")


class WaitingLead(serializers.Serializer):
    """A lead that waits in a pool, and whether the caller may claim it now. Long texts are cut;
    what the host's policy keeps from previews is null."""

    id = serializers.UUIDField()
    company = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_null=True)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    city = serializers.CharField(allow_null=True)
    score = serializers.IntegerField(allow_null=True)
    temperature = serializers.CharField(allow_null=True)
    size = serializers.CharField(allow_null=True)
    country = serializers.CharField(allow_null=True)
    received_at = serializers.DateTimeField()
    opens_at = serializers.DateTimeField(allow_null=True)
    stale_at = serializers.DateTimeField(
        allow_null=True, help_text="from when it counts as left lying"
    )
    closes_at = serializers.DateTimeField(
        allow_null=True, help_text="when it is pushed on to where its rule's next step says"
    )
    working = WorkingOut(allow_null=True)
    claimable = serializers.BooleanField()
    reasons = Reason(many=True)


class WaitingPage(serializers.Serializer):
    """Some waiting leads, and the address of the next ones."""

    next = serializers.URLField(allow_null=True)
    results = WaitingLead(many=True)


class SpreadOut(serializers.Serializer):
    """The Gini coefficient: 0 when all have the same, near 1 when one has everything."""

    among = serializers.FloatField(help_text="over the reps with any lead")
    roster = serializers.FloatField(help_text="over all reps")
    holders = serializers.IntegerField(help_text="reps with any lead")
    everybody = serializers.IntegerField(help_text="all reps")


class FiguresOut(serializers.Serializer):
    """What is counted of some leads."""

    volume = serializers.IntegerField(help_text="assignments that began in the period")
    share = serializers.FloatField(help_text="of the whole volume, from 0 to 1")
    closed = serializers.IntegerField(help_text="won or lost")
    won = serializers.IntegerField()
    conversion = serializers.FloatField(allow_null=True, help_text="won of closed; null: none was")
    value = serializers.DictField(
        child=serializers.CharField(), help_text="what was won, by currency (ISO 4217)"
    )
    response = serializers.FloatField(allow_null=True, help_text="not measured yet: null")
    sla = serializers.FloatField(allow_null=True, help_text="not measured yet: null")


class DistributionLine(FiguresOut):
    """A rep, a team, a source, a rule or a way that leads came."""

    key = serializers.CharField(help_text="public id, source or method; empty for none")
    name = serializers.CharField()


class DistributionOut(serializers.Serializer):
    """How the leads of a period are spread; from its first moment to before ``to``."""

    # A keyword of Python, so it cannot be written as the others.
    vars()["from"] = serializers.DateTimeField()
    to = serializers.DateTimeField()

    by = serializers.ChoiceField(["rep", "team", "source", "rule", "method"])
    gini = SpreadOut()
    total = FiguresOut()
    rows = DistributionLine(many=True)

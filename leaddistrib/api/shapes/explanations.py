"""Why a lead went where it went (RU5)."""

from rest_framework import serializers

from leaddistrib.api.shapes.leads import DecisionOut


class TriedRule(serializers.Serializer):
    """A rule that was tried."""

    position = serializers.IntegerField()
    name = serializers.CharField()
    conditions = serializers.CharField()
    matched = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class LoadOut(serializers.Serializer):
    """How many open leads a rep had, of how many at most."""

    open = serializers.IntegerField()
    capacity = serializers.IntegerField()


class Candidate(serializers.Serializer):
    """A rep who was looked at: who could take the lead, next first, then who was passed over."""

    name = serializers.CharField()
    chosen = serializers.BooleanField()
    result = serializers.CharField(help_text="what came of it, in a few words")
    virtual_time = serializers.IntegerField(
        allow_null=True,
        help_text="in millionths of a turn of weight 1, the lowest is next; null where it is not "
        "gone by",
    )
    load = LoadOut(allow_null=True, help_text="null where it is not gone by")
    backup_of = serializers.CharField(help_text="whom the rep stands in for; empty for most")
    passed_over = serializers.CharField(help_text="why; empty for those who were not")
    lifts_at = serializers.DateTimeField(
        allow_null=True, help_text="when that reason ends, where it was known"
    )


class TriedStep(serializers.Serializer):
    """A place that the rule sent the lead to."""

    target = serializers.CharField()
    took = serializers.BooleanField()
    note = serializers.CharField(
        help_text="why nobody was looked at, or why a pool was passed by; empty for most"
    )
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

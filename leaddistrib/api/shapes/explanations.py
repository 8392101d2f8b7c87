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

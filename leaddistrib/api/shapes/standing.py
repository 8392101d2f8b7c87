"""Where a rep stands in a fair race."""

from rest_framework import serializers

from leaddistrib.api.shapes.claims import Reason


class LeftOut(serializers.Serializer):
    """A limit by number."""

    used = serializers.IntegerField()
    limit = serializers.IntegerField()
    left = serializers.IntegerField()
    anew_at = serializers.DateTimeField(allow_null=True, help_text="when it is counted anew")


class RatioOut(serializers.Serializer):
    """A limit by ratio, counted by the week."""

    used = serializers.IntegerField()
    given = serializers.IntegerField(help_text="of the others, which make room")
    each = serializers.IntegerField(help_text="how many one of the others makes room for")
    left = serializers.IntegerField(help_text="until one of the others is needed")


class ColdOut(serializers.Serializer):
    """Cold leads, counted by the week."""

    used = serializers.IntegerField()
    wanted = serializers.IntegerField()
    left = serializers.IntegerField()
    last_week = serializers.IntegerField()
    first = serializers.BooleanField(help_text="while true, only cold leads may be raced for")


class LimitsOut(serializers.Serializer):
    """What is left of each limit; null for one that does not hold."""

    today = LeftOut(allow_null=True, help_text="claims in races")
    hot = RatioOut(allow_null=True, help_text="hot claims in races, beside warm ones")
    assigned = RatioOut(allow_null=True, help_text="claims in races, beside assigned leads")
    cold = ColdOut(allow_null=True)
    week = LeftOut(allow_null=True, help_text="leads, by push and by claim: the allocation")


class WindowOut(serializers.Serializer):
    """A priority window."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class PhaseOut(serializers.Serializer):
    """A phase of onboarding."""

    name = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField(allow_null=True, help_text="null while a manager holds it")
    holds = serializers.ListField(child=serializers.CharField())
    next = serializers.CharField(allow_blank=True, help_text="empty after the last one")


class StandingOut(serializers.Serializer):
    """The caller's own place. Null where no policy of it holds."""

    tier = serializers.IntegerField(allow_null=True, help_text="1 is the highest")
    tier_name = serializers.CharField(allow_blank=True, help_text="empty for none")
    limits = LimitsOut()
    windows = WindowOut(many=True, help_text="today's, which may be over, and the next one")
    phase = PhaseOut(allow_null=True)
    reasons = Reason(many=True, help_text="what stands against any claim now")

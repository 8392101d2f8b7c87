"""Pools, and the leads that wait in them."""

from rest_framework import serializers

from leaddistrib.api.shapes.claims import Reason
from leaddistrib.models import Pool


class PoolOut(serializers.Serializer):
    """A pool, and how many leads wait in it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    mode = serializers.ChoiceField(Pool.Mode.choices)
    size = serializers.IntegerField()
    member = serializers.BooleanField(help_text="whether the caller may claim from it")
    next = serializers.BooleanField(
        help_text="whether it shows reps no leads, and hands out the next one"
    )


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
    blind = serializers.BooleanField(
        required=False,
        help_text="true for one that shows next to nothing until it is claimed; else left out",
    )
    lead_type = serializers.CharField(
        required=False, allow_null=True, help_text="of blind leads only"
    )
    language = serializers.CharField(
        required=False, allow_null=True, help_text="of blind leads only"
    )
    claimable = serializers.BooleanField()
    reasons = Reason(many=True)


class WaitingPage(serializers.Serializer):
    """Some waiting leads, and the address of the next ones."""

    next = serializers.URLField(allow_null=True)
    results = WaitingLead(many=True)

"""What a rep does with a lead: claims it, gives it back, is in touch with it."""

from rest_framework import serializers

from leaddistrib.api.shapes.leads import LeadOut
from leaddistrib.models import Contact


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


class ClaimCollected(serializers.Serializer):
    """Claims are still collected: whose the lead is will be decided then."""

    result = serializers.ChoiceField(["collected"])
    decided_at = serializers.DateTimeField(allow_null=True)


class NextIn(serializers.Serializer):
    """A new key for each lead that is asked for: the same one again gets the first answer."""

    key = serializers.UUIDField()


class NothingWaits(serializers.Serializer):
    """No lead waits there for the caller."""

    result = serializers.ChoiceField(["nothing"])


class ReleaseIn(serializers.Serializer):
    """Why a lead is given back."""

    reason = serializers.CharField(max_length=500)


class LoggedContactIn(serializers.Serializer):
    """How and when a rep was in touch with a lead."""

    channel = serializers.ChoiceField(Contact.Channel.choices)
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="now if left out")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class AttemptIn(serializers.Serializer):
    """How a rep tried to reach a lead, in vain."""

    channel = serializers.ChoiceField(Contact.Channel.choices)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class UndoneContactIn(serializers.Serializer):
    """What the contact was that is taken back."""

    unanswered = serializers.BooleanField(
        required=False, help_text="it was an attempt that nobody answered, and is kept as one"
    )

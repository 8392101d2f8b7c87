"""How tiers do (TI3), and how many leads reps gave back (RA4)."""

from rest_framework import serializers

from leaddistrib.queries.tiermetrics import Measure


class TierOut(serializers.Serializer):
    """A tier of a team. Rates are from 0 to 1, null where they would be of nothing."""

    level = serializers.IntegerField(
        allow_null=True, help_text="1 is the highest; null for what was had in no tier"
    )
    name = serializers.CharField()
    reps = serializers.IntegerField(help_text="active reps that are in it now")
    measured_by = serializers.ListField(
        child=serializers.ChoiceField([str(one) for one in Measure]),
        help_text="the figures that the tier is to be judged by",
    )
    leads = serializers.IntegerField(help_text="that its reps got in the period, while in it")
    won = serializers.IntegerField()
    conversion = serializers.FloatField(allow_null=True, help_text="won of leads")
    revenue = serializers.DictField(
        child=serializers.CharField(), help_text="what was won, by currency (ISO 4217)"
    )
    deals = serializers.DictField(
        child=serializers.IntegerField(), help_text="wins with a value, by currency"
    )
    deal_size = serializers.DictField(
        child=serializers.CharField(), help_text="their mean value, by currency"
    )
    started = serializers.IntegerField(help_text="leads with a response clock")
    answered = serializers.IntegerField(help_text="those of them with a contact")
    response = serializers.FloatField(
        allow_null=True, help_text="mean seconds until the first contact"
    )
    contact_rate = serializers.FloatField(allow_null=True, help_text="answered of started")
    judged = serializers.IntegerField(
        help_text="leads that the rep called qualified, and of which it is known whether they were"
    )
    right = serializers.IntegerField(help_text="those that became an opportunity or were won")
    accuracy = serializers.FloatField(allow_null=True, help_text="right of judged")


class TieredTeam(serializers.Serializer):
    """A team for which a tier policy holds."""

    key = serializers.CharField(help_text="public id; empty for reps without a team")
    name = serializers.CharField()
    tiers = TierOut(many=True)


class TiersOut(serializers.Serializer):
    """How tiers did in a period; from its first moment to before ``to``."""

    vars()["from"] = serializers.DateTimeField()
    to = serializers.DateTimeField()

    teams = TieredTeam(many=True)


class GivenBackOut(serializers.Serializer):
    """Leads that a rep got in one way, and gave back."""

    leads = serializers.IntegerField(help_text="that the rep got in the period")
    given_back = serializers.IntegerField(help_text="those that the rep gave back since")
    rate = serializers.FloatField(allow_null=True, help_text="from 0 to 1; null: there were none")


class ReasonOut(serializers.Serializer):
    """Why leads were given back, in the rep's words."""

    reason = serializers.CharField()
    number = serializers.IntegerField()


class GiveBacksLine(serializers.Serializer):
    """One rep."""

    key = serializers.CharField(help_text="public id")
    name = serializers.CharField()
    claimed = GivenBackOut()
    handed_out = GivenBackOut()
    reasons = ReasonOut(many=True, help_text="the five most frequent ones")


class GiveBacksOut(serializers.Serializer):
    """How many leads of a period were given back; from its first moment to before ``to``."""

    vars()["from"] = serializers.DateTimeField()
    to = serializers.DateTimeField()

    rows = GiveBacksLine(many=True)

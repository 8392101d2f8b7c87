"""How leads are spread (FA1)."""

from rest_framework import serializers


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

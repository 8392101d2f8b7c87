"""What becomes of leads (DB2, OU1)."""

from rest_framework import serializers

from leaddistrib.models import Outcome
from leaddistrib.queries.conversion import By


class ConversionFigures(serializers.Serializer):
    """What is counted of some leads. Days are those of the calendar, from coming in to being won;
    null where none was won."""

    leads = serializers.IntegerField(help_text="that came in during the period")
    won = serializers.IntegerField()
    lost = serializers.IntegerField()
    early = serializers.IntegerField(help_text="won before they came in, as they are dated")
    rate = serializers.FloatField(allow_null=True, help_text="won of all; null: there is none")
    median = serializers.IntegerField(allow_null=True, help_text="days in which half were won")
    p25 = serializers.IntegerField(allow_null=True)
    p75 = serializers.IntegerField(allow_null=True)
    p90 = serializers.IntegerField(allow_null=True)


class ConversionLine(ConversionFigures):
    """A source, lead type, product, industry, country or size."""

    key = serializers.CharField(help_text="as leads say it; empty where none is given")
    name = serializers.CharField()


class StageOut(serializers.Serializer):
    """How the leads that came to a stage lie on the reps under whom they did."""

    stage = serializers.ChoiceField(Outcome.Stage.choices)
    leads = serializers.IntegerField()
    reps = serializers.IntegerField(help_text="with any")
    gini = serializers.FloatField(help_text="0 when all have the same, near 1 when one has all")


class ConversionOut(serializers.Serializer):
    """What became of the leads of a period; from its first moment to before ``to``."""

    # A keyword of Python, so it cannot be written as the others.
    vars()["from"] = serializers.DateTimeField()
    to = serializers.DateTimeField()

    by = serializers.ChoiceField([str(one) for one in By])
    total = ConversionFigures()
    rows = ConversionLine(many=True)
    stages = StageOut(many=True)

"""How leads are spread (FA1), answered and waited for (SL4), and claimed (RA3)."""

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
    response = serializers.FloatField(
        allow_null=True, help_text="mean seconds until the first contact; null: none was answered"
    )
    sla = serializers.FloatField(
        allow_null=True, help_text="answered in time, of those answered or lapsed; null: none was"
    )


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


class ResponseFigures(serializers.Serializer):
    """How soon some leads were answered. Shares are from 0 to 1, of those answered or lapsed; null
    where none was."""

    started = serializers.IntegerField(help_text="leads that somebody got in the period")
    answered = serializers.IntegerField()
    mean = serializers.FloatField(allow_null=True, help_text="seconds until the first contact")
    in_time = serializers.FloatField(allow_null=True, help_text="within the response policy's time")
    within_5 = serializers.FloatField(allow_null=True, help_text="within 5 minutes")
    within_60 = serializers.FloatField(allow_null=True, help_text="within an hour")
    lapsed = serializers.IntegerField(help_text="the time passed without any contact")
    longest_run = serializers.IntegerField(
        allow_null=True, help_text="answers within ten minutes, one after the other, ever"
    )


class ResponseLine(ResponseFigures):
    """A rep, a team, a source, a lead type or an hour of the day."""

    key = serializers.CharField(help_text="public id, source, type or hour; empty for none")
    name = serializers.CharField()


class ResponsesOut(serializers.Serializer):
    """How soon the leads of a period were answered; from its first moment to before ``to``."""

    vars()["from"] = serializers.DateTimeField()
    to = serializers.DateTimeField()

    by = serializers.ChoiceField(["rep", "team", "source", "lead_type", "hour"])
    total = ResponseFigures()
    rows = ResponseLine(many=True)


class WaitingFigures(serializers.Serializer):
    """How long the customers of some leads waited. Shares are from 0 to 1, of those that were not
    closed without a contact; null where none is."""

    leads = serializers.IntegerField(help_text="that came in during the period")
    answered = serializers.IntegerField(help_text="anybody was in touch")
    waiting = serializers.IntegerField(help_text="open, and nobody was in touch yet")
    closed = serializers.IntegerField(help_text="closed without a contact")
    median = serializers.FloatField(
        allow_null=True, help_text="seconds within which half of the answered ones were"
    )
    p90 = serializers.FloatField(allow_null=True, help_text="and nine in ten")
    within_5 = serializers.FloatField(allow_null=True, help_text="within 5 minutes")
    within_60 = serializers.FloatField(allow_null=True, help_text="within an hour")


class WaitingLine(WaitingFigures):
    """A source, a lead type, an hour of the day, or the rep or team of the first contact."""

    key = serializers.CharField(
        help_text="source, type, hour or public id; empty for none, `nobody` without a contact, "
        "`others` for other teams"
    )
    name = serializers.CharField()


class WaitingOut(serializers.Serializer):
    """How long the customers of a period waited; from its first moment to before ``to``."""

    vars()["from"] = serializers.DateTimeField()
    to = serializers.DateTimeField()

    by = serializers.CharField(help_text="source, lead_type, hour, rep or team")
    total = WaitingFigures()
    rows = WaitingLine(many=True)


class ReceiptsOut(serializers.Serializer):
    """Median seconds since a rep was told of a lead; null where nothing was stamped."""

    delivered = serializers.FloatField(allow_null=True, help_text="until it reached a device")
    seen = serializers.FloatField(allow_null=True, help_text="until the rep opened it")


class HandedOut(ReceiptsOut):
    """Leads that a rep did not reach for."""

    leads = serializers.IntegerField()


class ClaimSpeedLine(ReceiptsOut):
    """One rep's attempts to claim."""

    key = serializers.CharField(help_text="public id")
    name = serializers.CharField()
    won = serializers.IntegerField()
    lost = serializers.IntegerField(help_text="a colleague was faster")
    refused = serializers.IntegerField()
    claimed = serializers.FloatField(allow_null=True, help_text="until the claim")
    handed_out = HandedOut()


class ClaimSpeedOut(serializers.Serializer):
    """How fast the leads of a period were claimed; from its first moment to before ``to``."""

    vars()["from"] = serializers.DateTimeField()
    to = serializers.DateTimeField()

    rows = ClaimSpeedLine(many=True)

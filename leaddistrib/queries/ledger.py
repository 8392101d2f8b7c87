"""Rotations and seats held against the ledger of turns, which alone is enough to rebuild them (PU7,
OP3). Each function gives the rows that do not agree with it."""

from datetime import datetime

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from leaddistrib.models import Rotation, Seat, Turn

COUNTED = ~Q(ledger__kind=Turn.Kind.CREDIT)
SIZE = F("ledger__finish") - F("ledger__start")


def seats_that_differ(moment: datetime) -> QuerySet[Seat]:
    """Turns and charges move a seat on; credits are owed to it until turns use them up."""
    latest = Turn.objects.filter(seat=OuterRef("pk")).exclude(kind=Turn.Kind.CREDIT)
    kept = Seat.objects.annotate(
        in_ledger=Count("ledger", filter=COUNTED),
        latest=Coalesce(Max("ledger__number", filter=COUNTED), Value(0)),
        finish=Coalesce(Subquery(latest.order_by("-number").values("finish")[:1]), Value(0)),
        owed=Coalesce(Sum(SIZE, filter=~COUNTED), Value(0))
        - Coalesce(Sum("ledger__used"), Value(0)),
    )
    return kept.exclude(
        turns=F("in_ledger"), last_turn=F("latest"), virtual_time=F("finish"), credit=F("owed")
    )


def rotations_that_differ(moment: datetime) -> QuerySet[Rotation]:
    """Numbers are unique and positive, so as many entries as the highest number leave no gap."""
    kept = Rotation.objects.annotate(
        name=Coalesce("team__name", "territory__name"),
        in_ledger=Count("ledger"),
        latest=Coalesce(Max("ledger__number"), Value(0)),
        start=Coalesce(Max("ledger__start", filter=Q(ledger__kind=Turn.Kind.TURN)), Value(0)),
    )
    return kept.exclude(turns=F("in_ledger"), in_ledger=F("latest"), virtual_time=F("start"))


def credits_that_differ(moment: datetime) -> QuerySet[Turn]:
    """A credit gives back what its entry took, in the same seat."""
    given = Turn.objects.filter(kind=Turn.Kind.CREDIT)
    size = F("credits__finish") - F("credits__start")
    return given.exclude(finish=F("start") + size, seat=F("credits__seat"))

"""Leads whose owner, queue, claims and offers do not agree, for ``leaddistrib_check`` (OP3)."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from leaddistrib.models import Assignment, Claim, Lead, Offer, Pool


def leads_nowhere(moment: datetime) -> QuerySet[Lead]:
    return Lead.objects.filter(
        Q(status=Lead.Status.OWNED, owner=None)
        | Q(status=Lead.Status.WAITING, pool=None)
        | Q(status=Lead.Status.WAITING, opens_at=None)
    )


def unowned_with_owner(moment: datetime) -> QuerySet[Lead]:
    unowned = (Lead.Status.WAITING, Lead.Status.RECEIVED)
    return Lead.objects.filter(status__in=unowned, owner__isnull=False)


def _open_assignments() -> QuerySet[Assignment]:
    return Assignment.objects.filter(ended_at=None)


def leads_with_two_owners(moment: datetime) -> QuerySet[Lead]:
    twice = _open_assignments().order_by().values("lead").annotate(n=Count("pk")).filter(n__gt=1)
    return Lead.objects.filter(pk__in=twice.values("lead"))


def assignments_of_others(moment: datetime) -> QuerySet[Assignment]:
    owned = _open_assignments().filter(lead__status=Lead.Status.OWNED)
    return owned.exclude(rep=F("lead__owner"))


def owners_without_assignment(moment: datetime) -> QuerySet[Lead]:
    assigned = _open_assignments().filter(lead=OuterRef("pk"))
    return Lead.objects.filter(~Exists(assigned), status=Lead.Status.OWNED)


def assignments_without_owner(moment: datetime) -> QuerySet[Assignment]:
    return _open_assignments().exclude(lead__status=Lead.Status.OWNED)


def stale_offers(moment: datetime) -> QuerySet[Offer]:
    still_on = Q(lead__status=Lead.Status.WAITING, lead__period=F("period"))
    return Offer.objects.filter(~still_on, closed_at=None)


def wins_without_assignment(moment: datetime) -> QuerySet[Claim]:
    assigned = Assignment.objects.filter(
        lead=OuterRef("lead"), rep=OuterRef("rep"), method=Assignment.Method.CLAIM
    )
    return Claim.objects.filter(~Exists(assigned), result=Claim.Result.WON)


def assignments_without_win(moment: datetime) -> QuerySet[Assignment]:
    won = Claim.objects.filter(lead=OuterRef("lead"), rep=OuterRef("rep"), result=Claim.Result.WON)
    return Assignment.objects.filter(~Exists(won), method=Assignment.Method.CLAIM)


def pools_behind(moment: datetime) -> QuerySet[Pool]:
    """Each lead that waits has come in, each one that was won has come in and gone."""
    waiting = Lead.objects.filter(pool=OuterRef("pk"), status=Lead.Status.WAITING)
    won = Claim.objects.filter(pool=OuterRef("pk"), result=Claim.Result.WON)
    changes = _number(waiting, "pool") + 2 * _number(won, "pool")
    return Pool.objects.annotate(changes=changes).filter(version__lt=F("changes"))


def _number(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0))

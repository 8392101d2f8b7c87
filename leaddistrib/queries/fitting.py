"""Which of the leads that wait fit a rep best: a button hands them out, without a list (RA5)."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from leaddistrib.models import Account, Assignment, Lead, Pool, Rep, Territory
from leaddistrib.queries.visibility import opened_to

EACH = 20
"""Leads of each temperature that are looked at in one go. What may stand against one of them and
not against the next is its temperature, or lies between it and the rep; what the rep had comes
last, so that it keeps nothing else from being looked at."""

FIT = ("had", "elsewhere", F("score").desc(nulls_last=True), "opens_at", "pk")


def fitting(pool: int, rep: Rep, moment: datetime, *, without: Collection[int] = ()) -> list[Lead]:
    """The leads that wait for ``rep`` at ``moment`` in a pool (a primary key) that hands them out,
    the most fitting first, ``without`` those that were looked at: EACH of every temperature.

    What the rep never had goes before what they had; then the own territory and own accounts
    before others, the higher score, unknown last, and who waits longest. Read with their pools.
    One query.
    """
    waiting = Lead.objects.filter(
        opened_to(rep, moment),
        pool=pool,
        pool__award=Pool.Award.NEXT,
        status=Lead.Status.WAITING,
        opens_at__lte=moment,
    )
    had = Exists(Assignment.objects.filter(lead=OuterRef("pk"), rep=rep))
    own = Q(account__in=Account.objects.filter(owner=rep)) | Q(territory__in=_worked_by(rep))
    ranked = waiting.exclude(pk__in=without).annotate(
        had=Case(When(had, then=Value(1)), default=Value(0)),
        elsewhere=Case(When(own, then=Value(0)), default=Value(1)),
        place=Window(RowNumber(), partition_by="temperature", order_by=FIT),
    )
    return list(ranked.filter(place__lte=EACH).select_related("pool").order_by(*FIT))


def _worked_by(rep: Rep) -> QuerySet[Territory]:
    """The reps named for a territory work it, else everybody in its team."""
    worked = Q(reps=rep)
    if rep.team_id:
        worked |= Q(reps=None, team=rep.team_id)
    return Territory.objects.filter(worked)

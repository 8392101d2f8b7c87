"""How fast reps claim what they are told of, and how soon messages reach them (NO3, RA3).

From the receipts: told, delivered, seen, claimed. Medians, because one phone that lay in a drawer
for a night must not hide how fast its owner is. The database finds the middle, so a few rows come
back for each rep however many leads there were.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean
from typing import Any
from uuid import UUID

from django.db.models import (
    Count,
    DurationField,
    Expression,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Window,
)
from django.db.models.functions import RowNumber

from leaddistrib.models import Assignment, Claim, Lead, Offer, Rep
from leaddistrib.queries.distribution import Scope


@dataclass(frozen=True, slots=True)
class Receipts:
    """Medians in seconds since the rep was told of a lead; None where nothing was stamped."""

    delivered: float | None = None
    seen: float | None = None
    claimed: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One rep: attempts to claim by their result (of ``Claim.Result``) with the receipts of those
    that took part, won or lost; and leads that were handed out, with theirs."""

    key: str
    name: str
    attempts: Mapping[str, int]
    claims: Receipts
    handed_out: int
    receipts: Receipts


HANDED_OUT = "handed_out"
"""The figure of those that a rep did not reach for."""

TOOK_PART = (Claim.Result.WON, Claim.Result.LOST)


def speed(scope: Scope, reps: frozenset[int] | None = None) -> list[Line]:
    """The reps who claimed or were handed something in ``scope``, by name; only ``reps`` (primary
    keys) if they are given. Eight queries."""
    tried, given = _tried(scope, reps), _given(scope, reps)
    attempts: dict[int, Counter[str]] = defaultdict(Counter)
    for rep, result, number in _counted(tried, "result"):
        attempts[rep][result] = number
    handed_out = dict(_counted(given))
    offer = Offer.objects.filter(
        lead=OuterRef("lead"), rep=OuterRef("rep"), period=OuterRef("period")
    )
    took_part = tried.filter(result__in=TOOK_PART).annotate(
        delivered_at=Subquery(offer.values("delivered_at")[:1])
    )
    claims = {name: _medians(took_part, F(f"{name}_at")) for name in _NAMES}
    receipts = {name: _medians(given, F(f"{name}_at")) for name in _NAMES[:2]}
    found = Rep.objects.filter(pk__in={*attempts, *handed_out}).select_related("user")
    lines = [
        Line(
            str(rep.public_id),
            rep.name,
            attempts[rep.pk],
            Receipts(**{name: medians.get(rep.pk) for name, medians in claims.items()}),
            handed_out.get(rep.pk, 0),
            Receipts(**{name: medians.get(rep.pk) for name, medians in receipts.items()}),
        )
        for rep in found
    ]
    return sorted(lines, key=lambda line: (line.name.casefold(), line.key))


def leads_behind(scope: Scope, rep: UUID, figure: str) -> QuerySet[Lead]:
    """The leads that a figure of the row of ``rep`` (a public id) counts: attempts with a result,
    or HANDED_OUT. A lead that was tried twice is one here.

    Raises:
        ValueError: there is no such figure.
    """
    if figure == HANDED_OUT:
        counted: QuerySet[Any] = _given(scope, None)
    else:
        counted = _tried(scope, None).filter(result=Claim.Result(figure))
    theirs = counted.filter(rep__public_id=rep)
    return Lead.objects.filter(pk__in=theirs.order_by().values("lead"))


def _tried(scope: Scope, reps: frozenset[int] | None) -> QuerySet[Claim]:
    tried = Claim.objects.filter(claimed_at__gte=scope.since, claimed_at__lt=scope.until)
    return _of(scope, reps, tried)


def _given(scope: Scope, reps: frozenset[int] | None) -> QuerySet[Assignment]:
    given = Assignment.objects.filter(started_at__gte=scope.since, started_at__lt=scope.until)
    return _of(scope, reps, given).exclude(
        # Those have an offer of their own, or nobody was told of them.
        method__in=(Assignment.Method.CLAIM, Assignment.Method.CONTACT, Assignment.Method.HISTORY)
    )


_NAMES = ("delivered", "seen", "claimed")


def _of(scope: Scope, reps: frozenset[int] | None, rows: QuerySet[Any]) -> QuerySet[Any]:
    if reps is not None:
        rows = rows.filter(rep__in=reps)
    return rows if scope.teams is None else rows.filter(rep__team__in=scope.teams)


def _counted(rows: QuerySet[Any], *by: str) -> list[Any]:
    """Each rep, what else it is counted ``by``, and how many rows there are. One query."""
    return list(rows.order_by().values_list("rep", *by).annotate(Count("pk")))


def _medians(rows: QuerySet[Any], then: Expression | F) -> dict[int, float]:
    """The median of the time from being told until ``then``, by rep, in one query: the middle row
    of each, or the two around the middle."""
    took = ExpressionWrapper(then - F("told_at"), output_field=DurationField())
    ranked = (
        rows.annotate(took=took)
        .filter(took__isnull=False)
        .annotate(
            place=Window(RowNumber(), partition_by="rep", order_by=("took", "pk")),
            number=Window(Count("pk"), partition_by="rep"),
        )
        .filter(place__gte=F("number") / 2.0, place__lte=F("number") / 2.0 + 1)
        .order_by()
    )
    middles: dict[int, list[timedelta]] = defaultdict(list)
    for rep, one in ranked.values_list("rep", "took"):
        middles[rep].append(one)
    return {
        rep: fmean(max(0.0, one.total_seconds()) for one in found) for rep, found in middles.items()
    }

"""How many of the leads that reps got they gave back, and why (RA4).

Counted are the leads that a rep got in some days: those that the rep claimed, and those that were
handed out, which others decided. Given back is what the rep returned since, whenever that was, so
no rate is above 1. A first contact in a shared pool, and what was imported, count in neither.
"""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from leaddistrib.models import Assignment, Lead, Rep
from leaddistrib.queries.distribution import Scope

REASONS = 5
"""Reasons that are told of each rep."""


class How(StrEnum):
    """How the rep got the lead."""

    CLAIMED = "claimed"
    HANDED_OUT = "handed_out"


NEITHER = (Assignment.Method.CLAIM, Assignment.Method.CONTACT, Assignment.Method.HISTORY)
HAD = {How.CLAIMED: Q(method=Assignment.Method.CLAIM), How.HANDED_OUT: ~Q(method__in=NEITHER)}
GIVEN_BACK = Q(end=Assignment.Ended.RELEASED)


@dataclass(frozen=True, slots=True)
class Line:
    """One rep: leads that were claimed and handed out, and how many of each were given back."""

    key: str = ""
    name: str = ""
    claimed: int = 0
    claimed_back: int = 0
    handed_out: int = 0
    handed_out_back: int = 0

    @property
    def claimed_rate(self) -> float | None:
        """Given back of those that were claimed, from 0 to 1; None where none was."""
        return self.claimed_back / self.claimed if self.claimed else None

    @property
    def handed_out_rate(self) -> float | None:
        """Given back of those that were handed out, from 0 to 1; None where none was."""
        return self.handed_out_back / self.handed_out if self.handed_out else None


def give_backs(scope: Scope, reps: frozenset[int] | None = None) -> list[Line]:
    """The reps who got something in ``scope``, by name; only ``reps`` (primary keys) if they are
    given (RA4). Two queries."""
    claimed, handed_out = HAD[How.CLAIMED], HAD[How.HANDED_OUT]
    rows: QuerySet[Any] = _got(scope, reps).order_by().values_list("rep")
    counted = rows.annotate(
        claimed=Count("pk", filter=claimed),
        claimed_back=Count("pk", filter=claimed & GIVEN_BACK),
        handed_out=Count("pk", filter=handed_out),
        handed_out_back=Count("pk", filter=handed_out & GIVEN_BACK),
    )
    numbers = {rep: those for rep, *those in counted}
    found = Rep.objects.filter(pk__in=numbers).select_related("user")
    lines = [Line(str(rep.public_id), rep.name, *numbers[rep.pk]) for rep in found]
    return sorted(lines, key=lambda line: (line.name.casefold(), line.key))


def reasons(
    scope: Scope, reps: frozenset[int] | None = None, *, of: QuerySet[Lead] | None = None
) -> dict[str, list[tuple[str, int]]]:
    """Why each rep (by public id) gave leads back, or those of the leads ``of`` that are given: the
    words of the REASONS that were said most often, and how often. One query."""
    said = given_back(scope, reps)
    if of is not None:
        said = said.filter(lead__in=of.order_by().values("pk"))
    grouped = said.order_by().values_list("rep__public_id", "end_reason")
    ranked = grouped.annotate(number=Count("pk")).annotate(
        place=Window(
            RowNumber(), partition_by="rep__public_id", order_by=(F("number").desc(), "end_reason")
        )
    )
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    rows = ranked.filter(place__lte=REASONS)
    for rep, reason, number, _place in rows.order_by("-number", "end_reason"):
        found[str(rep)].append((reason, number))
    return found


def given_back(
    scope: Scope,
    reps: frozenset[int] | None = None,
    *,
    rep: UUID | None = None,
    how: How | None = None,
) -> QuerySet[Assignment]:
    """What was given back of the leads that were got in ``scope``, the newest first: of the rep
    with this public id, and of those that were got in this way, if they are named."""
    rows = _got(scope, reps).filter(GIVEN_BACK)
    if rep is not None:
        rows = rows.filter(rep__public_id=rep)
    if how is not None:
        rows = rows.filter(HAD[how])
    return rows.order_by("-ended_at", "-pk")


def _got(scope: Scope, reps: frozenset[int] | None) -> QuerySet[Assignment]:
    rows = Assignment.objects.filter(
        HAD[How.CLAIMED] | HAD[How.HANDED_OUT],
        started_at__gte=scope.since,
        started_at__lt=scope.until,
    )
    if reps is not None:
        rows = rows.filter(rep__in=reps)
    return rows if scope.teams is None else rows.filter(rep__team__in=scope.teams)

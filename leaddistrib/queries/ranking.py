"""Percentiles that the database finds, so that a few rows come back however many were ranked."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber


class Ranked(NamedTuple):
    """``value`` is reached by ``percent`` of 100 rows of the group ``key``; of all rows where
    ``whole`` says so."""

    key: Any
    whole: bool
    percent: int
    value: Any


def percentiles(
    rows: QuerySet[Any], by: str, value: str, percents: Sequence[int]
) -> Iterator[Ranked]:
    """The percentiles of ``value`` by the lookup ``by``, and over all of ``rows``: the nearest
    rank, so that it is a value that occurs. Nothing where there are no rows. One query.

    ``by`` and ``value`` may be annotations; no ``value`` may be null.
    """
    ranked = rows.order_by().annotate(
        place=Window(RowNumber(), partition_by=by, order_by=(value, "pk")),
        number=Window(Count("pk"), partition_by=by),
        whole_place=Window(RowNumber(), order_by=(value, "pk")),
        whole_number=Window(Count("pk")),
    )
    wanted = Q()
    for percent in percents:
        wanted |= _nearest("place", "number", percent)
        wanted |= _nearest("whole_place", "whole_number", percent)
    found = ranked.filter(wanted).values_list(
        by, value, "place", "number", "whole_place", "whole_number"
    )
    for key, one, place, number, whole_place, whole_number in found:
        for percent in percents:
            if place == _rank(number, percent):
                yield Ranked(key, False, percent, one)
            if whole_place == _rank(whole_number, percent):
                yield Ranked(None, True, percent, one)


def _rank(number: int, percent: int) -> int:
    """Of ``number`` rows in order, the one that ``percent`` of 100 are reached with: from 1."""
    return max(-(-number * percent // 100), 1)


def _nearest(place: str, number: str, percent: int) -> Q:
    """The same as a condition, in whole numbers."""
    behind = {f"{place}__gte": F(number) * percent / 100.0}
    before = {f"{place}__lt": F(number) * percent / 100.0 + 1}
    return Q(**behind) & Q(**before)

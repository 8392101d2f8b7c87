"""What each rep won beside what the rep was to sell: quota attainment (AL1, TI1)."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from django.db.models import DateField, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from leaddistrib.models import Outcome, Quota
from leaddistrib.queries.localdays import midnight
from leaddistrib.queries.standing import standing

CENT = Decimal("0.01")
HIGHEST = Decimal("9999999.99")
"""Percent that are kept at most: a quota of a cent is a slip of the pen."""

Won = dict[tuple[date, str], Decimal]
"""What was won, by month and currency."""


@dataclass(frozen=True, slots=True)
class Attained:
    """What was won of how much, in ``currency`` (ISO 4217), and how many percent that is, rounded
    down: a border counts as reached only when it is."""

    won: Decimal
    quota: Decimal
    currency: str
    percent: Decimal


def attainment(reps: Iterable[int], since: date, until: date) -> dict[int, Attained | None]:
    """What each of ``reps`` (primary keys) attained in the organisation's local days from ``since``
    until before ``until``; None for a rep without a quota in them. Two queries.

    Won is what stands as won: what was undone, or lost later, is not. Of a month that is in it in
    part, the quota counts in proportion to its days. Months without a quota of the rep's count on
    neither side, nor do those in another currency than the newest: currencies are not added up.
    """
    ids = set(reps)
    quotas: dict[int, list[Quota]] = defaultdict(list)
    rows = Quota.objects.filter(rep__in=ids, month__gte=since.replace(day=1), month__lt=until)
    for quota in rows.order_by("-month"):
        quotas[quota.rep_id].append(quota)
    won = _won(quotas, since, until)
    return {
        rep: _attained(quotas[rep], won[rep], since, until) if rep in quotas else None
        for rep in ids
    }


def _won(reps: Iterable[int], since: date, until: date) -> dict[int, Won]:
    """What each rep won. One query."""
    zone = timezone.get_default_timezone()
    rows = (
        standing([Outcome.Stage.WON])
        .filter(rep__in=list(reps), at__gte=midnight(since, zone), at__lt=midnight(until, zone))
        .annotate(month=TruncMonth("at", output_field=DateField(), tzinfo=zone))
        .order_by()
        .values_list("rep", "month", "currency")
        .annotate(total=Sum("value"))
    )
    won: dict[int, Won] = defaultdict(dict)
    for rep, month, currency, total in rows:
        won[rep][month, currency] = total or Decimal(0)
    return won


def _attained(quotas: list[Quota], won: Won, since: date, until: date) -> Attained:
    """Of a rep's ``quotas``, newest first."""
    currency = quotas[0].currency
    counting = [quota for quota in quotas if quota.currency == currency]
    parts = (quota.amount * _share(quota.month, since, until) for quota in counting)
    wanted = sum(parts, Decimal(0))
    reached = sum((won.get((quota.month, currency), Decimal(0)) for quota in counting), Decimal(0))
    percent = min(100 * reached / wanted, HIGHEST).quantize(CENT, ROUND_DOWN)
    return Attained(reached, wanted.quantize(CENT), currency, percent)


def _share(month: date, since: date, until: date) -> Decimal:
    """Which part of the days of ``month`` is from ``since`` until before ``until``."""
    days = monthrange(month.year, month.month)[1]
    inside = min(month + timedelta(days=days), until) - max(month, since)
    return Decimal(inside.days) / days

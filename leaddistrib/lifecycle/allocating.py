"""Once a month, what a rep attained decides how many leads a week are theirs (AL1, AL2). So it does
when a rep comes through onboarding, and when an administrator has the month worked out anew."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import (
    Case,
    PositiveSmallIntegerField,
    Q,
    QuerySet,
    Value,
    When,
    prefetch_related_objects,
)
from django.utils import timezone

from leaddistrib.engine.allocation import allocated, falls
from leaddistrib.lifecycle.alerting import open_alert
from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.retrying import wake
from leaddistrib.lifecycle.transactions import act, lock_scope
from leaddistrib.models import Alert, Allocation, AllocationPolicy, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.allocations import SUBJECT
from leaddistrib.queries.attainment import Attained, attainment
from leaddistrib.queries.competing import policies_for
from leaddistrib.queries.roster import rep_facts

YEAR = timedelta(days=366)
"""How far back falls in a row are counted."""


@dataclass(frozen=True, slots=True)
class Allocated:
    """How many allocations were written, how many reps have another limit than before, and for how
    many an alert is open now because theirs fell again."""

    written: int
    changed: int
    alerts: int


@dataclass(frozen=True, slots=True)
class Bounded:
    """A rep, and the policy that says how many leads a week are theirs."""

    rep: Rep
    policy: AllocationPolicy


def first_of(moment: datetime) -> date:
    """The first day of the month of ``moment``, by the organisation's calendar."""
    return timezone.localdate(moment, timezone.get_default_timezone()).replace(day=1)


FIGURES = ("policy_id", "leads", "former", "falls", "won", "quota", "currency", "percent")
"""What of an allocation is worked out."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is due to ``rep`` this month by what is known now, in leads a week; None where nothing
    limits them. ``rep.allocation`` is what holds."""

    rep: Rep
    leads: int | None


@act(durable=False)
def allocate_reps(
    moment: datetime,
    month: date | None = None,
    *,
    reps: QuerySet[Rep] | None = None,
    anew: bool = False,
) -> Allocated:
    """Give every active rep, or those of ``reps``, the allocation of ``month`` (its first day; that
    of ``moment`` if left out) by what was attained in the month before (AL1).

    A rep without a quota in the month before, without a policy, or in onboarding has none: nothing
    limits their leads a week. What was written for a month stays as it is, so doing it again
    changes nothing, but for reps whose quota was not known before. Where a later month was written
    already, ``month`` is only put on record. With ``anew`` what was written is put right by the
    policy, the quotas and the outcomes as they are now.

    Whose allocation fell as often in a row as the policy says, their manager is told of (AL2).

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    month = month or first_of(moment)
    scope = Rep.objects.all() if reps is None else reps
    lock_scope(scope.filter(Q(active=True) | Q(allocation__isnull=False)))
    bounded = _bounded(scope)
    due = _worked_out(bounded, month, moment)
    rows = {row.rep_id: row for row in Allocation.objects.filter(month=month, rep__in=bounded)}
    new = [row for pk, row in due.items() if pk not in rows]
    Allocation.objects.bulk_create(new)
    written = len(new) + (_put_right(rows, due) if anew else 0)
    if Allocation.objects.filter(month__gt=month).exists():
        return Allocated(written, 0, 0)
    holding = {pk: rows.get(pk, row) for pk, row in due.items()}
    changed = _hold({pk: row.leads for pk, row in holding.items()}, scope)
    return Allocated(written, changed, _alert(bounded, holding, moment))


def due_now(reps: QuerySet[Rep], moment: datetime) -> list[Due]:
    """What ``allocate_reps(moment, reps=reps, anew=True)`` would give each of ``reps`` who is
    active: for looking at it first. A constant number of queries."""
    found = _worked_out(_bounded(reps), first_of(moment), moment)
    active = reps.filter(active=True).select_related("user", "team").order_by("team__name", "pk")
    return [Due(rep, found[rep.pk].leads if rep.pk in found else None) for rep in active]


def _worked_out(
    bounded: Mapping[int, Bounded], month: date, moment: datetime
) -> dict[int, Allocation]:
    """The allocation of each rep who had a quota in the month before, by what is known now, not
    saved. Three queries."""
    attained = attainment(bounded, (month - timedelta(days=1)).replace(day=1), month)
    former = _former(bounded, month)
    return {
        pk: _allocation(bounded[pk], found, former[pk], month, moment)
        for pk, found in attained.items()
        if found is not None
    }


def _put_right(rows: Mapping[int, Allocation], due: Mapping[int, Allocation]) -> int:
    """Make ``rows`` say what is ``due``; returns how many said something else."""
    wrong = []
    for pk in rows.keys() & due.keys():
        row, right = rows[pk], due[pk]
        if any(getattr(row, name) != getattr(right, name) for name in FIGURES):
            for name in (*FIGURES, "at"):
                setattr(row, name, getattr(right, name))
            wrong.append(row)
    Allocation.objects.bulk_update(wrong, (*FIGURES, "at"))
    return len(wrong)


def _bounded(scope: QuerySet[Rep]) -> dict[int, Bounded]:
    """Active reps of ``scope`` whom a policy holds for and who are not in onboarding, by primary
    key. Three queries."""
    reps = scope.filter(active=True).exclude(onboarding__phase__isnull=False)
    found = list(reps.select_related("user").order_by("pk"))
    policies = policies_for(AllocationPolicy, {rep.team_id for rep in found})
    prefetch_related_objects([one for one in set(policies.values()) if one], "bands")
    return {
        rep.pk: Bounded(rep, policy)
        for rep in found
        if (policy := policies[rep.team_id]) is not None
    }


def _former(reps: Iterable[int], month: date) -> dict[int, list[int]]:
    """The allocations of each rep in the year before ``month``, newest last. One query."""
    rows = Allocation.objects.filter(rep__in=list(reps), month__lt=month, month__gte=month - YEAR)
    found: dict[int, list[int]] = defaultdict(list)
    for rep, leads in rows.order_by("month").values_list("rep", "leads"):
        found[rep].append(leads)
    return found


def _allocation(
    one: Bounded, attained: Attained, former: list[int], month: date, moment: datetime
) -> Allocation:
    bands = [(band.from_percent, band.leads) for band in one.policy.bands.all()]
    leads = allocated(attained.percent, bands, one.policy.floor)
    return Allocation(
        rep=one.rep,
        policy=one.policy,
        month=month,
        leads=leads,
        former=former[-1] if former else None,
        falls=falls([*former, leads]),
        won=attained.won,
        quota=attained.quota,
        currency=attained.currency,
        percent=attained.percent,
        at=moment,
    )


def _hold(leads: Mapping[int, int], scope: QuerySet[Rep]) -> int:
    """From now on, that many ``leads`` a week bound each rep, and nothing bounds the others of
    ``scope``. Returns how many have another limit than before; their pages are told, and what waits
    for somebody is tried again for those who may have more."""
    held = scope.values_list("pk", "allocation")
    before = {pk: number for pk, number in held if number is not None}
    changed = {pk for pk in before.keys() | leads.keys() if before.get(pk) != leads.get(pk)}
    if not changed:
        return 0
    by_number: dict[int, list[int]] = defaultdict(list)
    for pk, number in leads.items():
        by_number[number].append(pk)
    cases = (When(pk__in=pks, then=Value(number)) for number, pks in by_number.items())
    each = Case(*cases, default=Value(None), output_field=PositiveSmallIntegerField())
    Rep.objects.filter(pk__in=changed).update(allocation=each)
    reps = {rep.pk: rep for rep in Rep.objects.filter(pk__in=changed).select_related("user")}
    now = clock.now()
    announce_limits(reps.values(), rep_facts(list(reps), now), now)
    # Nothing bounded those who are not in ``before``: they have less now.
    wake([reps[pk] for pk in before.keys() & changed if leads.get(pk, before[pk] + 1) > before[pk]])
    return len(changed)


def _alert(bounded: Mapping[int, Bounded], rows: Mapping[int, Allocation], moment: datetime) -> int:
    """Tell the managers of those whose allocation fell again; an alert that is open still says what
    is true now. The last locks of the act, in the order of their subjects."""
    fallen = [pk for pk, row in rows.items() if row.falls >= bounded[pk].policy.alert_after]
    for pk in sorted(fallen, key=_subject):
        rep, row = bounded[pk].rep, rows[pk]
        detail = {
            "rep": rep.name,
            "leads": row.leads,
            "former": row.former,
            "falls": row.falls,
        }
        alert = open_alert(
            Alert.Kind.ALLOCATION,
            _subject(pk),
            moment=moment,
            teams=() if rep.team_id is None else (rep.team_id,),
            detail=detail,
        )
        if alert.detail != (newer := {**alert.detail, **detail}):
            alert.detail = newer
            alert.save(update_fields=("detail",))
    return len(fallen)


def _subject(rep: int) -> str:
    return f"{SUBJECT}{rep}"

"""Which response policy holds for a lead, and when its times are up (SL1, SL3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q, QuerySet

from leaddistrib.engine.availability import WorkingWeek
from leaddistrib.engine.deadlines import after
from leaddistrib.models import (
    Assignment,
    EscalationStep,
    Lead,
    LogEntry,
    ResponseClock,
    ResponsePolicy,
)


@dataclass(frozen=True, slots=True)
class Times:
    """When a clock's minutes are up: those of its reminder (None: there is none), and all."""

    remind_at: datetime | None
    due_at: datetime


def policies() -> list[ResponsePolicy]:
    """The active policies in their order, each with ``first_step``: the minutes of the step that
    comes soonest, None without steps. One query."""
    active = ResponsePolicy.objects.filter(active=True)
    counted = active.annotate(first_step=Min("steps__after_minutes"))
    return list(counted.order_by("position", "id"))  # a grouped query has lost it


def fitting(lead: Lead, among: Iterable[ResponsePolicy]) -> ResponsePolicy | None:
    """The first of ``among`` that fits the lead's type and source, in capitals or not."""
    return _first(among, lead.lead_type, lead.source)


def fitted_by(policy: int, leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Those of ``leads`` that the active policy of this primary key is the first to fit. Which
    types and sources those have is asked first: two queries."""
    known = policies()
    sources_of: dict[str, list[str]] = defaultdict(list)
    for lead_type, source in leads.order_by().values_list("lead_type", "source").distinct():
        found = _first(known, lead_type, source)
        if found and found.pk == policy:
            sources_of[lead_type].append(source)
    fits = Q(pk__in=())
    for lead_type, sources in sources_of.items():
        fits |= Q(lead_type=lead_type, source__in=sources)
    return leads.filter(fits)


def fitted_since(moment: datetime) -> dict[int, int]:
    """How many leads that came in since ``moment`` each active policy is the first to fit, by its
    primary key. Two queries."""
    known = policies()
    numbers = dict.fromkeys((policy.pk for policy in known), 0)
    leads = Lead.objects.filter(received_at__gte=moment).order_by()
    kinds = leads.values_list("lead_type", "source").annotate(Count("pk"))
    for lead_type, source, number in kinds if known else ():
        found = _first(known, lead_type, source)
        if found:
            numbers[found.pk] += number
    return numbers


def _first(among: Iterable[ResponsePolicy], lead_type: str, source: str) -> ResponsePolicy | None:
    """In Python, also for figures: databases fold capitals each in their own way, SQLite those of
    ASCII only."""
    return next((policy for policy in among if _fits(policy, lead_type, source)), None)


def _fits(policy: ResponsePolicy, lead_type: str, source: str) -> bool:
    return all(
        not wanted or wanted.casefold() == is_so.casefold()
        for wanted, is_so in ((policy.lead_type, lead_type), (policy.source, source))
    )


def times(policy: ResponsePolicy, started_at: datetime, week: WorkingWeek | None) -> Times:
    """When a clock of ``policy`` that ``started_at`` is due. ``week`` is its rep's, of whom the
    policy may count the working hours only."""
    counted = week if policy.working_time else None
    reminder = None
    if policy.remind_minutes is not None and policy.remind_minutes < policy.minutes:
        reminder = after(started_at, policy.minutes - policy.remind_minutes, counted)
    return Times(reminder, after(started_at, policy.minutes, counted))


def step_time(
    policy: ResponsePolicy, after_minutes: int, started_at: datetime, week: WorkingWeek | None
) -> datetime:
    """When a step is due that is taken ``after_minutes`` without contact."""
    return after(started_at, after_minutes, week if policy.working_time else None)


@dataclass(frozen=True, slots=True)
class Lapses:
    """How often a lead was taken from an owner who did not answer, and when last."""

    number: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a running clock is due for, and when the worker looks at it ``next_at`` (None: never).

    ``remind`` its rep; note that it did ``lapse``; have the lead ``go_on`` to somebody else. Or it
    is ``stuck``: late, and nobody is to be asked any more.
    """

    remind: bool
    lapse: bool
    go_on: bool
    stuck: bool
    next_at: datetime | None


def outlook(
    clock: ResponseClock,
    steps: Sequence[EscalationStep],
    week: WorkingWeek | None,
    lapses: Lapses,
    now: datetime,
) -> Outlook:
    """What ``clock``, which runs, is due for ``now``, by its policy as it is now, with all its
    ``steps`` in order. The deadline is the one that was promised when the clock started."""
    remind_at = go_on_at = None
    policy = clock.policy
    if policy is not None:
        if clock.reminded_at is None:
            remind_at = times(policy, clock.started_at, week).remind_at
        if clock.step < len(steps) and lapses.number < policy.max_reassignments:
            minutes = steps[clock.step].after_minutes
            go_on_at = step_time(policy, minutes, clock.started_at, week)
            if lapses.last_at is not None:
                cooled_at = lapses.last_at + timedelta(minutes=policy.cooldown_minutes)
                go_on_at = max(go_on_at, cooled_at)
    go_on = go_on_at is not None and go_on_at <= now
    late = clock.due_at <= now
    ahead = (remind_at, clock.due_at, go_on_at)
    return Outlook(
        remind=remind_at is not None and remind_at <= now and not late and not go_on,
        lapse=late and clock.lapsed_at is None,
        go_on=go_on,
        stuck=late and go_on_at is None,
        next_at=min((at for at in ahead if at is not None and at > now), default=None),
    )


def lapses_of(leads: Collection[int]) -> dict[int, Lapses]:
    """The lapses of each of ``leads`` (primary keys) that has any since it was recycled last. Two
    queries."""
    began = dict(
        LogEntry.objects.filter(lead__in=leads, event=LogEntry.Event.RECYCLED)
        .order_by()
        .values_list("lead")
        .annotate(last=Max("at"))
    )
    rows = Assignment.objects.filter(lead__in=leads, end=Assignment.Ended.LAPSED)
    found: dict[int, Lapses] = {}
    for lead, at in rows.order_by("ended_at").values_list("lead", "ended_at"):
        if lead not in began or at > began[lead]:
            found[lead] = Lapses(found.get(lead, Lapses()).number + 1, at)
    return found

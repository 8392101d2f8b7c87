"""Which response policy holds for a lead, and when its times are up (SL1, SL3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from leaddistrib.engine.availability import WorkingWeek
from leaddistrib.engine.deadlines import after
from leaddistrib.models import Lead, ResponsePolicy


@dataclass(frozen=True, slots=True)
class Times:
    """When a clock's minutes are up: those of its reminder (None: there is none), and all."""

    remind_at: datetime | None
    due_at: datetime


def policies() -> list[ResponsePolicy]:
    """The active policies in their order, each with ``first_step``: the minutes of the step that
    comes soonest, None without steps. One query."""
    active = ResponsePolicy.objects.filter(active=True)
    return list(active.annotate(first_step=Min("steps__after_minutes")))


def fitting(lead: Lead, among: Iterable[ResponsePolicy]) -> ResponsePolicy | None:
    """The first of ``among`` that fits the lead's type and source, in capitals or not."""
    return next((policy for policy in among if _fits(policy, lead)), None)


def _fits(policy: ResponsePolicy, lead: Lead) -> bool:
    return all(
        not wanted or wanted.casefold() == is_so.casefold()
        for wanted, is_so in ((policy.lead_type, lead.lead_type), (policy.source, lead.source))
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

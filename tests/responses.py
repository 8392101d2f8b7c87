"""Responses as a rep's clocks leave them: the clock, its log entries and its sums (SL2, SL4)."""

from datetime import datetime, timedelta

from leaddistrib.lifecycle.tallying import (
    answered_detail,
    started_detail,
    tally_answered,
    tally_lapsed,
    tally_started,
)
from leaddistrib.models import Assignment, Lead, LogEntry, Rep, ResponseClock
from leaddistrib.testing import LeadFactory


def started(
    rep: Rep, at: datetime, minutes: int = 5, lead: Lead | None = None, **facts: str
) -> ResponseClock:
    """``rep`` has a new lead from ``at`` on, to be answered within ``minutes``."""
    lead = lead or LeadFactory(received_at=at, owner=rep, **facts)
    Assignment.objects.filter(lead=lead, ended_at=None).delete()
    assignment = Assignment.objects.create(
        lead=lead, rep=rep, method=Assignment.Method.PUSH, started_at=at
    )
    clock = ResponseClock.objects.create(
        assignment=assignment,
        lead=lead,
        rep=rep,
        started_at=at,
        due_at=at + timedelta(minutes=minutes),
        next_at=at + timedelta(minutes=minutes),
    )
    _log(clock, LogEntry.Event.CLOCK_STARTED, at, started_detail(clock))
    tally_started([clock])
    return clock


def answered(clock: ResponseClock, after: timedelta) -> ResponseClock:
    """The rep was in touch ``after`` that much time."""
    clock.answered_at, clock.next_at = clock.started_at + after, None
    clock.save()
    response = answered_detail(clock)
    detail = {"channel": "call", "note": "", "took": False, "response": response}
    tally_answered(clock)
    _log(clock, LogEntry.Event.CONTACTED, clock.answered_at, detail)
    return clock


def lapsed(clock: ResponseClock, *, gone: bool = True) -> ResponseClock:
    """The rep was not in touch in time, and the lead has ``gone`` on, or is still the rep's."""
    clock.lapsed_at = clock.due_at
    if gone:
        clock.stopped_at, clock.next_at = clock.due_at, None
    clock.save()
    _log(clock, LogEntry.Event.LAPSED, clock.due_at, {"clock": clock.pk})
    tally_lapsed([clock])
    return clock


def _log(clock: ResponseClock, event: str, at: datetime, detail: dict[str, object]) -> None:
    LogEntry.objects.create(lead=clock.lead, event=event, rep=clock.rep, at=at, detail=detail)

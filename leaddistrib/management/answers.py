"""How soon the reps of an invented company answered their leads, in the weeks before today.

Written straight into the tables, as the rest of its history is; the sums of responses are then made
from the log, so ``leaddistrib_rollups --check`` finds nothing.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from leaddistrib.lifecycle.tallying import answered_detail, rebuild, started_detail
from leaddistrib.models import (
    Assignment,
    Contact,
    LogEntry,
    Rep,
    ResponseClock,
    ResponseRollup,
    ResponseRun,
)
from leaddistrib.queries.policies import fitting, policies, times

FRESH = timedelta(minutes=10)
"""Leads that reps got within this time are not answered yet: their clocks run."""

CHANNELS = (Contact.Channel.CALL, Contact.Channel.CALL, Contact.Channel.EMAIL)


def add_answers(random: Random, now: datetime) -> None:
    """Each lead that a rep got was answered, most of them in time; the newest ones are not yet."""
    # What routing started just now, for leads of the weeks before.
    LogEntry.objects.filter(event=LogEntry.Event.CLOCK_STARTED).delete()
    for model in (ResponseClock, ResponseRollup, ResponseRun):
        model._default_manager.all().delete()
    clocks = ResponseClock.objects.bulk_create(_clocks(random, now))
    users = dict(Rep.objects.values_list("pk", "user"))
    contacts, log = [], []
    for clock in clocks:
        log.append(
            _entry(clock, LogEntry.Event.CLOCK_STARTED, clock.started_at, started_detail(clock))
        )
        if clock.lapsed_at:
            lapsed = _entry(clock, LogEntry.Event.LAPSED, clock.lapsed_at, {"clock": clock.pk})
            log.append(lapsed)
        if clock.answered_at:
            channel = random.choice(CHANNELS)
            contacts.append(
                Contact(lead=clock.lead, rep=clock.rep, channel=channel, at=clock.answered_at)
            )
            detail = {"channel": channel, "note": "", "took": False}
            entry = _entry(
                clock,
                LogEntry.Event.CONTACTED,
                clock.answered_at,
                {**detail, "response": answered_detail(clock)},
            )
            entry.actor_id = users[clock.rep_id]
            log.append(entry)
    Contact.objects.bulk_create(contacts)
    # The ids of entries follow each other as what they tell of did: runs are counted by them.
    LogEntry.objects.bulk_create(sorted(log, key=lambda entry: entry.at))
    for rep in sorted(users):
        rebuild(rep)


def _clocks(random: Random, now: datetime) -> list[ResponseClock]:
    known = policies()
    owned = Assignment.objects.exclude(method=Assignment.Method.CONTACT)
    clocks = []
    for held in owned.select_related("lead", "rep").order_by("pk"):
        policy = fitting(held.lead, known)
        if policy is None:
            continue
        due = times(policy, held.started_at, None).due_at
        clock = ResponseClock(
            assignment=held,
            lead=held.lead,
            rep=held.rep,
            policy=policy,
            started_at=held.started_at,
            due_at=due,
        )
        # Around the fifth part of the time allowed, now and then much longer.
        share = random.lognormvariate(-1.6, 1.1)
        if held.ended_at is None and held.started_at > now - FRESH and due > now:
            clock.next_at = due
        else:
            answered = held.started_at + share * (due - held.started_at)
            clock.answered_at = min(answered, held.ended_at or now)
            clock.lapsed_at = due if clock.answered_at > due else None
        clocks.append(clock)
    return clocks


def _entry(clock: ResponseClock, event: str, at: datetime, detail: dict[str, Any]) -> LogEntry:
    return LogEntry(lead=clock.lead, event=event, rep=clock.rep, at=at, detail=detail)

"""The response clock: from the moment a rep has a lead to the first contact (SL2).

It is written in the transaction that gives the lead, ends it, or logs the contact. What happens
when its time is up is ``lifecycle.escalating``.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from leaddistrib.engine.deadlines import after
from leaddistrib.lifecycle.tallying import (
    started_detail,
    tally_answered,
    tally_lapsed,
    tally_started,
)
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Assignment, Lead, LogEntry, Rep, ResponseClock
from leaddistrib.notify.telling import tell_after_all
from leaddistrib.queries import clock as time
from leaddistrib.queries.clocks import RUNNING, running
from leaddistrib.queries.policies import fitting, policies, times
from leaddistrib.queries.weeks import working_weeks


def start_clocks(assignments: Sequence[Assignment], moment: datetime) -> list[ResponseClock]:
    """Start a clock for each of ``assignments``, saved, with their leads and reps, that a policy
    holds for; returns those. The leads and reps are locked.

    Whoever gets a lead that its owner did not answer goes on with the step after the one that was
    taken, also through a pool. A number of queries that does not depend on how many there are.
    """
    known = policies() if assignments else []
    found = [(one, policy) for one in assignments if (policy := fitting(one.lead, known))]
    if not found:
        return []
    by_hours = [one.rep for one, policy in found if policy.working_time]
    weeks = working_weeks(by_hours, moment) if by_hours else {}
    before = _steps_taken([one for one, _ in found])
    clocks = []
    for one, policy in found:
        week = weeks.get(one.rep_id) if policy.working_time else None
        due = times(policy, moment, week)
        looks = [due.remind_at, due.due_at]
        first_step = policy.first_step  # type: ignore[attr-defined]  # annotated
        if first_step is not None:
            looks.append(after(moment, first_step, week))
        clocks.append(
            ResponseClock(
                assignment=one,
                lead=one.lead,
                rep=one.rep,
                policy=policy,
                started_at=moment,
                due_at=due.due_at,
                step=before.get((one.lead_id, policy.pk), 0),
                next_at=min(at for at in looks if at is not None),
            )
        )
    ResponseClock.objects.bulk_create(clocks)
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=clock.lead,
            event=LogEntry.Event.CLOCK_STARTED,
            rep=clock.rep,
            at=moment,
            detail=started_detail(clock),
        )
        for clock in clocks
    )
    tally_started(clocks)
    return clocks


def _steps_taken(assignments: Sequence[Assignment]) -> dict[tuple[int, int | None], int]:
    """How many steps of its policy were taken for each lead and policy, if its owner before did not
    answer: by who had it last. One query."""
    pks = [one.pk for one in assignments]
    rows = (
        ResponseClock.objects.filter(lead__in={one.lead_id for one in assignments})
        .exclude(assignment__in=pks)
        .order_by("assignment__ended_at", "pk")
        .values_list("lead", "policy", "step", "assignment__end")
    )
    last = {lead: (policy, step, end) for lead, policy, step, end in rows}
    return {
        (lead, policy): step
        for lead, (policy, step, end) in last.items()
        if end == Assignment.Ended.LAPSED
    }


def answer_clock(lead: Lead, rep: Rep, contact_at: datetime) -> dict[str, Any] | None:
    """``rep``, who is locked, was in touch with the own ``lead`` at ``contact_at``: the clock
    stops; None if none runs. A contact before the rep had the lead answers it at its start. The log
    entry is the caller's: its "response" is returned."""
    clock = running().filter(lead=lead, rep=rep).first()
    if clock is None:
        return None
    clock.answered_at = max(contact_at, clock.started_at)
    clock.next_at = None
    # Whoever takes the lead away holds this rep too; the condition stands behind that.
    stopped = running().filter(pk=clock.pk)
    if not stopped.update(answered_at=clock.answered_at, next_at=None):
        return None
    return tally_answered(clock)


def stop_clocks(leads: Iterable[Lead], moment: datetime) -> int:
    """The leads, locked, are not their owners' any more, or are closed: what runs stops. Returns
    how many clocks that were. One query."""
    rows = running().filter(lead__in=list(leads))
    return rows.update(stopped_at=moment, next_at=None)


def resume_clock(assignment: Assignment, moment: datetime, *, answered: bool = False) -> bool:
    """What stopped the clock of ``assignment``, which is open again, was a mistake: it runs on,
    with the deadline that was promised, unless that passed while it stood still: then it stays
    stopped, as nobody could answer it. With ``answered`` it runs on in any case, also one that a
    contact had answered, which is taken back. Returns whether it does; the worker looks at once
    what it is due for, and messages are sent after all that it was answered for. The rep and the
    lead are locked."""
    rows = ResponseClock.objects.filter(assignment=assignment)
    if not answered:
        fair = Q(due_at__gt=moment) | Q(due_at__lte=F("stopped_at"))
        rows = rows.filter(fair, answered_at=None)
    # Who was told that nobody is left, was told that it is over: they are told again.
    if not rows.update(answered_at=None, stopped_at=None, stuck_at=None, next_at=moment):
        return False
    clock = ResponseClock.objects.get(assignment=assignment)
    true_again = [f"response.lapsed:{clock.pk}"]
    if clock.due_at > moment:
        true_again.append(f"response.reminder:{clock.pk}")
    tell_after_all(true_again, moment)
    return True


def note_lapses(clocks: Sequence[ResponseClock], moment: datetime) -> None:
    """The deadlines of ``clocks``, loaded with lead and rep, passed without contact: it is logged
    and counted. The reps are locked, and the clocks say it."""
    if not clocks:
        return
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=clock.lead,
            event=LogEntry.Event.LAPSED,
            rep=clock.rep,
            at=moment,
            detail={"clock": clock.pk},
        )
        for clock in clocks
    )
    tally_lapsed(clocks)


@act(durable=False)
def look_again(clocks: QuerySet[ResponseClock]) -> int:
    """The worker looks at once what those of ``clocks`` that run are due for: their policy was
    changed, or somebody asks for it. Deadlines stay as they were promised. Returns how many.

    They are locked by ascending id, as the worker locks them; others that came in between are new.
    """
    rows = clocks.filter(RUNNING).order_by("pk")
    found = list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    return running().filter(pk__in=found).update(next_at=time.now())

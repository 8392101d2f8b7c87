"""Sums of responses, kept in the transaction of what they count (SL4).

A report then costs the same however many leads there were. ``queries.rollups`` makes the same sums
from the log; ``leaddistrib_rollups`` compares the two.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import LogEntry, ResponseClock, ResponseRollup, ResponseRun
from leaddistrib.queries.rollups import (
    FIGURES,
    OF_RUNS,
    QUICK,
    Place,
    Run,
    Sums,
    from_log,
    kept,
    place_of,
    places,
)

TABLE = ResponseRollup._meta.db_table
KEY = ("day", "hour", "rep_id", "source", "lead_type")
BATCH = 500
"""Rows of one statement: twelve parameters each, well under what SQLite takes."""


def started_detail(clock: ResponseClock) -> dict[str, Any]:
    """Detail of the ``response.started`` entry of ``clock`` (saved, its lead loaded). The day and
    the hour are the company's (TIME_ZONE), as in every report."""
    local = timezone.localtime(clock.started_at, timezone.get_default_timezone())
    return {
        "clock": clock.pk,
        "policy": clock.policy_id,
        "due_at": clock.due_at.isoformat(),
        "source": clock.lead.source,
        "lead_type": clock.lead.lead_type,
        "day": local.date().isoformat(),
        "hour": local.hour,
    }


def answered_detail(clock: ResponseClock) -> dict[str, Any]:
    """The "response" in the detail of the ``lead.contacted`` entry that answered ``clock``.

    Raises:
        ValueError: the clock was not answered.
    """
    if clock.answered_at is None:
        raise ValueError(f"The clock {clock.pk} was not answered.")
    return {
        "clock": clock.pk,
        "seconds": max(0, int((clock.answered_at - clock.started_at).total_seconds())),
        "in_time": clock.answered_at <= clock.due_at,
        "started": clock.started_at.isoformat(),
    }


def tally_started(clocks: Iterable[ResponseClock]) -> None:
    """Count ``clocks`` that were just started and saved, their leads loaded.

    Like all of these: in the transaction that writes the log entry, the reps' rows locked before.
    One statement, however many there are.
    """
    _add((place_of(clock.rep_id, started_detail(clock)), Sums(started=1)) for clock in clocks)


def tally_answered(clock: ResponseClock) -> dict[str, Any]:
    """Count that ``clock`` was answered, and the rep's run of quick answers. Before the log entry
    of the contact is written; returns its "response", with the run as it was before."""
    response = answered_detail(clock)
    lapsed = clock.lapsed_at is not None
    sums = Sums.of_answer(response["seconds"], response["in_time"], lapsed)
    _add((place, sums) for place in places([clock]).values())
    row = ResponseRun.objects.filter(rep=clock.rep_id).first() or ResponseRun(rep_id=clock.rep_id)
    run = Run(row.current, row.longest, row.longest_at)
    before = [run.current, run.longest, run.longest_at and run.longest_at.isoformat()]
    if response["seconds"] >= QUICK:
        run.current = 0
    else:
        run.reaches(run.current + 1, clock.started_at + timedelta(seconds=response["seconds"]))
    row.current, row.longest, row.longest_at = run.current, run.longest, run.longest_at
    row.save()
    return {**response, "run_before": before}


def tally_undone(clock: ResponseClock, answer: LogEntry, undone: LogEntry) -> None:
    """The contact of the entry ``answer``, which had answered ``clock``, is taken back, as the
    entry ``undone`` says.

    Where nothing that a run is counted by came between the two, the run is what it was. Otherwise
    it is made anew from all that the log has of the rep, maybe of years, with the rep locked.
    """
    response = answer.detail["response"]
    sums = Sums.of_answer(response["seconds"], response["in_time"], clock.lapsed_at is not None)
    _add((place, -sums) for place in places([clock]).values())
    between = LogEntry.objects.filter(rep=clock.rep_id, pk__gt=answer.pk, pk__lt=undone.pk)
    if "run_before" in response and not between.filter(OF_RUNS).exists():
        current, longest, at = response["run_before"]
        run = Run(current, longest, datetime.fromisoformat(at) if at else None)
    else:
        run = from_log(clock.rep_id)[1]
    _keep_run(clock.rep_id, run)


def tally_lapsed(clocks: Iterable[ResponseClock]) -> None:
    """Count that ``clocks`` lapsed, which ends their reps' runs: once for each ``response.lapsed``
    entry. Three statements."""
    lapsed = list(clocks)
    _add((place, Sums(lapsed=1)) for place in places(lapsed).values())
    ResponseRun.objects.filter(rep__in={clock.rep_id for clock in lapsed}).update(current=0)


def differs(rep: int) -> bool:
    """Whether what is kept of ``rep`` (a primary key) is not what the log says.

    Looked at without a lock first. What differs may be in the middle of a change, so it counts only
    if it still does with the rep locked, whose every figure is written under that lock.
    """
    return kept(rep) != from_log(rep) and _differs_for_sure(rep)


@act(durable=False)
def _differs_for_sure(rep: int) -> bool:
    lock_reps([rep])
    return kept(rep) != from_log(rep)


@act(durable=False)
def rebuild(rep: int) -> bool:
    """Make the sums of ``rep`` (a primary key) anew from the log; True if they differed."""
    lock_reps([rep])
    sums, run = from_log(rep)
    if kept(rep) == (sums, run):
        return False
    ResponseRollup.objects.filter(rep=rep).delete()
    _add(sums.items())
    _keep_run(rep, run)
    return True


def _keep_run(rep: int, run: Run) -> None:
    ResponseRun.objects.update_or_create(
        rep_id=rep,
        defaults={
            "current": run.current,
            "longest": run.longest,
            "longest_at": run.longest_at,
        },
    )


def _add(counted: Iterable[tuple[Place, Sums]]) -> None:
    """Add to the sums of each place, making those that are not there yet.

    One INSERT … ON CONFLICT for all of them, because two transactions may make the same row. Rows
    are in order, so that two that do not hold the same rep's lock never wait for each other in
    a circle.
    """
    sums: dict[Place, Sums] = defaultdict(Sums)
    for place, more in counted:
        sums[place] += more
    rows = sorted(sums.items())
    for start in range(0, len(rows), BATCH):
        _upsert(dict(rows[start : start + BATCH]))


def _upsert(sums: Mapping[Place, Sums]) -> None:
    columns = (*KEY, *FIGURES)
    row = f"({', '.join(['%s'] * len(columns))})"
    added = ", ".join(f"{name} = {TABLE}.{name} + excluded.{name}" for name in FIGURES)
    values: list[Any] = []
    for place, one in sums.items():
        values += [connection.ops.adapt_datefield_value(place.day), *place[1:], *one.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} ({', '.join(columns)})"  # noqa: S608 - names of ours only
            f" VALUES {', '.join([row] * len(sums))}"
            f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {added}",
            values,
        )

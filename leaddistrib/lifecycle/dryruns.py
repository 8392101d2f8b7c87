"""Dry runs: asked for by an admin, worked out by a worker, kept as their figures (RU6).

A run compares a version with the one in force or, where its result has the key "strategies" from
the start, the strategies with what really happened.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, Q

from leaddistrib.lifecycle.matching import place
from leaddistrib.models import Decision, DryRun, Lead, RuleSet
from leaddistrib.queries import clock
from leaddistrib.queries.dryruns import figures, strategy_figures
from leaddistrib.queries.replay import compare_strategies, replay

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""How long a worker may say nothing of how far it is, which it does every 500 leads. After that it
counts as cut off and another one begins anew. How long a whole run takes does not matter."""

MOST_LEADS = 50_000
BATCH = 1_000  # leads in memory at a time


class _Taken(Exception):
    """The lease ran out, and another worker has begun the run anew."""


def ask(
    ruleset: RuleSet,
    *,
    since: datetime,
    until: datetime,
    limit: int = 10_000,
    strategies: bool = False,
    actor: AbstractUser | None = None,
) -> DryRun:
    """Ask for a dry run of ``ruleset`` over the leads received from ``since`` to just before
    ``until``, the latest ``limit`` (at most 50,000) of them: beside the version in force or, with
    ``strategies``, by each strategy. A worker takes it up within seconds.

    Raises:
        ValueError: there is no time between ``since`` and ``until``, or ``limit`` is out of range.
    """
    if until <= since or not 0 < limit <= MOST_LEADS:
        raise ValueError("A dry run needs a stretch of time, and 1 to 50,000 leads.")
    return DryRun.objects.create(
        ruleset=ruleset,
        since=since,
        until=until,
        limit=limit,
        result={"strategies": []} if strategies else {},
        asked_at=clock.now(),
        asked_by=actor,  # type: ignore[misc]  # whatever AUTH_USER_MODEL is
    )


def work_off(moment: datetime, limit: int = 1) -> int:
    """Work out up to ``limit`` dry runs that wait, oldest first; returns how many.

    Any number of workers may ask at once. A run whose worker died is begun anew when its lease is
    over. Nothing is written but the run's own row.
    """
    for done in range(limit):
        run = _lease(moment)
        if run is None:
            return done
        _work_out(run)
    return limit


def _lease(moment: datetime) -> DryRun | None:
    """The next run, now this caller's, by ``started_at``, for as long as ``_mark`` renews it."""
    with transaction.atomic():
        waiting = DryRun.objects.filter(
            Q(touched_at__isnull=True) | Q(touched_at__lt=moment - LEASE), finished_at__isnull=True
        )
        run = (
            waiting.select_for_update(skip_locked=True, of=("self",))
            .select_related("ruleset")
            .order_by("asked_at", "pk")
            .first()
        )
        if run is not None:
            run.started_at, run.touched_at, run.done = moment, moment, 0
            run.save(update_fields=("started_at", "touched_at", "done"))
    return run


def _work_out(run: DryRun) -> None:
    try:
        outcome = _outcome(run)
        _mark(run, finished_at=clock.now(), **outcome)
    except _Taken:
        log.warning("Dry run %s was begun anew by another worker: this one leaves it", run.pk)


def _outcome(run: DryRun) -> dict[str, Any]:
    try:
        leads = _leads(run)
        _mark(run, total=len(leads))
        return {"done": len(leads), "result": _result(run, leads)}
    except (DatabaseError, _Taken):
        raise  # the lease brings the run back once the database is there again
    except Exception as error:  # a run that cannot be worked out must not stop the worker
        log.exception("Dry run %s failed", run.pk)
        # Its text may quote a lead, and is in nobody's language: that is the log's.
        return {"problem": type(error).__name__}


def _result(run: DryRun, leads: Sequence[tuple[int, datetime]]) -> dict[str, Any]:
    span: dict[str, Any] = {
        "begins": leads[0][1] if leads else run.since,
        "ends": leads[-1][1] if leads else run.since,
        "progress": lambda done: _mark(run, done=done),
    }
    rows = _placed([pk for pk, _ in leads])
    if "strategies" in run.result:
        return strategy_figures(compare_strategies(run.ruleset, rows, **span))
    return figures(replay(run.ruleset, rows, **span))


def _mark(run: DryRun, **values: object) -> None:
    """Write how far it is, which renews the lease.

    Raises:
        _Taken: another worker has it by now; nothing was written.
    """
    mine = DryRun.objects.filter(pk=run.pk, started_at=run.started_at)
    if not mine.update(touched_at=clock.now(), **values):
        raise _Taken


def _leads(run: DryRun) -> list[tuple[int, datetime]]:
    """The latest leads of the stretch that the rules decided or would have, in the order they came,
    each with when. Those that followed an earlier lead as its duplicate never reached the rules."""
    duplicates = Decision.objects.filter(lead=OuterRef("pk"), method=Decision.Method.DUPLICATE)
    leads = Lead.objects.filter(
        ~Exists(duplicates), received_at__gte=run.since, received_at__lt=run.until
    )
    latest = leads.order_by("-received_at", "-pk").values_list("pk", "received_at")[: run.limit]
    return list(reversed(latest))


def _placed(ids: Sequence[int]) -> Iterator[Lead]:
    """The leads with what the rules ask of them, on today's map, a batch at a time."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = Lead.objects.select_related("territory", "account__owner__user").in_bulk(batch)
        leads = [found[pk] for pk in batch if pk in found]
        place(leads)
        yield from leads

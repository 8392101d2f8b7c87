"""A lost lead, or one that nobody works, gets another chance: it goes to a pool (OU2)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.opening import tell
from leaddistrib.lifecycle.reaching import hold_less
from leaddistrib.lifecycle.responding import stop_clocks
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Assignment, Lead, LogEntry, Pool
from leaddistrib.queries import clock
from leaddistrib.queries.organisation import organisation
from leaddistrib.queries.recycling import (
    last_owners,
    leads_of,
    lost_long_ago,
    recyclable,
    unworked,
)

log = logging.getLogger(__name__)

BATCH = 100
"""Leads of one transaction."""

A_RUN = 500
"""Leads of each sort that are recycled by themselves in one run, those that were lost or left
longest ago first: a number of days that is set, or shortened, does not flood the pool. The others
follow the next days."""


def recycle(
    leads: Sequence[Lead],
    pool: Pool,
    *,
    by: AbstractUser | None,
    reason: str,
    still: Callable[[Lead], bool] = lambda lead: True,
) -> list[Lead]:
    """Open ``leads`` to ``pool``; returns those that wait there now (OU2). One that was won, waits
    already, or was not routed yet is left alone.

    Each opens at once for everybody but its last owner, for whom it opens after the organisation's
    cooldown, which goes on when somebody takes it and gives it back. Where it is somebody's, that
    ends as reassigned. ``still`` is asked about each lead once it is locked, read with its pool and
    owner: whether it is what whoever does this saw, and may recycle. Whoever may not do this, the
    doors turn away.

    Raises:
        ValueError: no reason was given.
        Busy: the database was locked through every retry; nothing was written.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("A lead is recycled with a reason.")
    wanted = Lead.objects.filter(pk__in={lead.pk for lead in leads})
    return _recycle(wanted, pool, by, {"reason": reason}, still)


def recycle_due(moment: datetime) -> Mapping[str, int]:
    """Recycle what is due at ``moment`` by the organisation's days, to its pool; returns how many
    were lost, and how many owned and not worked. Nothing where no pool is named. Doing it again
    finds nothing."""
    settings = organisation()
    done = {"lost": 0, "unworked": 0}
    if settings.recycle_pool is None:
        return done
    losses, idle = lost_long_ago(settings, moment), unworked(settings, moment)
    for why, first, due in (
        ("lost", losses.values_list("lead", flat=True), leads_of(losses)),
        ("unworked", idle.values_list("pk", flat=True), idle),
    ):
        pks = list(first[:A_RUN])
        for start in range(0, len(pks), BATCH):
            batch = due.filter(pk__in=pks[start : start + BATCH])
            try:
                done[why] += len(_recycle(batch, settings.recycle_pool, None, {"why": why}))
            except Busy:
                log.warning("Leads are recycled in the next run: the database is busy.")
    return done


@act(durable=True)
def _recycle(
    wanted: QuerySet[Lead],
    pool: Pool,
    by: AbstractUser | None,
    detail: Mapping[str, str],
    still: Callable[[Lead], bool] = lambda lead: True,
) -> list[Lead]:
    """The leads of ``wanted`` that still are when they and their owners are locked, and of which
    ``still`` holds then. Who logs a contact with an own lead holds that lock, so a lead that was
    just called is in it no more."""
    owners = set(wanted.filter(owner__isnull=False).values_list("owner", flat=True))
    lock_reps(owners)
    rows = wanted.select_for_update(no_key=True, of=("self",)).order_by("pk")
    found = [
        lead
        for lead in rows.select_related("pool", "owner__user")
        if lead.owner_id is None or lead.owner_id in owners  # else it changed hands meanwhile
    ]
    going = [lead for lead in recyclable(found) if still(lead)]
    now = clock.now()
    previous = last_owners(going)
    owners_before = [lead.owner for lead in going if lead.status == Lead.Status.OWNED]
    _end(going, previous, pool, now, by, detail)
    _open(going, previous, pool, now)
    hold_less([owner for owner in owners_before if owner], now)
    return going


def _end(
    leads: Sequence[Lead],
    previous: Mapping[int, int],
    pool: Pool,
    now: datetime,
    by: Any,
    detail: Mapping[str, str],
) -> None:
    """What was somebody's is so no more, and the log says where it goes."""
    owned = [lead for lead in leads if lead.status == Lead.Status.OWNED]
    Assignment.objects.filter(lead__in=owned, ended_at=None).update(
        ended_at=now, end=Assignment.Ended.REASSIGNED, end_reason=detail.get("reason", "")[:500]
    )
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=lead,
            event=LogEntry.Event.RECYCLED,
            rep_id=previous.get(lead.pk),
            actor=by,
            at=now,
            detail={**detail, "pool": pool.name},
        )
        for lead in leads
    )
    stop_clocks(owned, now)


def _open(leads: Sequence[Lead], previous: Mapping[int, int], pool: Pool, now: datetime) -> None:
    """Into the pool, at once for everybody but whoever had the lead last."""
    later = now + timedelta(days=organisation().recycle_cooldown_days)
    for lead in leads:
        lead.status, lead.owner, lead.pool = Lead.Status.WAITING, None, pool
        lead.opens_at, lead.period, lead.retry_at = now, lead.period + 1, None
    fields = ("status", "owner", "pool", "opens_at", "period", "retry_at")
    Lead.objects.bulk_update(leads, fields)
    tell(leads, now, {lead: {owner: later} for lead, owner in previous.items()})

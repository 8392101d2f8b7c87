"""A rep says when leads are welcome, in which language, and where customers book a meeting (PU2,
PU8, SL5, UI4)."""

from collections.abc import Iterable
from datetime import datetime, time
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from leaddistrib.engine.availability import overlapping
from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Situation, first_refusal
from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.prioritising import swap
from leaddistrib.lifecycle.retrying import wake
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Rep, TimeOff, WorkingHours
from leaddistrib.queries import clock
from leaddistrib.queries.roster import rep_facts

Block = tuple[int, time, time]
"""A weekday (Monday 0), from and to; to midnight is to the end of the day."""


@act(durable=False)
def set_paused(rep: Rep, paused: bool, *, actor: AbstractBaseUser | None = None) -> None:
    """Pause the rep, or resume. A paused rep gets no lead and cannot claim.

    The rep is locked, so that a claim which is being decided sees the one or the other.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([rep.pk])
    rep.paused = paused
    _save(rep, ("paused",), actor)
    availability_changed(rep)


@act(durable=False)
def add_time_off(rep: Rep, starts_at: datetime, ends_at: datetime, reason: str = "") -> TimeOff:
    """The rep gets no leads from ``starts_at`` until just before ``ends_at``.

    Raises:
        ValueError: it would end before it starts.
        Busy: the database was locked through every retry; nothing was written.
    """
    _in_order(starts_at, ends_at)
    lock_reps([rep.pk])
    added = TimeOff.objects.create(rep=rep, starts_at=starts_at, ends_at=ends_at, reason=reason)
    availability_changed(rep)
    return added


@act(durable=False)
def change_time_off(
    time_off: TimeOff, starts_at: datetime, ends_at: datetime, reason: str = ""
) -> None:
    """The leave is from ``starts_at`` until just before ``ends_at`` instead.

    Raises:
        ValueError: it would end before it starts, or a calendar brought it: it is changed there.
        Busy: the database was locked through every retry; nothing was written.
    """
    _in_order(starts_at, ends_at)
    _entered(time_off)
    lock_reps([time_off.rep_id])
    time_off.starts_at, time_off.ends_at, time_off.reason = starts_at, ends_at, reason
    time_off.save(update_fields=("starts_at", "ends_at", "reason"))
    availability_changed(time_off.rep)


@act(durable=False)
def remove_time_off(time_off: TimeOff) -> None:
    """The rep works after all.

    Raises:
        ValueError: a calendar brought it: it would come back with the next reading.
        Busy: the database was locked through every retry; nothing was written.
    """
    _entered(time_off)
    lock_reps([time_off.rep_id])
    time_off.delete()
    availability_changed(time_off.rep)


@act(durable=False)
def set_working_week(
    rep: Rep,
    blocks: Iterable[Block],
    *,
    time_zone: str,
    holiday_region: str,
    actor: AbstractBaseUser | None = None,
) -> None:
    """The rep works in ``blocks`` (none: always), by the wall time of ``time_zone`` (empty: the
    organisation's), but not on the public holidays of ``holiday_region`` (empty: on them too).

    Zone and region are taken as they are: whoever asked for them has checked them.

    Raises:
        ValueError: two blocks overlap, or one ends before it starts.
        Busy: the database was locked through every retry; nothing was written.
    """
    wanted = sorted(set(blocks))
    if overlapping(wanted):
        raise ValueError("Blocks of a day must not overlap.")
    lock_reps([rep.pk])
    rep.time_zone, rep.holiday_region = time_zone, holiday_region
    _save(rep, ("time_zone", "holiday_region"), actor)
    replace_hours(rep, wanted, actor=actor)
    availability_changed(rep)


def replace_hours(
    rep: Rep, blocks: Iterable[Block], *, actor: AbstractBaseUser | None = None
) -> None:
    """Make the rep's hours these blocks, row by row, so that their history says what changed. Must
    run in a transaction that holds the rep and calls ``availability_changed`` afterwards."""
    wanted = set(blocks)
    for row in WorkingHours.objects.filter(rep=rep):
        block = (row.weekday, row.starts, row.ends)
        if block in wanted:
            wanted.remove(block)
        else:
            attributed(row, actor).delete()
    for weekday, starts, ends in sorted(wanted):
        row = WorkingHours(rep=rep, weekday=weekday, starts=starts, ends=ends)
        attributed(row, actor).save()


@act(durable=False)
def set_cover(
    rep: Rep, *, backup: Rep | None, taper_days: int, actor: AbstractBaseUser | None = None
) -> None:
    """``backup`` gets the leads of the rep's accounts and territories during leave, and no new
    leads are handed to the rep in the ``taper_days`` before it (PU8).

    Raises:
        ValidationError: the backup is the rep, or is covered by the rep in the end.
        Busy: the database was locked through every retry; nothing was written.
    """
    # Both, so that of two who name each other at once the second is refused.
    lock_reps({rep.pk, backup.pk} if backup else {rep.pk})
    if backup:
        backup.refresh_from_db(fields=("backup",))
    rep.backup, rep.taper_days = backup, taper_days
    rep.check_backup()
    _save(rep, ("backup", "taper_days"), actor)
    availability_changed(rep)
    if backup:  # may be the one for whom the leads of a rep on leave are waiting
        _wake_if_available(backup, rep_facts([backup.pk], clock.now())[backup.pk])


def set_language(rep: Rep, language: str) -> None:
    """The language in which the rep reads pages and messages; "" follows the browser."""
    rep.language = language
    rep.save(update_fields=("language",))


def set_booking_page(rep: Rep, url: str, *, actor: AbstractBaseUser | None = None) -> None:
    """Where customers book a meeting with the rep; "" for nowhere. An address of the web, which is
    checked where it is filled in."""
    rep.booking_url = url
    _save(rep, ("booking_url",), actor)


def availability_changed(rep: Rep) -> None:
    """Tell the rep's own pages, and if leads may be handed to the rep now, have those that wait
    for somebody tried again (PU9). The last thing in a transaction that holds the rep; after it,
    the team's priority windows are swapped (GU4)."""
    now = clock.now()
    facts = rep_facts([rep.pk], now)
    announce_limits([rep], facts, now)
    _wake_if_available(rep, facts[rep.pk])
    if rep.team_id is not None:  # afterwards, because it locks the whole team
        transaction.on_commit(partial(swap, rep.team_id), robust=True)


def _wake_if_available(rep: Rep, facts: RepFacts) -> None:
    if not first_refusal(facts, Situation(clock.now())):
        wake([rep])


def _save(rep: Rep, fields: tuple[str, ...], actor: AbstractBaseUser | None) -> None:
    attributed(rep, actor).save(update_fields=fields)


def _in_order(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise ValueError("Time off must end after it starts.")


def _entered(time_off: TimeOff) -> None:
    if time_off.calendar_id is not None:
        raise ValueError("What a calendar brought is changed in the calendar.")

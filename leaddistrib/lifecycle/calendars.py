"""Reps' calendars are read again and again, and their absences are kept as time off (PU2).

A calendar that cannot be read keeps what it brought last: a rep on leave stays on leave while the
server of the calendar is down. Its address opens the whole calendar to whoever has it, so it is
kept sealed, and shown and logged nowhere.
"""

import logging
import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from leaddistrib import conf
from leaddistrib.errors import SealBroken
from leaddistrib.fetching import NotFetched, check_address, fetch
from leaddistrib.lifecycle.alerting import open_alert
from leaddistrib.lifecycle.availability import availability_changed
from leaddistrib.lifecycle.ics import Absence, absences
from leaddistrib.lifecycle.icsbounds import UnreadableCalendar
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Alert, Calendar, Rep, TimeOff
from leaddistrib.queries import clock
from leaddistrib.sealing import seal, unseal

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
"""While a calendar cannot be read, as long again as it has been so, but no longer than this."""
HORIZON = timedelta(days=90)
LEASE = timedelta(minutes=5)
"""How long a worker may take to read a calendar before another one tries."""
ALERT_AFTER = timedelta(days=1)
"""How long readings have failed, from the first of them on, when managers hear of it."""


def calendar_address(url: str) -> str:
    """``url`` as it is asked: calendars like to give it as webcal://, which is https.

    Raises:
        NotFetched: it may not be asked.
    """
    url = re.sub(r"^webcals?://", "https://", url.strip(), flags=re.IGNORECASE)
    check_address(url, hosts=conf.settings.CALENDAR_HOSTS)
    return url


@act(durable=False)
def set_calendar(rep: Rep, url: str = "", *, busy_counts: bool) -> Calendar:
    """The rep's calendar is at ``url`` (empty: where it was); it is read by the worker at once.
    With ``busy_counts`` its meetings are busy times (opt in).

    What another address brought stays until the new one was read: leave does not end because
    somebody corrects an address.

    Raises:
        NotFetched: the address may not be asked.
        ValueError: there is no address yet, and none is given.
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([rep.pk])
    calendar = Calendar.objects.filter(rep=rep).first() or Calendar(rep=rep)
    if url:
        _move(calendar, calendar_address(url))
    elif not calendar.address:
        raise ValueError("A calendar needs an address.")
    calendar.busy_counts = busy_counts
    calendar.next_read_at = clock.now()
    calendar.save()
    busy = TimeOff.objects.filter(calendar=calendar, kind=TimeOff.Kind.BUSY)
    if not busy_counts and busy.delete()[0]:
        availability_changed(rep)
    return calendar


def _move(calendar: Calendar, url: str) -> None:
    try:
        stays = bool(calendar.address) and unseal(calendar.address) == url
    except SealBroken:
        stays = False
    if not stays:
        calendar.read_at, calendar.failing_since, calendar.problem = None, None, ""
    calendar.address, calendar.host = seal(url), urlsplit(url).hostname or ""


@act(durable=False)
def remove_calendar(rep: Rep) -> None:
    """The rep's calendar is not read any more, and what it brought is forgotten.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([rep.pk])
    Calendar.objects.filter(rep=rep).delete()
    availability_changed(rep)


def read_due(moment: datetime, limit: int = 1) -> int:
    """Read calendars that are due at ``moment``, ``limit`` at most; returns how many were tried.

    Any number of workers may: a lease on the row decides whose it is.
    """
    due = Calendar.objects.filter(next_read_at__lte=moment, rep__active=True)
    tried = 0
    for calendar in due.select_related("rep__user").order_by("next_read_at")[:limit]:
        mine = due.filter(pk=calendar.pk, next_read_at=calendar.next_read_at)
        if mine.update(next_read_at=moment + LEASE):
            read(calendar, moment)
            tried += 1
    return tried


def read(calendar: Calendar, moment: datetime) -> None:
    """Read ``calendar`` now. No lock is held and no transaction is open while its server answers.

    Raises:
        Busy: the database was locked through every retry; it is read again after the lease.
    """
    try:
        found = _absences(calendar, moment)
    except (NotFetched, UnreadableCalendar) as error:
        log.warning("calendar=%s cannot be read: %s", calendar.pk, error)
        _note_problem(calendar, moment, error.code)
    except _Answered as error:
        log.warning("calendar=%s cannot be read: status %s", calendar.pk, error)
        _note_problem(calendar, moment, f"answered:{error}")
    except SealBroken as error:
        log.warning("calendar=%s cannot be read: %s", calendar.pk, error)
        _note_problem(calendar, moment, "seal_broken")
    else:
        _replace(calendar, moment, found)


class _Answered(Exception):
    """The server answered with another status than 200."""


def _absences(calendar: Calendar, moment: datetime) -> list[Absence]:
    answer = fetch(
        unseal(calendar.address),
        headers={"Accept": "text/calendar, */*;q=0.1"},
        hosts=conf.settings.CALENDAR_HOSTS,
        max_bytes=conf.settings.CALENDAR_MAX_BYTES,
    )
    if answer.status != 200:
        raise _Answered(answer.status)
    found = absences(
        answer.body,
        zone=calendar.rep.zone,
        since=moment,
        until=moment + HORIZON,
        owner=calendar.rep.user.email,
    )
    kinds = (
        {TimeOff.Kind.LEAVE, TimeOff.Kind.BUSY} if calendar.busy_counts else {TimeOff.Kind.LEAVE}
    )
    return [absence for absence in found if absence.kind in kinds]


@act(durable=False)
def _replace(calendar: Calendar, moment: datetime, found: list[Absence]) -> None:
    """Its entries are what was ``found``, all at once: nobody sees half of a calendar."""
    lock_reps([calendar.rep_id])
    # Meanwhile the rep may have named another calendar, or none, or changed what counts.
    asked = Calendar.objects.filter(
        pk=calendar.pk, address=calendar.address, busy_counts=calendar.busy_counts
    )
    read = {"read_at": moment, "failing_since": None, "problem": ""}
    if not asked.update(next_read_at=moment + EVERY, **read):
        return
    kept = TimeOff.objects.filter(calendar=calendar)
    known = {Absence(*row) for row in kept.values_list("kind", "starts_at", "ends_at")}
    if known == set(found):
        return
    kept.delete()
    TimeOff.objects.bulk_create(
        TimeOff(
            rep=calendar.rep,
            calendar=calendar,
            kind=one.kind,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )
        for one in found
    )
    availability_changed(calendar.rep)


@act(durable=False)
def _note_problem(calendar: Calendar, moment: datetime, problem: str) -> None:
    """Say what is wrong, and try again later. Managers hear of it once it has been so for a day,
    also of an address that could never be read: till then what another one brought holds."""
    since = calendar.failing_since or moment
    pause = min(max(moment - since, EVERY), LONGEST_PAUSE)
    asked = Calendar.objects.filter(pk=calendar.pk, address=calendar.address)
    if not asked.update(problem=problem, failing_since=since, next_read_at=moment + pause):
        return
    if moment - since >= ALERT_AFTER:
        open_alert(
            Alert.Kind.CALENDAR,
            f"calendar:{calendar.pk}",
            moment=moment,
            teams=[calendar.rep.team_id] if calendar.rep.team_id else [],
            detail={"rep": calendar.rep.name, "problem": problem},
        )

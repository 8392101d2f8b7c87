"""Response clocks whose time has come: reminders, deadlines, and leads that go on (SL3).

Any number of workers may do this at once. A clock is one's: when it is looked at next is moved on
first (the lease), in a transaction of its own that waits for nobody; then everything is looked at
again under the locks, so a contact in the same second is either before or after it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.escalating import escalate, to_pools
from leaddistrib.lifecycle.lapsing import leased, locked, raise_alarm, tell_of_lapses
from leaddistrib.lifecycle.leasing import lease
from leaddistrib.lifecycle.responding import note_lapses
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import LogEntry, ResponseClock
from leaddistrib.notify.telling import Telling, tell_many
from leaddistrib.queries import clock as time
from leaddistrib.queries.clocks import running
from leaddistrib.queries.policies import Lapses, Outlook, lapses_of, outlook
from leaddistrib.queries.weeks import working_weeks

logger = logging.getLogger(__name__)

AT_ONCE = 50
"""Clocks that a worker takes in one go: reps are held for as long as their leads are handed on."""

LEASE = timedelta(seconds=30)
"""How long a worker may take over a batch of clocks before another worker takes it up."""

AFTER_FAILURE = timedelta(minutes=5)
"""When a clock is looked at again that could not be done by itself: each time it is, what is due
with it is done twice."""

AFTER_BUSY = timedelta(seconds=2)
"""When clocks are looked at again whose locks somebody else held for too long."""


def fire_due(moment: datetime, limit: int = AT_ONCE) -> int:
    """Do what up to ``limit`` clocks are due for at ``moment``, the longest due first; returns how
    many were looked at.

    Each reminder is sent, each deadline noted and each step taken once, however many workers there
    are and whenever one of them dies. What could not be done because the database was busy is due
    again soon. Where something is wrong with one of them, the others are done by themselves at
    once.

    Raises:
        OperationalError, InterfaceError: the database went away. What is due is still in it.
    """
    until = moment + LEASE
    due = ResponseClock.objects.filter(next_at__lte=moment)
    taken = lease(due, "next_at", until, limit)
    if not taken:
        return 0
    if not _done(taken, moment, until):
        for pk in taken if len(taken) > 1 else ():
            _done([pk], moment, until)
    return len(taken)


def _done(taken: Sequence[int], moment: datetime, until: datetime) -> bool:
    """Do what ``taken`` are due for; False if something is wrong with one of them. A single one is
    then put off, so that it does not hold up the others again and again."""
    try:
        going = _note(taken, until)
        rest = escalate(going, until) if going else []
        if rest:
            to_pools(rest, until)
    except Busy:
        logger.warning("Response clocks (%d) are looked at later: busy.", len(taken))
        _put_off(taken, until, moment + AFTER_BUSY)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # whatever it is, it is held up no more than itself
        logger.exception("Response clocks %s could not be done.", list(taken))
        if len(taken) == 1:
            _put_off(taken, until, moment + AFTER_FAILURE)
        return False
    return True


def _put_off(taken: Sequence[int], until: datetime, later: datetime) -> None:
    """What was not done is looked at ``later``, unless somebody else took it meanwhile."""
    running().filter(pk__in=taken, next_at=until).update(next_at=later)


@act(durable=False)
def _note(taken: Sequence[int], until: datetime) -> list[int]:
    """Remind, and note which deadlines passed; returns the clocks whose leads go on.

    The reps are locked, as by whoever logs a contact, gives back or closes.
    """
    lock_reps(leased(taken, until).values_list("rep", flat=True))
    clocks = locked(taken, until)
    now = time.now()
    seen = _outlooks(clocks, now)
    reminded = [clock for clock in clocks if seen[clock.pk].remind]
    lapsed = [clock for clock in clocks if seen[clock.pk].lapse]
    stuck = [clock for clock in clocks if seen[clock.pk].stuck and clock.stuck_at is None]
    for clock in clocks:
        clock.reminded_at = now if clock in reminded else clock.reminded_at
        clock.lapsed_at = now if clock in lapsed else clock.lapsed_at
        clock.stuck_at = now if clock in stuck else clock.stuck_at
        # Those that go on stay leased until they have gone.
        clock.next_at = until if seen[clock.pk].go_on else seen[clock.pk].next_at
    ResponseClock.objects.bulk_update(clocks, ("reminded_at", "lapsed_at", "stuck_at", "next_at"))
    note_lapses(lapsed, now)
    # Whoever loses the lead in the same breath is told of that alone.
    tell_of_lapses([clock for clock in lapsed if not seen[clock.pk].go_on], now)
    _remind(reminded, now)
    raise_alarm(stuck, now)
    return [clock.pk for clock in clocks if seen[clock.pk].go_on]


def _remind(clocks: Sequence[ResponseClock], now: datetime) -> None:
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=clock.lead,
            event=LogEntry.Event.REMINDED,
            rep=clock.rep,
            at=now,
            detail={"clock": clock.pk, "due_at": clock.due_at.isoformat()},
        )
        for clock in clocks
    )
    tell_many(
        (
            Telling((clock.rep.user_id,), f"response.reminder:{clock.pk}", clock.lead)
            for clock in clocks
        ),
        now,
    )


def _outlooks(clocks: Sequence[ResponseClock], now: datetime) -> dict[int, Outlook]:
    """What each of ``clocks`` is due for. Three queries."""
    by_hours = [one.rep for one in clocks if one.policy and one.policy.working_time]
    # From the first start on: what was no working day then is none now.
    since = min((one.started_at for one in clocks), default=now)
    weeks = working_weeks(by_hours, since, now) if by_hours else {}
    lapses = lapses_of([clock.lead_id for clock in clocks])
    return {
        clock.pk: outlook(
            clock,
            list(clock.policy.steps.all()) if clock.policy else [],
            weeks.get(clock.rep_id),
            lapses.get(clock.lead_id, Lapses()),
            now,
        )
        for clock in clocks
    }

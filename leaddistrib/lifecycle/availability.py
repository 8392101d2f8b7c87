"""A rep says when leads are welcome, and in which language (PU2, UI4)."""

from datetime import datetime

from leaddistrib.lifecycle.announcing import announce_limits
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Rep, TimeOff
from leaddistrib.queries import clock
from leaddistrib.queries.roster import rep_facts


@act(durable=False)
def set_paused(rep: Rep, paused: bool) -> None:
    """Pause the rep, or resume. A paused rep gets no lead and cannot claim.

    The rep is locked, so that a claim which is being decided sees the one or the other.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([rep.pk])
    rep.paused = paused
    rep.save(update_fields=("paused",))
    _tell_own_pages(rep)


@act(durable=False)
def add_time_off(rep: Rep, starts_at: datetime, ends_at: datetime, reason: str = "") -> TimeOff:
    """The rep gets no leads from ``starts_at`` until just before ``ends_at``.

    Raises:
        ValueError: it would end before it starts.
        Busy: the database was locked through every retry; nothing was written.
    """
    if ends_at <= starts_at:
        raise ValueError("Time off must end after it starts.")
    lock_reps([rep.pk])
    added = TimeOff.objects.create(rep=rep, starts_at=starts_at, ends_at=ends_at, reason=reason)
    _tell_own_pages(rep)
    return added


@act(durable=False)
def remove_time_off(time_off: TimeOff) -> None:
    """The rep works after all.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps([time_off.rep_id])
    time_off.delete()
    _tell_own_pages(time_off.rep)


def set_language(rep: Rep, language: str) -> None:
    """The language in which the rep reads pages and messages; "" follows the browser."""
    rep.language = language
    rep.save(update_fields=("language",))


def _tell_own_pages(rep: Rep) -> None:
    now = clock.now()
    announce_limits([rep], rep_facts([rep.pk], now), now)

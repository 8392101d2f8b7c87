"""Who stands in for whom while somebody is on leave (PU8)."""

from datetime import datetime

from leaddistrib.engine.availability import first_free
from leaddistrib.models import Rep, TimeOff


def leave_until(rep: Rep, moment: datetime) -> datetime | None:
    """When the rep's leave ends, with all that follows on it; None for a rep who is not on leave.
    One query."""
    leave = rep.time_off.filter(kind=TimeOff.Kind.LEAVE, ends_at__gt=moment)
    until = first_free(moment, leave.values_list("starts_at", "ends_at"))
    return until if until != moment else None


def stand_in(rep: Rep, moment: datetime) -> tuple[Rep, datetime] | None:
    """Who gets the leads of the rep's accounts and territories now, and until when; None for a rep
    who is there or has no backup."""
    if rep.backup is None:
        return None
    until = leave_until(rep, moment)
    return (rep.backup, until) if until else None


def covers_for(rep: Rep, moment: datetime) -> list[tuple[Rep, datetime]]:
    """The reps on leave whom ``rep`` covers for, each with the end of the leave."""
    away = Rep.objects.filter(
        backup=rep,
        active=True,
        time_off__kind=TimeOff.Kind.LEAVE,
        time_off__starts_at__lte=moment,
        time_off__ends_at__gt=moment,
    )
    found = [(one, leave_until(one, moment)) for one in away.select_related("user").distinct()]
    return [(one, until) for one, until in found if until]

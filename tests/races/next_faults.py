"""Guards that a control takes away from whoever asks for the next lead."""

from collections.abc import Callable, Collection, Iterable
from copy import copy
from typing import Any

from django.db import connections

from leaddistrib.lifecycle import nextplease as real_nextplease
from leaddistrib.lifecycle import transactions
from leaddistrib.models import Lead
from tests.races.meeting import meet_after

# Names are replaced in it that it only imports.
nextplease: Any = real_nextplease


def no_rep_lock_for_the_next() -> None:
    """Who asks for the next lead is not locked before it is counted what they claimed."""
    nextplease.lock_reps = lambda reps: None
    nextplease.rep_facts = meet_after(nextplease.rep_facts)


def deferred_next() -> None:
    """SQLite takes its write lock at the first write, after the reads. Retries would hide it."""
    connections.settings["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"
    transactions.RETRIES = 0
    nextplease.rep_facts = meet_after(nextplease.rep_facts)


def stale_next() -> None:
    """What waits is believed to be as before the race, and nobody looks who holds it."""
    before = list(Lead.objects.select_related("pool").order_by("pk"))

    def of_before(pool: int, rep: Any, now: Any, *, without: Collection[int] = ()) -> list[Lead]:
        return [copy(lead) for lead in before if lead.pk not in without]

    def first(candidates: Iterable[Any], rep: Any, now: Any) -> Any:
        return next((one for one in candidates if nextplease._take(one, rep, now)), None)

    nextplease.fitting, nextplease._first_unheld = of_before, first


def no_next_condition() -> None:
    """The UPDATE takes the lead whatever became of it."""
    nextplease.claimable = lambda lead, moment: Lead.objects.filter(pk=lead.pk)


NEXT_FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (no_rep_lock_for_the_next, deferred_next, stale_next, no_next_condition)
}

"""Guards of due work that a control takes away: what workers do side by side, and beside reps."""

import threading
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from leaddistrib.lifecycle import contacting as real_contacting
from leaddistrib.lifecycle import escalating as real_escalating
from leaddistrib.lifecycle import firing as real_firing
from leaddistrib.lifecycle import opening as real_opening
from leaddistrib.lifecycle import recycling as real_recycling
from leaddistrib.lifecycle import retrying as real_retrying
from leaddistrib.lifecycle import routing as real_routing
from leaddistrib.lifecycle import transactions
from leaddistrib.models import Lead, ResponseClock
from tests.races.meeting import PATIENCE, meet_after, meet_once

# Names are replaced in them that they only import.
contacting: Any = real_contacting
escalating: Any = real_escalating
firing: Any = real_firing
opening: Any = real_opening
recycling: Any = real_recycling
retrying: Any = real_retrying
routing: Any = real_routing


def no_lease() -> None:
    """Workers do not take waiting leads from each other before they ask the rules about them."""

    def all_of_them(due: QuerySet[Any], time: str, until: datetime, limit: int) -> list[int]:
        waiting = Lead.objects.filter(status=Lead.Status.WAITING)
        waiting.update(retry_at=until)
        return list(waiting.values_list("pk", flat=True))

    route_waiting = retrying.route_waiting

    def together(leads: Any) -> Any:
        if connection.vendor == "postgresql":  # on SQLite nobody can meet inside a transaction
            meet_once()
        return route_waiting(leads)

    retrying.lease = all_of_them
    retrying.route_waiting = together


def no_second_look() -> None:
    """Whoever decides about waiting leads believes that they wait as they did before the race."""
    before = {lead.pk: (lead.pool_id, lead.period) for lead in Lead.objects.all()}
    routing._lock = lambda leads, status: before


def no_lock_on_who_let_it_lapse() -> None:
    """A lead goes on without its owner being locked, between that rep's look at whose it is and the
    answer to its clock."""
    if connection.vendor != "postgresql":  # nobody can meet inside a transaction
        return
    looked, gone = threading.Event(), threading.Event()
    answer, escalate = contacting.answer_clock, firing.escalate

    def answered_late(*given: Any) -> Any:
        looked.set()
        gone.wait(PATIENCE)
        return answer(*given)

    def escalated(*given: Any) -> Any:
        looked.wait(PATIENCE)
        found = escalate(*given)
        gone.set()
        return found

    contacting.answer_clock, firing.escalate = answered_late, escalated
    for module in (firing, escalating):
        module.lock_reps = lambda reps: None
    escalating.lock_for = lambda leads, others: None
    transactions._locked_reps = lambda reps: reps.order_by("pk").values_list("pk", flat=True)


def no_lock_on_owners_of_unworked() -> None:
    """Unworked leads are recycled without their owners being locked, between a rep's look at whose
    lead it is and the log entry of the call."""
    if connection.vendor != "postgresql":  # nobody can meet inside a transaction
        return
    looked, gone = threading.Event(), threading.Event()
    answer, recycle = contacting.answer_clock, recycling._recycle

    def answered_late(*given: Any) -> Any:
        looked.set()
        gone.wait(PATIENCE)
        return answer(*given)

    def recycled(*given: Any) -> Any:
        looked.wait(PATIENCE)
        found = recycle(*given)
        gone.set()
        return found

    contacting.answer_clock, recycling._recycle = answered_late, recycled
    recycling.lock_reps = lambda reps: None


def no_lock_on_windows() -> None:
    """Workers do not take windows that open from each other before they tell the reps."""
    QuerySet.select_for_update = lambda rows, **how: rows.all()  # type: ignore[method-assign]
    if connection.vendor == "postgresql":  # on SQLite nobody can meet inside a transaction
        opening._eligible = meet_after(opening._eligible)


def no_lease_of_clocks() -> None:
    """Workers do not take response clocks from each other before they act on them."""

    def all_of_them(due: QuerySet[Any], time: str, until: datetime, limit: int) -> list[int]:
        pks = list(due.values_list("pk", flat=True))
        due.update(next_at=until)
        return pks

    firing.lease = all_of_them


def no_second_look_at_clocks() -> None:
    """And they believe that each clock runs as it did before the race."""
    rows = ResponseClock.objects.select_related("lead__owner__user", "rep__user", "rep__team")
    before = list(rows.select_related("lead__pool", "policy").prefetch_related("policy__steps"))
    done = threading.local()

    def all_of_them_once(due: QuerySet[Any], time: str, until: datetime, limit: int) -> list[int]:
        first, done.it = not hasattr(done, "it"), True
        return [one.pk for one in before] if first else []

    firing.lease = all_of_them_once
    for module in (firing, escalating):
        module.locked = lambda taken, until: deepcopy(before)
        module.leased = lambda taken, until: ResponseClock.objects.filter(pk__in=taken)


DUE_FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        no_lease,
        no_second_look,
        no_lock_on_who_let_it_lapse,
        no_lock_on_owners_of_unworked,
        no_lock_on_windows,
        no_lease_of_clocks,
        no_second_look_at_clocks,
    )
}

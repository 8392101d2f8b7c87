"""Guards that a control takes away, in a crew's process, so that the history must turn red.

Each fault leaves out one guard, and lets the threads of the process meet between the read and the
write that the guard keeps together: whether it goes wrong is then no matter of luck.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection
from copy import copy, deepcopy
from datetime import datetime
from typing import Any

from django.db import connection, connections
from django.db.models import QuerySet

from leaddistrib.lifecycle import claiming as real_claiming
from leaddistrib.lifecycle import contacting as real_contacting
from leaddistrib.lifecycle import crediting as real_crediting
from leaddistrib.lifecycle import escalating as real_escalating
from leaddistrib.lifecycle import firing as real_firing
from leaddistrib.lifecycle import opening as real_opening
from leaddistrib.lifecycle import publishing as real_publishing
from leaddistrib.lifecycle import recycling as real_recycling
from leaddistrib.lifecycle import releasing as real_releasing
from leaddistrib.lifecycle import retrying as real_retrying
from leaddistrib.lifecycle import routing as real_routing
from leaddistrib.lifecycle import taking_back as real_taking_back
from leaddistrib.lifecycle import transactions
from leaddistrib.lifecycle import working as real_working
from leaddistrib.models import Lead, LogEntry, Rep, ResponseClock, Rotation, RuleSet, Work
from leaddistrib.queries import world as real_world
from leaddistrib.queries.scope import Key

# Names are replaced in them that they only import.
claiming: Any = real_claiming
crediting: Any = real_crediting
contacting: Any = real_contacting
escalating: Any = real_escalating
firing: Any = real_firing
working: Any = real_working
opening: Any = real_opening
publishing: Any = real_publishing
recycling: Any = real_recycling
releasing: Any = real_releasing
retrying: Any = real_retrying
routing: Any = real_routing
taking_back: Any = real_taking_back
world: Any = real_world

MEET = 5
"""Threads that wait for each other between a read and a write; the crew of a control has as many.
"""
PATIENCE = 60  # seconds, for a busy machine: nobody waits so long where all is well
_meeting = threading.Barrier(MEET, timeout=PATIENCE)
_met = threading.local()


def _meet_once() -> None:
    """Wait until all threads have read what they are about to act on."""
    if not getattr(_met, "done", False):
        _met.done = True
        _meeting.wait()


def _meet_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def read_and_wait(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        _meet_once()
        return found

    return read_and_wait


def no_rep_lock() -> None:
    """A claim does not lock its rep before it counts the rep's open leads."""
    claiming.lock_reps = lambda reps: None
    claiming.rep_facts = _meet_after(claiming.rep_facts)


def no_rotation_lock() -> None:
    """A push locks neither the team's reps nor its rotation before it reads whose turn it is."""

    def unlocked_reps(reps: QuerySet[Rep]) -> QuerySet[Rep, int]:
        return reps.order_by("pk").values_list("pk", flat=True)

    transactions._locked_reps = unlocked_reps
    routing.lock_rotations = lambda wanted: None
    world.rotation_facts = _meet_after(world.rotation_facts)


def no_lock_for_credits() -> None:
    """A turn is given back without its rotation being locked."""

    def unlocked(wanted: Collection[Key]) -> dict[Key, Rotation]:
        teams = Rotation.objects.filter(team__in=[team for team, _, _ in wanted])
        return {(row.team_id, row.seniority, row.territory_id): row for row in teams}

    crediting.lock_rotations = unlocked
    crediting.rotation_facts = _meet_after(crediting.rotation_facts)


def _of_before(attempt: Callable[..., Any]) -> Callable[..., Any]:
    """``attempt``, which judges each rep's lead first as it was before the race."""
    before = {lead.pk: lead for lead in Lead.objects.select_related("pool", "owner__user")}
    looked: set[tuple[int, int]] = set()

    def of_before(lead: Lead, rep: Rep, *given: Any) -> Any:
        if (lead.pk, rep.pk) in looked:
            return attempt(lead, rep, *given)
        looked.add((lead.pk, rep.pk))
        return attempt(copy(before[lead.pk]), rep, *given)

    return of_before


def stale_look() -> None:
    """A claim first judges the lead as it was before the race: the UPDATE's condition is left."""
    claiming._attempt = _of_before(claiming._attempt)


def stale_contact() -> None:
    """A contact first judges the lead as it was before the race: the UPDATE's condition is left."""
    contacting._attempt = _of_before(contacting._attempt)


def no_contact_condition() -> None:
    """The UPDATE of a first contact takes the lead whatever became of it."""
    contacting.claimable = lambda lead, moment: Lead.objects.filter(pk=lead.pk)


def no_work_condition() -> None:
    """Whoever begins to work on a lead overwrites who is at it."""
    working.workable = lambda lead, rep, moment: Work.objects.filter(lead=lead)


def no_condition() -> None:
    """The UPDATE of a claim takes the lead whatever became of it."""
    claiming.claimable = lambda lead, moment: Lead.objects.filter(pk=lead.pk)


def deferred_transactions() -> None:
    """SQLite takes its write lock at the first write, after the reads. Retries would hide it."""
    connections.settings["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"
    transactions.RETRIES = 0
    claiming.rep_facts = _meet_after(claiming.rep_facts)
    world.rotation_facts = _meet_after(world.rotation_facts)


def own_rep_first() -> None:
    """A give-back locks its own rep first, and the rest of the team later, and tries once only."""
    transactions.RETRIES = 0
    releasing.candidates = lambda leads: []
    if connection.vendor == "postgresql":  # on SQLite nobody can meet inside a transaction
        releasing.lock_own_lead = _meet_after(releasing.lock_own_lead)


def no_lease() -> None:
    """Workers do not take waiting leads from each other before they ask the rules about them."""

    def all_of_them(moment: datetime, until: datetime, limit: int) -> list[int]:
        waiting = Lead.objects.filter(status=Lead.Status.WAITING)
        waiting.update(retry_at=until)
        return list(waiting.values_list("pk", flat=True))

    route_waiting = retrying.route_waiting

    def together(leads: Any) -> Any:
        if connection.vendor == "postgresql":  # on SQLite nobody can meet inside a transaction
            _meet_once()
        return route_waiting(leads)

    retrying._lease = all_of_them
    retrying.route_waiting = together


def no_second_look() -> None:
    """Whoever decides about waiting leads believes that they wait as they did before the race."""
    before = {lead.pk: (lead.pool_id, lead.period) for lead in Lead.objects.all()}
    routing._lock = lambda leads, status: before


def no_look_at_what_comes_back() -> None:
    """Whoever takes a hand-over back believes its leads to be as untouched as before the race."""
    before = list(LogEntry.objects.filter(detail__has_key="handover").values_list("pk", flat=True))
    taking_back.untouched = lambda handover: LogEntry.objects.filter(pk__in=before)


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
        gone.wait(20)
        return answer(*given)

    def recycled(*given: Any) -> Any:
        looked.wait(20)
        found = recycle(*given)
        gone.set()
        return found

    contacting.answer_clock, recycling._recycle = answered_late, recycled
    recycling.lock_reps = lambda reps: None


def no_memory_of_lapses() -> None:
    """A claim does not ask who let the lead lapse before."""
    claiming.let_lapse = lambda leads: defaultdict(set)


def no_lock_on_windows() -> None:
    """Workers do not take windows that open from each other before they tell the reps."""
    QuerySet.select_for_update = lambda rows, **how: rows.all()  # type: ignore[method-assign]
    if connection.vendor == "postgresql":  # on SQLite nobody can meet inside a transaction
        opening._eligible = _meet_after(opening._eligible)


def no_lease_of_clocks() -> None:
    """Workers do not take response clocks from each other before they act on them."""

    def all_of_them(moment: datetime, until: datetime, limit: int) -> list[int]:
        due = ResponseClock.objects.filter(next_at__lte=moment)
        pks = list(due.values_list("pk", flat=True))
        due.update(next_at=until)
        return pks

    firing._lease = all_of_them


def no_second_look_at_clocks() -> None:
    """And they believe that each clock runs as it did before the race."""
    rows = ResponseClock.objects.select_related("lead__owner__user", "rep__user", "rep__team")
    before = list(rows.select_related("lead__pool", "policy").prefetch_related("policy__steps"))
    done = threading.local()

    def all_of_them_once(moment: datetime, until: datetime, limit: int) -> list[int]:
        first, done.it = not hasattr(done, "it"), True
        return [one.pk for one in before] if first else []

    firing._lease = all_of_them_once
    for module in (firing, escalating):
        module.locked = lambda taken, until: deepcopy(before)
        module.leased = lambda taken, until: ResponseClock.objects.filter(pk__in=taken)


def no_version_lock() -> None:
    """Whoever decides which version is in force does not wait for whoever else does."""

    def unlocked(ruleset: RuleSet) -> RuleSet:
        return RuleSet.objects.get(pk=ruleset.pk)

    # On SQLite nobody can meet inside a transaction.
    meet = _meet_after if connection.vendor == "postgresql" else lambda function: function
    publishing.lock_versions = meet(unlocked)


def no_retries() -> None:
    """An act that meets a deadlock gives up at once."""
    transactions.RETRIES = 0


FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        no_rep_lock,
        no_rotation_lock,
        no_lock_for_credits,
        stale_look,
        stale_contact,
        no_contact_condition,
        no_work_condition,
        no_condition,
        deferred_transactions,
        own_rep_first,
        no_lease,
        no_second_look,
        no_look_at_what_comes_back,
        no_lock_on_who_let_it_lapse,
        no_lock_on_owners_of_unworked,
        no_memory_of_lapses,
        no_lock_on_windows,
        no_lease_of_clocks,
        no_second_look_at_clocks,
        no_version_lock,
        no_retries,
    )
}

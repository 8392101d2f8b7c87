"""Guards that a control takes away, in a crew's process, so that the history must turn red.

Each fault leaves out one guard, and lets the threads of the process meet between the read and the
write that the guard keeps together: whether it goes wrong is then no matter of luck.
"""

from collections.abc import Callable, Collection
from copy import copy
from typing import Any

from django.db import connection, connections
from django.db.models import QuerySet

from leaddistrib.lifecycle import claiming as real_claiming
from leaddistrib.lifecycle import contacting as real_contacting
from leaddistrib.lifecycle import crediting as real_crediting
from leaddistrib.lifecycle import publishing as real_publishing
from leaddistrib.lifecycle import releasing as real_releasing
from leaddistrib.lifecycle import routing as real_routing
from leaddistrib.lifecycle import taking_back as real_taking_back
from leaddistrib.lifecycle import transactions
from leaddistrib.lifecycle import working as real_working
from leaddistrib.models import Lead, LogEntry, Rep, Rotation, RuleSet, Work
from leaddistrib.queries import situations as real_situations
from leaddistrib.queries import world as real_world
from leaddistrib.queries.partings import Partings
from leaddistrib.queries.scope import Key
from tests.races.due_faults import DUE_FAULTS
from tests.races.meeting import meet_after
from tests.races.next_faults import NEXT_FAULTS
from tests.races.sealed_faults import SEALED_FAULTS

# Names are replaced in them that they only import.
claiming: Any = real_claiming
crediting: Any = real_crediting
contacting: Any = real_contacting
working: Any = real_working
publishing: Any = real_publishing
releasing: Any = real_releasing
routing: Any = real_routing
taking_back: Any = real_taking_back
situations: Any = real_situations
world: Any = real_world


def no_rep_lock() -> None:
    """A claim does not lock its rep before it counts the rep's open leads."""
    claiming.lock_reps = lambda reps: None
    claiming.rep_facts = meet_after(claiming.rep_facts)


def no_rotation_lock() -> None:
    """A push locks neither the team's reps nor its rotation before it reads whose turn it is."""

    def unlocked_reps(reps: QuerySet[Rep]) -> QuerySet[Rep, int]:
        return reps.order_by("pk").values_list("pk", flat=True)

    transactions._locked_reps = unlocked_reps
    routing.lock_rotations = lambda wanted: None
    world.rotation_facts = meet_after(world.rotation_facts)


def no_lock_for_credits() -> None:
    """A turn is given back without its rotation being locked."""

    def unlocked(wanted: Collection[Key]) -> dict[Key, Rotation]:
        teams = Rotation.objects.filter(team__in=[team for team, _, _ in wanted])
        return {(row.team_id, row.seniority, row.territory_id): row for row in teams}

    crediting.lock_rotations = unlocked
    crediting.rotation_facts = meet_after(crediting.rotation_facts)


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
    claiming.rep_facts = meet_after(claiming.rep_facts)
    world.rotation_facts = meet_after(world.rotation_facts)


def own_rep_first() -> None:
    """A give-back locks its own rep first, and the rest of the team later, and tries once only."""
    transactions.RETRIES = 0
    releasing.candidates = lambda leads: []
    if connection.vendor == "postgresql":  # on SQLite nobody can meet inside a transaction
        releasing.lock_own_lead = meet_after(releasing.lock_own_lead)


def no_look_at_what_comes_back() -> None:
    """Whoever takes a hand-over back believes its leads to be as untouched as before the race."""
    before = list(LogEntry.objects.filter(detail__has_key="handover").values_list("pk", flat=True))
    taking_back.untouched = lambda handover: LogEntry.objects.filter(pk__in=before)


def no_memory_of_lapses() -> None:
    """A claim does not ask who let the lead lapse before."""
    situations.own_partings = lambda rep, leads: Partings()


def no_version_lock() -> None:
    """Whoever decides which version is in force does not wait for whoever else does."""

    def unlocked(ruleset: RuleSet) -> RuleSet:
        return RuleSet.objects.get(pk=ruleset.pk)

    # On SQLite nobody can meet inside a transaction.
    meet = meet_after if connection.vendor == "postgresql" else lambda function: function
    publishing.lock_versions = meet(unlocked)


def no_retries() -> None:
    """An act that meets a deadlock gives up at once."""
    transactions.RETRIES = 0


FAULTS: dict[str, Callable[[], None]] = (
    {
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
            no_look_at_what_comes_back,
            no_memory_of_lapses,
            no_version_lock,
            no_retries,
        )
    }
    | DUE_FAULTS
    | SEALED_FAULTS
    | NEXT_FAULTS
)

"""Turns out of order: what is given back, and what counts although nobody's turn it was (PU7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from leaddistrib.engine.turns import Rotation as RotationFacts
from leaddistrib.engine.turns import stride
from leaddistrib.lifecycle.rotations import lock_rotations, save_entries
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Lead, LogEntry, Rep, Turn
from leaddistrib.queries import clock
from leaddistrib.queries.scope import Key
from leaddistrib.queries.world import rotation_facts

CREDITED = ("duplicate", "invalid", "no_show")
"""Reasons for closing a lead that give its turn back."""


@act(durable=False)
def credit_turn(lead: Lead, *, reason: str, actor: Any = None) -> bool:
    """Give the turn that ``lead`` took back to whoever took it; True if there was one to give back.

    The latest entry of the lead, and never twice: what an earlier owner took stays. If that one was
    given back, because a hand-over was undone, the present owner's own one counts. The rep is next
    that much sooner: what was credited stays until turns use it up, however long the rep is away.
    ``reason`` ("duplicate", or what a manager writes) is kept with the entry and in the log.

    Locks the rotation, so it comes before any lock on a lead (docs/locking.md).
    """
    return bool(credit_turns([lead], reason=reason, actor=actor))


def credit_turns(
    leads: Sequence[Lead], *, reason: str, actor: Any = None, since: datetime | None = None
) -> int:
    """``credit_turn`` for many leads, if their latest entry was taken ``since``; returns how many
    were given back, in a number of queries that does not depend on it.

    Must run in a transaction. Who locks the leads first, locks the rotations before
    (``rotations_charged``).
    """
    found = _latest(leads, since)
    if not found:
        return 0
    rotations = rotation_facts(lock_rotations({_key(entry) for entry in found.values()}).values())
    # Some may be given back, or followed by another entry, while we waited for the locks.
    entries = {lead: one for lead, one in _latest(leads, since).items() if found.get(lead) == one}
    now = clock.now()
    given = [
        (entry.lead, rotations[_key(entry)].credit(entry.seat.rep_id, entry.finish - entry.start))
        for entry in entries.values()
    ]
    save_entries(rotations.values(), given, now, gives_back=entries, reason=reason[:200])
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=entry.lead,
            event=LogEntry.Event.CREDITED,
            rep=entry.seat.rep,
            actor=actor,
            at=now,
            detail={"reason": reason},
        )
        for entry in entries.values()
    )
    return len(entries)


def rotations_charged(leads: Iterable[Lead], since: datetime) -> set[Key]:
    """The rotations in which ``leads`` took turns ``since``. To be locked before the leads are, by
    who gives these turns back."""
    return {_key(entry) for entry in _latest(leads, since).values()}


def counts_by_hand(rep: Rep) -> set[Key]:
    """The rotation in which leads that somebody gives to ``rep`` by hand count; none if the team
    does not count them. To be locked before the leads are."""
    counted = rep.team is not None and rep.team.count_manual
    return {(rep.team_id, "", None)} if counted else set()


def charge_turns(leads: Sequence[Lead], rep: Rep, moment: datetime, *, reason: str = "") -> bool:
    """Count ``leads``, which somebody gave to ``rep`` by hand, as the rep's turns in the team's
    rotation, if the team counts such leads; True if it does.

    Must run in a transaction that holds the rep's lock. Who locks the leads first, locks the
    rotation before (``counts_by_hand``).
    """
    keys = counts_by_hand(rep)
    if not leads or not keys:
        return False
    rotation = _locked(*keys)
    entries = [(lead, rotation.charge(rep.pk, stride(rep.weight))) for lead in leads]
    save_entries([rotation], entries, moment, reason=reason[:200])
    return True


def _latest(leads: Iterable[Lead], since: datetime | None) -> dict[int, Turn]:
    """By lead, its latest turn or charge ``since``, or, where that was given back, its present
    owner's latest one: somebody had the lead in between. Not one that was given back."""
    taken = Turn.objects.filter(lead__in=leads).exclude(kind=Turn.Kind.CREDIT)
    if since is not None:
        taken = taken.filter(taken_at__gte=since)
    back = Exists(Turn.objects.filter(credits=OuterRef("pk")))
    rows = taken.select_related("rotation", "seat__rep", "lead").annotate(given_back=back)
    latest, own = {}, {}
    for entry in rows.order_by("taken_at", "id"):
        latest[entry.lead_id] = entry
        if entry.seat.rep_id == entry.lead.owner_id:
            own[entry.lead_id] = entry
    counted = latest | {lead: entry for lead, entry in own.items() if latest[lead].given_back}
    return {lead: entry for lead, entry in counted.items() if not entry.given_back}


def _key(entry: Turn) -> Key:
    of = entry.rotation
    return of.team_id, of.seniority, of.territory_id


def _locked(key: Key) -> RotationFacts:
    return rotation_facts([lock_rotations([key])[key]])[key]

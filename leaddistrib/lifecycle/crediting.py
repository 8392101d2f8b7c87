"""Turns out of order: what is given back, and what counts although nobody's turn it was (PU7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

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

    The latest entry of the lead, and never twice: what an earlier owner took stays. The rep is
    next that much sooner: what was credited stays until turns use it up, however long the rep is
    away. ``reason`` ("duplicate", or what a manager writes) is kept with the entry and in the log.

    Locks the rotation, so it comes before any lock on a lead (docs/locking.md).
    """
    entry = _latest(lead).select_related("rotation", "seat__rep").first()
    if entry is None or _is_given_back(entry):
        return False
    of = entry.rotation
    rotation = _locked((of.team_id, of.seniority, of.territory_id))
    if _latest(lead).first() != entry or _is_given_back(entry):
        return False  # given back, or followed by another entry, while we waited for the lock
    now = clock.now()
    given = rotation.credit(entry.seat.rep_id, entry.finish - entry.start)
    save_entries([rotation], [(lead, given)], now, gives_back=entry, reason=reason[:200])
    LogEntry.objects.create(
        lead=lead,
        event=LogEntry.Event.CREDITED,
        rep=entry.seat.rep,
        actor=actor,
        at=now,
        detail={"reason": reason},
    )
    return True


def charge_turn(lead: Lead, rep: Rep, moment: datetime, *, reason: str = "") -> bool:
    """``charge_turns`` for one lead."""
    return charge_turns([lead], rep, moment, reason=reason)


def charge_turns(leads: Sequence[Lead], rep: Rep, moment: datetime, *, reason: str = "") -> bool:
    """Count ``leads``, which somebody gave to ``rep`` by hand, as the rep's turns in the team's
    rotation, if the team counts such leads; True if it does.

    Must run in a transaction that holds the rep's lock. The leads may be locked already: whoever
    takes a turn in this rotation holds the rep as well, and comes before us or after.
    """
    team = rep.team
    if not leads or team is None or not team.count_manual:
        return False
    rotation = _locked((team.pk, "", None))
    entries = [(lead, rotation.charge(rep.pk, stride(rep.weight))) for lead in leads]
    save_entries([rotation], entries, moment, reason=reason[:200])
    return True


def _latest(lead: Lead) -> QuerySet[Turn]:
    """The lead's turns and charges, the latest first."""
    taken = Turn.objects.filter(lead=lead).exclude(kind=Turn.Kind.CREDIT)
    return taken.order_by("-taken_at", "-id")


def _is_given_back(entry: Turn) -> bool:
    return Turn.objects.filter(credits=entry).exists()


def _locked(key: Key) -> RotationFacts:
    return rotation_facts([lock_rotations([key])[key]])[key]

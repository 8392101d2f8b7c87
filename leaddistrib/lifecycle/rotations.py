"""Turns as rows: rotations are locked, read, and written back with their ledger (PU5, PU7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from leaddistrib.engine.turns import Rotation as RotationFacts
from leaddistrib.engine.turns import Seat as SeatFacts
from leaddistrib.engine.turns import Turn as TurnFacts
from leaddistrib.models import Lead, Rotation, Seat, Turn


def lock_rotations(teams: Iterable[int]) -> dict[int, Rotation]:
    """The rotation of each team, locked by ascending id, made where it is missing.

    While it is locked no other process can take a turn of it: none is given twice, none skipped.
    """
    wanted = list(teams)
    if not wanted:
        return {}
    existing = set(Rotation.objects.filter(team__in=wanted).values_list("team", flat=True))
    missing = [Rotation(team_id=team) for team in wanted if team not in existing]
    if missing:
        # Two first leads at once: one insert wins, both then lock the same row.
        Rotation.objects.bulk_create(missing, ignore_conflicts=True)
    locked = Rotation.objects.select_for_update(no_key=True).filter(team__in=wanted)
    return {rotation.team_id: rotation for rotation in locked.order_by("pk")}


def rotation_facts(rotations: Iterable[Rotation]) -> dict[int, RotationFacts]:
    """The rotations as the engine wants them, by team, in one query."""
    facts = {
        rotation.pk: RotationFacts(rotation.virtual_time, rotation.turns) for rotation in rotations
    }
    for seat in Seat.objects.filter(rotation__in=facts):
        facts[seat.rotation_id].seats[seat.rep_id] = SeatFacts(
            seat.rep_id, seat.weight, seat.virtual_time, seat.turns, seat.last_turn
        )
    return {rotation.team_id: facts[rotation.pk] for rotation in rotations}


def save_turns(
    rotation: Rotation,
    facts: RotationFacts,
    taken: Sequence[tuple[Lead, TurnFacts]],
    moment: datetime,
) -> None:
    """Write the turns ``taken`` to the ledger, and rotation and seats as they left them."""
    rotation.virtual_time, rotation.turns = facts.virtual_time, facts.turns
    rotation.save(update_fields=("virtual_time", "turns"))
    seats = [facts.seats[rep] for rep in sorted({turn.rep for _, turn in taken})]
    Seat.objects.bulk_create(
        (
            Seat(
                rotation=rotation,
                rep_id=seat.rep,
                weight=seat.weight,
                virtual_time=seat.virtual_time,
                turns=seat.turns,
                last_turn=seat.last_turn,
            )
            for seat in seats
        ),
        update_conflicts=True,
        unique_fields=("rotation", "rep"),
        update_fields=("virtual_time", "turns", "last_turn"),
    )
    rows = dict(rotation.seats.values_list("rep", "pk"))
    Turn.objects.bulk_create(
        Turn(
            rotation=rotation,
            seat_id=rows[turn.rep],
            number=turn.number,
            lead=lead,
            start=turn.start,
            finish=turn.finish,
            taken_at=moment,
        )
        for lead, turn in taken
    )

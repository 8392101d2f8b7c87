"""Turns as rows: rotations are locked, and written back with their ledger (PU5, PU7)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from leaddistrib.engine.turns import Entry
from leaddistrib.engine.turns import Rotation as RotationFacts
from leaddistrib.models import Lead, Rotation, Seat, Turn
from leaddistrib.queries.scope import Key


def lock_rotations(wanted: Collection[Key]) -> dict[Key, Rotation]:
    """These rotations, locked by ascending id, made where they are missing.

    While they are locked no other process can take a turn in them: none is given twice, none
    skipped.
    """
    if not wanted:
        return {}
    rows = Rotation.objects.filter(
        Q(team__in={team for team, _, _ in wanted if team})
        | Q(territory__in={territory for _, _, territory in wanted if territory})
    )
    existing = set(rows.values_list("team", "seniority", "territory"))
    missing = [key for key in wanted if key not in existing]
    if missing:
        # Two first leads at once: one insert wins, both then lock the same row. Before any lock,
        # and in one order: who waits for the other's insert holds no rotation.
        Rotation.objects.bulk_create(
            (
                Rotation(team_id=team, seniority=seniority, territory_id=territory)
                for team, seniority, territory in sorted(missing, key=str)
            ),
            ignore_conflicts=True,
        )
    locked = rows.select_for_update(no_key=True).order_by("pk")
    return {(row.team_id, row.seniority, row.territory_id): row for row in locked}


def save_entries(
    rotations: Collection[RotationFacts],
    taken: Sequence[tuple[Lead, Entry]],
    moment: datetime,
    *,
    gives_back: Mapping[int, Turn] | None = None,
    reason: str = "",
) -> None:
    """Write the entries ``taken`` to the ledger, and their rotations and seats as they left them.

    The rotations are locked. ``gives_back`` has, by lead, the entry that a credit returns. Queries
    do not depend on how many entries or rotations there are.
    """
    facts = {rotation.id: rotation for rotation in rotations}
    touched = [facts[pk] for pk in sorted({entry.rotation for _, entry in taken})]
    if not touched:
        return
    Rotation.objects.bulk_update(
        (Rotation(pk=one.id, virtual_time=one.virtual_time, turns=one.turns) for one in touched),
        ("virtual_time", "turns"),
    )
    seats = Seat.objects.bulk_create(
        (
            _seat(facts[rotation], rep)
            for rotation, rep in sorted({(entry.rotation, entry.rep) for _, entry in taken})
        ),
        update_conflicts=True,
        unique_fields=("rotation", "rep"),
        update_fields=("virtual_time", "turns", "last_turn", "credit"),
    )
    pks = {(seat.rotation_id, seat.rep_id): seat.pk for seat in seats}
    Turn.objects.bulk_create(
        Turn(
            rotation_id=entry.rotation,
            seat_id=pks[entry.rotation, entry.rep],
            number=entry.number,
            kind=entry.kind,
            lead=lead,
            value=lead.value,
            currency=lead.currency,
            start=entry.start,
            finish=entry.finish,
            used=entry.used,
            credits=gives_back[lead.pk] if gives_back else None,
            reason=reason,
            taken_at=moment,
        )
        for lead, entry in taken
    )


def _seat(rotation: RotationFacts, rep: int) -> Seat:
    seat = rotation.seats[rep]
    return Seat(
        rotation_id=rotation.id,
        rep_id=rep,
        virtual_time=seat.virtual_time,
        turns=seat.turns,
        last_turn=seat.last_turn,
        credit=seat.credit,
    )

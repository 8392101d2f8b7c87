"""Whom a duplicate goes to without the rules: whoever works the first one, or stands in (IN3, PU4).

One matter stays in one hand, past turn and capacity and at any hour; but nobody gets leads who said
to be away. What kept the owner from it is kept with the decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal, Situation, active, available, first_refusal
from leaddistrib.models import Lead, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.duplicates import Duplicate
from leaddistrib.queries.roster import rep_facts


@dataclass(frozen=True, slots=True)
class Taker:
    """Who gets a duplicate; ``rep`` is None where the rules decide. ``absent`` says, for the
    explanation, which owner of the first lead was passed over and why; empty if it is theirs."""

    rep: Rep | None
    absent: Mapping[str, object]


def concerned(found: Sequence[Duplicate | None]) -> set[int]:
    """The reps to lock before ``takers``: owners of first leads, and who stands in for them."""
    owners = {one.first.owner_id for one in found if one and one.first.owner_id}
    rows = Rep.objects.filter(pk__in=owners).values_list("pk", "backup")
    return {rep for row in rows for rep in row if rep} if owners else set()


def takers(again: Sequence[Duplicate]) -> list[Taker | None]:
    """For each duplicate who gets it; None where nobody works the first one. A constant number of
    queries. The reps are locked, so it stays so; a first lead whose owner was another a moment ago
    is nobody's here."""
    firsts = {one.first.pk: one.first.owner_id for one in again}
    working = Lead.objects.filter(pk__in=firsts, status=Lead.Status.OWNED)
    owned = {
        first: owner
        for first, owner in working.values_list("pk", "owner")
        if owner and owner == firsts[first]
    }
    if not owned:
        return [None] * len(again)
    owners = Rep.objects.select_related("user", "backup__user").in_bulk(set(owned.values()))
    reps = owners | {rep.backup.pk: rep.backup for rep in owners.values() if rep.backup}
    moment = clock.now()
    facts = rep_facts(reps, moment)
    return [
        _taker(owned[one.first.pk], reps, facts, moment) if one.first.pk in owned else None
        for one in again
    ]


def _taker(
    owner: int, reps: Mapping[int, Rep], facts: dict[int, RepFacts], moment: datetime
) -> Taker:
    """The owner unless paused, on leave or not active; then the backup, whom every gate is asked
    about, because it is a new lead there. An owner who is not active does not come back, so nobody
    stands in: the rules decide."""
    refusal = first_refusal(facts[owner], Situation(moment, claiming=True), (active, available))
    if refusal is None:
        return Taker(reps[owner], {})
    absent = {"owner_of_first": _as_document(facts[owner], refusal)}
    backup = facts.get(facts[owner].backup or 0)
    if refusal.code == "inactive" or backup is None or first_refusal(backup, Situation(moment)):
        return Taker(None, absent)
    facts[backup.id] = backup.handed()
    return Taker(reps[backup.id], absent)


def _as_document(rep: RepFacts, refusal: Refusal) -> dict[str, object]:
    """As the engine's explanations say it of a candidate."""
    document: dict[str, object] = {"rep": rep.id, "name": rep.name, "refused": refusal.code}
    if refusal.lifts_at:
        document["lifts_at"] = refusal.lifts_at.isoformat()
    return document

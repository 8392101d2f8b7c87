"""What a rep is told of the own tier: since when, by which figures, and what moved them (TI2).

All of it is read from the placements as they were written, so it stays true when the policy is
changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from leaddistrib.engine.tiers import MEASURES
from leaddistrib.models import Rep, TierPlacement
from leaddistrib.queries.own.tierwords import (
    CALLED,
    contributions,
    counted,
    figure,
    moved,
    name_of,
    why,
)

WEEKS = 26
"""How many placements back a rep is shown."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the three that make up the score. ``points`` are 0 to 100, 50 what is to be expected,
    None where it does not count; ``weight`` is its share of the score in percent; ``change`` by how
    many points it moved the score since the placement before, None where there is no such."""

    name: str
    sentence: str
    points: float | None
    weight: int
    change: float | None


@dataclass(frozen=True, slots=True)
class OwnTier:
    """The tier that the rep is in since ``since``; ``level`` and ``name`` are None and "" for none.
    ``why`` and ``moved`` are sentences; ``history`` has the newest placement first: see
    ``tier_name``."""

    level: int | None
    name: str
    since: date
    score: float | None
    why: list[str]
    measures: list[Measure]
    moved: list[str]
    history: list[TierPlacement]


def own_tier(rep: Rep) -> OwnTier | None:
    """What ``rep`` is told; None for who was never placed, or for whom no policy holds any more.
    Three queries at most."""
    placements = list(rep.placements.order_by("-period")[:WEEKS])
    if not placements or placements[0].level != rep.tier:
        return None
    newest = placements[0]
    before = next((one for one in placements[1:] if one.score is not None), None)
    return OwnTier(
        newest.level,
        tier_name(newest),
        _since(newest),
        _score(newest),
        list(why(newest)),
        list(_measures(newest, before)),
        list(moved(newest, before)),
        placements,
    )


def tier_name(placement: TierPlacement) -> str:
    """What the tier of ``placement`` was called then, "" for none."""
    return name_of(placement.figures, placement.level)


def _score(placement: TierPlacement) -> float | None:
    return None if placement.score is None else float(placement.score)


def _since(newest: TierPlacement) -> date:
    """The first week of those, without another between, that the rep is in this tier."""
    own = TierPlacement.objects.filter(rep=newest.rep_id)
    others = own.exclude(level=newest.level) if newest.level else own.filter(level__isnull=False)
    other = others.order_by("-period").values_list("period", flat=True).first()
    if other is not None:
        own = own.filter(period__gt=other)
    return own.order_by("period").values_list("period", flat=True)[0]


def _measures(newest: TierPlacement, before: TierPlacement | None) -> Iterator[Measure]:
    if newest.score is None:
        return
    said = newest.figures
    now = contributions(said)
    then = contributions(before.figures) if before else None
    total = counted(said)
    for name in MEASURES:
        counts = said["points"][name] is not None
        weight = round(100 * said["weights"][name] / total) if counts else 0
        change = None if then is None else now[name] - then[name]
        points = said["points"][name]
        yield Measure(str(CALLED[name]), figure(name, said), points, weight, change)

"""Tiers: each rep's score beside the team's, and the tier that follows from it (TI1, TI2).

Each measure is worth 0 to 100 points, and 50 of them stand for what is to be expected: the team's
average conversion, the whole quota, the team's average speed. Twice as good is 100 points. Points
are proportions, not ranks: where all are nearly equal, so are their scores, and the margin holds.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from math import inf, isfinite
from typing import Any

MEASURES = ("conversion", "quota", "speed")
EXPECTED, MOST = 50.0, 100.0
"""Points of what is to be expected, and of twice as good or better. So quota counts up to 200 %."""

PLACED, HELD, LITTLE_DATA, SMALL_TEAM = "placed", "held", "little_data", "small_team"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a rep did in the days looked back. ``attainment`` is in percent of the quota, None
    without one; ``answered_seconds`` is the sum of the times of ``answered`` first responses."""

    rep: int
    leads: int
    won: int
    attainment: float | None
    answered: int
    answered_seconds: int


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """How reps are placed. ``weights`` are those of MEASURES, ``margin`` is in points of the score,
    ``shares`` are percentages, of the best tier first."""

    weights: tuple[int, int, int]
    prior_leads: int
    least_leads: int
    least_reps: int
    margin: int
    shares: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a rep belongs: ``level`` 1 is the highest tier, None is none. ``figures`` is a document
    with all that led there, from which a rep can be told why."""

    rep: int
    level: int | None
    reason: str
    score: float | None
    figures: Mapping[str, Any]


def place(
    policy: PolicyFacts, figures: Sequence[Figures], former: Mapping[int, int | None]
) -> list[Placed]:
    """The tier of each rep of a team, best score first, whatever the order of ``figures`` (TI2).
    ``former`` is each rep's present tier.

    Reps with too few leads have no rank, and take nobody's place in the shares, but they count as
    members of the team. They are in the tier of their score, or the nearest one that is neither
    the highest nor the lowest. With fewer than three tiers there is no such one: then the score
    alone, which few leads hardly move, says.
    """
    group = _group(figures)
    points = {one.rep: _points(policy, one, group) for one in figures}
    scores = {rep: _score(policy.weights, worth) for rep, worth in points.items()}
    known = {one.rep for one in figures if one.leads >= policy.least_leads}
    ranked = sorted(
        (score for rep, score in scores.items() if score is not None and rep in known),
        reverse=True,
    )
    borders = _borders(policy.shares, ranked)
    rising = ranked[::-1]
    small = len(figures) < policy.least_reps
    placed = []
    for one in figures:
        score = scores[one.rep]
        above = len(rising) - bisect_right(rising, score) if score is not None else 0
        has_rank = score is not None and one.rep in known
        settled, reason = _settled(policy, borders, score, former.get(one.rep))
        if not has_rank:
            settled, reason = _off_the_ends(settled, len(policy.shares)), LITTLE_DATA
        document = {
            **asdict(one),
            "points": points[one.rep],
            "weights": dict(zip(MEASURES, policy.weights, strict=True)),
            "team": {**group, "ranked": len(ranked)},
            "rank": 1 + above if has_rank else None,
            "borders": [round(border, 3) if isfinite(border) else None for border in borders],
            "by_score": None if score is None else _level(borders, score),
            "former": former.get(one.rep),
            "prior_leads": policy.prior_leads,
            "least_leads": policy.least_leads,
            "least_reps": policy.least_reps,
            "margin": policy.margin,
            "shares": list(policy.shares),
        }
        level = None if small else settled
        placed.append(Placed(one.rep, level, SMALL_TEAM if small else reason, score, document))
    return sorted(placed, key=lambda row: (-1.0 if row.score is None else -row.score, row.rep))


def _group(figures: Sequence[Figures]) -> dict[str, int]:
    """The team's sums: whole numbers, so that no order of adding makes a difference."""
    return {
        "reps": len(figures),
        "leads": sum(one.leads for one in figures),
        "won": sum(one.won for one in figures),
        "answered": sum(one.answered for one in figures),
        "answered_seconds": sum(one.answered_seconds for one in figures),
    }


def _points(policy: PolicyFacts, one: Figures, group: Mapping[str, int]) -> dict[str, float | None]:
    """The points of each measure; None for one that says nothing of the rep, or of anybody: no
    quota, no wins in the whole team, no answers.

    A rate is mixed with ``prior_leads`` leads of the team's average, a speed with as many answers:
    with as many of one's own, half of the difference counts.
    """
    prior = policy.prior_leads
    points: dict[str, float | None] = dict.fromkeys(MEASURES)
    if group["won"]:
        mean = group["won"] / group["leads"]
        rate = (one.won + prior * mean) / (one.leads + prior) if one.leads + prior else mean
        points["conversion"] = _worth(rate / mean)
    if one.attainment is not None:
        points["quota"] = _worth(one.attainment / 100)
    if group["answered_seconds"]:
        mean = group["answered_seconds"] / group["answered"]
        taken, answers = one.answered_seconds + prior * mean, one.answered + prior
        points["speed"] = _worth(mean * answers / taken if taken else 2 if answers else 1)
    return points


def _worth(proportion: float) -> float:
    return round(min(max(EXPECTED * proportion, 0.0), MOST), 2)


def _score(weights: Sequence[int], points: Mapping[str, float | None]) -> float | None:
    """The mean of the points that there are, by weight, rounded to what is shown: who has the same
    score has the same rank. None where none of them weighs anything."""
    counted = [
        (weight, worth)
        for weight, worth in zip(weights, points.values(), strict=True)
        if worth is not None and weight
    ]
    total = sum(weight for weight, _worth in counted)
    return round(sum(weight * worth for weight, worth in counted) / total, 2) if total else None


def _borders(shares: Sequence[int], ranked: Sequence[float]) -> list[float]:
    """The score at which each tier but the lowest begins: half way between the last rank in it and
    the first one below. ``ranked`` are the scores, best first.

    So the same score is always in the same tier, the better one, and where every score moves by
    at most so much, so does every border.
    """
    borders = []
    for share in list(accumulate(shares))[:-1]:
        places = (share * len(ranked) + 50) // 100
        if places == 0:
            borders.append(inf)
        elif places >= len(ranked):
            borders.append(-inf)
        else:
            borders.append((ranked[places - 1] + ranked[places]) / 2)
    return borders


def _level(borders: Sequence[float], score: float, beyond: float = 0) -> int:
    """The tier of ``score`` if each began at its border and ``beyond``."""
    return 1 + sum(score < border + beyond for border in borders)


def _settled(
    policy: PolicyFacts, borders: Sequence[float], score: float | None, former: int | None
) -> tuple[int, str]:
    """The tier, and why. Who has one leaves it only as far as the score is past the border by the
    margin: up from the border and the margin on, down from below the border less the margin. The
    middle for who has neither tier nor score."""
    lowest = len(policy.shares)
    held = former if former is not None and 1 <= former <= lowest else None
    if score is None:
        return held or (lowest + 1) // 2, LITTLE_DATA
    level = _level(borders, score)
    if held is None:
        return level, PLACED
    best, worst = (_level(borders, score, shift) for shift in (-policy.margin, policy.margin))
    settled = min(max(held, best), worst)
    return settled, HELD if settled == held != level else PLACED


def _off_the_ends(level: int, lowest: int) -> int:
    """The nearest tier that is neither the highest nor the lowest, where there is one."""
    return min(max(level, 2), lowest - 1) if lowest >= 3 else level

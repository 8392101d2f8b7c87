"""Weights from performance: better converters get more turns, as far as the data carries (PU1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

PRIOR = 20
"""Leads of the team's average that each rep starts with. A rep with few leads of their own stays
near the average: with 20 leads, half of the difference counts."""

LOWEST = Decimal("0.25")
"""Nobody is starved: the weakest still gets a quarter of the average rep's turns."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a rep was given, and what they won of it."""

    leads: int
    won: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """A rep's conversion as counted and as shrunk (0 to 1), and the weight that follows from it."""

    rate: float | None
    shrunk: float
    weight: Decimal


def weights(records: Mapping[int, Record], best: Decimal = Decimal(3)) -> dict[int, Weighed]:
    """The weight of each rep, by id; the average converter's is 1, the best one's up to ``best``.

    Each rate is first drawn towards the team's by ``PRIOR`` leads. Above the average, weights rise
    evenly up to ``best`` for the highest rate, and the rise is taken only as far as that rate is
    known: n leads of its rep count n / (n + PRIOR). Below it, the weight is the rate in proportion
    to the average, ``LOWEST`` at least. So a team without data is weighted equally, and one lucky
    lead makes nobody the best.
    """
    leads = sum(record.leads for record in records.values())
    won = sum(record.won for record in records.values())
    if not leads or not won:
        return {rep: Weighed(_rate(one), 0.0, Decimal(1)) for rep, one in records.items()}
    mean = won / leads
    shrunk = {rep: (one.won + PRIOR * mean) / (one.leads + PRIOR) for rep, one in records.items()}
    top = max(shrunk, key=lambda rep: (shrunk[rep], records[rep].leads, -rep))
    known = records[top].leads / (records[top].leads + PRIOR)
    rise = float(best - 1) * known
    return {
        rep: Weighed(_rate(one), shrunk[rep], _weight(shrunk[rep], mean, shrunk[top], rise))
        for rep, one in records.items()
    }


def _rate(record: Record) -> float | None:
    return record.won / record.leads if record.leads else None


def _weight(rate: float, mean: float, top: float, rise: float) -> Decimal:
    if rate > mean:
        weight = Decimal(1 + rise * (rate - mean) / (top - mean))
    else:
        weight = Decimal(rate / mean)
    return max(LOWEST, round(weight, 2))

"""How many leads a week are a rep's, by how much of the quota was reached (AL1, AL2)."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

Band = tuple[int, int]
"""From which percent of the quota on how many leads a week."""

BANDS: tuple[Band, ...] = ((0, 10), (50, 12), (75, 15), (100, 20))
"""What a policy begins with."""


def allocated(percent: Decimal, bands: Sequence[Band], floor: int) -> int:
    """Leads a week for ``percent`` of the quota, never below ``floor``. Who just reaches a border
    is in the band that begins there; below the first band, and without bands, the floor holds."""
    band = band_of(percent, bands)
    return max(floor, band[1]) if band else floor


def band_of(percent: Decimal, bands: Sequence[Band]) -> Band | None:
    """The band that ``percent`` is in; None below the first."""
    return max((band for band in bands if band[0] <= percent), default=None)


def next_band(percent: Decimal, bands: Sequence[Band]) -> Band | None:
    """The band above the one that ``percent`` is in; None in the highest."""
    return min((band for band in bands if band[0] > percent), default=None)


def falls(history: Sequence[int]) -> int:
    """How many times in a row allocations fell up to the newest, which is last. One that stayed
    the same ends the row as one that rose does: 20, 15, 15, 12 fell once, 20, 15, 12 twice."""
    row = 0
    for former, newer in pairwise(history):
        row = row + 1 if newer < former else 0
    return row

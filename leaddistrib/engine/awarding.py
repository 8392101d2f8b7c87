"""Who gets a lead that several reps claimed while claims were collected (RA5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Bid:
    """A claim that was collected. ``tier`` is the level, 1 the highest, and ``score`` that of the
    latest placement; None where the rep has none. ``had`` leads of this week, of the ``entitled``
    that are the rep's: an allocation or a weight, one kind for all bids."""

    rep: int
    at: datetime
    tier: int | None = None
    score: Decimal | None = None
    had: int = 0
    entitled: Decimal = Decimal(1)


def ranked(bids: Iterable[Bid], by: str) -> list[Bid]:
    """``bids``, the one that the lead is to go to first: "entitlement" (who has had least of what
    is theirs), "tier" (the higher one) or "score". Where that does not tell them apart, the earlier
    claim comes first, and then the rep with the lower key.

    Raises:
        KeyError: there is no such way.
    """
    key = {"entitlement": _entitlement, "tier": _tier, "score": _score}[by]
    return sorted(bids, key=lambda bid: (key(bid), bid.at, bid.rep))


def _entitlement(bid: Bid) -> Decimal:
    """Who is entitled to nothing comes last."""
    return Decimal(bid.had) / bid.entitled if bid.entitled else Decimal("Infinity")


def _tier(bid: Bid) -> Decimal:
    return Decimal("Infinity") if bid.tier is None else Decimal(bid.tier)


def _score(bid: Bid) -> Decimal:
    return Decimal("Infinity") if bid.score is None else -bid.score

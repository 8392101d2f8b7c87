"""How many leads of each quality a pool takes of those that the rules send there (GU3)."""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

IN_A_ROW = 20
"""A share is looked at over so many leads, the newest one among them."""

STANDARD = "standard"
"""What a lead counts as whose quality is not known."""


class Mix(NamedTuple):
    """The largest shares of leads of high and of low quality, in percent; None: no bound."""

    high: int | None = None
    low: int | None = None

    def most(self, quality: str) -> int | None:
        """How many of any IN_A_ROW leads may be of this quality, rounded half up; None: all."""
        percent = {"high": self.high, "low": self.low}.get(quality)
        return None if percent is None else (percent * IN_A_ROW + 50) // 100

    def takes(self, quality: str, newest: Iterable[str]) -> bool:
        """Whether a lead of this quality is within its share, after leads of the qualities
        ``newest``, the newest first. Those that are older than IN_A_ROW leads do not count."""
        most = self.most(quality)
        if most is None:
            return True
        return sum(one == quality for one in islice(newest, IN_A_ROW - 1)) < most

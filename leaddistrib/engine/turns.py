"""Whose turn it is (PU1, PU3).

Stride scheduling, as fair queueing does it: each seat has a *virtual time*, the lowest among
those present is next, and a turn moves it on by ``STRIDE / weight``. So turns follow the weights
and interleave, and a seat's share can be audited from the ledger alone.

A seat behind the rotation's own virtual time was away, or is new. It is treated as level with the
lowest of the others present: absence builds no debt to be flooded with, newness none to work off.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

STRIDE = 1_000_000
"""Virtual time of one turn at weight 1. Large, so that weights up to 1,000 divide it closely."""


@dataclass(slots=True)
class Seat:
    """A rep's place. ``last_turn`` is the number of its latest turn, 0 before the first."""

    rep: int
    weight: int = 1
    virtual_time: int = 0
    turns: int = 0
    last_turn: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that was taken: its number in the rotation, and the seat's time before and after."""

    rep: int
    number: int
    start: int
    finish: int


@dataclass(slots=True)
class Rotation:
    """A round of seats, by rep. ``virtual_time`` is where the latest turn started."""

    virtual_time: int = 0
    turns: int = 0
    seats: dict[int, Seat] = field(default_factory=dict)

    def standing(self, present: Iterable[int]) -> list[tuple[int, int]]:
        """(virtual time, rep) of those present, next first.

        Ties go to whoever's latest turn is longest ago, then to the lower id.
        """
        seats = [self.seats.setdefault(rep, Seat(rep)) for rep in present]
        level = min(
            (seat.virtual_time for seat in seats if seat.virtual_time >= self.virtual_time),
            default=self.virtual_time,
        )
        for seat in seats:
            if seat.virtual_time < self.virtual_time:
                seat.virtual_time = level
        ranked = sorted((seat.virtual_time, seat.last_turn, seat.rep) for seat in seats)
        return [(time, rep) for time, _, rep in ranked]

    def take(self, rep: int) -> Turn:
        """Give the turn to ``rep``, one of those in the ``standing`` just asked for."""
        seat = self.seats[rep]
        start = seat.virtual_time
        self.turns += 1
        self.virtual_time = start
        seat.virtual_time = start + STRIDE // seat.weight
        seat.turns += 1
        seat.last_turn = self.turns
        return Turn(rep, self.turns, start, seat.virtual_time)

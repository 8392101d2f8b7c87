"""Whose turn it is (PU1, PU3, PU7).

Stride scheduling, as fair queueing does it: each seat has a *virtual time*, the lowest among
those present is next, and a turn moves it on by ``STRIDE / weight``. So turns follow the weights
and interleave, and a seat's share can be audited from the ledger alone.

The rotation's own virtual time is where the latest turn started: the lowest of those who were
present. A seat behind it was away, or is new, and is treated as level with it: absence builds no
debt to be flooded with, newness none to work off.

What was credited back is kept apart from the virtual time, because levelling would swallow it. It
lets a seat stand up to one stride before its virtual time, so at most one turn at a time is
free.

A lead that came out of order and counts is a *charge*: it moves its seat on, and nobody else. The
rotation's virtual time stays, so whoever would have been next still is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

STRIDE = 1_000_000
"""Virtual time of one turn at weight 1. Large, so that weights up to 1,000 divide it closely."""


def stride(weight: Decimal | int) -> int:
    """Virtual time of one turn at this ``weight`` (more than 0)."""
    return max(1, round(STRIDE / weight))


@dataclass(slots=True)
class Seat:
    """A rep's place. ``turns`` counts turns and charges, ``last_turn`` is the number of the latest
    one, 0 before the first. ``credit`` is virtual time that the rep is owed."""

    rep: int
    virtual_time: int = 0
    turns: int = 0
    last_turn: int = 0
    credit: int = 0


class Standing(NamedTuple):
    """Where a rep present stands: the lowest ``time`` is next. Ties go to whoever's latest turn is
    longest ago, then to the lower id. ``used`` is the credit that a turn would use up."""

    time: int
    last_turn: int
    rep: int
    stride: int
    used: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the ledger: its number in the rotation, and the seat's time before and after.

    ``kind`` is "turn", "charge" or "credit"; of a credit, ``start`` and ``finish`` are the seat's
    credit before and after. ``used`` is the credit that a turn used up.
    """

    rotation: int
    kind: str
    rep: int
    number: int
    start: int
    finish: int
    used: int = 0


@dataclass(slots=True)
class Rotation:
    """A round of seats, by rep. ``virtual_time`` is the furthest start of a turn in order,
    ``turns`` the number of the latest entry, ``id`` whatever tells rotations apart."""

    virtual_time: int = 0
    turns: int = 0
    seats: dict[int, Seat] = field(default_factory=dict)
    id: int = 0

    def standings(self, present: Mapping[int, int]) -> list[Standing]:
        """Those ``present`` (rep -> stride), next first. Changes nothing."""
        found = []
        for rep, stride in present.items():
            seat = self.seats.get(rep) or Seat(rep)
            used = min(seat.credit, stride)
            found.append(Standing(self._time(seat) - used, seat.last_turn, rep, stride, used))
        return sorted(found)

    def _time(self, seat: Seat) -> int:
        """Its virtual time, or the rotation's where it is behind it."""
        return max(seat.virtual_time, self.virtual_time)

    def take(self, standing: Standing) -> Entry:
        """Give the turn to whoever stands first of those present."""
        self.virtual_time = max(self.virtual_time, standing.time)
        return self._move("turn", standing)

    def pass_to(self, standing: Standing) -> Entry:
        """Give the lead to one who stands further back: it counts, and is nobody's turn."""
        return self._move("charge", standing)

    def charge(self, rep: int, stride: int) -> Entry:
        """Count a lead that ``rep`` got without anybody having been asked. Uses up no credit."""
        seat = self.seats.get(rep) or Seat(rep)
        return self._move("charge", Standing(self._time(seat), seat.last_turn, rep, stride, 0))

    def credit(self, rep: int, amount: int) -> Entry:
        """Owe ``rep`` the virtual time that an earlier entry took: its finish less its start."""
        seat = self.seats.setdefault(rep, Seat(rep))
        before = seat.credit
        seat.credit += amount
        self.turns += 1
        return Entry(self.id, "credit", rep, self.turns, before, seat.credit)

    def _move(self, kind: str, standing: Standing) -> Entry:
        seat = self.seats.setdefault(standing.rep, Seat(standing.rep))
        self.turns += 1
        seat.virtual_time = standing.time + standing.stride
        seat.credit -= standing.used
        seat.turns += 1
        seat.last_turn = self.turns
        start, finish = standing.time, seat.virtual_time
        return Entry(self.id, kind, seat.rep, self.turns, start, finish, standing.used)

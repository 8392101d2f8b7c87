"""Whose priority window is when: each rep's place in the day moves on by one every working day
(GU4)."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

WORKING_DAYS = 5
"""Of a week, from Monday. Whoever works at a weekend has the place of the Monday after it."""


class Place(NamedTuple):
    """A rep's place in a day: the wall time at which the window begins."""

    rep: int
    begins: time


def places(first: time, last: time, minutes: int) -> list[time]:
    """When the windows of a day begin: one after the other, ``minutes`` long, all of them over by
    ``last`` (wall time of the same day)."""
    begins, until = datetime.combine(date.min, first), datetime.combine(date.min, last)
    room = int((until - begins) / timedelta(minutes=minutes))
    return [(begins + number * timedelta(minutes=minutes)).time() for number in range(room)]


def rota(
    members: Sequence[int],
    day: date,
    first: time,
    last: time,
    minutes: int,
    away: Collection[int] = (),
) -> list[Place]:
    """The place of each member who is there on ``day``, in the order of the day.

    Over as many working days as there are places each member has each place once, whoever is away
    meanwhile: the rotation goes on by the calendar, and who comes back is where they would be. Who
    is ``away`` is left out; of those who share a place some move to one that is free. More members
    than places share them, the same number each or one more; with whom changes whenever a round
    is through. Without room for one window nobody has any.
    """
    begins = places(first, last, minutes)
    if not begins:
        return []
    number = _working_day(day)
    # Who shares a place would share it with the same colleague for ever.
    shift = number // len(begins) if len(members) > len(begins) else 0
    held: list[list[int]] = [[] for _ in begins]
    for position, rep in enumerate(sorted(members)):
        if rep not in away:
            turned = (position + shift) % len(members)
            held[(turned + number) % len(begins)].append(rep)
    _spread(held)
    return [Place(rep, at) for at, reps in zip(begins, held, strict=True) for rep in sorted(reps)]


def _spread(held: list[list[int]]) -> None:
    """Move as few as it takes, until no place is shared by two more than another one is."""
    while True:
        fullest, emptiest = max(held, key=len), min(held, key=len)
        if len(fullest) - len(emptiest) < 2:
            return
        emptiest.append(fullest.pop())


def _working_day(day: date) -> int:
    """A number for ``day`` that grows by one from each working day to the next."""
    weeks, weekday = divmod(day.toordinal() - date.min.toordinal(), 7)  # that was a Monday
    return weeks * WORKING_DAYS + min(weekday, WORKING_DAYS)

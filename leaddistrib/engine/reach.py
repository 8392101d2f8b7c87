"""Rules that no lead can reach, found before they are published (RU4).

A rule is unreachable when its conditions contradict each other, or when the rules before it take
every lead that meets them. Each rule is spelled out into rows of probes, as for the matcher, and
each row becomes a *box*: for each field the cells (see `cells`) that it leaves. A box without a
cell in some field is empty; from the others the boxes of the earlier rules are cut away one by one,
and a rule of which nothing is left is unreachable.

What is found is certain: no lead reaches such a rule. Not everything is found:

- fields are looked at one by one. That a lead of 600 employees is never of the size "smb", that
  Paris is in France or that no score is above 100 is not known here;
- a rule of more than 64 alternatives is taken to be reachable, and to take nothing from others;
- so is a rule that earlier ones leave in more than 256 pieces;
- in a field in which rules ask for more than 4 different contained texts, or tell very many values
  apart, each question is taken to be independent of the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from leaddistrib.engine.cells import cells_of
from leaddistrib.engine.conditions import Condition
from leaddistrib.engine.rows import Probe, Row, TooManyRows, rows_of

MAX_PIECES = 256

Box = dict[object, int]
"""The cells that are left, by axis; an axis that is not named is left whole."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A rule, by index, that no lead reaches. ``because`` are the earlier rules that take all of
    its leads; none when its own conditions contradict each other."""

    rule: int
    because: tuple[int, ...] = ()


def unreachable(conditions: Sequence[Condition]) -> list[Unreachable]:
    """The rules, of those with these conditions in this order, that no lead can reach."""
    rows = [_rows(condition) for condition in conditions]
    axes = _Axes(probe for own in rows for row in own or () for probe in row)
    boxes = [
        None if own is None else [box for row in own if (box := axes.box(row)) is not None]
        for own in rows
    ]
    found = []
    for rule, own in enumerate(boxes):
        if own is None:
            continue
        because = axes.takers(own, boxes[:rule]) if own else ()
        if because is not None:
            found.append(Unreachable(rule, because))
    return found


def _rows(condition: Condition) -> list[Row] | None:
    try:
        return rows_of(condition)
    except TooManyRows:
        return None


class _Axes:
    """The axis of each field, with the mask of each probe on it."""

    def __init__(self, probes: Iterable[Probe]) -> None:
        by_field: defaultdict[str, set[Probe]] = defaultdict(set)
        for probe in probes:
            by_field[probe.field].add(probe._replace(wanted=True))
        self.whole: dict[object, int] = {}
        self.places: dict[Probe, tuple[object, int]] = {}
        for field, own in by_field.items():
            cells = cells_of(own)
            if cells is None:
                # Each question is an axis of its own: as if any answers went together.
                self.whole |= dict.fromkeys(own, 0b11)
                self.places |= {probe: (probe, 0b01) for probe in own}
                continue
            self.whole[field] = (1 << len(cells)) - 1
            for probe in own:
                mask = sum(1 << place for place, cell in enumerate(cells) if cell.passes(probe))
                self.places[probe] = (field, mask)

    def box(self, row: Row) -> Box | None:
        """The box of a row; None if it is empty."""
        box: Box = {}
        for probe in row:
            axis, mask = self.places[probe._replace(wanted=True)]
            if not probe.wanted:
                mask ^= self.whole[axis]
            box[axis] = box.get(axis, self.whole[axis]) & mask
            if not box[axis]:
                return None
        return box

    def takers(
        self, boxes: Sequence[Box], before: Sequence[Sequence[Box] | None]
    ) -> tuple[int, ...] | None:
        """The rules among those ``before`` that together take all of ``boxes``; None if they do
        not. One rule that takes them all is named alone."""
        takers = []
        left = list(boxes)
        for rule, own in enumerate(before):
            if not own or not any(_meet(mine, other) for mine in boxes for other in own):
                continue
            if not self._cut(boxes, own):
                return (rule,)
            rest = self._cut(left, own)
            if rest != left:
                takers.append(rule)
            left = rest
        return None if left else tuple(takers)

    def _cut(self, boxes: Sequence[Box], own: Iterable[Box]) -> list[Box]:
        """What the boxes of a rule leave of ``boxes``; all, if that were too many pieces."""
        left = list(boxes)
        for other in own:
            left = [piece for box in left for piece in self._without(box, other)]
            if len(left) > MAX_PIECES:
                return list(boxes)
        return left

    def _without(self, box: Box, other: Box) -> Iterator[Box]:
        """``box`` without ``other``, in pieces that do not overlap."""
        if not _meet(box, other):
            yield box
            return
        inside = dict(box)
        for axis, mask in other.items():
            here = inside.get(axis, self.whole[axis])
            if outside := here & ~mask:
                yield {**inside, axis: outside}
            inside[axis] = here & mask


def _meet(one: Box, other: Box) -> bool:
    return all(mask & one.get(axis, mask) for axis, mask in other.items())

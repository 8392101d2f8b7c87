"""What the values of a field can be, as far as rules can tell them apart.

The values of a field are parted into *cells*: values of one cell pass the same probes. An *axis* is
the cells of a field, and a probe is the mask of the cells whose values pass it, one bit for each.
There may be a cell that no value is in, but no value is without a cell: so whatever is true of all
cells is true of all values.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import combinations, pairwise
from math import inf

from leaddistrib.engine.fields import Number, as_number, as_text, is_blank
from leaddistrib.engine.rows import Probe

MAX_PARTS = 4
"""Texts to be contained that are looked at together; every set of them is a kind of cell."""

MAX_CELLS = 20_000

_OF_NUMBERS = frozenset("0123456789+-.e")  # how any number is written, as a text

Span = tuple[Number, Number]


@dataclass(frozen=True, slots=True)
class Cell:
    """Values that are alike: ``text`` exactly ("" for blank ones), or (None) any other text with
    ``start`` as the longest start that is asked for, and with ``parts`` in it. ``number`` is the
    span of the number that they are read as, open unless it is one number; None for no number."""

    blank: bool
    text: str | None
    start: str = ""
    parts: frozenset[str] = frozenset()
    number: Span | None = None

    def passes(self, probe: Probe) -> bool:
        """Whether the keys of ``probe`` are the keys of this cell's values (wanted or not)."""
        if probe.read is is_blank:
            return self.blank in probe.keys
        if probe.read is as_number:
            return self.number is not None and any(
                low <= self.number[0] and self.number[1] <= high for low, high in probe.keys
            )
        match probe.by:
            case int():
                whole = self.start if self.text is None else self.text
                return whole.startswith(tuple(probe.keys))
            case "part", part:
                return part in self.parts if self.text is None else part in self.text
        return self.text in probe.keys


def cells_of(probes: Iterable[Probe]) -> list[Cell] | None:
    """The cells that ``probes`` of one field can tell apart; None if they would be too many."""
    texts: set[str] = set()
    starts: set[str] = set()
    parts: set[str] = set()
    cuts: set[Number] = set()
    for probe in probes:
        if probe.read is as_number:
            cuts.update(end for span in probe.keys for end in span if end not in (inf, -inf))
        elif probe.read is as_text:
            match probe.by:
                case int():
                    starts |= probe.keys
                case "part", part:
                    parts.add(part)
                case _:
                    texts |= probe.keys
    numbers = _spans(cuts)
    if len(parts) > MAX_PARTS:
        return None
    if len(texts) * 3 + (len(starts) + 1) * 2 ** len(parts) * len(numbers) > MAX_CELLS:
        return None
    return [
        Cell(blank=True, text=""),
        *(Cell(False, text, number=one) for text in texts for one in _read_as(text, numbers)),
        *_other_texts(starts, parts, numbers),
    ]


def _spans(cuts: Iterable[Number]) -> list[Span | None]:
    """No number, each number that is asked for, and what lies between them."""
    line = [-inf, *sorted(cuts), inf]
    between = list(pairwise(line))
    return [None, *((cut, cut) for cut in line[1:-1]), *between]


def _read_as(text: str, numbers: Sequence[Span | None]) -> Iterator[Span | None]:
    """Where values that are this text as texts may lie as numbers: most texts are none.

    Some numbers are written as no numeral is ("1e+30"), so a text that is no number here may still
    be that of a number.
    """
    read: set[Number] = set()
    for number_of in (as_number, float, Decimal):
        with suppress(ValueError, InvalidOperation):
            number = number_of(text)
            if number is not None and Decimal(number).is_finite():
                read.add(number)
    for span in numbers:
        if span is None or any(
            span[0] == one == span[1] or span[0] < one < span[1] for one in read
        ):
            yield span


def _other_texts(
    starts: Set[str], parts: Set[str], numbers: Sequence[Span | None]
) -> Iterator[Cell]:
    """Texts that are not asked for exactly: by their longest start, parts and number."""
    for start in ("", *starts):
        for size in range(len(parts) + 1):
            for chosen in map(frozenset, combinations(parts, size)):
                # What is part of the start or of a part is part of the text.
                wholes = (start, *chosen)
                if any(part in whole for part in parts - chosen for whole in wholes):
                    continue
                may_be_number = _OF_NUMBERS.issuperset("".join(wholes))
                for number in numbers if may_be_number else numbers[:1]:
                    yield Cell(False, None, start, chosen, number)

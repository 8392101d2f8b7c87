"""The index of the matcher: a lead's value in a field -> the mask of the rows it leaves."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import chain
from math import inf
from typing import Any, NamedTuple

from leaddistrib.engine.fields import as_number, as_text, is_blank
from leaddistrib.engine.rows import By, Probe, Read

MAX_MASKS = 4096  # remembered by a column
MAX_KEY = 64  # characters of a text whose mask is remembered


class Table(NamedTuple):
    """Some probes of a field: its value is read, what was read has a key, and that has a mask.

    `default` is for the keys that no probe names, those of blank and unreadable values included.
    """

    read: Read
    key: Callable[[Any], Hashable]
    masks: Mapping[Hashable, int]
    default: int


class Column(dict[object, int]):
    """What the rules ask of one field: value -> mask of the rows it leaves.

    Leads are alike in country, industry or size, so the masks of the first MAX_MASKS values are
    remembered, and most values cost one look-up. The others are only slower.
    """

    __slots__ = ("as_numbers", "as_texts", "tables")

    def __init__(self, tables: Sequence[Table]) -> None:
        super().__init__()
        self.tables = tables
        self.as_numbers = any(table.read is as_number for table in tables)
        self.as_texts = any(table.read is as_text for table in tables)

    def __missing__(self, value: object) -> int:
        mask = self.mask(value)
        if len(self) < MAX_MASKS and self._keeps(value):
            self[value] = mask
        return mask

    def mask(self, value: object) -> int:
        """The mask of the rows that `value` leaves, worked out."""
        mask = -1
        for read, key, masks, default in self.tables:
            mask &= masks.get(key(read(value)), default)
        return mask

    def cannot_read(self, value: object) -> bool:
        """Whether a number is wanted, and `value` is there but is none."""
        return self.as_numbers and as_number(value) is None and not is_blank(value)

    def _keeps(self, value: object) -> bool:
        """Whether all that equals `value` is the same here: 1, 1.0 and True are equal, but read
        differently as texts, and True is no number.
        """
        if isinstance(value, str):
            return len(value) <= MAX_KEY
        return value is None or (not self.as_texts and isinstance(value, int) and value > 1)


def table_of(read: Read, by: By, probes: Mapping[int, list[Probe]], rows: int) -> Table:
    """The table of `probes` (by row) of one field, alike in `read` and `by`; `rows` masks all."""
    key = _key(by, probes)

    def keys(probe: Probe) -> frozenset[Any]:
        if by != "span":
            return probe.keys
        spans = (range(key(low), key(high) + 1) for low, high in probe.keys)
        return frozenset(chain.from_iterable(spans))

    default = rows
    for row, own in probes.items():
        if any(probe.wanted for probe in own):
            default ^= 1 << row
    masks: defaultdict[Hashable, int] = defaultdict(lambda: default)
    for row, own in probes.items():
        wanted = [keys(probe) for probe in own if probe.wanted]
        unwanted = frozenset[Any]().union(*(keys(probe) for probe in own if not probe.wanted))
        for one in frozenset.intersection(*wanted) - unwanted if wanted else unwanted:
            masks[one] ^= 1 << row  # on these keys the row's answer is not the default one
    return Table(read, key, dict(masks), default)


def _key(by: By, probes: Mapping[int, list[Probe]]) -> Callable[[Any], Any]:
    match by:
        case int(length):
            return lambda text: text[:length]
        case "part", part:
            return lambda text: part in text
        case "span":
            spans = chain.from_iterable(probe.keys for own in probes.values() for probe in own)
            cuts = sorted(set(chain.from_iterable(spans)) - {-inf, inf})
            # Counts the gaps between the cuts (even) and the cuts themselves (odd), in order
            return lambda number: (
                None if number is None else bisect_left(cuts, number) + bisect_right(cuts, number)
            )
    return lambda token: token

"""Which rule takes a lead: all rules asked at once, through an index of bit masks (RU1, RU2, RU5).

Each rule is spelled out into rows of probes (see `rows`), and each row is a bit, lower bits for
earlier rules. For each field, the index turns a lead's value into the mask of the rows that this
value does not rule out. The masks of all fields are ANDed, and the lowest bit that is left is the
first rule that matches. A thousand rules are thousand-bit integers, so they cost little more than
ten. What a field ruled out among the rows that still stood is the explanation, at no extra cost.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from math import inf
from typing import Any, NamedTuple

from leaddistrib.engine.conditions import Condition, evaluate
from leaddistrib.engine.fields import as_number, is_blank
from leaddistrib.engine.rows import By, Probe, Row, TooManyRows, rows_of

NOT_A_NUMBER = "not_a_number"

_BITS = bytes.maketrans(b"01", b"\0\1")


class Table(NamedTuple):
    """Key -> mask of the rows it does not rule out. `key` makes it of the value that was read."""

    key: Callable[[Any], Hashable] | None  # None: the value itself is the key
    masks: dict[Hashable, int]
    default: int  # for all other keys, blank and unreadable values among them


class Column(NamedTuple):
    """What the rules ask of one field, read in one way."""

    field: str
    read: Callable[[object], Any]
    tables: tuple[Table, ...]


def _table(by: By, probes: Mapping[int, list[Probe]], rows: int) -> Table:
    """The table of the `probes` that each row makes of one field; `rows` is the mask of all."""
    key = _key(by, probes)
    default = rows
    for row, own in probes.items():
        if any(probe.wanted for probe in own):
            default ^= 1 << row
    masks: defaultdict[Hashable, int] = defaultdict(lambda: default)
    for row, own in probes.items():
        wanted = [_keys(probe, key) for probe in own if probe.wanted]
        unwanted = frozenset().union(*(_keys(probe, key) for probe in own if not probe.wanted))
        for one in frozenset.intersection(*wanted) - unwanted if wanted else unwanted:
            masks[one] ^= 1 << row  # on these keys the row's answer is not the default one
    return Table(key, dict(masks), default)


def _key(by: By, probes: Mapping[int, list[Probe]]) -> Callable[[Any], Hashable] | None:
    match by:
        case int(length):
            return lambda text: text[:length]
        case "part", part:
            return lambda text: part in text
        case "span":
            spans = chain.from_iterable(probe.keys for own in probes.values() for probe in own)
            cuts = sorted(set(chain.from_iterable(spans)) - {-inf, inf})
            # Counts the gaps between the cuts (even) and the cuts themselves (odd) in order
            return lambda number: (
                None if number is None else bisect_left(cuts, number) + bisect_right(cuts, number)
            )
    return None


def _keys(probe: Probe, key: Callable[[Any], Any] | None) -> frozenset[Hashable]:
    if probe.by != "span" or key is None:
        return probe.keys
    return frozenset(
        chain.from_iterable(range(key(low), key(high) + 1) for low, high in probe.keys)
    )


@dataclass(frozen=True, slots=True)
class Miss:
    """A field on which `rules` (by index) failed, and the lead's value that they failed on.

    `field` "" stands for a rule that was asked as a whole. `note` is NOT_A_NUMBER when a number
    was wanted and the value cannot be read as one.
    """

    field: str
    actual: object
    rules: tuple[int, ...]
    note: str = ""

    def as_document(self) -> dict[str, object]:
        document = {"field": self.field, "actual": _plain(self.actual), "rules": [*self.rules]}
        return document | {"note": self.note} if self.note else document


def _plain(actual: object) -> object:
    """`actual` as JSON can hold it."""
    if actual is None or isinstance(actual, str | bool | int):
        return actual
    number = as_number(actual)
    return str(actual) if number is None else float(number)


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The rule that takes a lead (None: no rule does), and why each rule before it does not.

    A rule with alternatives stands in several misses, one for each field on which one failed.
    """

    index: int | None
    misses: tuple[Miss, ...]

    def as_document(self) -> dict[str, object]:
        """What is kept with a decision, as JSON-able data (RU5)."""
        return {"rule": self.index, "misses": [miss.as_document() for miss in self.misses]}


class Matcher:
    """Compiled rules. Never changes; any number of threads may ask it at once."""

    __slots__ = ("_columns", "_owners", "_rows", "_starts", "_whole")

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._owners: list[int] = []  # the rule of each row
        self._starts: list[int] = []  # the first row of each rule
        self._whole: dict[int, Condition] = {}  # rules that are asked as a whole
        rows: list[Row] = []
        for rule, condition in enumerate(conditions):
            try:
                alternatives = rows_of(condition)
            except TooManyRows:
                alternatives = []
            if not alternatives:
                self._whole[rule] = condition
                alternatives = [()]
            self._starts.append(len(rows))
            self._owners += [rule] * len(alternatives)
            rows += alternatives
        self._rows = (1 << len(rows)) - 1
        self._columns = self._index(rows)

    def _index(self, rows: list[Row]) -> tuple[Column, ...]:
        columns: dict[Any, dict[Any, dict[int, list[Probe]]]] = {}
        for row, probes in enumerate(rows):
            for probe in probes:
                tables = columns.setdefault((probe.field, probe.read), {})
                tables.setdefault(probe.by, {}).setdefault(row, []).append(probe)
        return tuple(
            Column(field, read, tuple(_table(by, own, self._rows) for by, own in tables.items()))
            for (field, read), tables in columns.items()
        )

    def first(self, values: Mapping[str, object]) -> int | None:
        """The index of the first rule that matches a lead's `values` (by field name, flat)."""
        rows = self._rows
        for field, read, tables in self._columns:
            value = read(values.get(field))
            for key, masks, default in tables:
                rows &= masks.get(value if key is None else key(value), default)
        return self._lowest(rows, values)

    def explain(self, values: Mapping[str, object]) -> RuleMatch:
        """As `first`, with what each field ruled out on the way (RU5)."""
        rows = self._rows
        lost: dict[tuple[str, str], int] = {}
        for field, read, tables in self._columns:
            value = read(values.get(field))
            left = rows
            for key, masks, default in tables:
                left &= masks.get(value if key is None else key(value), default)
            if left != rows:
                unreadable = read is as_number and value is None and not is_blank(values.get(field))
                miss = field, NOT_A_NUMBER if unreadable else ""
                lost[miss] = lost.get(miss, 0) | (rows ^ left)
                rows = left
        index = self._lowest(rows, values)
        before = self._rows if index is None else (1 << self._starts[index]) - 1
        misses = [
            Miss(field, values.get(field), self._rules(mask & before), note)
            for (field, note), mask in lost.items()
            if mask & before
        ]
        if whole := tuple(rule for rule in self._whole if index is None or rule < index):
            misses.append(Miss("", None, whole))
        return RuleMatch(index, tuple(misses))

    def _lowest(self, rows: int, values: Mapping[str, object]) -> int | None:
        while rows:
            lowest = rows & -rows
            rule = self._owners[lowest.bit_length() - 1]
            if rule not in self._whole or evaluate(self._whole[rule], values):
                return rule
            rows ^= lowest
        return None

    def _rules(self, mask: int) -> tuple[int, ...]:
        """The rules of the rows in `mask`, each once."""
        bits = bin(mask)[:1:-1].encode().translate(_BITS)
        return tuple(dict.fromkeys(compress(self._owners, bits)))


def compile_rules(conditions: Sequence[Condition]) -> Matcher:
    """The matcher of rules whose conditions stand in this order (RU2)."""
    return Matcher(conditions)

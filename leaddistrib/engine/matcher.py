"""Which rule takes a lead: all rules asked at once, through an index of bit masks (RU1, RU2, RU5).

Each rule is spelled out into rows of probes (see `rows`), and each row is a bit, lower bits for
earlier rules. For each field, the index turns a lead's value into the mask of the rows that this
value does not rule out. The masks of all fields are ANDed, and the lowest bit that is left is the
first rule that matches. A thousand rules are thousand-bit integers, so they cost little more than
ten. What a field ruled out among the rows that still stood is the explanation, at no extra cost.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from math import isfinite
from typing import NamedTuple

from leaddistrib.engine.columns import Column, table_of
from leaddistrib.engine.conditions import Condition, evaluate
from leaddistrib.engine.rows import By, Probe, Read, Row, TooManyRows, rows_of

NOT_A_NUMBER = "not_a_number"

MAX_ACTUAL = 200  # characters of a lead's value that are kept with a miss
MAX_LISTS = 256  # long lists of rules that are remembered
FEW = 12  # rules that are quicker listed one by one

_BITS = bytes.maketrans(b"01", b"\0\1")


class Miss(NamedTuple):
    """A field on which `rules` (by index) failed, and the lead's value that they failed on.

    `field` "" stands for rules that were asked as a whole. `note` is NOT_A_NUMBER when the rules
    want a number of the field and the value cannot be read as one.
    """

    field: str
    actual: object
    rules: tuple[int, ...]
    note: str = ""

    def as_document(self) -> dict[str, object]:
        """What is kept with a decision, as JSON-able data."""
        document = {"field": self.field, "actual": _plain(self.actual), "rules": [*self.rules]}
        return document | {"note": self.note} if self.note else document


def _plain(actual: object) -> object:
    """`actual` as JSON can hold it, at a length that is worth keeping with every decision."""
    if (
        actual is None
        or isinstance(actual, int)
        or (isinstance(actual, float) and isfinite(actual))
    ):
        return actual
    text = str(actual)
    return text if len(text) <= MAX_ACTUAL else f"{text[:MAX_ACTUAL]}…"


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The rule that takes a lead (None: no rule does), and why each rule before it does not.

    There is at most one miss for each field. A rule with alternatives stands in several, one for
    each field on which one of them failed.
    """

    index: int | None
    misses: tuple[Miss, ...]

    def as_document(self) -> dict[str, object]:
        """What is kept with a decision, as JSON-able data (RU5)."""
        return {"rule": self.index, "misses": [miss.as_document() for miss in self.misses]}


class Matcher:
    """Compiled rules. Any number of threads may ask it at once."""

    __slots__ = ("_columns", "_listed", "_owners", "_rows", "_starts", "_whole")

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
        self._listed = lru_cache(MAX_LISTS)(self._list)

    def _index(self, rows: list[Row]) -> tuple[tuple[str, Column], ...]:
        columns: dict[str, dict[tuple[Read, By], dict[int, list[Probe]]]] = {}
        for row, probes in enumerate(rows):
            for probe in probes:
                tables = columns.setdefault(probe.field, {})
                tables.setdefault((probe.read, probe.by), {}).setdefault(row, []).append(probe)
        return tuple(
            (
                field,
                Column([table_of(*how, own, self._rows) for how, own in tables.items()]),
            )
            for field, tables in columns.items()
        )

    def first(self, values: Mapping[str, object]) -> int | None:
        """The index of the first rule that matches a lead's `values` (by field name, flat)."""
        rows = self._rows
        for field, column in self._columns:
            value = values.get(field)
            try:
                rows &= column[value]
            except TypeError:  # a list or a mapping, which cannot be looked up
                rows &= column.mask(value)
        return self._lowest(rows, values)

    def explain(self, values: Mapping[str, object]) -> RuleMatch:
        """As `first`, with what each field ruled out on the way (RU5)."""
        rows = self._rows
        lost: list[tuple[str, object, int, bool]] = []
        for field, column in self._columns:
            value = values.get(field)
            try:
                left = rows & column[value]
            except TypeError:
                left = rows & column.mask(value)
            if left != rows:
                lost.append((field, value, rows ^ left, column.cannot_read(value)))
                rows = left
        index = self._lowest(rows, values)
        before = self._rows if index is None else (1 << self._starts[index]) - 1
        misses = [
            Miss(field, value, self._rules(mask, before), NOT_A_NUMBER if unreadable else "")
            for field, value, mask, unreadable in lost
            if mask & before
        ]
        if whole := tuple(rule for rule in self._whole if index is None or rule < index):
            misses.append(Miss("", None, whole))
        return RuleMatch(index, tuple(misses))

    def _lowest(self, rows: int, values: Mapping[str, object]) -> int | None:
        """The rule of the lowest row left, once rules that are asked as a whole were asked."""
        while rows:
            lowest = rows & -rows
            rule = self._owners[lowest.bit_length() - 1]
            if rule not in self._whole or evaluate(self._whole[rule], values):
                return rule
            rows ^= lowest
        return None

    def _rules(self, mask: int, before: int) -> tuple[int, ...]:
        """The rules of the rows in `mask`, in order, each once, as far as they stand `before`."""
        within = mask & before
        if within.bit_count() > FEW:
            # Long lists come back, as leads do: it is the whole list that is worth keeping
            rules = self._listed(mask)
            return rules[: bisect_left(rules, self._owners[before.bit_length() - 1] + 1)]
        found: dict[int, None] = {}
        owners = self._owners
        while within:  # from the highest row, because numbers that get shorter get cheaper
            row = within.bit_length() - 1
            found[owners[row]] = None
            within ^= 1 << row
        return tuple(reversed(found))

    def _list(self, mask: int) -> tuple[int, ...]:
        bits = bin(mask)[:1:-1].encode().translate(_BITS)
        return tuple(dict.fromkeys(compress(self._owners, bits)))


def compile_rules(conditions: Sequence[Condition]) -> Matcher:
    """The matcher of rules whose conditions stand in this order (RU2)."""
    return Matcher(conditions)

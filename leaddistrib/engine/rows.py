"""Spells a rule out into rows, the form in which the matcher can index it (RU2).

A *row* is a list of probes that must all succeed; a rule has one row for each of its
alternatives (its disjunctive normal form).
"""

from collections.abc import Callable, Hashable, Iterable
from itertools import chain, product
from math import inf
from typing import Any, NamedTuple

from leaddistrib.engine.conditions import All, Always, Any_, Condition, Leaf, Not
from leaddistrib.engine.fields import as_number, as_text, is_blank

MAX_ROWS = 64  # of one rule

Read = Callable[[object], Any]
By = str | int | tuple[str, str]


class Probe(NamedTuple):
    """One probe of a row: is (or, if not `wanted`, is not) the key of the field's value in `keys`?

    `read` says how the value is read: as text, as a number, as blank or not. `by` says what key
    is made of it: "" the value itself, "span" where it lies among numbers (`keys` are then
    inclusive pairs), an integer that many characters of its start, ("part", text) whether it
    contains the text.
    """

    field: str
    read: Read
    by: By
    keys: frozenset[Any]
    wanted: bool = True


Row = tuple[Probe, ...]


class TooManyRows(Exception):
    """A rule would need more than MAX_ROWS rows."""


def rows_of(condition: Condition, wanted: bool = True) -> list[Row]:
    """The rows of which one must pass for `condition` to be `wanted`; TooManyRows if too many.

    Negation moves inwards (De Morgan) and ends in the probes, which are exact: a probe and its
    opposite never agree, whatever the value.
    """
    match condition:
        case Always():
            return [()] if wanted else []
        case Not(inner):
            return rows_of(inner, not wanted)
        case Leaf():
            opposite = condition.op in ("ne", "not_in")
            return [(probe_of(condition)._replace(wanted=wanted is not opposite),)]
        case All(conditions) | Any_(conditions):
            parts = [rows_of(inner, wanted) for inner in conditions]
    if isinstance(condition, All) is wanted:
        return _each_with_each(parts)
    return _at_most(_folded(chain.from_iterable(parts)))


def probe_of(leaf: Leaf) -> Probe:
    """The probe that succeeds where `leaf` holds (where it does not, for ne and not_in)."""
    field, value = leaf.field, leaf.value
    match leaf.op, value:
        case "is_blank", bool():
            return Probe(field, is_blank, "", frozenset({value}))
        case "contains", str():
            return Probe(field, as_text, ("part", as_text(value)), frozenset({True}))
        case "starts_with", str():
            start = as_text(value)
            return Probe(field, as_text, len(start), frozenset({start}))
        case "between", (low, high):
            return Probe(field, as_number, "span", frozenset({(low, high)}))
        case "gte", _:
            return Probe(field, as_number, "span", frozenset({(value, inf)}))
        case "lte", _:
            return Probe(field, as_number, "span", frozenset({(-inf, value)}))
    values = value if isinstance(value, tuple) else (value,)
    if isinstance(values[0], str):
        return Probe(field, as_text, "", frozenset(map(as_text, values)))
    return Probe(field, as_number, "span", frozenset((one, one) for one in values))


def _each_with_each(parts: Iterable[list[Row]]) -> list[Row]:
    rows: list[Row] = [()]
    for part in parts:
        rows = _at_most([left + right for left, right in product(rows, part)])
    return rows


def _folded(rows: Iterable[Row]) -> list[Row]:
    """Alternatives that ask the same of the same field become one: "is FR, or is BE" is one set."""
    folded: dict[Hashable, Row] = {}
    for row in rows:
        probe = row[0] if len(row) == 1 else None
        alike = probe[:3] if probe and probe.wanted else row
        if probe and alike in folded:
            row = (probe._replace(keys=probe.keys | folded[alike][0].keys),)
        folded[alike] = row
    return list(folded.values())


def _at_most(rows: list[Row]) -> list[Row]:
    if len(rows) > MAX_ROWS:
        raise TooManyRows
    return rows

"""The operators of rules: one table of what each accepts and when it holds (RU1).

On a blank value every operator is false, except `is_blank` and the two exact negations `ne`
and `not_in`. A value that cannot be read as a number is to a numeric operator as a blank one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from leaddistrib.engine.errors import ConditionError, shown
from leaddistrib.engine.fields import Field, Kind, Number, as_number, as_text, is_blank

MAX_TEXT = 500
MAX_LIST = 1000

Scalar = str | Number
Value = Scalar | tuple[Scalar, ...] | bool


@dataclass(frozen=True, slots=True)
class Operator:
    """`check(field, value, path)` gives the value to keep, or raises ConditionError.

    `holds(actual, value)` says whether a lead's value passes; `value` is one that was checked.
    """

    name: str
    kinds: frozenset[Kind]
    check: Callable[[Field, object, str], Value]
    holds: Callable[[object, Any], bool]


def _text(_field: Field, value: object, path: str) -> str:
    if not isinstance(value, str):
        raise ConditionError("text_expected", path, found=shown(value))
    if is_blank(value):
        raise ConditionError("blank_value", path)
    if len(value) > MAX_TEXT:
        raise ConditionError("text_too_long", path, limit=MAX_TEXT)
    if "\0" in value:  # which PostgreSQL cannot keep
        raise ConditionError("nul_character", path)
    return value.strip()


def _number(_field: Field, value: object, path: str) -> Number:
    number = as_number(value)
    if number is None:
        raise ConditionError("number_expected", path, found=shown(value))
    return number


def _scalar(field: Field, value: object, path: str) -> Scalar:
    if field.kind == "number":
        return _number(field, value, path)
    if field.kind == "text" or isinstance(value, str):
        return _text(field, value, path)
    if isinstance(value, bool):  # a host's yes/no attribute; compared as the text "true"
        return as_text(value)
    if as_number(value) is None:
        raise ConditionError("text_or_number_expected", path, found=shown(value))
    return _number(field, value, path)


def _list(field: Field, value: object, path: str) -> tuple[Scalar, ...]:
    if not isinstance(value, list | tuple):
        raise ConditionError("list_expected", path, found=shown(value))
    if not value:
        raise ConditionError("empty_list", path)
    if len(value) > MAX_LIST:
        raise ConditionError("list_too_long", path, limit=MAX_LIST)
    values = tuple(_scalar(field, item, f"{path}[{i}]") for i, item in enumerate(value))
    if len({isinstance(one, str) for one in values}) > 1:
        raise ConditionError("mixed_list", path)
    return values


def _range(field: Field, value: object, path: str) -> tuple[Number, Number]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ConditionError("range_expected", path, found=shown(value))
    low, high = (_number(field, item, f"{path}[{i}]") for i, item in enumerate(value))
    if low > high:
        raise ConditionError("range_reversed", path, low=low, high=high)
    return low, high


def _true_or_false(_field: Field, value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise ConditionError("true_or_false_expected", path, found=shown(value))
    return value


def _eq(actual: object, value: Scalar) -> bool:
    """The rule's value decides how the lead's is read: as a text or as a number."""
    if isinstance(value, str):
        return as_text(actual) == as_text(value)
    return as_number(actual) == value


def _in(actual: object, values: Sequence[Scalar]) -> bool:
    return any(_eq(actual, value) for value in values)


def _gte(actual: object, low: Number) -> bool:
    number = as_number(actual)
    return number is not None and number >= low


def _lte(actual: object, high: Number) -> bool:
    number = as_number(actual)
    return number is not None and number <= high


def _between(actual: object, ends: tuple[Number, Number]) -> bool:
    return _gte(actual, ends[0]) and _lte(actual, ends[1])


def _contains(actual: object, part: str) -> bool:
    return as_text(part) in as_text(actual)


def _starts_with(actual: object, start: str) -> bool:
    return as_text(actual).startswith(as_text(start))


def _is_blank(actual: object, blank: bool) -> bool:
    return is_blank(actual) is blank


def _opposite(holds: Callable[[object, Any], bool]) -> Callable[[object, Any], bool]:
    return lambda actual, value: not holds(actual, value)


_ALL: frozenset[Kind] = frozenset({"text", "number", "any"})
_TEXT: frozenset[Kind] = frozenset({"text", "any"})
_NUMBER: frozenset[Kind] = frozenset({"number", "any"})

_TABLE = (
    Operator("eq", _ALL, _scalar, _eq),
    Operator("ne", _ALL, _scalar, _opposite(_eq)),
    Operator("in", _ALL, _list, _in),
    Operator("not_in", _ALL, _list, _opposite(_in)),
    Operator("gte", _NUMBER, _number, _gte),
    Operator("lte", _NUMBER, _number, _lte),
    Operator("between", _NUMBER, _range, _between),
    Operator("contains", _TEXT, _text, _contains),
    Operator("starts_with", _TEXT, _text, _starts_with),
    Operator("is_blank", _ALL, _true_or_false, _is_blank),
)

OPERATORS: Mapping[str, Operator] = MappingProxyType({one.name: one for one in _TABLE})


def operators_for(field: Field) -> tuple[str, ...]:
    """The names of the operators that work on `field`, in the order a form shows them."""
    return tuple(name for name, operator in OPERATORS.items() if field.kind in operator.kinds)


def operator_named(name: object, field: Field, path: str = "") -> Operator:
    """The operator called `name`, if it works on `field`; ConditionError at `path` otherwise."""
    operator = OPERATORS.get(name) if isinstance(name, str) else None
    known = ", ".join(operators_for(field))
    if operator is None:
        raise ConditionError("unknown_operator", path, name=shown(name), known=known)
    if field.kind not in operator.kinds:
        raise ConditionError(
            "operator_not_for_field", path, op=operator.name, field=field.name, known=known
        )
    return operator

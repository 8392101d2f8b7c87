"""A rule's conditions: a small tree, checked when it is read, plain to evaluate (RU1).

A document is `{}` (always), or a tree of `{all: […]}`, `{any: […]}`, `{not: …}` and leaves
`{field, op, value}`. `{}` stands for the whole rule only: inside a group it would be a
forgotten condition that makes the rule take every lead.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from leaddistrib.engine.errors import ConditionError, shown
from leaddistrib.engine.fields import FIELDS, Field, field_named
from leaddistrib.engine.operators import OPERATORS, Value, operator_named

MAX_DEPTH = 8  # groups around a leaf
MAX_LEAVES = 200


@dataclass(frozen=True, slots=True)
class Always:
    """Every lead passes: the condition of a catch-all."""


@dataclass(frozen=True, slots=True)
class All:
    """A lead passes that passes each of the conditions."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any_:  # noqa: N801 - `Any` is the name of a type
    """A lead passes that passes one of the conditions or more."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A lead passes that does not pass the condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A lead passes whose `field` stands in the relation `op` to `value` (a checked one)."""

    field: str
    op: str
    value: Value


Condition = Always | All | Any_ | Not | Leaf


def parse(document: object, path: str = "when", fields: Mapping[str, Field] = FIELDS) -> Condition:
    """The condition that `document` (JSON or YAML data) describes. `fields` are those it may ask
    about by name, with the host's own; other attributes may be anything.

    Raises ConditionError for the first fault, with the path to it from `path`.
    """
    if document == {}:
        return Always()
    leaves = 0

    def tree(node: object, path: str, depth: int) -> Condition:
        if not isinstance(node, Mapping):
            raise ConditionError("not_a_condition", path, found=shown(node))
        if not node:
            raise ConditionError("empty_group", path)
        group = next((key for key in ("all", "any", "not") if key in node), None)
        if group is None:
            return leaf(node, path)
        _only(node, {group}, path)
        if depth == MAX_DEPTH:
            raise ConditionError("too_deep", path, limit=MAX_DEPTH)
        inner = node[group]
        if group == "not":
            return Not(tree(inner, f"{path}.not", depth + 1))
        if not isinstance(inner, list | tuple):
            raise ConditionError("not_a_list", f"{path}.{group}", found=shown(inner))
        if not inner:
            raise ConditionError("empty_group", f"{path}.{group}")
        conditions = tuple(
            tree(item, f"{path}.{group}[{i}]", depth + 1) for i, item in enumerate(inner)
        )
        return All(conditions) if group == "all" else Any_(conditions)

    def leaf(node: Mapping[object, object], path: str) -> Leaf:
        nonlocal leaves
        leaves += 1
        if leaves > MAX_LEAVES:
            raise ConditionError("too_many_conditions", path, limit=MAX_LEAVES)
        if node.get("op") == "is_blank":
            node = {"value": True, **node}
        _only(node, {"field", "op", "value"}, path)
        if missing := [key for key in ("field", "op", "value") if key not in node]:
            raise ConditionError("missing_key", path, keys=", ".join(missing))
        field = field_named(node["field"], f"{path}.field", fields)
        operator = operator_named(node["op"], field, f"{path}.op")
        value = operator.check(field, node["value"], f"{path}.value")
        return Leaf(field.name, operator.name, value)

    return tree(document, path, 0)


def _only(node: Mapping[object, object], allowed: set[str], path: str) -> None:
    if extra := [shown(key) for key in node if key not in allowed]:
        raise ConditionError(
            "unknown_key", path, keys=", ".join(extra), allowed=", ".join(sorted(allowed))
        )


def to_document(condition: Condition) -> dict[str, object]:
    """The document of `condition`, as JSON-able data; `parse` gives the same condition back."""
    match condition:
        case Always():
            return {}
        case All(conditions):
            return {"all": [to_document(inner) for inner in conditions]}
        case Any_(conditions):
            return {"any": [to_document(inner) for inner in conditions]}
        case Not(inner):
            return {"not": to_document(inner)}
        case Leaf(field, op, value):
            plain = list(value) if isinstance(value, tuple) else value
            return {"field": field, "op": op, "value": plain}


def evaluate(condition: Condition, values: Mapping[str, object]) -> bool:
    """Whether a lead with these `values` (by field name, flat) passes: the plain meaning.

    The matcher gives the same answers faster; this is what it is held against.
    """
    match condition:
        case Always():
            return True
        case All(conditions):
            return all(evaluate(inner, values) for inner in conditions)
        case Any_(conditions):
            return any(evaluate(inner, values) for inner in conditions)
        case Not(inner):
            return not evaluate(inner, values)
        case Leaf(field, op, value):
            return OPERATORS[op].holds(values.get(field), value)

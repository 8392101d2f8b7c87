"""Random rules and leads, and what is plainly true of them, to hold the matcher against."""

from collections.abc import Mapping
from decimal import Decimal
from math import inf, nan

from hypothesis import strategies as st

from leaddistrib.engine.conditions import All, Always, Any_, Condition, Leaf, Not
from leaddistrib.engine.operators import OPERATORS

# Few values, so that rules and leads often meet
TEXTS = ["FR", " fr ", "BE", "Straße", "STRASSE", "strasse 10", "10"]
NUMBERS = [-1, 0, 9.5, 10, 11, 10**20]
ODD = [None, " ", "nan", "1_0", True, nan, inf, Decimal("10"), [], ["FR"]]

texts = st.sampled_from(TEXTS)
numbers = st.sampled_from(NUMBERS)
ranges = st.tuples(numbers, numbers).map(sorted).map(list)


def some(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(values, min_size=1, max_size=4)


VALUES: Mapping[str, Mapping[str, st.SearchStrategy[object]]] = {
    "text": {"one": texts, "many": some(texts), "contains": texts, "starts_with": texts},
    "number": {
        "one": numbers,
        "many": some(numbers),
        "gte": numbers,
        "lte": numbers,
        "between": ranges,
    },
    "any": {
        "one": texts | numbers | st.booleans(),
        "many": some(texts | st.booleans()) | some(numbers),
        "contains": texts,
        "starts_with": texts,
        "gte": numbers,
        "lte": numbers,
        "between": ranges,
    },
}
KINDS = {
    "country": "text",
    "postal_code": "text",
    "employees": "number",
    "score": "number",
    "attributes.size": "any",
}


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, object]:
    field = draw(st.sampled_from(sorted(KINDS)))
    values = VALUES[KINDS[field]]
    special = [op for op in values if op not in ("one", "many")]
    op = draw(st.sampled_from(["eq", "ne", "in", "not_in", "is_blank", *special]))
    value: object
    match op:
        case "is_blank":
            value = draw(st.booleans())
        case "in" | "not_in":
            value = draw(values["many"])
        case _:
            value = draw(values.get(op, values["one"]))
    return {"field": field, "op": op, "value": value}


trees = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.builds(lambda items: {"all": items}, st.lists(inner, min_size=1, max_size=4)),
        st.builds(lambda items: {"any": items}, st.lists(inner, min_size=1, max_size=4)),
        st.builds(lambda item: {"not": item}, inner),
    ),
    max_leaves=12,
)

MET: Mapping[str, st.SearchStrategy[object]] = {
    "text": texts,
    "number": numbers | st.sampled_from(["10", " -1.0 "]),
    "any": texts | numbers,
}
# A field that is left out is missing from the lead
leads = st.fixed_dictionaries(
    {}, optional={field: MET[kind] | st.sampled_from(ODD) for field, kind in KINDS.items()}
)


def depth(document: object) -> int:
    """How many groups stand around the deepest leaf."""
    if isinstance(document, list):
        return max(map(depth, document))
    assert isinstance(document, dict)
    inner = [document[key] for key in ("all", "any", "not") if key in document]
    return 1 + depth(inner[0]) if inner else 0


def failing_fields(
    condition: Condition, values: Mapping[str, object], wanted: bool = True
) -> set[str]:
    """The fields of the leaves that stand in the way of `condition` being `wanted`."""
    match condition:
        case Always():
            return set()
        case Not(inner):
            return failing_fields(inner, values, not wanted)
        case Leaf(field, op, value):
            return {field} if OPERATORS[op].holds(values.get(field), value) is not wanted else set()
        case All(conditions) | Any_(conditions):
            return set().union(*(failing_fields(inner, values, wanted) for inner in conditions))

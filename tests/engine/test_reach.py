"""Rules that no lead can reach are found, and no rule is called so that some lead reaches (RU4)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaddistrib.engine import cells, reach
from leaddistrib.engine.conditions import Condition, Leaf, evaluate, parse
from leaddistrib.engine.reach import Unreachable, unreachable
from tests.engine.oracle import leads, leaves, trees


def leaf(field, op, value):
    return {"field": field, "op": op, "value": value}


FRANCE, BELGIUM = leaf("country", "eq", "FR"), leaf("country", "eq", "BE")


def found(*whens):
    return unreachable([parse(when) for when in whens])


def first(conditions: list[Condition], values: dict[str, object]) -> int | None:
    """The rule that takes a lead, by the plain meaning."""
    return next((n for n, one in enumerate(conditions) if evaluate(one, values)), None)


RULES = st.lists(trees | leaves(), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(RULES, st.lists(leads, min_size=40, max_size=40))
def test_a_rule_that_some_lead_reaches_is_never_called_unreachable(whens, some_leads):
    conditions = [parse(when) for when in whens]

    called = {one.rule for one in unreachable(conditions)}

    assert not called & {first(conditions, values) for values in some_leads}


def around(value: object) -> list[object]:
    """Values on both sides of what a rule compares with."""
    if isinstance(value, str):
        return [value, value.upper(), f"{value}x", f"x{value}", f"x {value} y", value[:-1], "other"]
    if isinstance(value, bool):
        return [value, None, "x"]
    if isinstance(value, int | float):
        return [value, str(value), value - 0.5, value + 0.5, value - 10**30, value + 10**30]
    return []


def grid(conditions: list[Condition], field: str) -> list[object]:
    """Values of a field that the rules can tell apart, and some that they cannot."""
    values: list[object] = [None, "", " ", True, [], "zzz", 10**40, 1e300]
    for condition in conditions:
        if isinstance(condition, Leaf) and condition.field == field:
            own = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            for value in own:
                values += around(value)
    return values


FIELD = "attributes.size"
ON_ONE_FIELD = st.lists(leaves().filter(lambda one: one["field"] == FIELD), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(ON_ONE_FIELD)
def test_a_value_just_beside_what_is_asked_for_reaches_no_rule_called_unreachable(whens):
    conditions = [parse(when) for when in whens]
    reached = {first(conditions, {FIELD: value}) for value in grid(conditions, FIELD)}

    called = {one.rule for one in unreachable(conditions)}

    assert not called & reached


@pytest.mark.parametrize(
    "when",
    [
        {"all": [FRANCE, BELGIUM]},
        {"all": [FRANCE, {"not": FRANCE}]},
        {"all": [FRANCE, leaf("country", "is_blank", True)]},
        {"all": [FRANCE, leaf("country", "not_in", ["fr", "BE"])]},
        {"all": [leaf("country", "in", ["FR", "BE"]), leaf("country", "in", ["DE", "LU"])]},
        {"all": [leaf("score", "gte", 80), leaf("score", "lte", 40)]},
        {"all": [leaf("score", "between", [40, 60]), leaf("score", "between", [61, 80])]},
        {"all": [leaf("score", "gte", 80), {"not": leaf("score", "gte", 40)}]},
        {"all": [leaf("score", "eq", 50), leaf("score", "ne", 50)]},
        {"all": [leaf("score", "eq", 50), leaf("score", "is_blank", True)]},
        {"all": [leaf("city", "eq", "Paris"), leaf("city", "starts_with", "Ly")]},
        {"all": [leaf("city", "starts_with", "Pa"), leaf("city", "starts_with", "Ly")]},
        {"all": [leaf("city", "eq", "Paris"), {"not": leaf("city", "contains", "ari")}]},
        {"all": [leaf("city", "starts_with", "Paris"), {"not": leaf("city", "contains", "ari")}]},
        {"all": [leaf("city", "contains", "Paris"), {"not": leaf("city", "contains", "ari")}]},
        {"all": [leaf("attributes.plan", "eq", "gold"), leaf("attributes.plan", "gte", 3)]},
        {"all": [leaf("attributes.plan", "starts_with", "g"), leaf("attributes.plan", "gte", 3)]},
        {"any": [{"all": [FRANCE, BELGIUM]}, {"not": {"any": [FRANCE, {"not": FRANCE}]}}]},
    ],
)
def test_conditions_that_contradict_each_other_are_found(when):
    assert found(when, {}) == [Unreachable(0)]


@pytest.mark.parametrize(
    ("whens", "expected"),
    [
        ([FRANCE, FRANCE, {}], [Unreachable(1, (0,))]),
        ([FRANCE, {"all": [FRANCE, leaf("score", "gte", 80)]}, {}], [Unreachable(1, (0,))]),
        ([leaf("score", "gte", 40), leaf("score", "gte", 80), {}], [Unreachable(1, (0,))]),
        ([FRANCE, BELGIUM, leaf("country", "in", ["BE", "FR"])], [Unreachable(2, (0, 1))]),
        # What one earlier rule takes alone is said of it alone
        ([BELGIUM, leaf("country", "in", ["BE", "FR"]), FRANCE], [Unreachable(2, (1,))]),
        ([FRANCE, {"not": FRANCE}, {}], [Unreachable(2, (0, 1))]),
        ([{}, FRANCE, {}], [Unreachable(1, (0,)), Unreachable(2, (0,))]),
        (
            [
                leaf("score", "gte", 40),
                leaf("score", "lte", 40),
                {"not": leaf("score", "is_blank", True)},
            ],
            [],  # a score that is no number meets neither
        ),
        (
            [
                leaf("score", "gte", 40),
                leaf("score", "lte", 50),
                leaf("score", "between", [0, 100]),
            ],
            [Unreachable(2, (0, 1))],
        ),
        (
            [
                {"all": [FRANCE, leaf("score", "gte", 50)]},
                {"all": [FRANCE, {"not": leaf("score", "gte", 50)}]},
                {"all": [FRANCE, leaf("city", "eq", "Paris")]},
                {},
            ],
            [Unreachable(2, (0, 1))],
        ),
        (
            [leaf("city", "starts_with", "Pa"), leaf("city", "in", ["Paris", "PAU"])],
            [Unreachable(1, (0,))],
        ),
        (
            [leaf("city", "contains", "ar"), leaf("city", "starts_with", "par")],
            [Unreachable(1, (0,))],
        ),
        # A contradiction takes nothing from those after it
        ([{"all": [FRANCE, BELGIUM]}, FRANCE, {}], [Unreachable(0)]),
    ],
)
def test_rules_whose_leads_earlier_ones_take_are_found_with_those_that_take_them(whens, expected):
    assert found(*whens) == expected


@pytest.mark.parametrize(
    "whens",
    [
        [FRANCE, BELGIUM, {}],
        [leaf("score", "gte", 80), leaf("score", "gte", 40), {}],
        [{"all": [FRANCE, leaf("score", "gte", 80)]}, FRANCE, {}],
        [{"any": [FRANCE, leaf("score", "gte", 80)]}, {"any": [BELGIUM, FRANCE]}, {}],
        [leaf("city", "starts_with", "Pa"), leaf("city", "contains", "ris"), {}],
        [{"all": [leaf("city", "contains", part) for part in "abcdefgh"]}, {}],
    ],
)
def test_rules_that_are_reached_are_left_alone(whens):
    assert found(*whens) == []


def test_many_contained_texts_are_still_found_to_contradict_themselves():
    asked = [leaf("city", "contains", part) for part in "abcdefgh"]

    assert found({"all": [*asked, {"not": asked[3]}]}, {}) == [Unreachable(0)]


def test_a_rule_with_too_many_alternatives_is_neither_called_unreachable_nor_held_against_others():
    asked = [leaf(field, "eq", "x") for field in ("country", "city", "industry", "product")]
    wide = {
        "all": [{"any": [one, leaf("source", "eq", str(n))]} for n, one in enumerate(asked * 2)]
    }

    assert found(wide, wide, {}) == []


def test_a_rule_that_falls_into_too_many_pieces_is_not_called_unreachable(monkeypatch):
    monkeypatch.setattr(reach, "MAX_PIECES", 1)
    high = leaf("score", "gte", 50)
    halves = [{"all": [FRANCE, high]}, {"all": [FRANCE, {"not": high}]}]

    assert found(*halves, {"all": [FRANCE, leaf("city", "eq", "Paris")]}) == [
        Unreachable(2, (0, 1))
    ]
    assert found({"any": halves}, {"any": [FRANCE, high]}, {"any": [high, BELGIUM]}) == []


def test_very_many_values_in_a_field_are_still_compared_one_by_one(monkeypatch):
    monkeypatch.setattr(cells, "MAX_CELLS", 3)
    many = leaf("country", "in", ["FR", "BE", "DE"])

    assert found(many, many, FRANCE, {}) == [Unreachable(1, (0,))]

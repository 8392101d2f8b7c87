"""A rule's conditions are checked when they are written, and say what to do when wrong (RU1)."""

import json

import pytest
from hypothesis import assume, given

from leaddistrib.engine.conditions import All, Always, Leaf, Not, parse, to_document
from leaddistrib.engine.errors import MESSAGES, ConditionError
from leaddistrib.engine.fields import FIELDS, field_named
from leaddistrib.engine.operators import operators_for
from tests.engine.oracle import depth, trees

FRENCH = {"field": "country", "op": "eq", "value": "FR"}


def leaf(field: object, op: object, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


def nested(levels: int) -> object:
    return {"not": nested(levels - 1)} if levels else FRENCH


MISTAKES: list[tuple[object, str, str]] = [
    # document, code, path
    (None, "not_a_condition", "when"),
    ("country = FR", "not_a_condition", "when"),
    ([], "not_a_condition", "when"),
    ({"not": [FRENCH]}, "not_a_condition", "when.not"),
    ({"all": [FRENCH, 3]}, "not_a_condition", "when.all[1]"),
    ({**FRENCH, "weight": 3}, "unknown_key", "when"),
    ({"all": [FRENCH], "any": [FRENCH]}, "unknown_key", "when"),
    ({"field": "country", 1: 2}, "unknown_key", "when"),
    ({"field": "country"}, "missing_key", "when"),
    ({"any": [{"op": "eq", "value": "FR"}]}, "missing_key", "when.any[0]"),
    ({"op": "is_blank"}, "missing_key", "when"),
    ({"all": FRENCH}, "not_a_list", "when.all"),
    ({"any": []}, "empty_group", "when.any"),
    ({"all": [{}]}, "empty_group", "when.all[0]"),
    ({"not": {}}, "empty_group", "when.not"),
    (nested(9), "too_deep", "when" + ".not" * 8),
    ({"all": [FRENCH] * 201}, "too_many_conditions", "when.all[200]"),
    (leaf("shoe_size", "eq", "44"), "unknown_field", "when.field"),
    (leaf("attributes. ", "eq", "x"), "unknown_field", "when.field"),
    (leaf("attributes." + "x" * 101, "eq", "x"), "unknown_field", "when.field"),
    (leaf(["country"], "eq", "x"), "unknown_field", "when.field"),
    (leaf("country", "like", "F%"), "unknown_operator", "when.op"),
    (leaf("country", ["eq"], "FR"), "unknown_operator", "when.op"),
    (leaf("country", "gte", 3), "operator_not_for_field", "when.op"),
    (leaf("score", "contains", "3"), "operator_not_for_field", "when.op"),
    (leaf("country", "eq", False), "text_expected", "when.value"),  # YAML reads NO as false
    (leaf("postal_code", "in", ["75001", 75002]), "text_expected", "when.value[1]"),
    (leaf("attributes.size", "contains", 3), "text_expected", "when.value"),
    (leaf("employees", "gte", "many"), "number_expected", "when.value"),
    (leaf("employees", "gte", True), "number_expected", "when.value"),
    (leaf("employees", "lte", float("nan")), "number_expected", "when.value"),
    (leaf("employees", "lte", float("inf")), "number_expected", "when.value"),
    (leaf("employees", "eq", "1_000"), "number_expected", "when.value"),
    (leaf("employees", "between", [1, None]), "number_expected", "when.value[1]"),
    (leaf("attributes.size", "eq", None), "text_or_number_expected", "when.value"),
    (leaf("attributes.size", "eq", float("nan")), "text_or_number_expected", "when.value"),
    (leaf("country", "is_blank", "yes"), "true_or_false_expected", "when.value"),
    (leaf("country", "in", "FR"), "list_expected", "when.value"),
    (leaf("employees", "between", 5), "range_expected", "when.value"),
    (leaf("employees", "between", [1, 2, 3]), "range_expected", "when.value"),
    (leaf("employees", "between", [9, 3]), "range_reversed", "when.value"),
    (leaf("country", "not_in", []), "empty_list", "when.value"),
    (leaf("attributes.size", "in", ["xl", 5]), "mixed_list", "when.value"),
    (leaf("country", "eq", "  "), "blank_value", "when.value"),
    (leaf("city", "contains", "x" * 501), "text_too_long", "when.value"),
    (leaf("city", "in", ["Lyon", "a\0b"]), "nul_character", "when.value[1]"),
    (leaf("country", "in", ["x"] * 1001), "list_too_long", "when.value"),
]


@pytest.mark.parametrize(("document", "code", "path"), MISTAKES)
def test_a_mistake_is_named_and_placed(document: object, code: str, path: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(document)

    assert (caught.value.code, caught.value.path) == (code, path)
    assert str(caught.value) == f"{path}: {caught.value.message}"
    assert caught.value.message == MESSAGES[code].format(**caught.value.params)
    json.dumps(caught.value.params)


def test_every_kind_of_mistake_is_tried_above() -> None:
    assert {code for _, code, _ in MISTAKES} == set(MESSAGES)


def test_a_message_says_what_to_do() -> None:
    with pytest.raises(ConditionError, match=r"Put the lower number first: \[3, 9\] instead of"):
        parse(leaf("employees", "between", [9, 3]))
    with pytest.raises(ConditionError, match=r"use one of source, .*, or attributes\.NAME"):
        parse(leaf("shoe_size", "eq", "44"))


def test_a_huge_wrong_value_is_cut_in_the_message() -> None:
    with pytest.raises(ConditionError) as caught:
        parse("x" * 100_000)
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    "document",
    [
        nested(8),
        {"all": [FRENCH] * 200},
        leaf("country", "in", ["x"] * 1000),
        leaf("city", "contains", "x" * 500),
        leaf("attributes." + "x" * 100, "eq", "x"),
    ],
)
def test_limits_themselves_are_allowed(document: object) -> None:
    assert to_document(parse(document)) == document


@given(trees)
def test_a_condition_survives_being_written_and_read(document: object) -> None:
    assume(depth(document) <= 8)
    condition = parse(document)

    assert parse(json.loads(json.dumps(to_document(condition)))) == condition


def test_a_value_is_kept_as_it_was_written_but_for_what_does_not_count() -> None:
    assert parse({}) == Always()
    assert parse({"all": [leaf("country", "eq", " FR "), leaf("score", "gte", " 80 ")]}) == All(
        (Leaf("country", "eq", "FR"), Leaf("score", "gte", 80))
    )
    assert parse({"not": {"field": "city", "op": "is_blank"}}) == Not(
        Leaf("city", "is_blank", True)
    )
    assert parse(leaf("attributes.vip", "eq", True)) == Leaf("attributes.vip", "eq", "true")


def test_every_field_is_offered_the_operators_that_work_on_it() -> None:
    offered = {name: operators_for(field) for name, field in FIELDS.items()}

    assert offered["employees"] == ("eq", "ne", "in", "not_in", "gte", "lte", "between", "is_blank")
    assert offered["contact.title"] == (
        *("eq", "ne", "in", "not_in", "contains", "starts_with", "is_blank"),
    )
    assert len(operators_for(field_named("attributes.anything"))) == 10

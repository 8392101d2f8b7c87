"""What each operator says of each kind of value, blanks included (RU1)."""

from decimal import Decimal
from math import inf, nan

import pytest

from leaddistrib.engine.conditions import evaluate, parse
from leaddistrib.engine.matcher import compile_rules

BLANKS = [None, "", "   ", "\t\n"]

MEANING: list[tuple[str, str, object, object, bool]] = [
    # field, op, the rule's value, the lead's value, whether it holds
    ("country", "eq", "FR", " fr", True),
    ("country", "eq", "FR", "FRA", False),
    ("city", "eq", "straße", "STRASSE", True),
    ("city", "eq", "Évry", "ÉVRY", True),
    ("country", "ne", "FR", "fr", False),
    ("country", "ne", "FR", "BE", True),
    ("country", "in", ["FR", "BE"], "be", True),
    ("country", "in", ["FR", "BE"], "DE", False),
    ("country", "not_in", ["FR", "BE"], "de", True),
    ("country", "not_in", ["FR", "BE"], "BE ", False),
    ("contact.title", "contains", "vp", "SVP Sales", True),
    ("contact.title", "contains", "vp", "Director", False),
    ("postal_code", "starts_with", "75", "75011", True),
    ("postal_code", "starts_with", "75", "7", False),
    ("postal_code", "starts_with", "75", "17500", False),
    ("postal_code", "eq", "75011", 75011, True),
    ("employees", "eq", 50, "50.0", True),
    ("employees", "ne", 50, 50, False),
    ("employees", "in", [10, "20"], 20, True),
    ("employees", "not_in", [10, 20], 30, True),
    ("employees", "gte", 50, 50, True),
    ("employees", "gte", "50", 49.9, False),
    ("employees", "gte", 50, Decimal("50.5"), True),
    ("employees", "lte", 50, 50, True),
    ("employees", "lte", 50, "51", False),
    ("employees", "between", [50, 499], 50, True),
    ("employees", "between", [50, 499], 499, True),
    ("employees", "between", [50, 499], 500, False),
    ("employees", "between", [50, 50], 50, True),
    ("employees", "gte", 50, "about 60", False),
    ("employees", "lte", 50, True, False),
    ("employees", "gte", 50, inf, False),
    ("employees", "lte", 50, nan, False),
    ("employees", "ne", 50, "about 60", True),
    ("employees", "is_blank", True, "about 60", False),
    ("attributes.size", "eq", 5, "5", True),
    ("attributes.size", "eq", "5", 5, True),
    ("attributes.size", "eq", "xl", "XL", True),
    ("attributes.size", "in", [4, 5], 5.0, True),
    ("attributes.size", "not_in", ["xl", "xxl"], "XL", False),
    ("attributes.size", "gte", 5, "6", True),
    ("attributes.vip", "eq", True, True, True),
    ("attributes.vip", "eq", True, False, False),
    ("attributes.vip", "eq", 1, True, False),
    ("attributes.tags", "contains", "a", ["a"], False),
    ("attributes.tags", "ne", "a", ["a"], True),
    ("attributes.tags", "is_blank", True, [], False),
    *(("country", "is_blank", True, blank, True) for blank in BLANKS),
    *(("employees", "is_blank", False, blank, False) for blank in BLANKS),
    ("country", "is_blank", True, "FR", False),
    ("employees", "is_blank", False, 0, True),
]

ON_BLANK: list[tuple[str, str, object, bool]] = [
    ("country", "eq", "FR", False),
    ("country", "ne", "FR", True),
    ("country", "in", ["FR"], False),
    ("country", "not_in", ["FR"], True),
    ("country", "contains", "F", False),
    ("country", "starts_with", "F", False),
    ("employees", "eq", 0, False),
    ("employees", "ne", 0, True),
    ("employees", "in", [0], False),
    ("employees", "not_in", [0], True),
    ("employees", "gte", 0, False),
    ("employees", "lte", 0, False),
    ("employees", "between", [-1, 1], False),
]


@pytest.mark.parametrize(
    ("field", "op", "value", "actual", "holds"),
    [
        *MEANING,
        *(
            (field, op, value, blank, holds)
            for field, op, value, holds in ON_BLANK
            for blank in BLANKS
        ),
    ],
)
def test_an_operator_means_the_same_alone_negated_and_indexed(
    field: str, op: str, value: object, actual: object, holds: bool
) -> None:
    condition = parse({"field": field, "op": op, "value": value})
    negated = parse({"not": {"field": field, "op": op, "value": value}})
    lead = {field: actual}

    assert evaluate(condition, lead) is holds
    assert evaluate(negated, lead) is not holds
    assert compile_rules([condition, negated]).first(lead) == (0 if holds else 1)
    assert compile_rules([negated, condition]).first(lead) == (1 if holds else 0)


@pytest.mark.parametrize(("field", "op", "value", "holds"), ON_BLANK)
def test_a_missing_field_counts_as_blank(field: str, op: str, value: object, holds: bool) -> None:
    condition = parse({"field": field, "op": op, "value": value})

    assert evaluate(condition, {}) is holds
    assert (compile_rules([condition]).first({}) == 0) is holds

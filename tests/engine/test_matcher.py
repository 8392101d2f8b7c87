"""The matcher takes the rule that the plain meaning takes, and its reasons are true (RU2, RU5)."""

import json
from collections import Counter
from decimal import Decimal
from math import nan
from unittest import mock

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leaddistrib.engine import rows
from leaddistrib.engine.columns import MAX_MASKS
from leaddistrib.engine.conditions import Always, Not, evaluate, parse
from leaddistrib.engine.fields import as_number, is_blank
from leaddistrib.engine.matcher import NOT_A_NUMBER, Matcher, Miss, RuleMatch, compile_rules
from tests.engine.oracle import depth, failing_fields, leads, trees


def compiled(*whens: object) -> Matcher:
    return compile_rules([parse(when) for when in whens])


def leaf(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


RANDOM = settings(max_examples=300, deadline=None)
SOME_LEADS = st.lists(leads, min_size=8, max_size=8)
MOST_ROWS = st.sampled_from([1, 2, 64])  # low, so that some rules are asked as a whole


@RANDOM
@given(trees, SOME_LEADS, MOST_ROWS)
def test_a_rule_takes_the_leads_that_its_conditions_mean(
    when: object, some_leads: list[dict[str, object]], most_rows: int
) -> None:
    assume(depth(when) <= 8)
    rule = parse(when)
    with mock.patch.object(rows, "MAX_ROWS", most_rows):
        matcher = compile_rules([rule])

    assert [matcher.first(lead) == 0 for lead in some_leads] == [
        evaluate(rule, lead) for lead in some_leads
    ]


@RANDOM
@given(st.lists(trees, min_size=1, max_size=6), SOME_LEADS, MOST_ROWS)
def test_first_matching_rule_wins_and_each_rule_before_it_says_why_not(
    whens: list[object], some_leads: list[dict[str, object]], most_rows: int
) -> None:
    assume(all(depth(when) <= 8 for when in whens))
    rules = [parse(when) for when in whens]
    with mock.patch.object(rows, "MAX_ROWS", most_rows):
        matcher = compile_rules(rules)

    for lead in some_leads:
        expected = next((i for i, rule in enumerate(rules) if evaluate(rule, lead)), None)
        match = matcher.explain(lead)

        assert matcher.first(lead) == expected
        assert match.index == expected
        tried = range(len(rules) if expected is None else expected)
        assert {rule for miss in match.misses for rule in miss.rules} == set(tried)
        for miss in match.misses:
            assert list(miss.rules) == sorted(set(miss.rules))
            if miss.field == "":
                continue
            assert miss.actual is lead.get(miss.field)
            for rule in miss.rules:
                assert miss.field in failing_fields(rules[rule], lead)
            if miss.note:
                assert as_number(miss.actual) is None
                assert not is_blank(miss.actual)
        places = Counter(miss.field for miss in match.misses)
        assert set(places.values()) <= {1}


def test_a_lead_that_no_rule_wants_learns_why_of_all_of_them() -> None:
    matcher = compiled(leaf("country", "eq", "FR"), leaf("country", "eq", "BE"))

    assert matcher.first({"country": "DE"}) is None
    assert matcher.explain({"country": "DE"}) == RuleMatch(None, (Miss("country", "DE", (0, 1)),))


def test_without_rules_nothing_matches() -> None:
    assert compiled().explain({"country": "FR"}) == RuleMatch(None, ())


def test_alternatives_on_several_fields_each_give_their_reason_once() -> None:
    matcher = compiled(
        {
            "any": [
                leaf("country", "eq", "FR"),
                leaf("country", "eq", "BE"),
                leaf("employees", "gte", 500),
                {"all": [leaf("employees", "gte", 50), leaf("score", "gte", 80)]},
            ]
        }
    )

    assert matcher.explain({"country": "DE", "employees": 20}).misses == (
        Miss("country", "DE", (0,)),
        Miss("employees", 20, (0,)),
    )


def test_a_rule_with_too_many_alternatives_is_asked_as_a_whole() -> None:
    cities = [leaf("city", "contains", f"ville-{i}") for i in range(65)]
    matcher = compiled({"any": cities}, leaf("country", "eq", "FR"))

    assert matcher.first({"city": "Ville-64", "country": "FR"}) == 0
    assert matcher.explain({"city": "Nantes", "country": "FR"}) == RuleMatch(
        1, (Miss("", None, (0,)),)
    )


def test_a_long_list_of_postal_prefixes_is_one_row() -> None:
    prefixes = [leaf("postal_code", "starts_with", f"{i:02}") for i in range(1, 96)]

    assert len(rows.rows_of(parse({"any": prefixes}))) == 1
    assert compiled({"any": prefixes}).first({"postal_code": "75011"}) == 0
    assert compiled({"any": prefixes}).first({"postal_code": "97110"}) is None


def test_a_value_that_is_no_number_is_told_from_one_that_is_too_low() -> None:
    matcher = compiled(leaf("employees", "gte", 500))

    assert matcher.explain({"employees": "about 900"}).misses == (
        Miss("employees", "about 900", (0,), NOT_A_NUMBER),
    )
    assert matcher.explain({"employees": "90"}).misses == (Miss("employees", "90", (0,)),)
    assert matcher.explain({}).misses == (Miss("employees", None, (0,)),)


def test_a_yes_is_not_taken_for_the_one_that_was_asked_before() -> None:
    matcher = compiled(leaf("attributes.x", "eq", "true"), leaf("attributes.x", "lte", 2))

    for _ in range(2):
        assert matcher.first({"attributes.x": 1}) == 1
        assert matcher.first({"attributes.x": True}) == 0
        assert matcher.first({"attributes.x": 2}) == 1
        assert matcher.first({"attributes.x": 2.0}) == 1
        assert matcher.first({"attributes.x": ["true"]}) is None


def test_any_number_of_different_values_is_answered_in_bounded_memory() -> None:
    matcher = compiled(leaf("employees", "gte", 1000), leaf("employees", "is_blank", False))

    for employees in [*range(2 * MAX_MASKS + 7), *range(20)]:
        assert matcher.first({"employees": employees}) == (0 if employees >= 1000 else 1)
    assert all(len(column) <= MAX_MASKS for _, column in matcher._columns)


def test_a_rule_that_never_matches_is_passed_over_and_named() -> None:
    matcher = compile_rules([Not(Always()), Always()])

    assert matcher.explain({}) == RuleMatch(1, (Miss("", None, (0,)),))


def test_an_explanation_can_be_kept_as_json() -> None:
    matcher = compiled(
        leaf("attributes.x", "eq", "y"), leaf("employees", "gte", 1), leaf("city", "eq", "Paris")
    )
    lead = {"attributes.x": Decimal("2.5"), "employees": nan, "city": "x" * 10_000}
    kept = {
        "rule": None,
        "misses": [
            {"field": "attributes.x", "actual": "2.5", "rules": [0]},
            {"field": "employees", "actual": "nan", "rules": [1], "note": NOT_A_NUMBER},
            {"field": "city", "actual": "x" * 200 + "…", "rules": [2]},
        ],
    }

    assert json.loads(json.dumps(matcher.explain(lead).as_document(), allow_nan=False)) == kept

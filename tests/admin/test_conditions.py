"""A rule's conditions as form fields say exactly what the document says, and back."""

import pytest
from django.http import QueryDict
from hypothesis import example, given
from hypothesis import strategies as st

from leaddistrib.admin.conditionrows import Row
from leaddistrib.admin.conditions import ROOT, ConditionTree
from leaddistrib.engine.conditions import evaluate, parse, to_document

TEXT = st.text("abcXYZ 0159-é", min_size=1, max_size=6).filter(lambda text: text.strip())
NUMBER = st.integers(-1000, 1000) | st.sampled_from([0.5, 12.25])
LEAVES = st.one_of(
    st.builds(
        lambda field, op, value: {"field": field, "op": op, "value": value},
        st.sampled_from(["country", "source", "contact.email", "attributes.segment"]),
        st.sampled_from(["eq", "ne", "contains", "starts_with"]),
        TEXT,
    ),
    st.builds(
        lambda field, op, value: {"field": field, "op": op, "value": value},
        st.sampled_from(["score", "employees", "attributes.seats"]),
        st.sampled_from(["eq", "ne", "gte", "lte"]),
        NUMBER,
    ),
    st.builds(
        lambda field, op, value: {"field": field, "op": op, "value": value},
        st.sampled_from(["country", "city", "temperature"]),
        st.sampled_from(["in", "not_in"]),
        st.lists(TEXT, min_size=1, max_size=3),
    ),
    st.builds(
        lambda field, ends: {"field": field, "op": "between", "value": sorted(ends)},
        st.sampled_from(["score", "attributes.seats"]),
        st.tuples(NUMBER, NUMBER),
    ),
    st.builds(
        lambda field, value: {"field": field, "op": "is_blank", "value": value},
        st.sampled_from(["score", "city", "attributes.x"]),
        st.booleans(),
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda items: {"all": items}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda items: {"any": items}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda one: {"not": one}, inner),
    ),
    max_leaves=6,
).filter(lambda document: _depth(document) <= 5)
LEADS = [
    {},
    {"country": "abc", "source": "a", "score": 0, "city": "X", "attributes.seats": "12.25"},
    {"country": "0", "score": 500, "temperature": "b", "attributes.segment": "5", "city": " "},
    {"source": "XYZ 01", "employees": -3, "attributes.x": "y", "attributes.seats": 7},
]


def _depth(document):
    if "not" in document:
        return 1 + _depth(document["not"])
    inner = document.get("all") or document.get("any") or ()
    return 1 + max(map(_depth, inner), default=0)


def posted(tree):
    """What a browser sends for the rows of a tree as the template shows them."""
    data = QueryDict(mutable=True)
    data["cond-root-match"] = tree.root.match

    def row(one: Row):
        for child in one.children:
            name = f"cond-{child.id}-"
            data.appendlist("cond-order", child.id)
            data[f"{name}parent"] = child.parent
            if child.is_group:
                data[f"{name}match"] = child.match
                row(child)
                continue
            data[f"{name}field"], data[f"{name}op"] = child.field, child.op
            data[f"{name}attribute"] = child.attribute
            values = {"choice": [child.value], "list": [child.lines]}.get(child.widget)
            if child.widget == "choices":
                values = [value for value, _label, chosen in child.options if chosen]
            data.setlist(f"{name}value", values or child.values)

    row(tree.root)
    return data


@given(TREES)
@example({"field": "attributes.segment", "op": "contains", "value": "0"})
def test_a_rule_opened_and_saved_without_a_change_decides_as_before(document):
    document = to_document(parse(document))
    shown = ConditionTree.of_document(document)
    saved = ConditionTree.of_data(posted(shown))
    again = saved.document
    assert not saved.has_errors
    twice = ConditionTree.of_data(posted(ConditionTree.of_document(again))).document
    before, after, later = parse(document), parse(again), parse(twice)
    for lead in LEADS:
        assert evaluate(before, lead) == evaluate(after, lead) == evaluate(later, lead)


def test_a_form_without_rows_is_the_rule_that_takes_every_lead():
    assert ConditionTree.of_data(QueryDict("cond-root-match=any")).document == {}


def data(*rows, match="all", **more):
    """Rows as (id, parent, {part: value or values})."""
    sent = QueryDict(mutable=True)
    sent["cond-root-match"] = match
    for id_, parent, parts in rows:
        sent.appendlist("cond-order", id_)
        sent[f"cond-{id_}-parent"] = parent
        for part, value in parts.items():
            sent.setlist(f"cond-{id_}-{part}", value if isinstance(value, list) else [value])
    return sent


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"field": "score", "op": "gte", "value": "many"}, "as a number"),
        ({"field": "score", "op": "between", "value": ["9", "1"]}, "lower number first"),
        ({"field": "score", "op": "between", "value": ["9"]}, "as a number"),
        ({"field": "city", "op": "in", "value": " \n "}, "Add a value"),
        ({"field": "city", "op": "gte", "value": "3"}, "does not work on city"),
        ({"field": "city", "op": "eq", "value": ""}, "Write a text"),
        ({"field": "", "op": "eq", "value": "x"}, "Choose a field"),
        ({"field": "attributes.", "attribute": " ", "op": "eq", "value": "x"}, "no field"),
        ({"field": "secrets", "op": "eq", "value": "x"}, "no field"),
    ],
)
def test_what_is_wrong_is_said_in_its_own_row(parts, error):
    good = {"field": "country", "op": "eq", "value": "FR"}
    tree = ConditionTree.of_data(data(("a", ROOT, good), ("b", ROOT, parts)))
    assert tree.document
    first, second = tree.root.children
    assert not first.errors
    assert error in second.errors[0]


def test_every_wrong_row_is_named_at_once():
    bad = {"field": "score", "op": "gte", "value": "many"}
    tree = ConditionTree.of_data(data(("a", ROOT, bad), ("b", ROOT, bad)))
    assert tree.document
    assert [len(row.errors) for row in tree.root.children] == [1, 1]


def test_an_empty_group_is_an_error_and_never_a_rule_for_every_lead():
    tree = ConditionTree.of_data(data(("g", ROOT, {"match": "any"})))
    assert tree.document == {"all": [{"any": []}]}
    assert tree.root.children[0].errors


def test_the_empty_extra_row_adds_nothing_until_it_is_filled():
    empty = ("new", ROOT, {"field": "", "op": "eq", "value": ""})
    assert ConditionTree.of_data(data(empty)).document == {}
    filled = ("new", ROOT, {"field": "city", "op": "eq", "value": "Lyon"})
    assert ConditionTree.of_data(data(filled)).document == {
        "all": [{"field": "city", "op": "eq", "value": "Lyon"}]
    }


def test_a_row_ticked_for_removal_goes_with_all_that_is_inside():
    leaf = {"field": "city", "op": "eq", "value": "Lyon"}
    tree = ConditionTree.of_data(
        data(("a", ROOT, leaf), ("g", ROOT, {"match": "any", "remove": "on"}), ("b", "g", leaf))
    )
    assert tree.document == {"all": [leaf]}


def test_a_list_is_one_value_per_line_and_an_attribute_keeps_numbers_and_codes_apart():
    seats = {"field": "attributes.", "attribute": "seats", "op": "in", "value": "12\n007\n\n1.5"}
    [leaf] = ConditionTree.of_data(data(("a", ROOT, seats))).document["all"]
    assert leaf == {"field": "attributes.seats", "op": "in", "value": [12, "007", 1.5]}


def test_groups_nested_deeper_than_a_rule_may_be_are_refused_not_followed():
    rows = [(f"g{n}", f"g{n - 1}" if n else ROOT, {"match": "all"}) for n in range(300)]
    rows.append(("leaf", "g299", {"field": "city", "op": "eq", "value": "Lyon"}))
    tree = ConditionTree.of_data(data(*rows))
    assert tree.document
    assert tree.has_errors


@pytest.mark.parametrize(
    ("field", "op", "widget"),
    [
        ("city", "eq", "text"),
        ("city", "in", "list"),
        ("score", "gte", "number"),
        ("score", "between", "range"),
        ("city", "is_blank", "blank"),
        ("country", "eq", "choice"),
        ("size_band", "not_in", "choices"),
        ("country", "starts_with", "text"),
    ],
)
def test_each_field_and_operator_has_its_widget(field, op, widget):
    assert Row("1", field=field, op=op).widget == widget


def test_a_value_that_is_no_known_choice_is_offered_rather_than_lost():
    row = Row("1", field="country", op="in", values=["fr", "XX"])
    chosen = [value for value, _label, is_chosen in row.options if is_chosen]
    assert chosen == ["FR", "XX"]

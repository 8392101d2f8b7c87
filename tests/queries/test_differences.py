"""Two versions of the rules side by side: what an admin reads before publishing."""

import pytest

from leaddistrib.lifecycle.drafting import draft_of, move_rule, order_rules, remove_rule, write_rule
from leaddistrib.models import Rule, RuleStep
from leaddistrib.queries.differences import differences, unmoved
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db


def leaf(country):
    return {"field": "country", "op": "eq", "value": country}


@pytest.fixture
def published():
    amina = RepFactory(team=TeamFactory(name="Paris"))
    PoolFactory(name="Everyone", reps=[amina])
    push = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
    return publish_rules(
        [
            {"name": "French", "when": leaf("FR"), "then": push},
            {"name": "Belgian", "when": leaf("BE"), "then": push},
            {"name": "Swiss", "when": leaf("CH"), "then": push},
            {"name": "The rest", "when": {}, "then": {"pool": "Everyone"}},
        ]
    )


@pytest.fixture
def draft(published):
    return draft_of(published)


def said(published, draft):
    return [(one.name, one.kind, one.moved, one.changed) for one in differences(published, draft)]


def test_a_copy_differs_in_nothing(published, draft):
    assert differences(published, draft) == []


def test_a_rule_that_was_added_has_no_old_side(published, draft):
    pool = PoolFactory(name="Trade fairs")
    rule = Rule(ruleset=draft, name="Fairs", when=leaf("IT"))
    write_rule(rule, [RuleStep(pool=pool)])
    [one] = differences(published, draft)
    assert (one.name, one.kind, one.old) == ("Fairs", "added", None)
    assert one.new is not None
    assert one.new.steps == ("pool “Trade fairs”",)


def test_a_rule_that_was_removed_stands_where_it_was(published, draft):
    remove_rule(draft.rules.get(name="Belgian"))
    rule = draft.rules.get(name="Swiss")
    rule.when = leaf("LI")
    write_rule(rule, list(rule.steps.all()))
    assert said(published, draft) == [
        ("Belgian", "removed", False, ()),
        ("Swiss", "changed", False, ("conditions",)),
    ]


def test_only_the_rule_that_was_moved_is_said_to_have_moved(published, draft):
    move_rule(draft.rules.get(name="Swiss"), -2)
    assert said(published, draft) == [("Swiss", "moved", True, ())]


def test_a_renamed_rule_is_the_same_rule(published, draft):
    rule = draft.rules.get(name="French")
    rule.name = "France and overseas"
    write_rule(rule, list(rule.steps.all()))
    [one] = differences(published, draft)
    assert (one.kind, one.changed) == ("changed", ("name",))
    assert one.old is not None
    assert one.new is not None
    assert (one.old.name, one.new.name) == ("French", "France and overseas")


def test_another_seniority_is_a_change_of_where_leads_go(published, draft):
    rule = draft.rules.get(name="French")
    step, fallback = rule.steps.select_related("team", "pool")
    step.seniority = "senior"
    write_rule(rule, [step, fallback])
    [one] = differences(published, draft)
    assert one.changed == ("steps",)
    assert one.new is not None
    assert "Senior" in one.new.steps[0]


def test_a_moved_and_changed_rule_is_said_to_be_both(published, draft):
    swiss = draft.rules.get(name="Swiss")
    swiss.when = leaf("LI")
    write_rule(swiss, list(swiss.steps.all()))
    order = list(draft.rules.order_by("position").values_list("pk", flat=True))
    order_rules(draft, [swiss.pk, *(pk for pk in order if pk != swiss.pk)])
    assert said(published, draft) == [("Swiss", "changed", True, ("conditions",))]


@pytest.mark.parametrize(
    ("positions", "stayed"),
    [([], set()), ([1, 2, 3], {1, 2, 3}), ([3, 1, 2], {1, 2}), ([2, 4, 1, 3, 5], {2, 3, 5})],
)
def test_the_fewest_rules_are_said_to_have_moved(positions, stayed):
    found = unmoved(positions)
    assert len(found) == len(stayed)
    kept = [one for one in positions if one in found]
    assert kept == sorted(kept)


def test_the_queries_do_not_grow_with_the_rules(published, draft, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        differences(published, draft)

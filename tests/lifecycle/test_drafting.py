"""A draft is edited rule by rule, and who did it is on record (RU3)."""

import pytest

from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.drafting import (
    draft,
    draft_of,
    move_rule,
    order_rules,
    remove_rule,
    restore_rule,
    throw_away,
    write_rule,
)
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.models import Rule, RuleSet, RuleStep
from leaddistrib.queries import rulebook
from leaddistrib.queries.records import AS_IT_WAS
from leaddistrib.testing import UserFactory


def leaf(code):
    return {"field": "country", "op": "eq", "value": code}


def rule(code):
    step = {"push": "round_robin", "team": "Paris", "seniority": "standard", "attended": True}
    return {"name": code, "when": leaf(code), "then": {**step, "fallback": [{"pool": "Everyone"}]}}


DOCUMENTS = [rule("FR"), rule("BE"), {"name": "All", "when": {}, "then": {"pool": "Everyone"}}]


@pytest.fixture
def mireille(cast):
    return UserFactory(username="mireille")


@pytest.fixture
def made(cast):
    return draft_of(publish(DOCUMENTS))


def order(ruleset):
    return [one["name"] for one in rulebook.documents(ruleset)]


def record():
    """What the history of rules tells: who, how, which rule, at which place."""
    edits = Rule.history.exclude(history_change_reason=AS_IT_WAS)
    rows = edits.order_by("history_id").select_related("history_user")
    return [(str(one.history_user or ""), one.history_type, one.name, one.position) for one in rows]


def test_copying_a_version_is_no_edit(made):
    assert record() == []


def test_an_edited_rule_keeps_what_its_steps_say(made, mireille):
    first = made.rules.get(name="FR")

    write_rule(first, list(first.steps.all()), actor=mireille)

    assert rulebook.documents(made) == DOCUMENTS
    assert record() == [("mireille", "~", "FR", 1)]
    step = {"push": "round_robin", "team": "Paris", "seniority": "standard", "attended": True}
    before, after = Rule.history.order_by("history_id")
    assert before.steps == after.steps == [step, {"pool": "Everyone"}]


def test_a_new_rule_goes_before_the_catch_all(made, cast, mireille):
    new = Rule(ruleset=made, name="LU", when=leaf("LU"))

    write_rule(new, [RuleStep(pool=cast.pool)], actor=mireille)

    assert order(made) == ["FR", "BE", "LU", "All"]
    assert record() == [("mireille", "+", "LU", 3)]


def test_a_rule_that_is_moved_is_recorded_at_its_new_place(made, mireille):
    move_rule(made.rules.get(name="BE"), -1, actor=mireille)

    assert order(made) == ["BE", "FR", "All"]
    assert record() == [("mireille", "~", "BE", 1)]


def test_a_rule_that_passed_the_others_is_recorded_and_those_that_made_room_are_not(
    made, mireille, django_assert_max_num_queries
):
    many = draft([*(rule(f"R{n:02}") for n in range(40)), DOCUMENTS[-1]])
    *others, last, all_ = many.rules.order_by("position").values_list("pk", flat=True)

    with django_assert_max_num_queries(30):
        order_rules(many, [last, *others, all_], actor=mireille)

    assert order(many)[:2] == ["R39", "R00"]
    assert record() == [("mireille", "~", "R39", 1)]


def test_a_rule_at_the_top_that_is_moved_up_is_no_edit(made, mireille):
    move_rule(made.rules.get(name="FR"), -1, actor=mireille)

    assert order(made) == ["FR", "BE", "All"]
    assert record() == []


def test_an_edit_of_a_rule_that_was_taken_out_meanwhile_says_so(made, mireille):
    gone = made.rules.get(name="FR")
    remove_rule(made.rules.get(name="FR"))

    with pytest.raises(InvalidRules, match="changed meanwhile"):
        write_rule(gone, [], actor=mireille)


def test_a_rule_deleted_in_any_way_leaves_its_steps_on_record(made):
    made.rules.get(name="FR").delete()

    [gone] = Rule.history.filter(history_type="-")
    assert gone.steps[-1] == {"pool": "Everyone"}


def test_a_draft_thrown_away_says_who_did_it_of_each_rule(made, mireille):
    version = made.version

    throw_away(made, actor=mireille)

    assert record() == [("mireille", "-", name, n) for n, name in enumerate(["FR", "BE", "All"], 1)]
    assert not RuleSet.objects.filter(version=version).exists()
    assert RuleSet.history.get(history_type="-").history_user == mireille


def test_a_rule_taken_out_can_be_brought_back_as_it_was(made, mireille):
    gone = made.rules.get(name="FR")
    remove_rule(gone, actor=mireille)
    assert order(made) == ["BE", "All"]
    assert record() == [("mireille", "-", "FR", 1)]

    back = restore_rule(made, gone.key, actor=mireille)

    assert back.key == gone.key
    assert order(made) == ["BE", "FR", "All"]
    assert rulebook.document(back) == rule("FR")


def test_a_rule_that_is_there_or_never_was_is_not_brought_back(made, mireille):
    new = Rule(ruleset=made, name="LU", when=leaf("LU"))
    write_rule(new, [])
    key = new.key
    remove_rule(new)

    for one in (made.rules.get(name="FR").key, key):
        with pytest.raises(InvalidRules, match="no such rule"):
            restore_rule(made, one)


def test_two_drafts_have_two_numbers(cast):
    assert draft(DOCUMENTS).version + 1 == draft(DOCUMENTS).version

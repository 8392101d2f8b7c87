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
    write_rule,
)
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.models import Rule, RuleStep
from leaddistrib.queries import rulebook
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
    rows = Rule.history.order_by("history_id").select_related("history_user")
    return [(str(one.history_user or ""), one.history_type, one.name, one.position) for one in rows]


def test_copying_a_version_is_no_edit(made):
    assert record() == []


def test_an_edited_rule_keeps_what_its_steps_say(made, mireille):
    first = made.rules.get(name="FR")

    write_rule(first, list(first.steps.all()), actor=mireille)

    assert rulebook.documents(made) == DOCUMENTS
    assert record() == [("mireille", "~", "FR", 1)]
    reason = Rule.history.get().history_change_reason
    assert "Paris" in reason
    assert "Everyone" in reason


def test_a_new_rule_goes_before_the_catch_all(made, cast, mireille):
    new = Rule(ruleset=made, name="LU", when=leaf("LU"))

    write_rule(new, [RuleStep(pool=cast.pool)], actor=mireille)

    assert order(made) == ["FR", "BE", "LU", "All"]
    assert record() == [("mireille", "+", "LU", 3)]


def test_a_rule_that_is_moved_is_recorded_at_its_new_place(made, mireille):
    move_rule(made.rules.get(name="BE"), -1, actor=mireille)

    assert order(made) == ["BE", "FR", "All"]
    assert record() == [("mireille", "~", "BE", 1)]


def test_rules_put_in_another_order_are_recorded_where_they_went(made, mireille):
    all_, be, fr = made.rules.order_by("-position")

    order_rules(made, [be.pk, fr.pk, all_.pk], actor=mireille)

    assert order(made) == ["BE", "FR", "All"]
    assert set(record()) == {("mireille", "~", "BE", 1), ("mireille", "~", "FR", 2)}


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

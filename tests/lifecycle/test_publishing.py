"""Versions of the rules: written, checked, put in force (RU2, RU3)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle import publish
from leaddistrib.lifecycle.drafting import draft, draft_of
from leaddistrib.lifecycle.publishing import check, put_in_force
from leaddistrib.models import Rule, RuleSet
from leaddistrib.queries import rulebook

ALL = {"name": "All", "when": {}, "then": {"pool": "Everyone"}}
FRANCE = {"field": "country", "op": "eq", "value": "FR"}
PUSH = {"push": "round_robin", "team": "Paris"}


def test_a_published_version_archives_the_one_before(cast):
    first, second = publish([ALL], actor=cast.amina.user), publish([ALL])

    first.refresh_from_db()
    assert (first.version, first.status, first.published_by) == (1, "archived", cast.amina.user)
    assert (second.version, second.status) == (2, "published")
    assert second.published_at is not None
    assert rulebook.published() == second


def test_rules_come_back_as_the_documents_they_were(cast):
    documents = [
        {
            "name": "France",
            "when": {"all": [FRANCE, {"not": {"field": "score", "op": "lte", "value": 40}}]},
            "then": {**PUSH, "fallback": [{**PUSH, "team": "Lyon"}, {"pool": "Everyone"}]},
        },
        ALL,
    ]

    published = publish(documents)

    assert rulebook.documents(published) == documents
    assert rulebook.documents(draft_of(published)) == documents


def test_every_strategy_and_what_narrows_it_comes_back_as_it_was(cast):
    steps: list[dict[str, object]] = [
        {"push": "account_owner"},
        {"push": "territory_owner", "team": "Paris"},
        {"push": "weighted", "team": "Paris", "seniority": "senior", "attended": True},
        {"push": "least_loaded", "team": "Lyon"},
        {"push": "manager", "team": "Paris"},
        {"pool": "Everyone"},
    ]
    documents = [{**ALL, "then": {**steps[0], "fallback": steps[1:]}}]

    assert rulebook.documents(draft(documents)) == documents


def test_steps_follow_a_pool_that_pushes_its_leads_on(cast):
    cast.pool.push_minutes = 60
    cast.pool.save()
    documents = [{**ALL, "then": {"pool": "Everyone", "fallback": [PUSH]}}]

    assert rulebook.documents(draft(documents)) == documents


def test_a_pool_is_named_once_in_a_rule(cast):
    cast.pool.push_minutes = 60
    cast.pool.save()
    everyone = {"pool": "Everyone"}

    with pytest.raises(InvalidRules) as error:
        draft([{**ALL, "then": {**everyone, "fallback": [PUSH, everyone]}}])

    assert set(error.value.problems) == {"rules[0].then.fallback[1].pool"}


def test_a_rule_is_the_same_rule_in_every_version(cast):
    first = publish([{**ALL, "name": "France", "when": FRANCE}, ALL])
    keys = [rule.key for rule in first.rules.all()]

    copied, imported = draft_of(first), draft([{**ALL, "name": "New", "when": FRANCE}, ALL])

    assert [rule.key for rule in copied.rules.all()] == keys
    new, everything = imported.rules.all()
    assert everything.key == keys[1]
    assert new.key not in keys


def test_of_two_rules_with_one_name_the_first_is_the_one_that_was_there(cast):
    [old] = draft([ALL]).rules.all()

    one, two = draft([{**ALL, "when": FRANCE}, ALL]).rules.all()

    assert one.key == old.key != two.key


def test_a_copy_of_a_version_whose_pool_changed_since_can_be_mended(cast):
    """A draft of it is made as it was: what is wrong is said when it is to be published."""
    cast.pool.push_minutes = 60
    cast.pool.save()
    published = publish([{**ALL, "then": {"pool": "Everyone", "fallback": [PUSH]}}])
    cast.pool.push_minutes = None
    cast.pool.save()

    copy = draft_of(published)

    with pytest.raises(InvalidRules) as error:
        put_in_force(copy)
    assert set(error.value.problems) == {"rules[0].then.fallback[0]"}


def test_a_check_reads_the_rules_once(cast):
    written = draft([{**ALL, "name": "France", "when": FRANCE}, ALL])

    with CaptureQueriesContext(connection) as queries:
        check(written)

    steps = [one for one in queries.captured_queries if 'FROM "leaddistrib_rulestep"' in one["sql"]]
    assert len(steps) == 1


def test_a_draft_decides_nothing(cast):
    published, written = publish([ALL]), draft([ALL])

    assert written.status == "draft"
    assert rulebook.published() == published


def test_only_a_draft_can_be_published(cast):
    published = publish([ALL])

    with pytest.raises(InvalidRules, match="draft"):
        put_in_force(published)


def test_a_draft_that_was_spoilt_in_the_admin_is_refused(cast):
    written = draft([{**ALL, "when": FRANCE}, ALL])
    Rule.objects.get(ruleset=written, position=2).delete()

    with pytest.raises(InvalidRules) as error:
        put_in_force(written)

    assert set(error.value.problems) == {"rules"}
    assert rulebook.published() is None


@pytest.mark.parametrize(
    ("documents", "places"),
    [
        ([], {"rules"}),
        ([{**ALL, "when": FRANCE}], {"rules"}),
        ([ALL, ALL], {"rules[0].when"}),
        (["All"], {"rules[0]"}),
        ([{**ALL, "name": " "}], {"rules[0].name"}),
        ([{**ALL, "name": "x" * 201}], {"rules[0].name"}),
        ([{**ALL, "name": None}], {"rules[0].name"}),
        ([{**ALL, "name": "a\0"}], {"rules[0].name"}),
        ([{**ALL, "colour": "blue"}], {"rules[0].colour"}),
        ([{**ALL, "when": {"field": "colour", "op": "eq", "value": 1}}], {"rules[0].when.field"}),
        ([{**ALL, "when": {"all": []}}], {"rules[0].when.all"}),
        ([{**ALL, "then": None}], {"rules[0].then"}),
        ([{**ALL, "then": {}}], {"rules[0].then"}),
        ([{**ALL, "then": {**PUSH, "pool": "Everyone"}}], {"rules[0].then"}),
        ([{**ALL, "then": {"pool": "Nowhere"}}], {"rules[0].then.pool"}),
        ([{**ALL, "then": {"pool": ["Everyone"]}}], {"rules[0].then.pool"}),
        ([{**ALL, "then": {"pool": "Everyone", "team": "Paris"}}], {"rules[0].then.team"}),
        ([{**ALL, "then": {"push": "round_robin"}}], {"rules[0].then.team"}),
        ([{**ALL, "then": {**PUSH, "team": "Rome"}}], {"rules[0].then.team"}),
        ([{**ALL, "then": {**PUSH, "push": "by_dice"}}], {"rules[0].then.push"}),
        ([{**ALL, "then": {**PUSH, "push": ["x"]}}], {"rules[0].then.push"}),
        ([{**ALL, "then": {**PUSH, "speed": 1}}], {"rules[0].then.speed"}),
        ([{**ALL, "then": {**PUSH, "fallback": "Everyone"}}], {"rules[0].then.fallback"}),
        ([{**ALL, "then": {**PUSH, "fallback": ["x"]}}], {"rules[0].then.fallback[0]"}),
        (
            [{**ALL, "then": {"pool": "Everyone", "fallback": [PUSH]}}],
            {"rules[0].then.fallback[0]"},
        ),
        ([{**ALL, "then": {"pool": "Everyone", "seniority": "sdr"}}], {"rules[0].then.seniority"}),
        ([{**ALL, "then": {"pool": "Everyone", "attended": True}}], {"rules[0].then.attended"}),
        ([{**ALL, "then": {**PUSH, "seniority": "boss"}}], {"rules[0].then.seniority"}),
        ([{**ALL, "then": {**PUSH, "seniority": None}}], {"rules[0].then.seniority"}),
        ([{**ALL, "then": {**PUSH, "attended": "yes"}}], {"rules[0].then.attended"}),
        ([{**ALL, "then": {"push": "manager"}}], {"rules[0].then.team"}),
        ([{**ALL, "then": {"push": "account_owner", "team": "Rome"}}], {"rules[0].then.team"}),
        (
            [{**ALL, "name": ""}, {**ALL, "then": {"pool": "Nowhere"}}],
            {"rules[0].name", "rules[1].then.pool"},
        ),
    ],
)
def test_each_problem_is_named_with_its_place_and_nothing_is_written(cast, documents, places):
    with pytest.raises(InvalidRules) as error:
        publish(documents)

    assert set(error.value.problems) == places
    assert all(error.value.problems.values())
    assert not RuleSet.objects.exists()

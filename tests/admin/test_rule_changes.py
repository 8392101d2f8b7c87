"""The record of changes says of each edit of a rule what it was, what it became, and who did it."""

import pytest
from django.urls import reverse

from leaddistrib.lifecycle.drafting import draft_of
from leaddistrib.models import Rule, RuleSet
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:leaddistrib_configurationchange_changelist")
FRENCH = {"field": "country", "op": "eq", "value": "FR"}


@pytest.fixture
def olga(signed_in):
    acts = ("add", "change", "delete", "view")
    models = ("rule", "ruleset", "rulestep")
    names = [f"{act}_{model}" for act in acts for model in models]
    return signed_in(*names, "view_configurationchange")


@pytest.fixture
def draft():
    """A draft made from the version in force: French leads to Paris, the rest to everyone."""
    amina = RepFactory(team=TeamFactory(name="Paris"))
    TeamFactory(name="Lyon")
    PoolFactory(name="Everyone", reps=[amina])
    paris = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
    french = {"name": "French", "when": FRENCH, "then": paris}
    rest = {"name": "The rest", "when": {}, "then": {"pool": "Everyone"}}
    return draft_of(publish_rules([french, rest]))


def edit(client, rule, *, name=None, value="FR", team="Paris", push="round_robin"):
    """Post the form of the French rule: all as it is but for what is named."""
    first, second = rule.steps.order_by("position")
    form = {
        "name": name or rule.name,
        "cond-root-match": "all",
        "cond-order": ["0"],
        "cond-0-parent": "root",
        "cond-0-field": "country",
        "cond-0-op": "eq",
        "cond-0-value": value,
        "steps-TOTAL_FORMS": 2,
        "steps-INITIAL_FORMS": 2,
        "steps-0-id": first.pk,
        "steps-0-order": 1,
        "steps-0-push": push,
        "steps-0-team": TeamFactory._meta.model.objects.get(name=team).pk,
        "steps-1-id": second.pk,
        "steps-1-order": 2,
        "steps-1-pool": second.pool_id,
    }
    response = client.post(reverse("admin:leaddistrib_rule_change", args=[rule.pk]), form)
    assert response.status_code == 302
    return rule.__class__.objects.get(pk=rule.pk)


def told(client, headers=None, **search):
    """(what, kind, who, {(field, before, after)}) of each line about rules, newest first."""
    found = client.get(PAGE, {"model": "rule", **search}, headers=headers).context["changes"]
    return [
        (
            change.name,
            change.kind,
            str(change.by),
            {(one.field, one.before, one.after) for one in change.differences},
        )
        for change, _address in found
    ]


TURN = "1. team “{}”, in turn (round-robin); 2. pool “Everyone”"
WEIGHED = "1. team “Lyon”, in turn by weight (weighted); 2. pool “Everyone”"


def test_each_edit_of_a_copied_rule_says_only_what_it_changed(olga, draft):
    rule = draft.rules.get(name="French")
    rule = edit(olga, rule, name="France")
    rule = edit(olga, rule, team="Lyon")
    rule = edit(olga, rule, team="Lyon", push="weighted")
    edit(olga, rule, team="Lyon", push="weighted", value="BE")

    assert told(olga) == [
        ("France", "~", "olga", {("Conditions", "country is FR", "country is BE")}),
        ("France", "~", "olga", {("Where it goes", TURN.format("Lyon"), WEIGHED)}),
        ("France", "~", "olga", {("Where it goes", TURN.format("Paris"), TURN.format("Lyon"))}),
        ("France", "~", "olga", {("Name", "French", "France")}),
    ]


def test_steps_are_told_in_the_readers_language(olga, draft):
    edit(olga, draft.rules.get(name="French"), team="Lyon")
    [(_name, _kind, _who, differences)] = told(olga, headers={"accept-language": "fr"})
    [(_field, before, _after)] = differences
    assert "équipe « Paris »" in before.replace("\xa0", " ")


def test_a_deleted_rule_says_what_it_was(olga, draft):
    rule = draft.rules.get(name="French")
    olga.post(reverse("admin:leaddistrib_rule_delete", args=[rule.pk]), {"post": "yes"})
    [(name, kind, who, differences)] = told(olga)
    assert (name, kind, who) == ("French", "-", "olga")
    assert {
        ("Name", "French", ""),
        ("Conditions", "country is FR", ""),
        ("Where it goes", TURN.format("Paris"), ""),
    } <= differences


def test_a_draft_thrown_away_says_who_took_its_rules_out(olga, draft):
    address = reverse("admin:leaddistrib_ruleset_delete", args=[draft.pk])
    assert olga.post(address, {"post": "yes"}).status_code == 302
    assert not RuleSet.objects.filter(pk=draft.pk).exists()
    assert {line[:3] for line in told(olga)} == {
        ("French", "-", "olga"),
        ("The rest", "-", "olga"),
    }


def test_a_new_rule_says_where_it_goes(olga, draft):
    everyone = PoolFactory._meta.model.objects.get(name="Everyone")
    form = {
        "ruleset": draft.pk,
        "name": "Hot",
        "steps-TOTAL_FORMS": 1,
        "steps-INITIAL_FORMS": 0,
        "steps-0-order": 1,
        "steps-0-pool": everyone.pk,
    }
    olga.post(reverse("admin:leaddistrib_rule_add"), form)
    [(name, kind, who, differences)] = told(olga)
    assert (name, kind, who) == ("Hot", "+", "olga")
    assert ("Where it goes", "", "pool “Everyone”") in differences


def test_room_that_a_rule_made_for_another_is_not_its_next_editors_doing(olga, draft):
    rest = draft.rules.get(name="The rest")
    olga.post(
        reverse("admin:leaddistrib_ruleset_up", args=[draft.pk, rest.pk]),
    )
    edit(olga, draft.rules.get(name="French"), name="France")
    assert told(olga) == [
        ("France", "~", "olga", {("Name", "French", "France")}),
        ("The rest", "~", "olga", {("Position", "2", "1")}),
    ]


def test_a_team_that_was_renamed_is_not_the_next_editors_doing(olga, draft):
    rule = edit(olga, draft.rules.get(name="French"), team="Lyon")
    lyon = rule.steps.get(position=0).team
    lyon.name = "Lyon East"
    lyon.save()
    edit(olga, rule, team="Lyon East", name="France")
    assert told(olga)[0][3] == {("Name", "French", "France")}


def test_edits_are_found_by_what_a_rule_asks_for_and_where_it_leads(olga, draft):
    rule = draft.rules.get(name="French")
    edit(olga, edit(olga, rule, team="Lyon"), team="Lyon", value="BE")
    assert len(told(olga, text="lyon")) == 2
    assert [sorted(line[3])[0][2] for line in told(olga, text='"BE"')] == ["country is BE"]
    assert told(olga, text="Marseille") == []


def test_copying_a_version_and_saving_a_rule_as_it_is_are_no_changes(olga, draft):
    assert told(olga) == []
    edit(olga, draft.rules.get(name="French"))
    assert told(olga) == []
    assert Rule.history.exists()

"""A version that was in force never changes, whichever way somebody writes to it (RU3)."""

import pytest
from django.db import transaction
from django.db.models import ProtectedError

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
from leaddistrib.lifecycle.publishing import publish, put_in_force
from leaddistrib.models import Rule, RuleSet, RuleStep
from leaddistrib.queries import rulebook
from leaddistrib.testing import PoolFactory, RepFactory

FRANCE = {"field": "country", "op": "eq", "value": "FR"}
DOCUMENTS = [
    {"name": "France", "when": FRANCE, "then": {"pool": "Everyone"}},
    {"name": "All", "when": {}, "then": {"pool": "Everyone"}},
]


@pytest.fixture
def everyone(db):
    return PoolFactory(name="Everyone", reps=[RepFactory()])


@pytest.fixture(params=["published", "archived"])
def version(request, everyone):
    made = publish(DOCUMENTS)
    if request.param == "archived":
        publish(DOCUMENTS)
        made.refresh_from_db()
    assert made.status == request.param
    return made


def of(model, ruleset):
    path = {Rule: "ruleset", RuleStep: "rule__ruleset"}[model]
    return model.objects.filter(**{path: ruleset})


def renamed(rule):
    rule.name = "Other"
    return rule


def into(rule, ruleset):
    """The rule, as if it were of another version."""
    rule.ruleset = ruleset
    return rule


WAYS = {
    "a rule is saved": lambda v: renamed(v.rules.first()).save(),
    "fields of a rule are saved": lambda v: renamed(v.rules.first()).save(update_fields=["name"]),
    "a rule is deleted": lambda v: v.rules.first().delete(),
    "a rule is added": lambda v: v.rules.create(position=9, name="New"),
    "a rule is moved in": lambda v: into(draft_of(v).rules.first(), v).save(),
    "a rule is moved out": lambda v: into(v.rules.first(), draft_of(v)).save(),
    "rules are updated": lambda v: of(Rule, v).update(name="Other"),
    "rules are updated from the version": lambda v: v.rules.update(name="Other"),
    "rules are updated in bulk": lambda v: Rule.objects.bulk_update(
        [renamed(v.rules.first())], ["name"]
    ),
    "rules are added in bulk": lambda v: Rule.objects.bulk_create(
        [Rule(ruleset=v, position=9, name="New")]
    ),
    "rules are deleted": lambda v: of(Rule, v).delete(),
    "a step is saved": lambda v: of(RuleStep, v).first().save(),
    "a step is deleted": lambda v: of(RuleStep, v).first().delete(),
    "a step is added": lambda v: RuleStep(rule=v.rules.first(), position=9).save(),
    "steps are updated": lambda v: of(RuleStep, v).update(position=5),
    "steps are updated in bulk": lambda v: RuleStep.objects.bulk_update(
        [of(RuleStep, v).first()], ["push"]
    ),
    "steps are added in bulk": lambda v: RuleStep.objects.bulk_create(
        [RuleStep(rule=v.rules.first(), position=9)]
    ),
    "steps are deleted": lambda v: of(RuleStep, v).delete(),
    "a step is updated or made": lambda v: RuleStep.objects.update_or_create(
        rule=v.rules.first(), position=0, defaults={"attended": True}
    ),
    "the version is deleted": lambda v: v.delete(),
    "versions are deleted": lambda v: RuleSet.objects.filter(pk=v.pk).delete(),
    "a rule is edited": lambda v: write_rule(v.rules.first(), []),
    "a rule is moved": lambda v: move_rule(v.rules.first(), 1),
    "rules are put in order": lambda v: order_rules(v, []),
    "a rule is taken out": lambda v: remove_rule(v.rules.first()),
    "a rule is brought back": lambda v: restore_rule(v, v.rules.first().key),
    "it is published again": put_in_force,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_version_that_was_in_force_stays_as_it_was(version, way):
    with pytest.raises(InvalidRules), transaction.atomic():
        WAYS[way](version)

    assert rulebook.documents(RuleSet.objects.get(pk=version.pk)) == DOCUMENTS


def test_what_a_version_leads_to_cannot_be_deleted(version, everyone):
    with pytest.raises(ProtectedError):
        everyone.delete()

    assert rulebook.documents(version) == DOCUMENTS


def test_a_draft_changes_in_each_of_these_ways(everyone):
    made = draft(DOCUMENTS)
    of(Rule, made).update(name="Other")
    rule, last = made.rules.order_by("position")
    RuleStep.objects.filter(rule=rule).delete()
    RuleStep.objects.bulk_create([RuleStep(rule=rule, position=0, pool=everyone)])
    renamed(rule).save()
    last.delete()
    made.delete()

    assert not RuleSet.objects.exists()

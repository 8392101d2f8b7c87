"""Whether rules tell leads apart at all, or hand all of them out in turn to the same reps (RU4)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from leaddistrib.engine.conditions import All, Any_, Condition, Leaf, Not, parse
from leaddistrib.engine.errors import ConditionError
from leaddistrib.models import Rule, RuleStep
from leaddistrib.queries.verdicts import WARNING, Finding

IN_TURN = (RuleStep.Push.ROUND_ROBIN, RuleStep.Push.WEIGHTED, RuleStep.Push.LEAST_LOADED)

SOURCES = {"source", "source_system"}
"""Where a lead came from says nothing of what it is: an own rule for the leads of a test form, or
one for each channel, makes no segments."""


def segmentation(rules: list[Rule]) -> Iterator[Finding]:
    """Every lead in turn to the same reps: big deals go to juniors, small ones to specialists."""
    if not _alike(rules):
        return
    if len(rules) == 1:
        text = _(
            "“%(rule)s” hands out all leads alike, without any segment. Add rules before it, for "
            "example by size, territory or score, and push in turn within each."
        ) % {"rule": rules[0].name}
        yield Finding(WARNING, "no_segmentation", text, rules[0], 0)
    else:
        text = _(
            "Whatever the lead, these rules hand it out in turn to the same reps of the team "
            "“%(team)s”. Let rules for segments, for example by size, territory or score, lead to "
            "different teams or reps."
        ) % {"team": next(step.team for step in map(_first, rules) if step and step.push)}
        yield Finding(WARNING, "no_segmentation", text)


def _alike(rules: list[Rule]) -> bool:
    """Whether every rule that pushes first asks the same reps in turn, and none of its leads is
    told from another by what it is.

    Conditions on more than the source count as segments where they keep some leads from these
    reps, or hand them out in another way; not where all rules do the very same.
    """
    if not rules or rules[-1].when != {}:
        return False  # not whole yet: that is an error of its own
    steps = [_first(rule) for rule in rules]
    pushes = [step for step in steps if step is not None and step.push]
    reps = {(step.team_id, step.seniority, step.attended) for step in pushes}
    if len(reps) != 1 or any(step.push not in IN_TURN for step in pushes):
        return False
    if len(pushes) == len(rules) and len({step.push for step in pushes}) == 1:
        return True
    try:
        return all(_fields(parse(rule.when)) <= SOURCES for rule in rules)
    except ConditionError:
        return False  # a rule that cannot be read is an error of its own


def _first(rule: Rule) -> RuleStep | None:
    return next(iter(rule.steps.all()), None)


def _fields(condition: Condition) -> set[str]:
    """The fields that conditions ask for."""
    match condition:
        case Leaf():
            return {condition.field}
        case Not():
            return _fields(condition.condition)
        case All() | Any_():
            return set().union(*map(_fields, condition.conditions))
    return set()

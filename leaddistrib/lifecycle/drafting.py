"""A draft of the rules is edited rule by rule (RU3). A published version never changes."""

from collections.abc import Sequence

from django.db.models import F
from django.utils.translation import gettext as _

from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.publishing import draft, draft_of
from leaddistrib.lifecycle.routing import safety_net
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Rule, RuleSet, RuleStep

# Positions are unique: while rules change places they stand beyond every place.
ASIDE = 1_000_000


@act(durable=False)
def new_draft(*, based_on: RuleSet | None = None, note: str = "") -> RuleSet:
    """A draft with the rules of ``based_on``, or with a catch-all to the safety net alone."""
    if based_on is not None and based_on.rules.exists():
        made = draft_of(based_on)
        made.note = note
        made.save(update_fields=("note",))
        return made
    everything = {"name": _("Everything else"), "when": {}, "then": {"pool": safety_net().name}}
    return draft([everything], note=note)


@act(durable=False)
def write_rule(rule: Rule, steps: Sequence[RuleStep]) -> Rule:
    """Save a rule of a draft, and its ``steps`` in this order instead of those it had.

    A new rule goes before the catch-all, where it can still be reached.

    Raises:
        InvalidRules: the rule set is no draft (any more).
    """
    others = _lock_rules(rule.ruleset)
    if rule._state.adding:
        place = len(others) - 1 if others and others[-1].when == {} else len(others)
        rule.position = ASIDE * 2
        rule.save()
        _put_in_order([*others[:place], rule, *others[place:]])
        rule.refresh_from_db(fields=("position",))
    else:
        rule.save(update_fields=("name", "when"))
    rule.steps.all().delete()
    RuleStep.objects.bulk_create(
        RuleStep(
            rule=rule,
            position=number,
            push=step.push,
            team=step.team,
            pool=step.pool,
            seniority=step.seniority,
            attended=step.attended,
        )
        for number, step in enumerate(steps)
    )
    return rule


@act(durable=False)
def move_rule(rule: Rule, by: int) -> None:
    """Move a rule of a draft up (``by`` negative) or down; at the end of the list it stays.

    Raises:
        InvalidRules: the rule set is no draft (any more).
    """
    rules = _lock_rules(rule.ruleset)
    here = next(index for index, one in enumerate(rules) if one.pk == rule.pk)
    moved = rules.pop(here)
    rules.insert(max(0, here + by), moved)
    _put_in_order(rules)


@act(durable=False)
def order_rules(ruleset: RuleSet, order: Sequence[int]) -> None:
    """Put a draft's rules in the order of these ids (primary keys), first to last.

    Raises:
        InvalidRules: the rule set is no draft (any more), or these are not exactly its rules:
            somebody added or removed one meanwhile.
    """
    rules = {rule.pk: rule for rule in _lock_rules(ruleset)}
    if sorted(order) != sorted(rules):
        raise InvalidRules({"rules": _("The rules have changed meanwhile. Look at them again.")})
    _put_in_order([rules[pk] for pk in order])


@act(durable=False)
def remove_rule(rule: Rule) -> None:
    """Take a rule out of a draft.

    Raises:
        InvalidRules: the rule set is no draft (any more).
    """
    rules = _lock_rules(rule.ruleset)
    rule.delete()
    _put_in_order([one for one in rules if one.position != rule.position])


def _lock_rules(ruleset: RuleSet) -> list[Rule]:
    """The rules in order. The rule set stays locked, so that it cannot be published half-edited."""
    status = RuleSet.objects.select_for_update().values_list("status", flat=True).get(pk=ruleset.pk)
    if status != RuleSet.Status.DRAFT:
        raise InvalidRules({"rules": _("Only a draft can be changed. Make a draft from it.")})
    return list(Rule.objects.filter(ruleset=ruleset).order_by("position"))


def _put_in_order(rules: Sequence[Rule]) -> None:
    ids = [rule.pk for rule in rules]
    Rule.objects.filter(pk__in=ids).update(position=F("position") + ASIDE)
    for position, rule in enumerate(rules, start=1):
        rule.position = position
    Rule.objects.bulk_update(rules, ("position",), batch_size=200)

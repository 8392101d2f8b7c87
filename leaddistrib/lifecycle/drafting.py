"""Drafts of the rules: made, and edited rule by rule (RU3). A published version never changes."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.db.models import F, Max
from django.utils.translation import gettext as _

from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.routing import safety_net
from leaddistrib.lifecycle.rulehistory import record, record_as_they_were
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Rule, RuleSet, RuleStep, step_document, steps_of
from leaddistrib.queries.differences import unmoved
from leaddistrib.queries.documents import read

# Positions are unique: while rules change places they stand beyond every place.
ASIDE = 1_000_000


@act(durable=False)
def new_draft(*, based_on: RuleSet | None = None, note: str = "") -> RuleSet:
    """A draft with the rules of ``based_on``, or with a catch-all to the safety net alone."""
    if based_on is not None and based_on.rules.exists():
        return draft_of(based_on, note=note)
    everything = {"name": _("Everything else"), "when": {}, "then": {"pool": safety_net().name}}
    return draft([everything], note=note)


@act(durable=False)
def draft(documents: Sequence[object], *, note: str = "") -> RuleSet:
    """Keep rule documents as a draft version. A rule whose name an earlier version has is that
    rule: it keeps its key, and with it its reviews and figures.

    Raises:
        InvalidRules: with each problem and its place. Nothing was written.
    """
    rules = read(documents)
    ruleset = _new_version(note)
    keys = _keys({rule.name for rule in rules})
    rows = Rule.objects.bulk_create(
        Rule(
            ruleset=ruleset,
            position=position,
            name=rule.name,
            when=rule.when,
            # Of two rules with one name the first is the one that was there.
            **({"key": keys.pop(rule.name)} if rule.name in keys else {}),
        )
        for position, rule in enumerate(rules, start=1)
    )
    _write_steps(list(zip(rows, (rule.steps for rule in rules), strict=True)))
    return ruleset


@act(durable=False)
def draft_of(ruleset: RuleSet, *, note: str = "") -> RuleSet:
    """A new draft with the same rules: how a published version is changed."""
    rules = list(ruleset.rules.order_by("position").prefetch_related("steps"))
    copy = _new_version(note)
    rows = Rule.objects.bulk_create(
        Rule(ruleset=copy, key=one.key, position=one.position, name=one.name, when=one.when)
        for one in rules
    )
    _write_steps([(row, list(one.steps.all())) for row, one in zip(rows, rules, strict=True)])
    return copy


def _new_version(note: str) -> RuleSet:
    """An empty draft, numbered after the latest. Of two made at once the second gets the next."""
    while True:
        latest = RuleSet.objects.aggregate(latest=Max("version"))["latest"] or 0
        made, created = RuleSet.objects.get_or_create(version=latest + 1, defaults={"note": note})
        if created:
            return made


def _keys(names: set[str]) -> dict[str, object]:
    """The key of each name's rule, by the latest version that has one."""
    known = Rule.objects.filter(name__in=names).order_by("ruleset__version", "-position")
    return dict(known.values_list("name", "key"))


def _write_steps(rules: Sequence[tuple[Rule, Sequence[RuleStep]]]) -> None:
    RuleStep.objects.bulk_create(
        step.again(rule, number) for rule, steps in rules for number, step in enumerate(steps)
    )


@act(durable=False)
def write_rule(rule: Rule, steps: Sequence[RuleStep], *, actor: AbstractUser | None = None) -> Rule:
    """Save a rule of a draft, and its ``steps`` in this order instead of those it had.

    A new rule goes before the catch-all, where it can still be reached.

    Raises:
        InvalidRules: the rule set is no draft (any more).
    """
    others = _lock_rules(rule.ruleset)
    adding = rule._state.adding
    if adding:
        place = len(others) - 1 if others and others[-1].when == {} else len(others)
        _put_in_order(others[place:], start=place + 2)  # those behind make room
        rule.position = place + 1
    else:
        was = _among(others, rule)
        record_as_they_were([was])
        rule.position = was.position
    fields = None if adding else ("name", "when")
    rule.save_without_historical_record(update_fields=fields)  # type: ignore[attr-defined]
    rule.steps.all().delete()
    _write_steps([(rule, steps)])
    record([(rule, [step_document(step) for step in steps])], "+" if adding else "~", actor)
    return rule


@act(durable=False)
def move_rule(rule: Rule, by: int, *, actor: AbstractUser | None = None) -> None:
    """Move a rule of a draft up (``by`` negative) or down; at the end of the list it stays.

    Raises:
        InvalidRules: the rule set is no draft (any more).
    """
    rules = _lock_rules(rule.ruleset)
    moved = _among(rules, rule)
    here = rules.index(moved)
    order = [*rules[:here], *rules[here + 1 :]]
    order.insert(max(0, here + by), moved)
    _move(order, actor)


@act(durable=False)
def order_rules(
    ruleset: RuleSet, order: Sequence[int], *, actor: AbstractUser | None = None
) -> None:
    """Put a draft's rules in the order of these ids (primary keys), first to last.

    Raises:
        InvalidRules: the rule set is no draft (any more), or these are not exactly its rules:
            somebody added or removed one meanwhile.
    """
    rules = {rule.pk: rule for rule in _lock_rules(ruleset)}
    if sorted(order) != sorted(rules):
        raise _changed_meanwhile()
    _move([rules[pk] for pk in order], actor)


@act(durable=False)
def remove_rule(rule: Rule, *, actor: AbstractUser | None = None) -> None:
    """Take a rule out of a draft.

    Raises:
        InvalidRules: the rule set is no draft (any more).
    """
    rules = _lock_rules(rule.ruleset)
    gone = _among(rules, rule)
    rules.remove(gone)
    _delete(gone, actor)
    _put_in_order(rules)


@act(durable=False)
def throw_away(ruleset: RuleSet, *, actor: AbstractUser | None = None) -> None:
    """Delete a draft with its rules.

    Raises:
        InvalidRules: the rule set is no draft (any more).
    """
    for rule in _lock_rules(ruleset):
        _delete(rule, actor)
    attributed(ruleset, actor).delete()


@act(durable=False)
def restore_rule(ruleset: RuleSet, key: UUID, *, actor: AbstractUser | None = None) -> Rule:
    """Bring a rule that was taken out of a draft back, from the version it came from.

    It goes where a new rule goes. What was edited in it before it was taken out is lost.

    Raises:
        InvalidRules: the rule set is no draft (any more), it has the rule, or no version had it.
    """
    rules = _lock_rules(ruleset)
    known = Rule.objects.filter(key=key).exclude(ruleset=ruleset)
    was = known.order_by("-ruleset__version").prefetch_related("steps__team", "steps__pool").first()
    if was is None or any(rule.key == key for rule in rules):
        raise InvalidRules({"rules": _("There is no such rule to bring back.")})
    rule = Rule(ruleset=ruleset, key=key, name=was.name, when=was.when)
    return write_rule(rule, list(was.steps.all()), actor=actor)


def _delete(rule: Rule, actor: AbstractUser | None) -> None:
    attributed(rule, actor).delete()


def _move(order: Sequence[Rule], actor: AbstractUser | None) -> None:
    """Put rules, as they are locked, in this order. Only those that passed others are recorded,
    not those that made room."""
    stayed = unmoved([rule.position for rule in order])
    moved = [rule for rule in order if rule.position not in stayed]
    record_as_they_were(moved)
    _put_in_order(order)
    record([(rule, steps_of(rule)) for rule in moved], "~", actor)


def _among(rules: Sequence[Rule], rule: Rule) -> Rule:
    """``rule`` as it is now among the locked ones.

    Raises:
        InvalidRules: it was taken out meanwhile.
    """
    for one in rules:
        if one.pk == rule.pk:
            return one
    raise _changed_meanwhile()


def _changed_meanwhile() -> InvalidRules:
    return InvalidRules({"rules": _("The rules have changed meanwhile. Look at them again.")})


def _lock_rules(ruleset: RuleSet) -> list[Rule]:
    """The rules in order, with their steps. The rule set stays locked, so that it cannot be
    published half-edited."""
    status = RuleSet.objects.select_for_update().values_list("status", flat=True).get(pk=ruleset.pk)
    if status != RuleSet.Status.DRAFT:
        raise InvalidRules({"rules": _("Only a draft can be changed. Make a draft from it.")})
    rules = Rule.objects.filter(ruleset=ruleset).order_by("position")
    return list(rules.prefetch_related("steps__team", "steps__pool"))


def _put_in_order(rules: Sequence[Rule], start: int = 1) -> None:
    """Number these rules from ``start``; only those that have another place are written."""
    places = list(enumerate(rules, start=start))
    moved = [(position, rule) for position, rule in places if rule.position != position]
    ids = [rule.pk for _position, rule in moved]
    Rule.objects.filter(pk__in=ids).update(position=F("position") + ASIDE)
    for position, rule in moved:
        rule.position = position
    Rule.objects.bulk_update([rule for _position, rule in moved], ("position",), batch_size=200)

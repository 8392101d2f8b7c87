"""What is wrong, or may be, with a version of the rules before it is published (RU4).

Errors stand against publishing, warnings are shown. docs/rules.md has the table of codes.
"""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.errors import ConditionError
from leaddistrib.engine.reach import unreachable
from leaddistrib.errors import InvalidRules
from leaddistrib.models import Rule, RuleSet, RuleStep
from leaddistrib.queries import clock, documents, reviews, rulebook
from leaddistrib.queries.segmentation import segmentation
from leaddistrib.queries.staffing import Staff, staff
from leaddistrib.queries.territory_findings import territory_findings
from leaddistrib.queries.verdicts import ERROR, WARNING, Finding


def findings(ruleset: RuleSet, moment: datetime | None = None) -> list[Finding]:
    """Everything that the checks find in a version at ``moment`` (now), errors first, in the order
    of the rules. A number of queries that does not depend on how many rules there are."""
    moment = moment or clock.now()
    rules = list(ruleset.rules.order_by("position").prefetch_related("steps__team", "steps__pool"))
    found = [
        *_documents(rules),
        *_reach(rules),
        *_steps(rules, staff(moment)),
        *territory_findings(rules, moment),
        *segmentation(rules),
        *_reviews(rules, moment),
    ]
    return sorted(found, key=lambda one: (one.level != ERROR, one.index))


def errors(ruleset: RuleSet) -> list[Finding]:
    """What stands against publishing the version."""
    return [one for one in findings(ruleset) if one.level == ERROR]


def _documents(rules: list[Rule]) -> Iterator[Finding]:
    """What keeps the rules from being read at all: each problem has its place."""
    try:
        documents.read([rulebook.document(rule) for rule in rules])
    except InvalidRules as error:
        for place, text in error.problems.items():
            index = documents.index_of(place)
            rule = None if index is None else rules[index]
            sentence = text if rule is None else f"“{rule.name}”: {text}"
            code = "no_catch_all" if rule is None else "invalid"
            yield Finding(ERROR, code, sentence, rule, -1 if index is None else index, place)


def _reach(rules: list[Rule]) -> Iterator[Finding]:
    """Rules that no lead can reach. Rules that cannot be read have no part in it."""
    read = []
    for index, rule in enumerate(rules):
        try:
            read.append((index, parse(rule.when)))
        except ConditionError:
            continue
    for one in unreachable([condition for _index, condition in read]):
        index = read[one.rule][0]
        rule = rules[index]
        if not one.because:
            text = _(
                "No lead can ever meet the conditions of “%(rule)s”: they contradict each other. "
                "Correct them, or remove the rule."
            ) % {"rule": rule.name}
            yield Finding(ERROR, "contradiction", text, rule, index)
            continue
        if index == len(rules) - 1 and rule.when == {}:
            continue  # a version ends in a catch-all, even where the others happen to take all
        takers = ", ".join(f"“{rules[read[taker][0]].name}”" for taker in one.because)
        text = _(
            "“%(rule)s” is never reached: every lead that meets its conditions is taken before, by "
            "%(takers)s. Move it up, or change or remove it."
        ) % {"rule": rule.name, "takers": takers}
        yield Finding(ERROR, "shadowed", text, rule, index)


def _steps(rules: list[Rule], people: Staff) -> Iterator[Finding]:
    for index, rule in enumerate(rules):
        steps = list(rule.steps.all())
        said: set[str] = set()
        for step in steps:
            for level, code, text in _step(rule, step, people):
                if text not in said:  # the same team in two steps
                    said.add(text)
                    yield Finding(level, code, text, rule, index)
        if len(steps) == 1 and steps[0].push:
            text = _(
                "“%(rule)s” has no fallback: when nobody is available its leads wait in the safety "
                "net. Add a step, such as a pool."
            ) % {"rule": rule.name}
            yield Finding(WARNING, "no_fallback", text, rule, index)


def _step(rule: Rule, step: RuleStep, people: Staff) -> Iterator[tuple[str, str, str]]:
    """What is wrong with one place that a rule sends leads to: level, code and sentence."""
    words = {"rule": rule.name, "team": str(step.team or ""), "pool": str(step.pool or "")}
    if step.pool is not None:
        if not step.pool.is_safety_net and step.pool.pk not in people.pools:
            text = _(
                "“%(rule)s” leads to the pool “%(pool)s”, which has no active member. Add some."
            )
            yield ERROR, "empty_pool", text % words
        return
    members = people.of(step.team)
    if step.team is not None and step.push == RuleStep.Push.MANAGER:
        if step.team.pk not in people.managed:
            text = _(
                "“%(rule)s” goes to the manager of “%(team)s”, and none of its managers is an "
                "active rep. Make one of them a rep, or choose another step."
            )
            yield WARNING, "no_manager", text % words
        return
    if step.team is not None and not members:
        text = _("“%(rule)s” pushes to the team “%(team)s”, in which nobody works. Add reps to it.")
        yield ERROR, "empty_team", text % words
        return
    if step.team is not None and all(rep.away for rep in members):
        text = _(
            "“%(rule)s” pushes to the team “%(team)s”, where everybody is on leave or paused now. "
            "See that its next step can take the leads."
        )
        yield WARNING, "team_away", text % words
    yield from _choice_of_reps(step, people, words)


def _choice_of_reps(
    step: RuleStep, people: Staff, words: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """What narrows or weighs the reps of a push step."""
    members = people.of(step.team)
    if step.seniority and not any(rep.seniority == step.seniority for rep in members):
        text = _(
            "“%(rule)s” wants reps of seniority “%(level)s”, and there is none. Give a rep that "
            "seniority, or leave it out."
        )
        level = step.get_seniority_display()
        yield WARNING, "no_such_seniority", text % {**words, "level": level}
    if step.attended and not any(rep.attended for rep in members):
        text = _(
            "“%(rule)s” wants reps who attended the lead's event, and none of them attended any. "
            "Enter who attended, in the event."
        )
        yield WARNING, "nobody_attended", text % words
    if step.push == RuleStep.Push.WEIGHTED and step.team is not None and len(members) > 1:
        weights = {rep.weight for rep in members}
        if step.team.weighting == step.team.Weighting.BY_HAND and len(weights) == 1:
            text = _(
                "“%(rule)s” goes by weight, and everybody in “%(team)s” has the same. Set weights, "
                "let them follow performance, or push in turn."
            )
            yield WARNING, "equal_weights", text % words
    if step.push == RuleStep.Push.ACCOUNT_OWNER and not people.account_owners:
        text = _(
            "“%(rule)s” goes to the account's owner, and no account has one. Enter owners, or "
            "choose another step."
        )
        yield WARNING, "no_account_owner", text % words


def _reviews(rules: list[Rule], moment: datetime) -> Iterator[Finding]:
    since = reviews.last_looked_at(rules)
    limit = reviews.review_after()
    for index, rule in enumerate(rules):
        days = (moment - since[rule.key]).days
        if since[rule.key] + limit <= moment:
            text = _(
                "“%(rule)s” was neither changed nor reviewed for %(days)d days. See what it did "
                "since, and confirm or change it."
            ) % {"rule": rule.name, "days": days}
            yield Finding(WARNING, "review_due", text, rule, index)

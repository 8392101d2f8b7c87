"""Why a lead went where it went: a sentence for reps, the whole trace for managers (RU5).

Both read what was kept with the decision; nothing is decided again here. The sentence has its own
module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.models import Decision, Rule, RuleStep
from leaddistrib.queries import wording
from leaddistrib.queries.sentences import sentence

__all__ = ["Considered", "Trace", "TriedRule", "TriedStep", "sentence", "trace"]


@dataclass(frozen=True, slots=True)
class TriedRule:
    """A rule that was tried: it matched, or the reasons why not."""

    position: int
    name: str
    conditions: str
    matched: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Considered:
    """A rep who was looked at in a step, in order: next first, then those passed over.

    ``result`` says in a few words what came of it. ``virtual_time`` is in turns of weight 1 times
    a million, ``load`` such as "3 of 50" where the strategy goes by it, ``backup_of`` whom the rep
    stands in for.
    """

    name: str
    chosen: bool
    virtual_time: int | None
    result: str
    passed_over: str = ""
    lifts_at: str | None = None
    load: str = ""
    backup_of: str = ""


@dataclass(frozen=True, slots=True)
class TriedStep:
    """A place the rule sent the lead to, and whether somebody there could take it. ``note`` says
    why nobody was looked at."""

    target: str
    took: bool
    candidates: tuple[Considered, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A decision in full. ``version`` is None where no rules were asked."""

    version: int | None
    rules: tuple[TriedRule, ...]
    steps: tuple[TriedStep, ...]
    sentence: str


def trace(decision: Decision) -> Trace:
    """Each rule with its reason, each candidate with its gate, its virtual time or its load."""
    document = decision.explanation
    ruleset = decision.ruleset
    rules = list(ruleset.rules.order_by("position")) if ruleset else []
    return Trace(
        version=ruleset.version if ruleset else None,
        rules=tuple(_tried(rules, document)),
        steps=tuple(_step(step) for step in document["steps"]),
        sentence=sentence(decision),
    )


def _tried(rules: list[Rule], document: dict[str, Any]) -> list[TriedRule]:
    reasons: dict[int, list[str]] = {}
    for miss in document["misses"]:
        for index in miss["rules"]:
            reasons.setdefault(index, []).append(_miss(miss))
    matched = document["rule"]
    tried = rules if matched is None else rules[: matched + 1]
    return [
        TriedRule(
            position=index + 1,
            name=rule.name,
            conditions=wording.condition_in_words(rule.when),
            matched=index == matched,
            reasons=tuple(reasons.get(index, ())),
        )
        for index, rule in enumerate(tried)
    ]


def _miss(miss: dict[str, Any]) -> str:
    if not miss["field"]:
        return _("its conditions as a whole do not hold")
    name, actual = wording.field_label(miss["field"]), miss["actual"]
    if miss.get("note"):
        return _("%(field)s is “%(value)s”, which is not a number") % {
            "field": name,
            "value": actual,
        }
    if actual is None or str(actual).strip() == "":
        return _("%(field)s is blank") % {"field": name}
    return _("%(field)s is “%(value)s”") % {
        "field": name,
        "value": wording.value_label(miss["field"], actual),
    }


def _step(step: dict[str, Any]) -> TriedStep:
    if "pool" in step:
        return TriedStep(_("pool “%(name)s”") % {"name": step["pool"]}, took="waited" not in step)
    return TriedStep(
        _target(step),
        took=step["winner"] is not None,
        candidates=tuple(_considered(step, one) for one in step["candidates"]),
        note="" if step["candidates"] else str(NOBODY[step["push"]]),
    )


def _target(step: dict[str, Any]) -> str:
    """Where a push went, and how, as wording.step_in_words says it of the rule."""
    parts = [str(dict(RuleStep.Push.choices).get(step["push"], step["push"]))]
    if step["team"]:
        parts.insert(0, _("team “%(name)s”") % {"name": step["team"]})
    if step.get("territory"):
        parts.append(_("territory “%(name)s”") % {"name": step["territory"]})
    if step.get("seniority"):
        level = wording.seniority(step["seniority"])
        parts.append(_("only reps of seniority “%(level)s”") % {"level": level})
    if "event" in step:
        parts.append(_("only who attended “%(event)s”") % {"event": step["event"]})
    return ", ".join(parts)


NOBODY: Mapping[str, str | Promise] = {
    "round_robin": lazy("nobody is in the team"),
    "weighted": lazy("nobody is in the team"),
    "least_loaded": lazy("nobody is in the team"),
    "territory_owner": lazy("nobody works its territory, or it has none"),
    "account_owner": lazy("nobody looks after its account, or it has none"),
    "manager": lazy("none of the team's managers takes leads"),
}
"""Why a step had nobody to look at."""


def _considered(step: dict[str, Any], candidate: dict[str, Any]) -> Considered:
    chosen = candidate["rep"] == step["winner"]
    refused = candidate.get("refused")
    passed_over = wording.passed_over(refused, candidate.get("params", {})) if refused else ""
    load = candidate.get("load")
    return Considered(
        name=candidate["name"],
        chosen=chosen,
        virtual_time=candidate.get("time"),
        result=passed_over or _place(candidate, chosen),
        passed_over=passed_over,
        lifts_at=candidate.get("lifts_at"),
        load=_("%(open)d of %(capacity)d") % {"open": load[0], "capacity": load[1]} if load else "",
        backup_of=candidate.get("backup_of", ""),
    )


def _place(candidate: dict[str, Any], chosen: bool) -> str:
    if "backup_of" in candidate:
        return _("stands in for %(absent)s") % {"absent": candidate["backup_of"]}
    if "load" in candidate:
        return _("fewest open leads") if chosen else _("more open leads, or later in turn")
    if "time" in candidate:
        return _("next in turn") if chosen else _("later in turn")
    return _("owner")

"""Why a lead went where it went: a sentence for reps, the whole trace for managers (RU5).

Both read what was kept with the decision; nothing is decided again here.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.models import Decision, Rep, Rule
from leaddistrib.queries import wording


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
    """A rep who was looked at in a step, in order: next in turn first, then those passed over."""

    name: str
    chosen: bool
    virtual_time: int | None
    passed_over: str = ""
    lifts_at: str | None = None


@dataclass(frozen=True, slots=True)
class TriedStep:
    """A place the rule sent the lead to, and whether somebody there could take it."""

    target: str
    took: bool
    candidates: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """A decision in full."""

    version: int
    rules: tuple[TriedRule, ...]
    steps: tuple[TriedStep, ...]
    sentence: str


def sentence(decision: Decision, rep: Rep | None = None) -> str:
    """The decision in a sentence; said to ``rep`` where one is given."""
    return " ".join(part for part in (_outcome(decision, rep), _for(decision, rep)) if part)


def _outcome(decision: Decision, rep: Rep | None) -> str:
    rule = decision.rule.name if decision.rule else None
    if decision.owner:
        if rep is not None and decision.owner_id == rep.pk:
            return _("You got this lead by the rule “%(rule)s”: it was your turn.") % {"rule": rule}
        return _("The rule “%(rule)s” gave this lead to %(owner)s, whose turn it was.") % {
            "rule": rule,
            "owner": decision.owner.name,
        }
    pool = decision.pool.name if decision.pool else ""
    if decision.pool and decision.pool.is_safety_net:
        if rule is None:
            return _("No rule took this lead, so it waits in “%(pool)s”.") % {"pool": pool}
        return _("Nobody in the rule “%(rule)s” was available, so it waits in “%(pool)s”.") % {
            "rule": rule,
            "pool": pool,
        }
    if decision.method == Decision.Method.RACE:
        return _(
            "The rule “%(rule)s” opened this lead to all members of “%(pool)s” at the same time: "
            "the first claim owns it."
        ) % {"rule": rule, "pool": pool}
    return _("The rule “%(rule)s” put this lead in the queue “%(pool)s”.") % {
        "rule": rule,
        "pool": pool,
    }


def _for(decision: Decision, rep: Rep | None) -> str:
    """What concerns this rep alone: passed over and why, or not yet their turn."""
    if rep is None or decision.owner_id == rep.pk:
        return ""
    for step in decision.explanation["steps"]:
        for place, candidate in enumerate(step.get("candidates", ())):
            if candidate["rep"] != rep.pk:
                continue
            if "refused" in candidate:
                reason = wording.passed_over(candidate["refused"], candidate.get("params", {}))
                return _("You were passed over: %(reason)s.") % {"reason": reason}
            return ngettext(
                "%(number)d rep was before you in turn.",
                "%(number)d reps were before you in turn.",
                place,
            ) % {"number": place}
    return ""


def trace(decision: Decision) -> Trace:
    """Each rule with its reason, each candidate with its gate and virtual time."""
    rules = list(decision.ruleset.rules.order_by("position"))
    document = decision.explanation
    return Trace(
        version=decision.ruleset.version,
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
        return TriedStep(_("pool “%(name)s”") % {"name": step["pool"]}, took=True)
    return TriedStep(
        _("team “%(name)s”, in turn") % {"name": step["team"]},
        took=step["winner"] is not None,
        candidates=tuple(
            Considered(
                name=candidate["name"],
                chosen=candidate["rep"] == step["winner"],
                virtual_time=candidate.get("time"),
                passed_over=wording.passed_over(candidate["refused"], candidate.get("params", {}))
                if "refused" in candidate
                else "",
                lifts_at=candidate.get("lifts_at"),
            )
            for candidate in step["candidates"]
        ),
    )

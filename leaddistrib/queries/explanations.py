"""Why a lead went where it went: a sentence for reps, the whole trace for managers (RU5).

Both read what was kept with the decision; nothing is decided again here. The sentence has its own
module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.engine.turns import STRIDE
from leaddistrib.models import Decision, EscalationStep, Lead, Rule, RuleStep
from leaddistrib.queries import refusing, wording
from leaddistrib.queries.phrases import BEYOND_SHARE, FIRST_FOR_UNCLAIMED
from leaddistrib.queries.sentences import sentence

__all__ = [
    "Considered",
    "Load",
    "Trace",
    "TriedRule",
    "TriedStep",
    "decisions_of",
    "sentence",
    "trace",
]


@dataclass(frozen=True, slots=True)
class TriedRule:
    """A rule that was tried: it matched, or the reasons why not."""

    position: int
    name: str
    conditions: str
    matched: bool
    reasons: tuple[str, ...] = ()


class Load(NamedTuple):
    """Open leads of a rep against the capacity; as text such as "3 of 50"."""

    open: int
    capacity: int

    def __str__(self) -> str:
        return _("%(open)d of %(capacity)d") % {"open": self.open, "capacity": self.capacity}


@dataclass(frozen=True, slots=True)
class Considered:
    """A rep who was looked at in a step, in order: next first, then those passed over.

    ``result`` says in a few words what came of it, ``passed_over`` the reason alone, with the
    moment at which it ``lifts_at`` if that was known. ``virtual_time`` is in millionths of a turn
    of weight 1 and ``load`` there where the strategy goes by it; ``backup_of`` whom the rep stands
    in for.
    """

    name: str
    chosen: bool
    virtual_time: int | None
    result: str
    passed_over: str = ""
    lifts_at: datetime | None = None
    load: Load | None = None
    backup_of: str = ""

    @property
    def turns(self) -> float | None:
        """The virtual time in turns of weight 1, as people read it."""
        return None if self.virtual_time is None else self.virtual_time / STRIDE


@dataclass(frozen=True, slots=True)
class TriedStep:
    """A place the rule sent the lead to, and whether somebody there could take it. ``note`` says
    why nobody was looked at, or why the lead was ``passed_by`` a pool."""

    target: str
    took: bool
    candidates: tuple[Considered, ...] = ()
    note: str = ""
    passed_by: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """A decision in full. ``version`` is None where no rules were asked."""

    version: int | None
    rules: tuple[TriedRule, ...]
    steps: tuple[TriedStep, ...]
    sentence: str


def decisions_of(lead: Lead) -> QuerySet[Decision]:
    """All that was decided for a lead, in order, with what their explanation needs. The last one
    put the lead where it is, or was before somebody took it."""
    return lead.decisions.select_related("rule", "ruleset", "owner__user", "pool").order_by("id")


def trace(decision: Decision) -> Trace:
    """Each rule with its reason, each candidate with its gate, its virtual time or its load. For
    those who look after the lead and see the whole of it: it quotes it."""
    document = decision.explanation
    ruleset = decision.ruleset
    rules = list(ruleset.rules.order_by("position")) if ruleset else []
    return Trace(
        version=ruleset.version if ruleset else None,
        rules=tuple(_tried(rules, document)),
        steps=tuple(_step(step) for step in (*document.get("passed_over", ()), *document["steps"])),
        sentence=sentence(decision, whole=True, oversees=True),
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
        beyond = step.get("beyond", "")
        return TriedStep(
            _("pool “%(name)s”") % {"name": step["pool"]},
            took="waited" not in step and not beyond,
            note=str(BEYOND_SHARE[beyond]) if beyond else "",
            passed_by=bool(beyond),
        )
    return TriedStep(
        _target(step),
        took=step["winner"] is not None,
        candidates=tuple(_considered(step, one) for one in step["candidates"]),
        note="" if step["candidates"] else str({**NOBODY, **NOBODY_ELSE}[step["push"]]),
    )


def _target(step: dict[str, Any]) -> str:
    """Where a push went, and how, as wording.step_in_words says it of the rule."""
    known = {**dict(EscalationStep.To.choices), **dict(RuleStep.Push.choices)}
    parts = [str(known.get(step["push"], step["push"]))]
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

NOBODY_ELSE: Mapping[str, str | Promise] = {
    "backup": lazy("nobody stands in for the owner"),
    "rules": lazy("nobody whom the rules ask could take it"),
}
"""The same of steps by which a lead goes on that is not answered (SL3)."""


def _considered(step: dict[str, Any], candidate: dict[str, Any]) -> Considered:
    chosen = candidate["rep"] == step["winner"]
    refused = candidate.get("refused")
    passed_over = refusing.passed_over(refused, candidate.get("params", {})) if refused else ""
    lifts_at = candidate.get("lifts_at")
    return Considered(
        name=candidate["name"],
        chosen=chosen,
        virtual_time=candidate.get("time"),
        result=_result(step, candidate, chosen, passed_over),
        passed_over=passed_over,
        lifts_at=datetime.fromisoformat(lifts_at) if lifts_at else None,
        load=Load(*candidate["load"]) if "load" in candidate else None,
        backup_of=candidate.get("backup_of", ""),
    )


def _result(step: dict[str, Any], candidate: dict[str, Any], chosen: bool, passed_over: str) -> str:
    if "backup_of" in candidate:
        named = {"absent": candidate["backup_of"], "reason": passed_over}
        if passed_over:
            return _("stands in for %(absent)s, passed over: %(reason)s") % named
        return _("stands in for %(absent)s") % named
    if passed_over:
        return passed_over
    if "owed" in candidate:
        return ngettext(
            "before the others: %(number)d guaranteed lead is still to come",
            "before the others: %(number)d guaranteed leads are still to come",
            candidate["owed"],
        ) % {"number": candidate["owed"]}
    if any("owed" in one for one in step["candidates"]):
        return _("after who is still to get guaranteed leads")
    if "first" in candidate:
        return str(FIRST_FOR_UNCLAIMED[candidate["first"]])
    if any("first" in one for one in step["candidates"]):
        return _("after who is first for what nobody took")
    if "load" in candidate:
        return _("fewest open leads") if chosen else _("more open leads, or later in turn")
    if "time" in candidate:
        return _("next in turn") if chosen else _("later in turn")
    return _("owner")

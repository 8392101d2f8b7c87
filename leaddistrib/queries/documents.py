"""Rules as documents are read: every problem is named with its place, before anything is written.

One rule is ``{name, when, then}``. ``then`` is a step, with the steps after it in ``fallback``::

    {push: STRATEGY, team?, seniority?, attended?, fallback: [step, …]}
    {pool: NAME, fallback: [step, …]}

docs/rules.md describes them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from leaddistrib.engine.conditions import parse, to_document
from leaddistrib.engine.errors import ConditionError
from leaddistrib.errors import InvalidRules
from leaddistrib.models import Pool, Rep, RuleStep, Team
from leaddistrib.queries import wording
from leaddistrib.queries.fields import known_fields

N = TypeVar("N", Team, Pool)

_PLACE = re.compile(r"rules\[(\d+)\]")
PUSH_KEYS = {"push", "team", "seniority", "attended"}


@dataclass(frozen=True, slots=True)
class RuleRead:
    """A rule that was read: its steps are rows that are not saved and belong to no rule yet."""

    name: str
    when: Mapping[str, object]
    steps: tuple[RuleStep, ...]


def read(documents: Sequence[object]) -> list[RuleRead]:
    """The rules that ``documents`` describe, in order (RU1, RU2).

    Raises:
        InvalidRules: with each problem and its place, such as "rules[2].then.team".
    """
    return _Reader().read(documents)


def index_of(place: str) -> int | None:
    """Which rule a problem's place is in, counted from 0; None for the rules as a whole."""
    found = _PLACE.match(place)
    return int(found[1]) if found else None


def keeps_every_lead(pool: Pool) -> bool:
    """Whether no step of a rule can follow ``pool``: nothing goes on from it, or passes it by."""
    return not pool.push_minutes and not pool.mixed


class _Reader:
    """Collects every problem with its place before it complains."""

    def __init__(self) -> None:
        self.problems: dict[str, object] = {}
        self.fields = known_fields()
        self.teams = {team.name: team for team in Team.objects.all()}
        self.pools = {pool.name: pool for pool in Pool.objects.all()}

    def read(self, documents: Sequence[object]) -> list[RuleRead]:
        rules = [
            self._rule(document, f"rules[{index}]") for index, document in enumerate(documents)
        ]
        if not self.problems:
            self._check_order(rules)
        if self.problems:
            raise InvalidRules(self.problems)
        return rules

    def _check_order(self, rules: Sequence[RuleRead]) -> None:
        if not rules or rules[-1].when != {}:
            self.problems["rules"] = _(
                "The last rule must take every lead: give it no conditions (when: {})."
            )
        for index, rule in enumerate(rules[:-1]):
            if rule.when == {}:
                self.problems[f"rules[{index}].when"] = _(
                    "Only the last rule may be without conditions: "
                    "the rules after this one would never be reached."
                )

    def _rule(self, document: object, place: str) -> RuleRead:
        if not isinstance(document, Mapping):
            self.problems[place] = _("A rule is written as {name, when, then}.")
            return RuleRead("", {}, ())
        self._only(document, {"name", "when", "then"}, place)
        name = document.get("name")
        if not isinstance(name, str) or not 0 < len(name.strip()) <= 200 or "\0" in name:
            self.problems[f"{place}.name"] = _("Give the rule a name of up to 200 characters.")
        when: Mapping[str, object] = {}
        try:
            asked = parse(document.get("when", {}), f"{place}.when", self.fields)
            when = to_document(asked)
        except ConditionError as error:
            self.problems[error.path] = wording.condition_error(error)
        return RuleRead(str(name).strip(), when, self._steps(document.get("then"), f"{place}.then"))

    def _steps(self, then: object, place: str) -> tuple[RuleStep, ...]:
        if not isinstance(then, Mapping):
            self.problems[place] = _("Say where the lead goes: {push, team} or {pool}.")
            return ()
        fallback = then.get("fallback", [])
        if not isinstance(fallback, list | tuple):
            self.problems[f"{place}.fallback"] = _("Write the fallback as a list.")
            fallback = []
        places = [place, *(f"{place}.fallback[{index}]" for index in range(len(fallback)))]
        first = {key: then[key] for key in then if key != "fallback"}
        steps = [
            self._step(step, where) for step, where in zip([first, *fallback], places, strict=True)
        ]
        self._check_pools(steps, places)
        return tuple(steps)

    def _check_pools(self, steps: Sequence[RuleStep], places: Sequence[str]) -> None:
        """A lead goes past a pool only when the pool's time is over, or where it is beyond the
        pool's mix: then the next step follows."""
        seen: set[str] = set()
        for number, (step, place) in enumerate(zip(steps, places, strict=True)):
            if step.pool is None:
                continue
            if step.pool.name in seen:
                self.problems[f"{place}.pool"] = _(
                    "The lead was in “%(pool)s” before: name each pool once in a rule."
                ) % {"pool": step.pool.name}
            seen.add(step.pool.name)
            if number + 1 < len(steps) and keeps_every_lead(step.pool):
                self.problems[places[number + 1]] = _(
                    "Nothing can follow “%(pool)s”: it keeps every lead. Give that pool a time "
                    "after which leads are pushed on, or remove this step."
                ) % {"pool": step.pool.name}

    def _step(self, step: object, place: str) -> RuleStep:
        if not isinstance(step, Mapping):
            self.problems[place] = _("Say where the lead goes: {push, team} or {pool}.")
            return RuleStep()
        if ("push" in step) == ("pool" in step):
            self._only(step, {*PUSH_KEYS, "pool"}, place)
            self.problems[place] = _("Say either push, with a team, or pool.")
            return RuleStep()
        if "pool" in step:
            for key in PUSH_KEYS & step.keys():
                self.problems[f"{place}.{key}"] = _(
                    "A pool has members of its own: no team or choice of reps here."
                )
            self._only(step, {*PUSH_KEYS, "pool"}, place)
            return RuleStep(pool=self._named(self.pools, step["pool"], f"{place}.pool"))
        self._only(step, PUSH_KEYS, place)
        return self._push(step, place)

    def _push(self, step: Mapping[str, object], place: str) -> RuleStep:
        push = self._one_of(RuleStep.Push.values, step["push"], f"{place}.push", _("strategy"))
        team = None
        if step.get("team") is not None:
            team = self._named(self.teams, step["team"], f"{place}.team")
        elif push and push not in RuleStep.TEAM_OPTIONAL:
            self.problems[f"{place}.team"] = _("Name the team to push to.")
        seniority = ""
        if "seniority" in step:
            seniority = self._one_of(
                Rep.Seniority.values, step["seniority"], f"{place}.seniority", _("seniority")
            )
        attended = step.get("attended", False)
        if not isinstance(attended, bool):
            self.problems[f"{place}.attended"] = _("Write true or false.")
        return RuleStep(push=push, team=team, seniority=seniority, attended=attended is True)

    def _one_of(self, known: Sequence[str], name: object, place: str, what: str) -> str:
        if isinstance(name, str) and name in known:
            return name
        self.problems[place] = _("There is no %(what)s “%(name)s”. There is: %(known)s.") % {
            "what": what,
            "name": name,
            "known": ", ".join(known),
        }
        return ""

    def _named(self, known: Mapping[str, N], name: object, place: str) -> N | None:
        if isinstance(name, str) and name in known:
            return known[name]
        self.problems[place] = _("There is none named “%(name)s”. There is: %(known)s.") % {
            "name": name,
            "known": ", ".join(sorted(known)) or "–",
        }
        return None

    def _only(self, document: Mapping[object, object], allowed: set[str], place: str) -> None:
        for key in document:
            if key not in allowed:
                self.problems[f"{place}.{key}"] = _("Nothing is known by this name here.")

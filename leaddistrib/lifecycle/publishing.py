"""Versions of the rules: written as documents, checked, put in force (RU2, RU3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser
from django.db.models import Max
from django.utils.translation import gettext as _

from leaddistrib.engine.conditions import parse, to_document
from leaddistrib.engine.errors import ConditionError
from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Pool, Rule, RuleSet, RuleStep, Team
from leaddistrib.queries import clock, rulebook, wording


@act(durable=False)
def publish(
    documents: Sequence[Mapping[str, object]],
    *,
    actor: AbstractUser | None = None,
    note: str = "",
) -> RuleSet:
    """Check rule documents (interfaces: rules as documents) and put them in force as one version.

    Raises:
        InvalidRules: with each problem and its place. Nothing was written.
    """
    return put_in_force(draft(documents, note=note), actor=actor)


@act(durable=False)
def draft(documents: Sequence[Mapping[str, object]], *, note: str = "") -> RuleSet:
    """Keep rule documents as a draft version.

    Raises:
        InvalidRules: with each problem and its place. Nothing was written.
    """
    rules = _Reader().read(documents)
    ruleset = RuleSet.objects.create(version=_next_version(), note=note)
    for position, rule in enumerate(rules, start=1):
        row = Rule.objects.create(
            ruleset=ruleset, position=position, name=rule.name, when=rule.when
        )
        RuleStep.objects.bulk_create(
            RuleStep(rule=row, position=number, push=step.push, team=step.team, pool=step.pool)
            for number, step in enumerate(rule.steps)
        )
    return ruleset


def _next_version() -> int:
    """The version after the latest. The latest is locked, so that of two drafts made at once the
    second waits, and then sees the first."""
    list(RuleSet.objects.select_for_update(no_key=True).order_by("-version")[:1])
    return int(RuleSet.objects.aggregate(latest=Max("version"))["latest"] or 0) + 1


def draft_of(ruleset: RuleSet) -> RuleSet:
    """A new draft with the same rules: how a published version is changed."""
    return draft(rulebook.documents(ruleset), note="")


def check(ruleset: RuleSet) -> None:
    """See whether a draft could be put in force as it is.

    Raises:
        InvalidRules: with each problem and its place.
    """
    _Reader().read(rulebook.documents(ruleset))


@act(durable=False)
def put_in_force(ruleset: RuleSet, *, actor: AbstractUser | None = None) -> RuleSet:
    """Publish a draft, and archive the version that was published until now.

    Raises:
        InvalidRules: the draft is no draft, or its rules do not end in a catch-all.
    """
    # The published row is locked first, so that two publications follow each other.
    list(RuleSet.objects.select_for_update(no_key=True).exclude(status=RuleSet.Status.ARCHIVED))
    ruleset = RuleSet.objects.get(pk=ruleset.pk)
    if ruleset.status != RuleSet.Status.DRAFT:
        raise InvalidRules({"rules": _("Only a draft can be published.")})
    # A draft may have been edited rule by rule in the admin site since it was checked.
    check(ruleset)
    RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED).update(status=RuleSet.Status.ARCHIVED)
    ruleset.status = RuleSet.Status.PUBLISHED
    ruleset.published_at = clock.now()
    ruleset.published_by = actor  # type: ignore[assignment]  # whatever AUTH_USER_MODEL is
    ruleset.save(update_fields=("status", "published_at", "published_by"))
    return ruleset


@dataclass(frozen=True, slots=True)
class _Step:
    push: str = ""
    team: Team | None = None
    pool: Pool | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    when: Mapping[str, object]
    steps: list[_Step]


class _Reader:
    """Reads rule documents, collecting every problem with its place before it complains."""

    def __init__(self) -> None:
        self.problems: dict[str, object] = {}
        self.teams = {team.name: team for team in Team.objects.all()}
        self.pools = {pool.name: pool for pool in Pool.objects.all()}

    def read(self, documents: Sequence[Mapping[str, object]]) -> list[_Rule]:
        rules = [
            self._rule(document, f"rules[{index}]") for index, document in enumerate(documents)
        ]
        if not self.problems:
            self._check_order(rules)
        if self.problems:
            raise InvalidRules(self.problems)
        return rules

    def _check_order(self, rules: Sequence[_Rule]) -> None:
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

    def _rule(self, document: object, place: str) -> _Rule:
        if not isinstance(document, Mapping):
            self.problems[place] = _("A rule is written as {name, when, then}.")
            return _Rule("", {}, [])
        self._only(document, {"name", "when", "then"}, place)
        name = document.get("name")
        if not isinstance(name, str) or not 0 < len(name.strip()) <= 200 or "\0" in name:
            self.problems[f"{place}.name"] = _("Give the rule a name of up to 200 characters.")
        when: Mapping[str, object] = {}
        try:
            when = to_document(parse(document.get("when", {}), f"{place}.when"))
        except ConditionError as error:
            self.problems[error.path] = wording.condition_error(error)
        return _Rule(str(name).strip(), when, self._steps(document.get("then"), f"{place}.then"))

    def _steps(self, then: object, place: str) -> list[_Step]:
        if not isinstance(then, Mapping):
            self.problems[place] = _("Say where the lead goes: {push, team} or {pool}.")
            return []
        fallback = then.get("fallback", [])
        if not isinstance(fallback, list | tuple):
            self.problems[f"{place}.fallback"] = _("Write the fallback as a list.")
            fallback = []
        first = {key: then[key] for key in then if key != "fallback"}
        steps = [self._step(first, place)]
        for index, step in enumerate(fallback):
            steps.append(self._step(step, f"{place}.fallback[{index}]"))
        if any(step.pool for step in steps[:-1]):
            self.problems[f"{place}.fallback"] = _(
                "Nothing can follow a pool: it takes every lead."
            )
        return steps

    def _step(self, step: object, place: str) -> _Step:
        if not isinstance(step, Mapping):
            self.problems[place] = _("Say where the lead goes: {push, team} or {pool}.")
            return _Step()
        self._only(step, {"push", "team", "pool"}, place)
        if ("push" in step) == ("pool" in step):
            self.problems[place] = _("Say either push, with a team, or pool.")
            return _Step()
        if "pool" in step:
            if "team" in step:
                self.problems[f"{place}.team"] = _("A pool has members of its own: no team here.")
            return _Step(pool=self._named(self.pools, step["pool"], f"{place}.pool"))
        push = step["push"]
        if push not in RuleStep.Push.values:
            self.problems[f"{place}.push"] = _(
                "There is no strategy “%(name)s”. There is: %(known)s."
            ) % {"name": push, "known": ", ".join(RuleStep.Push.values)}
            push = ""
        if "team" not in step:
            self.problems[f"{place}.team"] = _("Name the team to push to.")
            return _Step()
        return _Step(
            push=str(push), team=self._named(self.teams, step.get("team"), f"{place}.team")
        )

    def _named(self, known: Mapping[str, object], name: object, place: str):  # type: ignore[no-untyped-def]
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

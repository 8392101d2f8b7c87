"""What is different between two versions of the rules, in words, old and new side by side (RU3)."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.text import capfirst

from leaddistrib.models import Rule, RuleSet
from leaddistrib.queries import wording


@dataclass(frozen=True, slots=True)
class Said:
    """A rule of one version in plain words."""

    rule: Rule
    position: int
    name: str
    conditions: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A rule that is not in both versions the same.

    ``old`` is None for a rule that was added, ``new`` for one that was removed. A rule of both may
    have ``moved`` past others, and may have changed in name, conditions or steps.
    """

    key: UUID
    old: Said | None
    new: Said | None
    moved: bool = False

    @property
    def kind(self) -> str:
        """ "added", "removed", "changed" (perhaps moved too) or "moved" (and nothing else)."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        return "changed" if self.changed else "moved"

    @property
    def name(self) -> str:
        said = self.new or self.old
        return said.name if said else ""

    @property
    def changed(self) -> tuple[str, ...]:
        """Which of "name", "conditions" and "steps" differ, of a rule of both versions."""
        if self.old is None or self.new is None:
            return ()
        parts = ("name", "conditions", "steps")
        return tuple(
            part for part in parts if _document(self.old, part) != _document(self.new, part)
        )


def differences(old: RuleSet, new: RuleSet) -> list[Difference]:
    """What makes ``new`` out of ``old``, in the order of ``new``; removed rules come where they
    were. Rules are the same by their ``key``, whatever they are called. Four queries or fewer,
    however many rules."""
    before, after = said(old), said(new)
    known = {one.rule.key: one for one in before}
    kept = {one.rule.key for one in after}
    stayed = unmoved([known[one.rule.key].position for one in after if one.rule.key in known])
    found = []
    for one in after:
        was = known.get(one.rule.key)
        moved = was is not None and was.position not in stayed
        found.append((one.position, 1, Difference(one.rule.key, was, one, moved)))
    for one in before:
        if one.rule.key not in kept:
            found.append((one.position, 0, Difference(one.rule.key, one, None)))
    found.sort(key=lambda place: place[:2])
    return [
        one for _, _, one in found if one.moved or one.changed or one.old is None or one.new is None
    ]


def said(ruleset: RuleSet) -> list[Said]:
    """The rules of a version in order, in plain words, in two queries beside teams and pools."""
    rules = ruleset.rules.order_by("position").prefetch_related("steps__team", "steps__pool")
    return [
        Said(
            rule=rule,
            position=position,
            name=rule.name,
            conditions=capfirst(wording.condition_in_words(rule.when)),
            steps=tuple(wording.step_in_words(step) for step in rule.steps.all()),
        )
        for position, rule in enumerate(rules, start=1)
    ]


def _document(one: Said, part: str) -> object:
    """What is compared: the conditions themselves, since words may be alike for two of them."""
    match part:
        case "name":
            return one.name
        case "conditions":
            return one.rule.when
    return [
        (step.push, step.team_id, step.pool_id, step.seniority, step.attended)
        for step in one.rule.steps.all()
    ]


def unmoved(positions: Sequence[int]) -> set[int]:
    """The old positions of a longest run of rules that kept their order: the fewest are said to
    have moved. ``positions`` are those of the rules of both versions, in the new order."""
    tails: list[int] = []  # the lowest last position of a run of each length
    ends: list[int] = []  # where in ``positions`` that run ends
    before: list[int | None] = []
    for index, position in enumerate(positions):
        length = bisect_left(tails, position)
        before.append(ends[length - 1] if length else None)
        tails[length : length + 1] = [position]
        ends[length : length + 1] = [index]
    stayed: set[int] = set()
    here = ends[-1] if ends else None
    while here is not None:
        stayed.add(positions[here])
        here = before[here]
    return stayed

"""Points per condition: what a lead is worth to the organisation, and why (IN6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leaddistrib.engine.conditions import Condition, evaluate

LOWEST, HIGHEST = 0, 100


@dataclass(frozen=True, slots=True)
class Points:
    """``points`` (negative ones too) for each lead that passes ``when``."""

    name: str
    when: Condition
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """A lead's score, 0 to 100, and the rules that made it, each with its points."""

    score: int
    given: tuple[tuple[str, int], ...] = ()

    def as_document(self) -> dict[str, object]:
        """What the lead's log keeps, as JSON-able data."""
        given = [{"rule": name, "points": points} for name, points in self.given]
        return {"score": self.score, "points": given}


def score(rules: Iterable[Points], values: Mapping[str, object]) -> Score:
    """The sum of the points that a lead with these ``values`` (by field name, flat) gets, within 0
    and 100; 0 if it passes no rule."""
    given = tuple((rule.name, rule.points) for rule in rules if evaluate(rule.when, values))
    total = sum(points for _name, points in given)
    return Score(min(max(total, LOWEST), HIGHEST), given)

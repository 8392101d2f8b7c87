"""Plain facts that decisions are made from. Whoever calls the engine loads them; it asks nobody."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from leaddistrib.engine.conditions import Condition
from leaddistrib.engine.matcher import Matcher, compile_rules
from leaddistrib.engine.turns import Rotation


@dataclass(frozen=True, slots=True)
class RepFacts:
    """What is known of a rep when a decision is made. ``time_off`` holds (start, end) pairs."""

    id: int
    name: str
    active: bool = True
    paused: bool = False
    time_off: tuple[tuple[datetime, datetime], ...] = ()
    open_leads: int = 0
    capacity: int = 50


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool as a decision sees it. ``mode`` is "queue" or "race"."""

    id: int
    name: str
    mode: str


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team and its rotation, which remembers the turns taken while a batch is decided."""

    id: int
    name: str
    members: tuple[int, ...]
    rotation: Rotation


@dataclass(frozen=True, slots=True)
class Step:
    """One place a rule sends a lead to: a push to a team, or a pool."""

    push: str = ""
    team: int | None = None
    pool: int | None = None


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A rule: when it applies, and where it leads, first step first."""

    id: int
    name: str
    when: Condition
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """A published version, compiled once (RU2)."""

    version: int
    rules: tuple[RuleFacts, ...]
    matcher: Matcher

    @classmethod
    def compiled(cls, version: int, rules: Iterable[RuleFacts]) -> "Rules":
        rules = tuple(rules)
        return cls(version, rules, compile_rules([rule.when for rule in rules]))


@dataclass(slots=True)
class World:
    """Everything a batch of decisions may look at, and changes as turns are taken in it."""

    moment: datetime
    safety_net: PoolFacts
    reps: dict[int, RepFacts] = field(default_factory=dict)
    teams: dict[int, TeamFacts] = field(default_factory=dict)
    pools: dict[int, PoolFacts] = field(default_factory=dict)

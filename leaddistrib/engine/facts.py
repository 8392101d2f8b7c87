"""Plain facts that decisions are made from. Whoever calls the engine loads them; it asks nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from leaddistrib.engine.availability import Span, WorkingWeek
from leaddistrib.engine.conditions import Condition
from leaddistrib.engine.matcher import Matcher, compile_rules
from leaddistrib.engine.turns import Rotation


@dataclass(frozen=True, slots=True)
class RepFacts:
    """What is known of a rep when a decision is made.

    ``time_off`` is leave, ``busy`` what a calendar shows as busy, both as (start, end) pairs.
    ``week`` is None for a rep who is always at work. ``taper`` is how long before leave no new
    leads are handed out. ``events`` are the names of events the rep attended, casefolded.
    """

    id: int
    name: str
    active: bool = True
    paused: bool = False
    time_off: tuple[Span, ...] = ()
    busy: tuple[Span, ...] = ()
    week: WorkingWeek | None = None
    taper: timedelta = timedelta()
    open_leads: int = 0
    capacity: int = 50
    weight: Decimal = Decimal(1)
    seniority: str = "standard"
    backup: int | None = None
    events: frozenset[str] = frozenset()
    team: int | None = None


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """A lead as a decision sees it: ``values`` by field name for the conditions, and what matching
    found. ``event`` is the name of its event, casefolded; ``value`` what it may be worth."""

    values: Mapping[str, object]
    territory: int | None = None
    account_owner: int | None = None
    event: str = ""
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool as a decision sees it. ``mode`` is "queue", "race" or "shared"; after ``push_after``
    a lead that nobody took goes on to the rule's next step."""

    id: int
    name: str
    mode: str
    push_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team: its members, those of its managers who are reps, and its rotations by seniority
    ("" is the whole team's), which remember the turns taken while a batch is decided."""

    id: int
    name: str
    members: tuple[int, ...]
    managers: tuple[int, ...] = ()
    rotations: dict[str, Rotation] = field(default_factory=dict)
    count_owner_matches: bool = False


@dataclass(frozen=True, slots=True)
class TerritoryFacts:
    """A territory and the reps who work it: those named, else everybody in its team."""

    id: int
    name: str
    reps: tuple[int, ...]
    rotation: Rotation


@dataclass(frozen=True, slots=True)
class Step:
    """One place a rule sends a lead to: a push, or a pool."""

    push: str = ""
    team: int | None = None
    pool: int | None = None
    seniority: str = ""
    attended: bool = False


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
    territories: dict[int, TerritoryFacts] = field(default_factory=dict)
    pools: dict[int, PoolFacts] = field(default_factory=dict)

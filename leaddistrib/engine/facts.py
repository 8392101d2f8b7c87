"""Plain facts that decisions are made from. Whoever calls the engine loads them; it asks nobody."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from leaddistrib.engine.availability import Span, WorkingWeek
from leaddistrib.engine.conditions import Condition
from leaddistrib.engine.matcher import Matcher, compile_rules
from leaddistrib.engine.mixing import IN_A_ROW, STANDARD, Mix
from leaddistrib.engine.onboarding import WINDOW, PhaseFacts
from leaddistrib.engine.turns import Rotation


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Limits of competitive claims, those in races; None: this one does not hold (GU1, GU5, RA4).

    ``daily_claims`` a day; hot claims for each warm one, and claims for each assigned lead, within
    a week; cold claims a week; hours before a lead given back may be claimed again.
    """

    daily_claims: int | None = None
    hot_per_warm: int | None = None
    claims_per_assigned: int | None = None
    weekly_cold: int | None = None
    cooldown_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What a rep's limits are held against, by the team's local day and week.

    Claims that were won count, whatever became of the lead since: giving back frees nothing.
    ``competitive_today`` of the day; ``hot`` and ``competitive`` in races, ``warm`` and ``cold``
    anywhere, of the week; ``cold_last_week`` and ``competed_last_week`` of the week before.
    ``assigned`` leads of the week were handed to the rep, and neither given back nor let lapse;
    ``leads_week`` is all that the rep got. ``last_nine``: of the newest leads of the phase that
    were raced for (True) or assigned (False), the newest last.
    """

    competitive_today: int = 0
    hot: int = 0
    warm: int = 0
    competitive: int = 0
    assigned: int = 0
    cold: int = 0
    cold_last_week: int = 0
    competed_last_week: bool = False
    leads_week: int = 0
    last_nine: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class RepFacts:
    """What is known of a rep when a decision is made.

    ``time_off`` is leave, ``busy`` what a calendar shows as busy, both as (start, end) pairs.
    ``week`` is None for a rep who is always at work. ``taper`` is how long before leave no new
    leads are handed out. ``events`` are the names of events the rep attended, casefolded.

    ``tier`` is the level, 1 the highest; ``allocation`` leads a week; ``phase`` where the rep is in
    onboarding: None where there is none. ``auto_assigned``: what nobody took from a race is for
    reps of that tier before others. ``counts`` holds what ``guardrails``, allocation and phase
    ask for, by a day and a week that end at ``day_ends_at`` and ``week_ends_at``.
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
    tier: int | None = None
    auto_assigned: bool = False
    allocation: int | None = None
    phase: PhaseFacts | None = None
    counts: Counts = Counts()
    guardrails: Guardrails = Guardrails()
    week_ends_at: datetime | None = None
    day_ends_at: datetime | None = None

    @property
    def owed(self) -> int:
        """How many of the leads that the rep's phase guarantees this week are still to come."""
        return max(0, self.phase.least_leads - self.counts.leads_week) if self.phase else 0

    def handed(self, number: int = 1) -> "RepFacts":
        """The rep after ``number`` more leads were assigned: the next one is decided by this."""
        counts = replace(
            self.counts,
            assigned=self.counts.assigned + number,
            leads_week=self.counts.leads_week + number,
            last_nine=(*self.counts.last_nine, *(False,) * number)[1 - WINDOW :],
        )
        return replace(self, open_leads=self.open_leads + number, counts=counts)

    def claimed(self, *, competitive: bool, temperature: str = "") -> "RepFacts":
        """The rep after a claim was won."""
        now, raced = self.counts, int(competitive)
        counts = replace(
            now,
            competitive_today=now.competitive_today + raced,
            competitive=now.competitive + raced,
            hot=now.hot + raced * (temperature == "hot"),
            warm=now.warm + (temperature == "warm"),
            cold=now.cold + (temperature == "cold"),
            leads_week=now.leads_week + 1,
            last_nine=(*now.last_nine, *(True,) * raced)[1 - WINDOW :],
        )
        return replace(self, open_leads=self.open_leads + 1, counts=counts)


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """A lead as a decision sees it: ``values`` by field name for the conditions, and what matching
    found. ``event`` is the name of its event, casefolded; ``value`` what it may be worth."""

    values: Mapping[str, object]
    territory: int | None = None
    account_owner: int | None = None
    event: str = ""
    value: Decimal | None = None

    @property
    def quality(self) -> str:
        """ "high", "standard" or "low", as a pool's mix counts it."""
        return str(self.values.get("quality") or STANDARD)


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool as a decision sees it. ``mode`` is "queue", "race" or "shared"; after ``push_after``
    a lead that nobody took goes on to the rule's next step; one beyond the ``mix`` does at once."""

    id: int
    name: str
    mode: str
    push_after: timedelta | None = None
    mix: Mix | None = None


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
    """Everything a batch of decisions may look at, and changes as turns are taken in it and pools
    filled. ``newest`` has the qualities of the newest leads of each pool with a mix, the newest
    first."""

    moment: datetime
    safety_net: PoolFacts
    reps: dict[int, RepFacts] = field(default_factory=dict)
    teams: dict[int, TeamFacts] = field(default_factory=dict)
    territories: dict[int, TerritoryFacts] = field(default_factory=dict)
    pools: dict[int, PoolFacts] = field(default_factory=dict)
    newest: dict[int, deque[str]] = field(default_factory=dict)

    def opened(self, pool: PoolFacts, quality: str) -> None:
        """A lead of this quality was sent to ``pool``, which has a mix."""
        self.newest.setdefault(pool.id, deque(maxlen=IN_A_ROW - 1)).appendleft(quality)

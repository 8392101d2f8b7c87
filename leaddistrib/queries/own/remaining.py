"""What is left of each limit of a fair race, for the rep whom it holds for (GU1, GU5, AL1, GU7).

Read from the facts that the gates are asked with, so a page cannot promise what a claim refuses.
"""

from dataclasses import dataclass
from datetime import datetime

from leaddistrib.engine.facts import RepFacts


@dataclass(frozen=True, slots=True)
class Left:
    """``used`` of ``limit`` are gone; at ``anew_at`` the count begins anew."""

    used: int
    limit: int
    anew_at: datetime | None

    @property
    def left(self) -> int:
        """How many more there are; none where the limit was lowered meanwhile."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of what is sought after, ``used``; of what is to go with it, ``given``. Each one of these
    is worth ``each`` of the others, and the first ones are free."""

    used: int
    given: int
    each: int
    anew_at: datetime | None

    @property
    def left(self) -> int:
        """How many more, until one of the others is needed."""
        return max(0, self.each * (self.given + 1) - self.used)


@dataclass(frozen=True, slots=True)
class Cold:
    """Cold leads claimed this week, ``used`` of ``wanted``. While ``first`` holds, only cold ones
    may be claimed in races, because there were too few last week."""

    used: int
    wanted: int
    last_week: int
    first: bool
    anew_at: datetime | None

    @property
    def left(self) -> int:
        """How many are still to be claimed this week."""
        return max(0, self.wanted - self.used)


@dataclass(frozen=True, slots=True)
class Remaining:
    """Each limit that holds, None for one that does not."""

    today: Left | None = None
    hot: Ratio | None = None
    assigned: Ratio | None = None
    cold: Cold | None = None
    week: Left | None = None

    @property
    def guarded(self) -> bool:
        """Whether any limit of competitive claims holds."""
        return any((self.today, self.hot, self.assigned, self.cold))


def remaining(facts: RepFacts) -> Remaining:
    """What is left for the rep whom ``facts`` are about, by the same counts that the gates look at.
    No query."""
    had, limits = facts.counts, facts.guardrails
    week = facts.week_ends_at
    daily, per_warm = limits.daily_claims, limits.hot_per_warm
    per_assigned, wanted = limits.claims_per_assigned, limits.weekly_cold
    return Remaining(
        today=None if daily is None else Left(had.competitive_today, daily, facts.day_ends_at),
        hot=None if per_warm is None else Ratio(had.hot, had.warm, per_warm, week),
        assigned=None
        if per_assigned is None
        else Ratio(had.competitive, had.assigned, per_assigned, week),
        cold=None if wanted is None else _cold(facts, wanted),
        week=None if facts.allocation is None else Left(had.leads_week, facts.allocation, week),
    )


def _cold(facts: RepFacts, wanted: int) -> Cold:
    had = facts.counts
    first = had.competed_last_week and had.cold_last_week < wanted and had.cold < wanted
    return Cold(had.cold, wanted, had.cold_last_week, first, facts.week_ends_at)

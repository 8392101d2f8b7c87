"""What is left of each limit of a fair race, for the rep whom it holds for (GU1, GU5, AL1, GU7).

Read from the facts that the gates are asked with, so a page cannot promise what a claim refuses.
"""

from dataclasses import dataclass
from datetime import datetime

from leaddistrib.engine.facts import Counts, RepFacts


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

    @property
    def left(self) -> int:
        """How many are still to be claimed this week."""
        return max(0, self.wanted - self.used)


@dataclass(frozen=True, slots=True)
class Remaining:
    """Each limit that holds, None for one that does not. What is counted by the week is counted
    anew at ``week_ends_at``."""

    today: Left | None = None
    hot: Ratio | None = None
    assigned: Ratio | None = None
    cold: Cold | None = None
    week: Left | None = None
    week_ends_at: datetime | None = None

    @property
    def guarded(self) -> bool:
        """Whether any limit of competitive claims holds."""
        return bool(self.today) or self.counted_weekly

    @property
    def counted_weekly(self) -> bool:
        """Whether any of them is counted by the week."""
        return any((self.hot, self.assigned, self.cold))


def remaining(facts: RepFacts) -> Remaining:
    """What is left for the rep whom ``facts`` are about, by the same counts that the gates look at.
    No query."""
    had, limits, week = facts.counts, facts.guardrails, facts.week_ends_at
    daily, allocation = limits.daily_claims, facts.allocation
    per_warm, per_assigned = limits.hot_per_warm, limits.claims_per_assigned
    return Remaining(
        None if daily is None else Left(had.competitive_today, daily, facts.day_ends_at),
        None if per_warm is None else Ratio(had.hot, had.warm, per_warm),
        None if per_assigned is None else Ratio(had.competitive, had.assigned, per_assigned),
        None if limits.weekly_cold is None else _cold(had, limits.weekly_cold),
        None if allocation is None else Left(had.leads_week, allocation, week),
        week,
    )


def _cold(had: Counts, wanted: int) -> Cold:
    first = had.competed_last_week and had.cold_last_week < wanted and had.cold < wanted
    return Cold(had.cold, wanted, had.cold_last_week, first)

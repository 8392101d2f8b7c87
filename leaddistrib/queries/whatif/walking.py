"""Past events in their order, and what the limits of each rep were held against at each of them.

Pure: the events come from ``events``, and nobody is asked for the time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from leaddistrib.engine.facts import Counts, RepFacts
from leaddistrib.queries.localdays import day_of, week_of


@dataclass(frozen=True, slots=True)
class Claimed:
    """A rep claimed a lead (its primary key, and the period in which it was open): ``won``, or
    refused for ``reasons``, the codes of gates."""

    at: datetime
    rep: int
    lead: tuple[int, int]
    won: bool
    competitive: bool
    temperature: str = ""
    reasons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Given:
    """A lead was assigned to a rep."""

    at: datetime
    rep: int


@dataclass(frozen=True, slots=True)
class Returned:
    """A lead that was assigned at ``given_at`` was given back or lapsed: it counts no more."""

    at: datetime
    rep: int
    given_at: datetime


Event = Claimed | Given | Returned


class Walker:
    """What is known of one rep, moment by moment: the counts begin anew with the days and weeks of
    ``zone``. ``facts`` holds what is counted at ``since``."""

    def __init__(self, facts: RepFacts, zone: tzinfo, since: datetime) -> None:
        self.facts = facts
        self.zone = zone
        self.day, self.week = day_of(since, zone), week_of(since, zone)

    def at(self, moment: datetime) -> RepFacts:
        """The facts at ``moment``, which is not before any that was asked for."""
        if moment >= self.day.end:
            self.day, week = day_of(moment, self.zone), week_of(moment, self.zone)
            counts = self.facts.counts
            if week == self.week:
                counts = replace(counts, competitive_today=0)
            else:
                counts = _next_week(counts, follows=week.start == self.week.end)
            self.week = week
            self.facts = replace(
                self.facts, counts=counts, day_ends_at=self.day.end, week_ends_at=week.end
            )
        return self.facts

    def follow(self, event: Event) -> None:
        """``event`` happened, and counts from now on. A claim that was not won is counted too: ask
        before whether it would have been."""
        facts = self.at(event.at)
        if isinstance(event, Claimed):
            self.facts = facts.claimed(competitive=event.competitive, temperature=event.temperature)
        elif isinstance(event, Given):
            self.facts = facts.handed()
        elif event.given_at >= self.week.start:
            counts = replace(facts.counts, assigned=facts.counts.assigned - 1)
            self.facts = replace(facts, counts=counts)


def in_order(events: Iterable[Event]) -> list[Event]:
    """By time; what was there first keeps its place."""
    return sorted(events, key=lambda event: event.at)


def walkers(
    facts: Mapping[int, RepFacts], zones: Mapping[int, tzinfo], since: datetime
) -> dict[int, Walker]:
    return {rep: Walker(own, zones[rep], since) for rep, own in facts.items()}


def _next_week(counts: Counts, *, follows: bool) -> Counts:
    """At the beginning of a week, which ``follows`` the one that was counted or comes later."""
    if not follows:
        return Counts(last_nine=counts.last_nine)
    return Counts(
        cold_last_week=counts.cold,
        competed_last_week=counts.competitive > 0,
        last_nine=counts.last_nine,
    )

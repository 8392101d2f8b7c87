"""How a new rep comes into the competition: phase by phase, and how much of it is open (ON1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WINDOW = 10
"""Leads in a row over which a phase's share of competition is held."""


@dataclass(frozen=True, slots=True)
class PhaseFacts:
    """A phase of onboarding: ``competition`` is the share of leads that may come from races, 0 to
    100; with ``cohort_only`` from races among new reps only. ``least_leads`` a week are guaranteed;
    ``counted`` in tiers and leaderboards or not."""

    position: int
    name: str
    competition: int = 100
    cohort_only: bool = False
    least_leads: int = 0
    counted: bool = False

    @property
    def competitive(self) -> int:
        """How many of any ten leads in a row may come from races: the share, rounded half up."""
        return (self.competition * WINDOW + 50) // 100

    @property
    def mixed(self) -> bool:
        """Whether only some leads may come from races: only then both kinds are limited."""
        return 0 < self.competitive < WINDOW


def may_compete(phase: PhaseFacts | None, last_nine: Sequence[bool]) -> bool:
    """Whether the rep's next lead may come from a race, after ``last_nine`` (True: raced for; the
    newest last, fewer at the beginning). Then no ten leads in a row hold too many of them (ON1)."""
    return phase is None or raced(last_nine) < phase.competitive or phase.competitive >= WINDOW


def may_be_assigned(phase: PhaseFacts | None, last_nine: Sequence[bool]) -> bool:
    """The same for a lead that is handed to the rep. It is limited only in a phase in which some
    leads come from races: who may not race is given all leads, and who may always is not held to
    it."""
    if phase is None or not phase.mixed:
        return True
    return assigned(last_nine) < WINDOW - phase.competitive


def raced(last_nine: Sequence[bool]) -> int:
    """How many of the newest nine were raced for."""
    return sum(last_nine[1 - WINDOW :])


def assigned(last_nine: Sequence[bool]) -> int:
    """How many of the newest nine were assigned."""
    newest = last_nine[1 - WINDOW :]
    return len(newest) - sum(newest)


def moved_on(
    phases: Sequence[tuple[int, int]], current: int | None, since: date, today: date
) -> tuple[int | None, date]:
    """Where a rep is ``today`` who came into phase ``current`` on the day ``since``, and since
    when: over as many phases as time has passed (ON1).

    ``phases`` are (id, weeks) in their order. After the last one the phase is None. A phase that is
    not among them is left only by hand.
    """
    for phase, weeks in _from(phases, current):
        # Compared as a difference: the calendar ends, and such a day may lie after its end.
        if today - since < timedelta(weeks=weeks):
            return phase, since
        until = since + timedelta(weeks=weeks)
        since, current = until, None
    return current, since


def _from(phases: Sequence[tuple[int, int]], current: int | None) -> Iterator[tuple[int, int]]:
    """The phases from the current one on; none if it is not among them."""
    reached = False
    for phase, weeks in phases:
        reached = reached or phase == current
        if reached:
            yield phase, weeks

"""What a rep in onboarding is told: the own phase, what holds in it, what is next (ON2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from leaddistrib.engine.facts import Counts
from leaddistrib.engine.onboarding import assigned, raced
from leaddistrib.models import Onboarding, OnboardingPhase, Rep
from leaddistrib.queries.cohorts import apart, without_a_race
from leaddistrib.queries.counts import Asked, counts
from leaddistrib.queries.limiting import phase_began
from leaddistrib.queries.onboarding import day_of, facts_of, holds_in, inside, phases_of


@dataclass(frozen=True, slots=True)
class OwnPhase:
    """Where a rep is in onboarding, ``since`` which day and ``until`` before which one (None while
    held: then until a manager says so), in week ``week`` of the phase's ``weeks``.

    ``holds`` are sentences; ``next`` is the name of the phase that follows, "" after the last, and
    ``then`` what holds in it. ``leads_week`` leads came this week, of ``least_leads`` that are
    guaranteed, and ``claims_week`` of races. Of the newest leads ``raced`` come from races and
    ``assigned`` do not: nine at most, which decide on the tenth. ``watching``: races are only
    watched; ``mixed``: both kinds of leads are limited; ``alone``: races are open within the cohort
    only, and in each of them somebody is not of it.
    """

    onboarding: Onboarding
    name: str
    since: date
    until: date | None
    week: int
    weeks: int
    held: bool
    holds: tuple[str, ...]
    next: str
    then: tuple[str, ...]
    least_leads: int
    leads_week: int
    claims_week: int
    raced: int
    assigned: int
    watching: bool
    mixed: bool
    alone: bool

    @property
    def rep(self) -> Rep:
        return self.onboarding.rep


def own_phase(rep: Rep, moment: datetime) -> OwnPhase | None:
    """Where ``rep`` is in onboarding at ``moment``; None who is through or never was in it. Nine
    queries at most, one for the latter."""
    return next(iter(cohort(inside().filter(rep=rep), moment)), None)


def cohort(onboardings: Iterable[Onboarding], moment: datetime) -> list[OwnPhase]:
    """The same of many, in their order, for who looks after them: of ``onboarding.inside``. A
    constant number of queries, however many."""
    going = [(one, one.phase) for one in onboardings if one.phase]
    if not going:
        return []
    tracks = phases_of({phase.policy_id for _one, phase in going})
    counted = counts([_asked(one) for one, _phase in going], moment)
    alone = without_a_race(one.rep_id for one, phase in going if apart(phase))
    today = day_of(moment)
    return [
        _told(
            one,
            phase,
            tracks[phase.policy_id],
            counted[one.rep_id],
            today,
            alone=one.rep_id in alone,
        )
        for one, phase in going
    ]


def _asked(one: Onboarding) -> Asked:
    began = phase_began(one)
    return Asked(one.rep_id, one.rep.limits_zone, claims=True, week=True, row_since=began)


def _told(
    onboarding: Onboarding,
    phase: OnboardingPhase,
    phases: Sequence[OnboardingPhase],
    counts: Counts,
    today: date,
    *,
    alone: bool,
) -> OwnPhase:
    facts = facts_of(phase)
    later = next((one for one in phases if one.position > phase.position), None)
    ends = onboarding.since + min(timedelta(weeks=phase.weeks), date.max - onboarding.since)
    return OwnPhase(
        onboarding=onboarding,
        name=phase.name,
        since=onboarding.since,
        until=None if onboarding.held else ends,
        week=max(0, (today - onboarding.since).days) // 7 + 1,
        weeks=phase.weeks,
        held=onboarding.held,
        holds=tuple(holds_in(phase)),
        next=later.name if later else "",
        then=tuple(holds_in(later)) if later else (),
        least_leads=phase.least_leads,
        leads_week=counts.leads_week,
        claims_week=counts.competitive,
        raced=raced(counts.last_nine),
        assigned=assigned(counts.last_nine),
        watching=not facts.competitive,
        mixed=facts.mixed,
        alone=alone,
    )

"""Which limits of a fair race hold for whom, and how much of them is used (GU1, GU5, AL1, ON1)."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from django.db.models import Exists
from django.utils import timezone

from leaddistrib.engine.facts import Guardrails, RepFacts
from leaddistrib.engine.onboarding import PhaseFacts
from leaddistrib.models import (
    AllocationPolicy,
    GuardrailPolicy,
    Onboarding,
    Rep,
)
from leaddistrib.queries.competing import policies_for
from leaddistrib.queries.counts import Asked, counts
from leaddistrib.queries.levels import counting_for_rep
from leaddistrib.queries.localdays import day_of, midnight, week_of

NONE = Guardrails()

READ_WITH = ("team", "onboarding__phase__policy")
"""What is read with each rep, so that no query is made for it here."""


def with_limits(
    facts: Mapping[int, RepFacts], reps: Collection[Rep], moment: datetime
) -> dict[int, RepFacts]:
    """``facts`` of ``reps`` (read with READ_WITH) and their limits at ``moment``. One query for the
    guardrails, one more where somebody has an allocation, and what the counts take, if any limit
    asks for them."""
    limited = dict(facts)
    if not reps:
        return limited
    guardrails = _guardrails({rep.team_id for rep in reps})
    allocating = allocating_teams({rep.team_id for rep in reps if rep.allocation is not None})
    asked: dict[int, Asked] = {}
    for rep in reps:
        zone = rep.limits_zone
        own = limited[rep.pk] = replace(
            facts[rep.pk],
            tier=rep.tier,
            allocation=rep.allocation if rep.team_id in allocating else None,
            phase=_phase(rep),
            guardrails=guardrails[rep.team_id],
            week_ends_at=week_of(moment, zone).end,
            day_ends_at=day_of(moment, zone).end,
        )
        asked[rep.pk] = Asked(
            rep.pk,
            zone,
            claims=own.guardrails != NONE,
            week=own.allocation is not None or bool(own.phase and own.phase.least_leads),
            row_since=phase_began(rep.onboarding) if own.phase and own.phase.mixed else None,
        )
    counted = counts(asked.values(), moment)
    return {pk: replace(own, counts=counted[pk]) for pk, own in limited.items()}


def _guardrails(teams: Collection[int | None]) -> dict[int | None, Guardrails]:
    held = policies_for(GuardrailPolicy, teams)
    return {team: guardrails_of(policy) for team, policy in held.items()}


def guardrails_of(policy: GuardrailPolicy | None) -> Guardrails:
    """The limits of ``policy``, which holds; none without one. No query."""
    if policy is None:
        return NONE
    return Guardrails(
        policy.daily_claims,
        policy.hot_per_warm,
        policy.claims_per_assigned,
        policy.weekly_cold,
        policy.cooldown_hours,
    )


def in_assigned_tier() -> Exists:
    """Whether the tier that counts for a rep is assigned what nobody took from a race (TI1). Read
    with the reps: costs no query of its own."""
    return Exists(counting_for_rep().filter(auto_assigned=True))


def allocating_teams(teams: Collection[int | None]) -> set[int | None]:
    """Of ``teams``, those for which an allocation policy holds: without one, nobody's does."""
    if not teams:
        return set()
    return {team for team, policy in policies_for(AllocationPolicy, teams).items() if policy}


def phase_began(onboarding: Onboarding) -> datetime:
    """When the rep's phase began: what came before it was by other rules."""
    return midnight(onboarding.since, timezone.get_default_timezone())


def _phase(rep: Rep) -> PhaseFacts | None:
    """Where the rep is in onboarding, unless its policy is not active (any more)."""
    onboarding = getattr(rep, "onboarding", None)  # most reps have none
    phase = onboarding.phase if onboarding else None
    if phase is None or not phase.policy.active:
        return None
    return PhaseFacts(
        phase.position,
        phase.name,
        phase.competition,
        phase.cohort_only,
        phase.least_leads,
        phase.counted,
    )

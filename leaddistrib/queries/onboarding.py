"""Which phases a new rep goes through, and what holds in each, in plain sentences (ON1)."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.engine.onboarding import WINDOW, PhaseFacts
from leaddistrib.models import Onboarding, OnboardingPhase, OnboardingPolicy
from leaddistrib.queries.competing import policy_for


def day_of(moment: datetime) -> date:
    """The day by the organisation's calendar, which phases begin and end by."""
    return timezone.localdate(moment, timezone.get_default_timezone())


def inside() -> QuerySet[Onboarding]:
    """Who is in a phase that holds, longest first, with what a page says of them."""
    return Onboarding.objects.filter(phase__policy__active=True).select_related(
        "rep__user", "rep__team", "phase__policy"
    )


def phases_for(team: int | None) -> list[OnboardingPhase]:
    """The phases that a rep who begins in this team now goes through, in their order; none where no
    policy holds. Two queries."""
    policy = policy_for(OnboardingPolicy, team)
    return list(policy.phases.order_by("position")) if policy else []


def phases_of(policies: Iterable[int]) -> dict[int, list[OnboardingPhase]]:
    """The phases of each policy (primary keys), in their order. One query."""
    found: dict[int, list[OnboardingPhase]] = {policy: [] for policy in policies}
    for phase in OnboardingPhase.objects.filter(policy__in=found).order_by("position"):
        found[phase.policy_id].append(phase)
    return found


def track(onboarding: Onboarding) -> list[OnboardingPhase]:
    """All phases that the rep of ``onboarding`` goes through: those of the phase's own policy, also
    after a change of team; for who is through, those of the team's."""
    phase = onboarding.phase
    if phase is None:
        return phases_for(onboarding.rep.team_id)
    return phases_of([phase.policy_id])[phase.policy_id]


def facts_of(phase: OnboardingPhase) -> PhaseFacts:
    """The phase as the gates see it."""
    return PhaseFacts(
        position=phase.position,
        name=phase.name,
        competition=phase.competition,
        cohort_only=phase.cohort_only,
        least_leads=phase.least_leads,
        counted=phase.counted,
    )


def holds_in(phase: OnboardingPhase) -> list[str]:
    """What holds in the phase, as sentences that are true of whoever is in it."""
    facts = facts_of(phase)
    said = [_share(facts.competitive)]
    if phase.cohort_only and facts.competitive:
        said.append(
            _(
                "Races only in pools whose members are all being onboarded, or were when the rep"
                " began."
            )
        )
    if phase.least_leads:
        said.append(
            ngettext(
                "At least %(number)d lead a week: until then, pushed leads come here first.",
                "At least %(number)d leads a week: until then, pushed leads come here first.",
                phase.least_leads,
            )
            % {"number": phase.least_leads}
        )
    if phase.counted:
        said.append(_("What is done counts in tiers and leaderboards."))
    else:
        said.append(_("What is done is measured, and counts neither in tiers nor leaderboards."))
    return said


def _share(competitive: int) -> str:
    """How much of the competition is open, for so many of any ten leads."""
    if not competitive:
        return _("Assigned leads only. Races can be watched.")
    if competitive >= WINDOW:
        return _("All of the competition is open.")
    return _(
        "Of any ten leads in a row, at most %(raced)d from races and at most %(assigned)d assigned."
    ) % {"raced": competitive, "assigned": WINDOW - competitive}

"""By which rules the invented company keeps its races fair.

Tiers hold for everybody. Limits and allocations hold for the teams of the reps who are there to be
played: in a demo more leads come in within an hour than in a month elsewhere, and rivals without
any left to claim would be none.
"""

from typing import Any, NamedTuple

from leaddistrib.management.company import LONDON, LYON, MANCHESTER, NANTES

LIMITED = (MANCHESTER, NANTES)
ZONES = {MANCHESTER: "Europe/London", LONDON: "Europe/London"}


class TierPlan(NamedTuple):
    """A tier: its share of the reps in percent, when it is told, in minutes, and whether it is
    assigned what nobody took."""

    name: str
    share: int
    delay: int
    premium: bool = False
    auto_assigned: bool = False


class PhasePlan(NamedTuple):
    """A phase of onboarding, as ``models.OnboardingPhase`` has it."""

    name: str
    competition: int
    cohort_only: bool = False
    least_leads: int = 0


# Minutes rather than an hour: whoever looks around sees each tier's leads open.
TIERS = (
    TierPlan("Gold", 25, 0, premium=True),
    TierPlan("Silver", 50, 1, premium=True),
    TierPlan("Bronze", 25, 2, auto_assigned=True),
)
PLACING: dict[str, Any] = {"least_reps": 3, "least_leads": 4, "prior_leads": 10, "days": 90}

PLACED_FOR = 4  # weeks, this one included

BANDS = ((0, 40), (50, 48), (75, 60), (100, 80))  # (from percent of the quota, leads a week)
QUOTA = (30_000, 45_000, 60_000)  # EUR a month, of the first, second, third … rep
FLOOR = 32

GUARDRAILS: dict[str, Any] = {
    "daily_claims": 20,
    "hot_per_warm": 4,
    "claims_per_assigned": 15,
    "weekly_cold": 1,
}

PHASES = (
    PhasePlan("First steps", 0, least_leads=5),
    PhasePlan("Half and half", 50, cohort_only=True, least_leads=5),
    PhasePlan("Full race", 100, least_leads=5),
)
PHASE_WEEKS = 4
NEW_IN = LYON

IN_TIERS = "United Kingdom"
PREMIUM = "Key accounts"

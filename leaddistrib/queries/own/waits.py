"""What a rep's tier means for when leads open to the rep, placed or not placed yet (TI1, TI2)."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.models import Onboarding, Rep, Tier, TierPlacement, TierPolicy
from leaddistrib.queries.competing import policy_for
from leaddistrib.queries.levels import counting, levels_of, own_tier


@dataclass(frozen=True, slots=True)
class Waits:
    """``tier`` is the name of the one whose minutes count for the rep, ``sentences`` what it means.
    ``placed``: it is the rep's own; otherwise it is the middle one, and ``counted`` says whether
    the rep is placed on the next Monday or only after a phase of onboarding."""

    tier: str
    sentences: tuple[str, ...]
    placed: bool
    counted: bool


def waits(rep: Rep, newest: TierPlacement | None) -> Waits | None:
    """What holds for ``rep``, whose newest placement is ``newest``; None where no policy does, and
    in a team that is too small for tiers. Three queries at most."""
    policy = policy_for(TierPolicy, rep.team_id)
    levels = levels_of([policy]).get(policy.pk, {}) if policy else {}
    tier, placed = counting(levels, rep.tier), own_tier(levels, rep.tier) is not None
    small = newest is not None and newest.reason == TierPlacement.Reason.SMALL_TEAM
    if policy is None or tier is None or (rep.tier is None and small):
        return None
    return Waits(
        tier.name,
        tuple(_sentences(policy, tier)),
        placed=placed,
        counted=placed or not _uncounted(rep),
    )


def _uncounted(rep: Rep) -> bool:
    return Onboarding.objects.filter(rep=rep, phase__counted=False).exists()


def _sentences(policy: TierPolicy, tier: Tier) -> Iterator[str]:
    if tier.delay_minutes:
        yield ngettext(
            "In pools by tier you are told %(minutes)d minute after a lead opens.",
            "In pools by tier you are told %(minutes)d minutes after a lead opens.",
            tier.delay_minutes,
        ) % {"minutes": tier.delay_minutes}
        if policy.working_time:
            yield _("The minutes count only while you are at work.")
        if policy.floor_percent:
            yield _("At least %(percent)d %% of a pool's leads open to all tiers at once.") % {
                "percent": policy.floor_percent
            }
    else:
        yield _("In pools by tier you are told as soon as a lead opens.")
    yield (
        _("Premium pools are open to you.")
        if tier.premium
        else _("No premium pool is open to you.")
    )
    if tier.auto_assigned:
        yield _("Leads that nobody took from a race may be assigned to you before others.")

"""What a tier policy means, in plain sentences (TI1, TI2)."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaddistrib.models import Tier, TierPolicy


def plain_tiers(policy: TierPolicy) -> list[str]:
    """The policy's tiers one by one, then how reps are placed. Read ``policy`` with its tiers."""
    tiers = list(policy.tiers.all())
    if not tiers:
        return [_("It has no tiers yet: nobody is placed.")]
    return [*(_tier(tier) for tier in tiers), *_placing(policy, len(tiers)), *_waiting(policy)]


def _tier(tier: Tier) -> str:
    told = (
        ngettext(
            "told %(minutes)d minute after a lead opens",
            "told %(minutes)d minutes after a lead opens",
            tier.delay_minutes,
        )
        % {"minutes": tier.delay_minutes}
        if tier.delay_minutes
        else _("told at once")
    )
    parts = [told]
    if tier.premium:
        parts.append(_("with premium pools"))
    if tier.auto_assigned:
        parts.append(_("assigned first what nobody took from a race"))
    return _("“%(name)s”: %(share)d %% of the reps, %(what)s.") % {
        "name": tier.name,
        "share": tier.share,
        "what": ", ".join(parts),
    }


def _placing(policy: TierPolicy, tiers: int) -> list[str]:
    weights = (policy.conversion_weight, policy.quota_weight, policy.speed_weight)
    total = sum(weights)
    names = (_("conversion"), _("quota attainment"), _("response speed"))
    parts = [
        _("%(measure)s %(percent)d %%") % {"measure": name, "percent": round(100 * weight / total)}
        for name, weight in zip(names, weights, strict=True)
        if weight
    ]
    few = (
        ngettext(
            "Reps with fewer than %(leads)d lead are neither in the highest nor in the lowest"
            " tier.",
            "Reps with fewer than %(leads)d leads are neither in the highest nor in the lowest"
            " tier.",
            policy.least_leads,
        )
        if tiers >= 3
        else ngettext(
            "Reps with fewer than %(leads)d lead are placed by their score: only with three tiers"
            " and more there is a middle for them.",
            "Reps with fewer than %(leads)d leads are placed by their score: only with three tiers"
            " and more there is a middle for them.",
            policy.least_leads,
        )
    )
    return [
        _("The score, over the last %(days)d days: %(parts)s.")
        % {"days": policy.days, "parts": ", ".join(parts)},
        few % {"leads": policy.least_leads},
        _("A team with fewer than %(reps)d reps has no tiers.") % {"reps": policy.least_reps},
        ngettext(
            "A rep moves only when the score is %(count)d point past the border.",
            "A rep moves only when the score is %(count)d points past the border.",
            policy.margin,
        )
        % {"count": policy.margin},
    ]


def _waiting(policy: TierPolicy) -> list[str]:
    found = []
    if policy.floor_percent:
        text = _("At least %(percent)d %% of a pool's leads open to all tiers at once.")
        found.append(text % {"percent": policy.floor_percent})
    if policy.working_time:
        found.append(_("The minutes count only while the rep is at work."))
    return found

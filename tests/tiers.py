"""A tier policy of three tiers, and reps in them."""

from leaddistrib.models import Rep, Team, Tier, TierPolicy

TIERS = (("Gold", 25, 0, True), ("Silver", 50, 15, True), ("Bronze", 25, 60, False))


def tier_policy(team: Team | None = None, floor: int = 0, **fields: object) -> TierPolicy:
    """Told at once, after 15 minutes, after an hour; the last one sees no premium pools."""
    policy: TierPolicy = TierPolicy.objects.create(team=team, floor_percent=floor, **fields)
    Tier.objects.bulk_create(
        Tier(policy=policy, level=n, name=name, share=share, delay_minutes=minutes, premium=premium)
        for n, (name, share, minutes, premium) in enumerate(TIERS, start=1)
    )
    return policy


def placed(rep: Rep, level: int | None) -> Rep:
    """``rep``, in the tier of this level from now on."""
    rep.tier = level
    rep.save(update_fields=["tier"])
    return rep

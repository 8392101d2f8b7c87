"""What a rep's tier is called, where there is room for no more (TI2)."""

from leaddistrib.models import Rep
from leaddistrib.queries.own.tier import tier_name


def tier_called(rep: Rep) -> str:
    """The name of the rep's tier, "" for none. One query, none for who is in none."""
    newest = rep.placements.order_by("-period").first() if rep.tier else None
    return tier_name(newest) if newest and newest.level == rep.tier else ""

"""Leads a week by quota attainment: what bounds a rep at present (AL1, AL2)."""

from leaddistrib.models import Allocation

SUBJECT = "allocation:rep:"
"""What an alert about a rep's allocation is about, before the rep's primary key."""


def fell_again(rep: int) -> bool:
    """Whether an allocation bounds the rep (primary key) and the newest one is less than the one
    before. One query."""
    rows = Allocation.objects.filter(rep=rep, rep__active=True, rep__allocation__isnull=False)
    newest = rows.order_by("-month").values_list("falls", flat=True).first()
    return bool(newest)

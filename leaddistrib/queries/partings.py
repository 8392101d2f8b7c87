"""Who parted with a lead is not given it again by the rules (RA4, PU9, PU10)."""

from collections import defaultdict
from collections.abc import Iterable

from leaddistrib.models import Assignment, Lead

PARTED = (Assignment.Ended.RELEASED, Assignment.Ended.REASSIGNED)


def parted_with(leads: Iterable[Lead]) -> defaultdict[int, set[int]]:
    """The reps who gave back each of ``leads``, or from whom it was taken, by the lead's id: nobody
    for a lead that is new. One query, and none if all are. It stays true of locked leads."""
    known = [lead.pk for lead in leads if lead.pk is not None]
    parted: defaultdict[int, set[int]] = defaultdict(set)
    if known:
        ended = Assignment.objects.filter(lead__in=known, end__in=PARTED)
        for lead, rep in ended.values_list("lead", "rep"):
            parted[lead].add(rep)
    return parted

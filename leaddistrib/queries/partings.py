"""Who parted with a lead is not given it again by the rules (RA4, PU9, PU10, SL6)."""

from collections import defaultdict
from collections.abc import Iterable

from leaddistrib.models import Assignment, Lead

PARTED = (
    Assignment.Ended.RELEASED,
    Assignment.Ended.REASSIGNED,
    Assignment.Ended.LAPSED,
    Assignment.Ended.CLOSED,  # and it was recycled since (OU2)
)


def parted_with(leads: Iterable[Lead]) -> defaultdict[int, set[int]]:
    """The reps who gave back or closed each of ``leads``, let it lapse, or from whom it was taken,
    by the lead's id: nobody for a lead that is new. One query, and none if all are. It stays true
    of locked leads."""
    return _ended(leads, PARTED)


def let_lapse(leads: Iterable[Lead]) -> defaultdict[int, set[int]]:
    """The reps who had each of ``leads`` and did not answer it in time, by the lead's id: they
    cannot claim it either. One query, and none for leads that are new."""
    return _ended(leads, (Assignment.Ended.LAPSED,))


def _ended(leads: Iterable[Lead], how: Iterable[str]) -> defaultdict[int, set[int]]:
    known = [lead.pk for lead in leads if lead.pk is not None]
    reps: defaultdict[int, set[int]] = defaultdict(set)
    if known:
        ended = Assignment.objects.filter(lead__in=known, end__in=how)
        for lead, rep in ended.values_list("lead", "rep"):
            reps[lead].add(rep)
    return reps

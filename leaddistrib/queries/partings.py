"""Who parted with a lead is not given it again by the rules (RA4, PU9, PU10, SL6)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from leaddistrib.models import Assignment, Lead, Rep

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


@dataclass(frozen=True, slots=True)
class Partings:
    """How one rep parted with leads, by their primary keys: those that lapsed, and when each of
    those was given back that were, the last time."""

    lapsed: set[int] = field(default_factory=set)
    given_back: dict[int, datetime] = field(default_factory=dict)


def own_partings(rep: Rep, leads: Iterable[Lead]) -> Partings:
    """How ``rep`` parted with ``leads`` (RA4, SL6). One query."""
    return _partings([rep.pk], [lead.pk for lead in leads])[rep.pk]


def partings_with(lead: Lead, reps: Iterable[int]) -> defaultdict[int, Partings]:
    """How each of ``reps`` (primary keys) parted with one lead. One query."""
    return _partings(list(reps), [lead.pk])


def _partings(reps: list[int], leads: list[int]) -> defaultdict[int, Partings]:
    found: defaultdict[int, Partings] = defaultdict(Partings)
    ended = Assignment.objects.filter(
        rep__in=reps,
        lead__in=leads,
        end__in=(Assignment.Ended.LAPSED, Assignment.Ended.RELEASED),
    )
    rows = ended.order_by("ended_at").values_list("rep", "lead", "end", "ended_at")
    for rep, lead, end, at in rows:
        if end == Assignment.Ended.LAPSED:
            found[rep].lapsed.add(lead)
        elif at is not None:
            found[rep].given_back[lead] = at
    return found

"""What a rep's pages show: the pools with their waiting leads, the own leads, the own limits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import GATES, OF_THE_LEAD, Refusal, Situation, refusals
from leaddistrib.models import Lead, Pool, Rep
from leaddistrib.queries.clocks import running
from leaddistrib.queries.membership import pools_of
from leaddistrib.queries.own.remaining import Remaining, remaining
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.visibility import opened_to, seen_by

NEWEST = 50
"""Waiting leads that a pool shows at once; a longer list is paged."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rep stands: open leads against capacity, what stands against any claim or any claim
    in a race, and what is left of each limit of a fair race. ``may_claim``: some leads may be
    claimed, if only where nobody races."""

    open_leads: int
    capacity: int
    paused: bool
    refusals: tuple[Refusal, ...]
    remaining: Remaining
    may_claim: bool


def standing(rep: Rep, moment: datetime) -> Standing:
    """The rep's own limits at ``moment``, by the same gates that a claim asks."""
    return standing_by(rep_facts([rep.pk], moment, claiming=True)[rep.pk], moment)


def standing_by(facts: RepFacts, moment: datetime) -> Standing:
    """The same from facts that are known already. No query."""
    gates = tuple(gate for gate in GATES if gate not in OF_THE_LEAD)
    return Standing(
        facts.open_leads,
        facts.capacity,
        facts.paused,
        tuple(refusals(facts, Situation(moment, claiming=True, competitive=True), gates)),
        remaining(facts),
        may_claim=not refusals(facts, Situation(moment, claiming=True), gates),
    )


def waiting(pool: Pool, seen: Q) -> QuerySet[Lead]:
    """Leads that wait in a pool, those that the reader may have ``seen`` (``visibility``), the
    one that has waited longest first."""
    return pool.leads.filter(seen, status=Lead.Status.WAITING).order_by("opens_at", "id")


def newest_waiting(pool: Pool, seen: Q) -> list[Lead]:
    """The newest of them, newest first: what a race shows."""
    leads = pool.leads.filter(seen, status=Lead.Status.WAITING)
    return list(leads.order_by("-opens_at", "-id")[:NEWEST])


def stale_leads(moment: datetime) -> QuerySet[Lead]:
    """Leads that at ``moment`` have waited longer than their pools say is well (PL2). One query at
    once, for the pools' times."""
    marking = Pool.objects.filter(stale_minutes__isnull=False)
    found = Q(pk__in=())
    for pool, minutes in marking.values_list("pk", "stale_minutes"):
        found |= Q(pool=pool, opens_at__lte=moment - timedelta(minutes=minutes or 0))
    return Lead.objects.filter(found, status=Lead.Status.WAITING)


def pools_with_sizes(rep: Rep, moment: datetime) -> QuerySet[Pool]:
    """The rep's pools, each with ``size``: how many leads wait there for the rep at ``moment``,
    listed or handed out by a button."""
    return sized(pools_of(rep), opened_to(rep, moment)).order_by("name")


def sized(pools: QuerySet[Pool], seen: Q) -> QuerySet[Pool]:
    """``pools``, each with ``size``: how many leads wait there that the reader may have ``seen`` or
    counted (``visibility``), None for none."""
    sizes = (
        Lead.objects.filter(seen, pool=OuterRef("pk"), status=Lead.Status.WAITING)
        .order_by()
        .values("pool")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return pools.annotate(size=Subquery(sizes))


def own_leads(rep: Rep) -> QuerySet[Lead]:
    """The leads a rep owns and has not closed: those to be answered first, the one that is late
    longest before all (SL2), then the others, newest first."""
    due = running().filter(lead=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    return (
        Lead.objects.filter(owner=rep, status=Lead.Status.OWNED)
        .select_related("pool")
        .order_by(Subquery(due).asc(nulls_last=True), "-received_at", "-id")
    )


def visible_to(rep: Rep, moment: datetime) -> QuerySet[Lead]:
    """Leads that exist for a rep at ``moment``: the own ones, and those of the own pools (IG4)."""
    return (
        Lead.objects.filter(Q(owner=rep) | Q(seen_by(rep, moment), pool__in=pools_of(rep)))
        .exclude(status=Lead.Status.RECEIVED)
        .select_related("pool", "owner__user")
    )

"""What each member gives to a shared pool over a period (PO3), and the leads behind each figure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from leaddistrib.models import Contact, Lead, Outcome, Pool, Rep
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.standing import reached


class Figure(StrEnum):
    """What is counted for each member."""

    LEADS = "leads"  # that the member was in touch with
    CONTACTS = "contacts"
    FIRSTS = "firsts"  # leads that nobody was in touch with before
    WON = "won"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One member's part. ``share`` is the part of all contacts with the pool's leads, from 0 to 1,
    and adds up to 1 over everybody; 0 where there are none."""

    rep: Rep
    figures: Mapping[Figure, int]
    share: float


def contributions(pool: Pool, since: datetime, until: datetime) -> list[Contribution]:
    """Every member of ``pool``, and who was one, from ``since`` until before ``until``; those with
    most contacts first. Seven queries, however many members and leads."""
    counted = {figure: _counted(pool, figure, since, until) for figure in Figure}
    total = sum(counted[Figure.CONTACTS].values())
    members = members_by_pool([pool.pk])[pool.pk]
    everybody = members.union(*counted.values())
    reps = Rep.objects.select_related("user").filter(pk__in=everybody)
    found = [
        Contribution(
            rep,
            {figure: counted[figure][rep.pk] for figure in Figure},
            counted[Figure.CONTACTS][rep.pk] / total if total else 0.0,
        )
        for rep in reps
    ]
    return sorted(found, key=lambda one: (-one.figures[Figure.CONTACTS], one.rep.name.casefold()))


def leads_behind(
    pool: Pool, rep: Rep, figure: Figure, since: datetime, until: datetime
) -> QuerySet[Lead]:
    """The leads that ``figure`` counts for ``rep``, with owner and pool, the newest first."""
    counted = _rows(pool, figure, since, until).filter(rep=rep)
    leads = Lead.objects.filter(Exists(counted.filter(lead=OuterRef("pk"))))
    return leads.select_related("pool", "owner__user").order_by("-received_at", "-id")


def _counted(pool: Pool, figure: Figure, since: datetime, until: datetime) -> Counter[int]:
    """The figure of each rep, by id."""
    number = Count("pk") if figure is Figure.CONTACTS else Count("lead", distinct=True)
    rows = _rows(pool, figure, since, until).order_by().values("rep").annotate(number=number)
    return Counter({row["rep"]: row["number"] for row in rows})


def _rows(
    pool: Pool, figure: Figure, since: datetime, until: datetime
) -> QuerySet[Contact] | QuerySet[Outcome]:
    """The contacts, or outcomes, that a figure counts: contacts with leads while they were in
    ``pool``, or claimed from it, wherever they are now; of what was won, the leads that the rep
    was last in touch with there."""
    period = Q(at__gte=since, at__lt=until)
    if figure is Figure.WON:
        own = Contact.objects.filter(
            lead=OuterRef("lead"), rep=OuterRef("rep"), at__lte=OuterRef("at")
        )
        won = reached([Outcome.Stage.WON]).filter(period)
        return won.alias(through=Subquery(own.order_by("-at", "-pk").values("pool")[:1])).filter(
            through=pool.pk
        )
    contacts = Contact.objects.filter(period, pool=pool)
    if figure is not Figure.FIRSTS:
        return contacts
    earlier = Contact.objects.filter(lead=OuterRef("lead")).filter(
        Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    )
    return contacts.filter(~Exists(earlier))

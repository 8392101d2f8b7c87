"""Which leads may have another chance (OU2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from leaddistrib.models import Assignment, Contact, Lead, LogEntry, Organisation, Outcome
from leaddistrib.queries.standing import reached, standing


def recyclable(leads: Sequence[Lead]) -> list[Lead]:
    """Those of ``leads`` that are owned or closed, and not won. One query."""
    won = standing([Outcome.Stage.WON]).filter(lead__in=leads)
    done = set(won.values_list("lead", flat=True))
    over = (Lead.Status.OWNED, Lead.Status.CLOSED)
    return [lead for lead in leads if lead.status in over and lead.pk not in done]


def last_owners(leads: Iterable[Lead]) -> dict[int, int]:
    """Who owned each of ``leads`` last, by its id; nothing for one that nobody ever owned. One
    query."""
    held = Assignment.objects.filter(lead__in=[lead.pk for lead in leads])
    return dict(held.order_by("started_at", "pk").values_list("lead", "rep"))


def lost_long_ago(settings: Organisation, moment: datetime) -> QuerySet[Outcome]:
    """The losses, as many days before ``moment`` as the organisation says, of leads that were not
    recycled since, the longest ago first; one for each lead at most. None where it says nothing.

    By the index of stages, so that whoever takes the first ones does not look at all."""
    if settings.recycle_lost_days is None:
        return Outcome.objects.none()
    before = moment - timedelta(days=settings.recycle_lost_days)
    recycled = LogEntry.objects.filter(
        lead=OuterRef("lead"), event=LogEntry.Event.RECYCLED, at__gte=OuterRef("at")
    )
    lost = standing([Outcome.Stage.LOST]).filter(at__lte=before, lead__status=Lead.Status.CLOSED)
    return lost.filter(~Exists(recycled)).order_by("at", "pk")


def leads_of(losses: QuerySet[Outcome]) -> QuerySet[Lead]:
    """The leads of ``losses``, in no order."""
    return Lead.objects.filter(Exists(losses.order_by().filter(lead=OuterRef("pk"))))


def unworked(settings: Organisation, moment: datetime) -> QuerySet[Lead]:
    """Leads that somebody has owned for as many days before ``moment`` as the organisation says,
    without a contact, an attempt or an outcome since, those first that were owned longest. None
    where it says nothing."""
    if settings.recycle_unworked_days is None:
        return Lead.objects.none()
    before = moment - timedelta(days=settings.recycle_unworked_days)
    held = Assignment.objects.filter(lead=OuterRef("pk"), ended_at=None, started_at__lte=before)
    touched = Contact.objects.filter(lead=OuterRef("pk"), at__gt=before)
    tried = LogEntry.objects.filter(
        lead=OuterRef("pk"), event=LogEntry.Event.ATTEMPTED, at__gt=before
    )
    went_on = reached().filter(lead=OuterRef("pk"), at__gt=before)
    owned = Lead.objects.filter(status=Lead.Status.OWNED)
    due = owned.filter(Exists(held), ~Exists(touched), ~Exists(tried), ~Exists(went_on))
    since_when = Subquery(held.values("started_at")[:1])
    return due.annotate(since=since_when).order_by("since", "pk")

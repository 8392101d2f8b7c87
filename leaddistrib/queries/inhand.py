"""Which leads somebody is at: those that wait in a shared pool while members look after them there
(PO1, PO2), and those whose owner has not been in touch."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from leaddistrib.models import Assignment, Contact, Lead, Pool, Work
from leaddistrib.queries.cards import is_shared, work_on


def contacted() -> Q:
    """Waiting leads that a member was in touch with since they were opened: they stay shared, and
    nobody need find somebody for them."""
    since = Contact.objects.filter(lead=OuterRef("pk"), at__gte=OuterRef("opens_at"))
    return Q(Exists(since))


def in_hand(moment: datetime) -> Q:
    """Those, and the leads that somebody works on at ``moment``."""
    held = Work.objects.filter(
        lead=OuterRef("pk"), until__gt=moment, since__gte=OuterRef("opens_at")
    )
    return contacted() | Q(Exists(held))


def not_contacted(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Those of ``leads`` whose owner was not in touch with them: the longest owned first."""
    touched = Contact.objects.filter(lead=OuterRef("pk"), rep=OuterRef("owner"))
    held = Assignment.objects.filter(lead=OuterRef("pk"), ended_at=None)
    owned = leads.filter(~Exists(touched), status=Lead.Status.OWNED)
    since = Subquery(held.values("started_at")[:1])
    return owned.alias(owned_since=since).order_by("owned_since", "id")


def looked_after(leads: Iterable[Lead], moment: datetime) -> dict[int, datetime | None]:
    """Which of ``leads``, read with their pools and locked, are in hand at ``moment``, by id: until
    when somebody works on it, or claims of it are collected; None for one that was contacted. No
    query where none is shared and none collects claims."""
    known = list(leads)
    return {**_collecting(known, moment), **_shared(known, moment)}


def _collecting(leads: Iterable[Lead], moment: datetime) -> dict[int, datetime | None]:
    """Read again, because a first claim does not lock what it was read by."""
    sealed = [one.pk for one in leads if one.pool and one.pool.award == Pool.Award.SEALED]
    if not sealed:
        return {}
    collecting = Lead.objects.filter(pk__in=sealed, collecting_until__isnull=False)
    rows = collecting.values_list("pk", "collecting_until")
    # When their time is up they are about to be awarded: whoever does that is not forestalled.
    return {pk: max(until or moment, moment + timedelta(seconds=1)) for pk, until in rows}


def _shared(leads: Iterable[Lead], moment: datetime) -> dict[int, datetime | None]:
    shared = [lead for lead in leads if is_shared(lead)]
    if not shared:
        return {}
    touched = Contact.objects.filter(lead__in=shared, at__gte=F("lead__opens_at"))
    working = {pk: work.until for pk, work in work_on(shared, moment).items()}
    return {**working, **dict.fromkeys(touched.values_list("lead", flat=True))}

"""Facts about reps, as the gates want them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from leaddistrib.engine.facts import RepFacts
from leaddistrib.models import Lead, Rep, TimeOff


def rep_facts(reps: Iterable[int], moment: datetime) -> dict[int, RepFacts]:
    """What the gates need to know of each rep at ``moment``, in two queries however many reps.

    Callers that act on capacity lock the reps first: the count is then as it will stay.
    """
    ids = list(reps)
    time_off: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    coming = TimeOff.objects.filter(rep__in=ids, ends_at__gt=moment)
    for rep, start, end in coming.values_list("rep", "starts_at", "ends_at"):
        time_off[rep].append((start, end))
    open_leads = (
        Lead.objects.filter(owner=OuterRef("pk"), status=Lead.Status.OWNED)
        .order_by()
        .values("owner")
        .annotate(number=Count("pk"))
        .values("number")
    )
    rows = (
        Rep.objects.filter(pk__in=ids)
        .select_related("user")
        .annotate(open_leads=Coalesce(Subquery(open_leads, output_field=IntegerField()), 0))
    )
    return {
        rep.pk: RepFacts(
            id=rep.pk,
            name=rep.name,
            active=rep.active and rep.user.is_active,
            paused=rep.paused,
            time_off=tuple(time_off[rep.pk]),
            open_leads=rep.open_leads,
            capacity=rep.capacity,
        )
        for rep in rows
    }

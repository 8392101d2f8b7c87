"""Until when a waiting lead stays where it is: what pages and messages say of it (PL2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Subquery

from leaddistrib.models.leads import Lead
from leaddistrib.models.routing import Decision
from leaddistrib.models.rules import RuleStep


def stale_at(lead: Lead) -> datetime | None:
    """When a waiting lead counts as left lying (PL2); None if its pool marks none."""
    return _after(lead, lead.pool.stale_minutes if lead.pool else None)


def passed_on(leads: Iterable[Lead]) -> dict[int, datetime]:
    """When waiting leads that nobody takes go where the next step of their rule says (PL2), by id:
    those whose pool passes leads on, and whose rule has a step after it. One query, if any is in
    such a pool and the rules are to be asked about it again."""
    moments = {
        lead.pk: at
        for lead in leads
        if lead.pool
        and lead.retry_at is not None
        and (at := _after(lead, lead.pool.push_minutes)) is not None
    }
    if not moments:
        return {}
    latest = Decision.objects.filter(lead=OuterRef(OuterRef("pk"))).order_by("-id")
    goes_on = RuleStep.objects.filter(
        rule=Subquery(latest.values("rule")[:1]),
        pool=OuterRef("pool"),
        rule__steps__position__gt=F("position"),
    )
    going = Lead.objects.filter(Exists(goes_on), pk__in=moments)
    return {pk: moments[pk] for pk in going.values_list("pk", flat=True)}


def _after(lead: Lead, minutes: int | None) -> datetime | None:
    if minutes is None or lead.opens_at is None or lead.status != Lead.Status.WAITING:
        return None
    return lead.opens_at + timedelta(minutes=minutes)

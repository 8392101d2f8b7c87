"""Where a lead stands: the latest outcome that was not undone (OU1)."""

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from leaddistrib.models import Lead, Outcome

TERMINAL = (Outcome.Stage.WON, Outcome.Stage.LOST)
"""Stages after which a lead is closed."""


def reached(stages: Collection[str] = ()) -> QuerySet[Outcome]:
    """Outcomes that count: those that were not undone, of ``stages`` if any are named."""
    counting = Outcome.objects.filter(undone_at=None)
    return counting.filter(stage__in=stages) if stages else counting


def standing(stages: Collection[str] = ()) -> QuerySet[Outcome]:
    """Those of them after which nothing else came for their lead: one for each lead at most."""
    later = reached().filter(lead=OuterRef("lead"))
    after = later.filter(Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")))
    return reached(stages).filter(~Exists(after))


def standing_of(leads: Iterable[Lead]) -> dict[int, Outcome]:
    """Where each of ``leads`` stands, by its id; nothing for one of which nothing is known. One
    query."""
    found = standing().filter(lead__in=[lead.pk for lead in leads]).select_related("rep__user")
    return {outcome.lead_id: outcome for outcome in found}

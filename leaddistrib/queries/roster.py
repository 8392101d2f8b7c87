"""Facts about reps, as the gates want them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from leaddistrib.engine.availability import Span
from leaddistrib.engine.facts import RepFacts
from leaddistrib.models import Lead, Rep, SalesEvent, TimeOff
from leaddistrib.queries.limiting import READ_WITH, in_assigned_tier, with_limits
from leaddistrib.queries.weeks import working_weeks

BUSY_AHEAD = timedelta(days=1)
"""How far ahead busy times are loaded. A rep who comes back after that, straight into a meeting,
is looked at again then, and passed over once more."""


def rep_facts(
    reps: Iterable[int], moment: datetime, *, claiming: bool = False
) -> dict[int, RepFacts]:
    """What the gates need to know of each rep at ``moment``, in five queries however many reps.

    With ``claiming`` the reps act for themselves: what only stands against handing them something
    (hours, holidays, busy times) and what only strategies ask for is left out, which saves two
    queries in every claim. Where limits of a fair race hold there are up to three more, for what
    they count. Callers that act on capacity lock the reps first: the counts are then as they will
    stay.
    """
    ids = list(reps)
    leave, busy = _time_off(ids, moment, claiming)
    rows = list(
        Rep.objects.filter(pk__in=ids)
        .select_related("user", *READ_WITH)
        .annotate(
            open_leads=Coalesce(Subquery(_open_leads(), output_field=IntegerField()), 0),
            auto_assigned=Value(False) if claiming else in_assigned_tier(),
        )
    )
    weeks = {} if claiming else working_weeks(rows, moment)
    events = {} if claiming else _events(ids)
    facts = {
        rep.pk: RepFacts(
            id=rep.pk,
            name=rep.name,
            active=rep.active and rep.user.is_active,
            paused=rep.paused,
            time_off=tuple(leave[rep.pk]),
            busy=tuple(busy[rep.pk]),
            week=weeks.get(rep.pk),
            taper=timedelta(days=rep.taper_days),
            open_leads=rep.open_leads,
            capacity=rep.capacity,
            weight=rep.weight,
            seniority=rep.seniority,
            backup=rep.backup_id,
            events=frozenset(events.get(rep.pk, ())),
            team=rep.team_id,
            auto_assigned=rep.auto_assigned,
        )
        for rep in rows
    }
    return with_limits(facts, rows, moment)


def _open_leads() -> QuerySet[Lead, Any]:
    return (
        Lead.objects.filter(owner=OuterRef("pk"), status=Lead.Status.OWNED)
        .order_by()
        .values("owner")
        .annotate(number=Count("pk"))
        .values("number")
    )


def _time_off(
    reps: list[int], moment: datetime, claiming: bool
) -> tuple[dict[int, list[Span]], dict[int, list[Span]]]:
    """Leave that is not over, all of it, and the busy times of now and soon, by rep."""
    wanted = Q(kind=TimeOff.Kind.LEAVE)
    if not claiming:
        wanted |= Q(kind=TimeOff.Kind.BUSY, starts_at__lt=moment + BUSY_AHEAD)
    rows = TimeOff.objects.filter(wanted, rep__in=reps, ends_at__gt=moment).order_by("starts_at")
    leave: dict[int, list[Span]] = defaultdict(list)
    busy: dict[int, list[Span]] = defaultdict(list)
    for rep, kind, start, end in rows.values_list("rep", "kind", "starts_at", "ends_at"):
        (busy if kind == TimeOff.Kind.BUSY else leave)[rep].append((start, end))
    return leave, busy


def _events(reps: list[int]) -> dict[int, set[str]]:
    """Names of the events that each rep attended, casefolded."""
    attended: dict[int, set[str]] = defaultdict(set)
    rows = SalesEvent.attendees.through.objects.filter(rep__in=reps)
    for rep, name in rows.values_list("rep", "salesevent__name"):
        attended[rep].add(name.casefold())
    return attended

"""How long customers wait: from the moment a lead came in until anybody was in touch (SL4, DB2).

Whatever happened in between is in it: minutes in a pool, with a rep who let it lapse, with the next
one. Each lead that came in during a period counts once, shared ones too. Left out is what nobody
here was to answer: leads that were imported with their history, and those that were kept without
routing them. The number of queries does not depend on how many rows there are.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    When,
)
from django.db.models.functions import ExtractHour
from django.utils import timezone
from django.utils.translation import gettext as _

from leaddistrib.models import Assignment, Contact, Lead
from leaddistrib.policy import Role, Sight
from leaddistrib.queries.ranking import percentiles
from leaddistrib.queries.response import By, names
from leaddistrib.queries.sight import leads_of


class Figure(StrEnum):
    """What is counted. WAITING are open and nobody was in touch yet, CLOSED were closed without."""

    LEADS = "leads"
    ANSWERED = "answered"
    WITHIN_5 = "within_5"
    WITHIN_60 = "within_60"
    WAITING = "waiting"
    CLOSED = "closed"


class Asked(NamedTuple):
    """Which leads: those of ``leads`` that came in from ``since`` until before ``until``. Of the
    reps of ``teams`` it is told who was in touch and how soon (None: of everybody); all others are
    one row."""

    leads: QuerySet[Lead]
    since: datetime
    until: datetime
    teams: frozenset[int] | None = None


def asked_by(who: Sight, since: datetime, until: datetime) -> Asked:
    """What admins may ask: of everybody; managers: of the leads of their teams and their pools. One
    who is a rep too does not ask of what waits in another team's pool, which would be gone from the
    figures as soon as somebody answers it."""
    if who.role is Role.ADMIN:
        return Asked(leads_of(who), since, until)
    leads = leads_of(replace(who, rep=None, pools=frozenset()))
    return Asked(leads, since, until, who.managed_teams)


@dataclass(slots=True)
class Line:
    """One row. ``key`` names it outside, "" for what has no source, type or team. ``closed`` are
    those without a contact. ``median`` and ``p90`` are the seconds within which half and nine in
    ten of the answered ones were."""

    key: str = ""
    name: str = ""
    leads: int = 0
    answered: int = 0
    within_5: int = 0
    within_60: int = 0
    closed: int = 0
    median: float | None = None
    p90: float | None = None

    @property
    def waiting(self) -> int:
        """Open, and nobody was in touch yet."""
        return self.leads - self.answered - self.closed

    def share(self, number: int) -> float | None:
        """``number`` of those that were not closed without a contact, from 0 to 1; None for
        none."""
        asked = self.leads - self.closed
        return number / asked if asked else None


@dataclass(frozen=True, slots=True)
class Report:
    """The rows, those with most leads first (hours in their order), and their total."""

    by: By
    lines: tuple[Line, ...]
    total: Line


NOBODY = "nobody"
"""The key of those that nobody was in touch with, where the rows are reps or teams."""

OTHERS = "others"
"""The key of those whom reps of other teams than the asked ones were in touch with first."""

IN_TOUCH = {By.REP: "rep", By.TEAM: "rep__team"}
"""Who was in touch first, from a contact. The other rows are fields of the lead, or the hour in
which it came in."""

TOOK = ExpressionWrapper(F("at") - F("lead__received_at"), output_field=DurationField())

WITHIN = {
    # Whole seconds are counted, as of the reps' own times.
    Figure.WITHIN_5: Q(at__lt=F("lead__received_at") + timedelta(seconds=301)),
    Figure.WITHIN_60: Q(at__lt=F("lead__received_at") + timedelta(seconds=3601)),
}


def waiting(asked: Asked, by: By = By.SOURCE) -> Report:
    """How long customers waited, by ``by``. Four queries at most."""
    lines: dict[Any, Line] = defaultdict(Line)
    contacts = _by_hour(_first_contacts(asked), "lead__received_at", by)
    for key, leads, closed in _came(asked, by):
        lines[key].leads, lines[key].closed = leads, closed
    place = IN_TOUCH.get(by, by if by is By.HOUR else f"lead__{by}")
    if by in IN_TOUCH and asked.teams is not None:
        theirs = When(rep__team__in=asked.teams, then=F(place))
        contacts = contacts.annotate(told=Case(theirs, output_field=BigIntegerField()))
        place = "told"
    counted = (
        contacts.order_by()
        .values_list(place)
        .annotate(
            answered=Count("pk"),
            **{figure: Count("pk", filter=condition) for figure, condition in WITHIN.items()},
            closed=Count("pk", filter=Q(lead__status=Lead.Status.CLOSED)),
        )
    )
    for key, answered, within_5, within_60, closed in counted:
        one = lines[key]
        one.answered, one.within_5, one.within_60 = answered, within_5, within_60
        if by in IN_TOUCH:
            one.leads = answered
            lines[NOBODY].leads -= answered
        lines[NOBODY if by in IN_TOUCH else key].closed -= closed
    total = Line()
    for one in lines.values():
        for name in ("leads", "answered", "within_5", "within_60", "closed"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
    for rank in percentiles(contacts.annotate(took=TOOK), place, "took", (50, 90)):
        one = total if rank.whole else lines[rank.key]
        # An earlier moment was said than that at which it came in: it took no time.
        seconds = max(0.0, rank.value.total_seconds())
        if rank.percent == 50:
            one.median = seconds
        else:
            one.p90 = seconds
    if place == "told" and None in lines:
        lines[OTHERS] = lines.pop(None)
    return Report(by, tuple(_named(lines, by)), total)


def leads_behind(asked: Asked, by: By, key: str | None, figure: Figure) -> QuerySet[Lead]:
    """The leads that a figure of the report counts: those of the row ``key`` (None: of all rows).
    Not all of them are for the viewer: see ``told``.

    Raises:
        ValueError: ``key`` is no key of such a row, or that of other teams.
    """
    leads = _by_hour(_cohort(asked), "received_at", by)
    first = _first_contacts(asked).filter(lead=OuterRef("pk"))
    in_touch = Exists(Contact.objects.filter(lead=OuterRef("pk")))
    if figure in WITHIN:
        leads = leads.filter(Exists(first.filter(WITHIN[figure])))
    elif figure is Figure.ANSWERED:
        leads = leads.filter(in_touch)
    elif figure is not Figure.LEADS:
        closed = Q(status=Lead.Status.CLOSED)
        leads = leads.filter(~in_touch, closed if figure is Figure.CLOSED else ~closed)
    if key is None:
        return leads
    if by not in IN_TOUCH:
        return leads.filter(**{by: int(key) if by is By.HOUR else key})
    if key == NOBODY:
        return leads.filter(~in_touch)
    named = {f"{IN_TOUCH[by]}__public_id": UUID(key)} if key else {IN_TOUCH[by]: None}
    return leads.filter(Exists(first.filter(_told(asked), **named)))


def told(asked: Asked, leads: QuerySet[Lead], figure: Figure) -> QuerySet[Lead]:
    """Those of the ``leads`` behind ``figure`` of which the viewer is told: how soon a rep of
    another team was in touch is not said of any one lead."""
    if figure not in WITHIN or asked.teams is None:
        return leads
    first = _first_contacts(asked).filter(_told(asked), lead=OuterRef("pk"))
    return leads.filter(Exists(first))


def _told(asked: Asked) -> Q:
    """Contacts of which it is told whose they are."""
    return Q() if asked.teams is None else Q(rep__team__in=asked.teams)


def _cohort(asked: Asked) -> QuerySet[Lead]:
    came = Q(received_at__gte=asked.since, received_at__lt=asked.until)
    imported = Assignment.objects.filter(lead=OuterRef("pk"), method=Assignment.Method.HISTORY)
    # What restricts the viewer's leads may join; then one lead is several rows.
    seen = asked.leads.filter(came).order_by().values("pk")
    cohort = Lead.objects.filter(came, ~Exists(imported), pk__in=seen)
    return cohort.exclude(status=Lead.Status.RECEIVED)


def _first_contacts(asked: Asked) -> QuerySet[Contact]:
    earlier = Contact.objects.filter(
        Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk")),
        lead=OuterRef("lead"),
    )
    return Contact.objects.filter(~Exists(earlier), lead__in=_cohort(asked).values("pk"))


def _came(asked: Asked, by: By) -> list[Any]:
    """How many leads there are in each row, and how many of them are closed. One query."""
    closed = Count("pk", filter=Q(status=Lead.Status.CLOSED))
    cohort = _by_hour(_cohort(asked), "received_at", by).order_by()
    if by in IN_TOUCH:  # nobody's, until it is seen whose they are
        found = cohort.aggregate(leads=Count("pk"), closed=closed)
        return [(NOBODY, found["leads"], found["closed"])]
    return list(cohort.values_list(by).annotate(leads=Count("pk"), closed=closed))


def _by_hour(rows: QuerySet[Any], field: str, by: By) -> QuerySet[Any]:
    """``rows`` with the hour of ``field``, in the company's time, where that is asked for."""
    if by is not By.HOUR:
        return rows
    hour = ExtractHour(field, tzinfo=timezone.get_default_timezone())
    placed: QuerySet[Any] = rows.annotate(hour=hour)
    return placed


def _named(lines: dict[Any, Line], by: By) -> list[Line]:
    """The rows with their names, in order; in one query at most."""
    called = names(by, [key for key in lines if key not in {NOBODY, OTHERS}])
    called |= {NOBODY: (NOBODY, _("Nobody yet")), OTHERS: (OTHERS, _("Other teams"))}
    shown = [(key, line) for key, line in lines.items() if line.leads]
    for key, line in shown:
        line.key, line.name = called[key]
    if by is By.HOUR:
        return [line for _hour, line in sorted(shown, key=lambda one: one[0])]
    return sorted((line for _key, line in shown), key=lambda one: (-one.leads, one.name, one.key))

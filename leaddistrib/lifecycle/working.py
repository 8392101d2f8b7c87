"""“Working on it”: one rep at a time is at a shared lead, and the others see who (PO2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, Q, QuerySet, Value, When

from leaddistrib.engine.gates import Refusal
from leaddistrib.errors import NotYours
from leaddistrib.lifecycle.announcing import announce_updated
from leaddistrib.lifecycle.transactions import act, lock_lead, lock_reps
from leaddistrib.models import Lead, Rep, Work
from leaddistrib.queries import clock
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.claimable import against_working
from leaddistrib.queries.roster import rep_facts


@dataclass(frozen=True, slots=True)
class WorkResult:
    """What came of it: "working" (until when), "busy" (a colleague is at it: who, until when) or
    "refused" (why)."""

    result: str
    lead: Lead
    by: Rep | None = None
    until: datetime | None = None
    refusals: tuple[Refusal, ...] = ()


@act(durable=True)
def start(lead: Lead, rep: Rep) -> WorkResult:
    """``rep`` begins, or goes on, to work on a shared ``lead``: for the pool's ``working_minutes``
    from now, by the database's clock. Nothing has to end it.

    Of several who begin at once one does; the others are told who, and until when.

    Raises:
        NotYours: the lead does not wait in a shared pool (any more).
        Busy: the database was locked through every retry; nothing was written.
        Lead.DoesNotExist, Rep.DoesNotExist: it was deleted meanwhile.
    """
    lock_reps([rep.pk])
    rep = Rep.objects.select_related("user").get(pk=rep.pk)  # as it is now, with its team
    locked = _shared(lead.pk)
    now = clock.now()
    facts = rep_facts([rep.pk], now, claiming=True)[rep.pk]
    against = against_working(locked, rep, facts, now)
    if against:
        return WorkResult("refused", locked, refusals=tuple(against))
    until = now + timedelta(minutes=locked.pool.working_minutes if locked.pool else 0)
    # A row that does not hold, for the condition to decide upon.
    Work.objects.bulk_create(
        [Work(lead=locked, rep=rep, since=now, until=now)], ignore_conflicts=True
    )
    mine = Case(When(_held(locked, now) & Q(rep=rep), then=F("since")), default=Value(now))
    if workable(locked, rep, now).update(since=mine, until=until, rep=rep) != 1:
        held = Work.objects.select_related("rep__user").get(lead=locked)
        return WorkResult("busy", locked, held.rep, held.until)
    _announce(locked)
    return WorkResult("working", locked, rep, until)


@act(durable=True)
def stop(lead: Lead, rep: Rep) -> bool:
    """``rep`` works on ``lead`` no more; returns whether they did.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    locked = lock_lead(lead.pk)
    now = clock.now()
    if not Work.objects.filter(_held(locked, now), lead=locked, rep=rep).update(until=now):
        return False
    if is_shared(locked):
        _announce(locked)
    return True


def workable(lead: Lead, rep: Rep, moment: datetime) -> QuerySet[Work]:
    """The work on ``lead``, unless a colleague of ``rep`` holds it at ``moment``: its UPDATE
    decides who of several is at the lead."""
    return Work.objects.filter(~_held(lead, moment) | Q(rep=rep), lead=lead)


def _held(lead: Lead, moment: datetime) -> Q:
    """Work that holds. What was begun before the lead was opened as it is now does not."""
    return Q(until__gt=moment, since__gte=lead.opens_at)


def _shared(lead_id: int) -> Lead:
    lead = lock_lead(lead_id)
    if not is_shared(lead):
        raise NotYours("This lead is not shared (any more).")
    return lead


def _announce(lead: Lead) -> None:
    if lead.pool:
        announce_updated(lead.pool, [lead])

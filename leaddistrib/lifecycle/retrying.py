"""A lead that found nobody is tried again, as soon as somebody is there and until then (PU9); one
that nobody took goes on to the next step of its rule (PL2)."""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Situation, first_refusal
from leaddistrib.errors import Busy
from leaddistrib.lifecycle.alerting import open_alert, subject_of
from leaddistrib.lifecycle.carrying_out import TRY_AGAIN
from leaddistrib.lifecycle.leasing import lease
from leaddistrib.lifecycle.routing import route_waiting
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import (
    Alert,
    Decision,
    Lead,
    Pool,
    Rep,
    Rule,
    RuleStep,
    Territory,
)
from leaddistrib.queries import clock
from leaddistrib.queries.inhand import contacted, in_hand
from leaddistrib.queries.scope import TAKES_TURNS

logger = logging.getLogger(__name__)

WOKEN = 20
"""Leads that are tried at once when somebody becomes available. When any of them finds a rep the
next ones follow, so that a rep who comes back to a thousand leads does not stop everything else."""

LEASE = timedelta(minutes=2)
"""How long a worker may take over a batch of leads before another worker takes it up."""

AFTER_BUSY = timedelta(seconds=10)
"""When leads are tried again whose locks somebody else held for too long."""

AT_ONCE = 1000
"""Leads whose time is set in one go, when a pool's time was changed."""


def retry_due(moment: datetime, limit: int = WOKEN) -> int:
    """Ask the rules again about up to ``limit`` waiting leads whose time has come; returns how many
    were asked about.

    Any number of workers may run this at once, each lead is one's: its time is moved on first
    (the lease), in a transaction of its own that waits for nobody. A lead that is claimed
    meanwhile is its claimer's: it is looked at again once it is locked. What could not be asked
    about because the database was busy is due again soon, and the next leads are asked about first.
    """
    until = moment + LEASE
    due = Lead.objects.filter(status=Lead.Status.WAITING, retry_at__lte=moment)
    taken = lease(due, "retry_at", until, limit)
    if not taken:
        return 0
    try:
        winners = _ask_again(taken, until)
    except Busy:
        logger.warning("Waiting leads (%d) are tried later: the database is busy.", len(taken))
        _give_back(taken, until, moment + AFTER_BUSY)
        return len(taken)
    if winners:
        wake(winners)
    return len(taken)


def look_for_unclaimed(moment: datetime) -> int:
    """Have leads tried that waited in their pool for as long as it pushes them after, and whose
    own time is not set to it: there is no step to go on to, or the pool's time was shortened since.
    Returns how many."""
    pools = Pool.objects.filter(push_minutes__isnull=False).values_list("pk", "push_minutes")
    overdue = Q(pk__in=())
    for pool, minutes in pools:
        overdue |= Q(pool=pool, opens_at__lte=moment - timedelta(minutes=minutes or 0))
    # Those that were tried and stayed have a time within TRY_AGAIN.
    untried = Q(retry_at=None) | Q(retry_at__gt=moment + TRY_AGAIN)
    with transaction.atomic():
        waiting = Lead.objects.filter(status=Lead.Status.WAITING)
        rows = waiting.filter(overdue & untried & ~in_hand(moment))
        free = rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
        pks = list(free.order_by("opens_at", "pk").values_list("pk", flat=True)[:AT_ONCE])
        return Lead.objects.filter(pk__in=pks).update(retry_at=moment)


def wake(reps: Iterable[Rep] | None = None) -> int:
    """The oldest leads that wait for somebody, and that ``reps`` may be given, are tried now, by
    the worker. Without ``reps``: all of them (new rules came into force). Returns how many.

    Called after the writes of the act that made somebody available. Takes what it can lock at
    once: a lead that is being claimed or tried at this moment needs no waking, and waiting for it
    could close a circle of locks.
    """
    with transaction.atomic():
        now = clock.now()
        waiting = Lead.objects.filter(status=Lead.Status.WAITING)
        if reps is None:  # also what no rule took until now
            waiting = waiting.filter(
                Q(retry_at__gt=now) | Q(~contacted(), retry_at=None, pool__is_safety_net=True)
            )
        else:
            waiting = waiting.filter(_may_go_to(list(reps)), retry_at__gt=now)
        oldest = waiting.order_by("received_at", "pk").select_for_update(
            no_key=True, skip_locked=True, of=("self",)
        )
        some = None if reps is None else WOKEN
        pks = list(oldest.values_list("pk", flat=True)[:some])
        return Lead.objects.filter(pk__in=pks).update(retry_at=now)


def places_freed(parted: Iterable[Rep], facts: Mapping[int, RepFacts], moment: datetime) -> None:
    """Each of ``parted`` holds an open lead less, once for each time that it is named, and stands
    as in ``facts`` now: if that made room where there was none, leads that wait for somebody are
    tried now. After the last write of the act."""
    listed = list(parted)
    lost = Counter(rep.pk for rep in listed)
    roomy = [
        rep
        for pk, rep in {rep.pk: rep for rep in listed}.items()
        if facts[pk].open_leads + lost[pk] >= facts[pk].capacity
        and not first_refusal(facts[pk], Situation(moment))
    ]
    if roomy:
        wake(roomy)


def _may_go_to(reps: Collection[Rep]) -> Q:
    """Leads whose rule may push them to one of ``reps``: as a member of the team or its manager, or
    as who works the lead's territory or account, or is the backup of who does.

    By the rule that decided last; where rules changed since, the leads' own time comes soon.
    """
    latest = Decision.objects.filter(lead=OuterRef(OuterRef("pk"))).order_by("-id")
    steps = RuleStep.objects.filter(rule=Subquery(latest.values("rule")[:1]))
    members = Q(
        push__in=TAKES_TURNS,
        team__in={rep.team_id for rep in reps} - {None},
        seniority__in={"", *(rep.seniority for rep in reps)},
    )
    managers = Q(push="manager", team__managers__in=[rep.user_id for rep in reps])
    owners = Rep.objects.filter(Q(pk__in=[rep.pk for rep in reps]) | Q(backup__in=reps))
    territories = Territory.objects.filter(
        Q(reps__in=owners) | Q(reps=None, team__in=owners.values("team"))
    )
    return (
        Q(Exists(steps.filter(members | managers)))
        | Q(Exists(steps.filter(push="territory_owner")), territory__in=territories)
        | Q(Exists(steps.filter(push="account_owner")), account__owner__in=owners)
    )


def _give_back(leads: Sequence[int], until: datetime, at: datetime) -> None:
    """Leased leads are due again ``at`` that time; whoever holds one now decides about it."""
    with transaction.atomic():
        rows = Lead.objects.filter(pk__in=leads, status=Lead.Status.WAITING, retry_at=until)
        free = rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
        pks = list(free.order_by("pk").values_list("pk", flat=True))
        Lead.objects.filter(pk__in=pks).update(retry_at=at)


@act(durable=False)
def _ask_again(pks: Sequence[int], until: datetime) -> list[Rep]:
    """Decide leased leads; returns the reps who got something."""
    leads = list(
        Lead.objects.filter(pk__in=pks, status=Lead.Status.WAITING, retry_at=until)
        .select_related("pool")
        .order_by("received_at", "pk")
    )
    periods = {lead.pk: lead.period for lead in leads}
    decided = route_waiting(leads)
    now = clock.now()
    staying = [lead for lead, decision in zip(leads, decided, strict=True) if decision is None]
    by_time: dict[datetime, list[int]] = defaultdict(list)
    for lead in staying:
        by_time[_next_time(lead, now)].append(lead.pk)
    for moment, ids in by_time.items():
        # Whoever was woken meanwhile keeps the earlier time.
        Lead.objects.filter(pk__in=ids, status=Lead.Status.WAITING, retry_at=until).update(
            retry_at=moment
        )
    _alert([lead for lead in staying if _overdue(lead, now)], periods, now)
    return [decision.owner for decision in decided if decision and decision.owner]


def _push_at(lead: Lead) -> datetime | None:
    """When the lead has waited in its pool for as long as the pool pushes it after."""
    if lead.pool is None or lead.opens_at is None or lead.pool.push_minutes is None:
        return None
    return lead.opens_at + timedelta(minutes=lead.pool.push_minutes)


def _overdue(lead: Lead, moment: datetime) -> bool:
    push_at = _push_at(lead)
    return push_at is not None and push_at <= moment


def _next_time(lead: Lead, moment: datetime) -> datetime:
    """When to ask again about a lead that stays: as soon as somebody is back, or it is to be
    pushed on, and every quarter of an hour in any case."""
    known = (at for at in (lead.retry_at, _push_at(lead)) if at is not None and at > moment)
    return min((*known, moment + TRY_AGAIN))


def _alert(overdue: Iterable[Lead], periods: dict[int, int], moment: datetime) -> None:
    """Nobody took these leads in time, and there is nobody to push them to: said once for each
    rule and pool. The last locks of all, by ascending subject."""
    pools = {lead.pk: lead.pool for lead in overdue}
    if not pools:
        return
    waiting = Lead.objects.filter(~in_hand(moment), pk__in=pools, status=Lead.Status.WAITING)
    still = set(waiting.values_list("pk", "period"))
    latest = Decision.objects.filter(lead__in=pools).order_by("id").values_list("lead", "rule")
    rules = Rule.objects.prefetch_related("steps").in_bulk({rule for _, rule in latest if rule})
    decided = dict(latest)
    found: dict[str, tuple[Rule | None, Pool | None]] = {}
    for lead, pool in pools.items():
        if (lead, periods[lead]) in still:
            rule = rules.get(decided.get(lead) or 0)
            found[subject_of(rule, pool)] = rule, pool
    for subject, (rule, pool) in sorted(found.items()):
        steps = rule.steps.all() if rule else ()
        teams = {step.team_id for step in steps if step.team_id}
        if pool is not None:
            teams.update(pool.teams.values_list("pk", flat=True))
        open_alert(
            Alert.Kind.NOT_CLAIMED, subject, moment=moment, rule=rule, pool=pool, teams=teams
        )

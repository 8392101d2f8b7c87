"""A lead that found nobody is tried again, as soon as somebody is there and until then (PU9)."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from leaddistrib.models import Decision, Lead, Rep, RuleStep
from leaddistrib.queries import clock

WOKEN = 20
"""Leads that are tried at once when somebody becomes available. When any of them finds a rep the
next ones follow, so that a rep who comes back to a thousand leads does not stop everything else."""


def wake(reps: Iterable[Rep] | None = None) -> int:
    """The oldest leads that wait for somebody, and that ``reps`` may be given, are tried now, by
    the worker. Without ``reps``: any of them (new rules came into force). Returns how many.

    Called after the writes of the act that made somebody available. Takes what it can lock at
    once: a lead that is being claimed or tried at this moment needs no waking, and waiting for it
    could close a circle of locks.
    """
    with transaction.atomic():
        now = clock.now()
        waiting = Lead.objects.filter(status=Lead.Status.WAITING, retry_at__gt=now)
        if reps is not None:
            waiting = waiting.filter(_may_go_to({rep.team_id for rep in reps} - {None}))
        oldest = waiting.order_by("received_at", "pk").select_for_update(
            no_key=True, skip_locked=True, of=("self",)
        )
        pks = list(oldest.values_list("pk", flat=True)[:WOKEN])
        return Lead.objects.filter(pk__in=pks).update(retry_at=now)


def _may_go_to(teams: set[int | None]) -> Q:
    """Leads whose rule pushes to one of ``teams``, or to whoever works a territory or an account.

    By the rule that decided last; where rules changed since, the leads' own time comes soon.
    """
    latest = Decision.objects.filter(lead=OuterRef(OuterRef("pk"))).order_by("-id")
    steps = RuleStep.objects.filter(
        Q(team__in=teams) | Q(team=None, pool=None), rule=Subquery(latest.values("rule")[:1])
    )
    return Q(Exists(steps))

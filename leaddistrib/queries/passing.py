"""Leads that passed a rep by: the rules looked at the rep, and took somebody else (RU5).

Whom a decision looked at is in its explanation alone, so it is read from there: of one lead by the
lead's own few decisions, of all by what may concern the rep at all, in a number of rows that is
bounded.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from leaddistrib.models import Assignment, Decision, Rep, RuleStep

DAYS = 30
"""How long ago the leads of the list came in at most."""

LOOKED_THROUGH = 2000
"""Decisions that the list is made from at most, the newest leads' first. Each explanation is read
to see whom it names, which is most of what the list costs."""


class PassedBy(NamedTuple):
    """Ids of decisions, newest first; and ``since`` when the leads were looked through that came
    in, where that is less far back than ``DAYS``."""

    ids: QuerySet[Decision, int]
    since: datetime | None


def passed_over(rep: Rep) -> QuerySet[Decision]:
    """Decisions that looked at ``rep``, of leads that never were this rep's.

    The name of who gave a lead up, or had it taken away, may stand in later decisions, too: they
    know why it went, and where it went is not theirs to see. Narrow these: on their own they are
    every decision there is.
    """
    had = Assignment.objects.filter(lead=OuterRef("lead"), rep=rep)
    # As both databases write it out. Quotes within a text are escaped, so no name can fake it.
    named = f'"rep": {rep.pk},'
    return (
        Decision.objects.alias(told=Cast("explanation", TextField()))
        .filter(~Exists(had), told__contains=named)
        .select_related("rule", "ruleset", "owner__user", "pool")
    )


def passed_by(rep: Rep, moment: datetime) -> PassedBy:
    """For each lead of the latest ``DAYS`` that passed ``rep`` by, the id of the latest decision
    that looked at the rep, newest first. One that nobody has did not pass anybody by yet: it waits
    in a pool, and whoever is no member does not know of it.

    Asked are only rules whose steps may ask the rep: those of the rep's team, of the teams the rep
    manages, and those that go by territory or account, which may ask anybody, also as a backup.
    What a rep's former team got is left out. Most rules have a step of the latter kind, so that all
    reps look through the same ``LOOKED_THROUGH`` decisions. One query beside the ids'.
    """
    asking = RuleStep.objects.filter(
        Q(team=rep.team_id, team__isnull=False)
        | Q(push=RuleStep.Push.MANAGER, team__managers=rep.user_id)
        | Q(push__in=RuleStep.TEAM_OPTIONAL)
    ).exclude(push="")
    newest = Decision.objects.filter(
        rule__in=asking.values("rule"), lead__received_at__gte=moment - timedelta(days=DAYS)
    ).order_by("-lead__received_at", "-pk")
    # The last that is looked through, and one beyond, if there is any.
    end = newest[LOOKED_THROUGH - 1 : LOOKED_THROUGH + 1].values_list(
        "lead__received_at", flat=True
    )
    last, beyond = (*end, None, None)[:2]
    found = passed_over(rep).filter(pk__in=newest[:LOOKED_THROUGH].values("pk"))
    by_lead = found.order_by().values("lead").annotate(latest=Max("pk"))
    ids = (
        Decision.objects.filter(lead__owner__isnull=False, pk__in=by_lead.values("latest"))
        .order_by("-decided_at", "-pk")
        .values_list("pk", flat=True)
    )
    return PassedBy(ids, last if beyond else None)


def with_leads(ids: Iterable[int]) -> list[Decision]:
    """These decisions in this order, with their leads and all that is said of them.

    A query of its own: with so many tables beside it PostgreSQL would join all decisions there are
    before it looked which are wanted.
    """
    wanted = list(ids)
    read = Decision.objects.select_related(
        "rule", "owner__user", "pool", "lead__pool", "lead__owner__user"
    ).in_bulk(wanted)
    return [read[pk] for pk in wanted]

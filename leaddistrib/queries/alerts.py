"""Open alerts, and the leads that each is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from leaddistrib.models import Alert, Channel, Decision, Lead
from leaddistrib.policy import Role, Sight
from leaddistrib.queries.clocks import stuck
from leaddistrib.queries.inhand import contacted, in_hand

WAITING = (Alert.Kind.NOBODY_AVAILABLE, Alert.Kind.NOT_CLAIMED, Alert.Kind.NO_RULES)
ABOUT_LEADS = (*WAITING, Alert.Kind.UNANSWERED)


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An open alert and how many leads it is about, which wait for somebody."""

    alert: Alert
    leads: int

    @property
    def channel(self) -> str:
        """The channel by which nothing can be sent, in words; "" for an alert about others."""
        return channel_of(self.alert)


def channel_of(alert: Alert) -> str:
    """The channel that an alert is about, in words; "" for none."""
    known = alert.kind == Alert.Kind.CHANNEL and alert.detail.get("channel")
    return str(Channel(known).label) if known else ""


def waiting_for(alert: Alert, moment: datetime) -> QuerySet[Lead]:
    """The waiting leads that ``alert`` is about: those that its rule sent to its pool; of those
    that nobody took, the ones that waited long enough; or those of its team that nobody answers.
    None for an alert about something else."""
    if alert.kind == Alert.Kind.UNANSWERED:
        return Lead.objects.filter(pk__in=stuck().filter(rep__team=_team(alert)).values("lead"))
    if alert.kind not in WAITING:
        return Lead.objects.none()
    return by_rule().filter(
        _late(alert, moment), pool=alert.pool_id, rule_key=alert.rule.key if alert.rule else None
    )


def by_rule() -> QuerySet[Any]:
    """Waiting leads that nobody was in touch with, with ``rule_key``: that of the rule which
    decided for them last."""
    latest = Decision.objects.filter(lead=OuterRef("pk")).order_by("-id")
    waiting = Lead.objects.filter(~contacted(), status=Lead.Status.WAITING)
    return waiting.annotate(rule_key=Subquery(latest.values("rule__key")[:1]))


def open_alerts(who: Sight, moment: datetime) -> list[OpenAlert]:
    """The open alerts that concern a viewer, newest first: all for admins, for managers those of
    own teams and of their pools. Two queries, however many alerts and leads."""
    alerts = Alert.objects.filter(closed_at=None).select_related("rule", "pool")
    seen = [alert for alert in alerts if concerns(alert, who)]
    counts = number_of_leads(seen, moment)
    return [OpenAlert(alert, counts[alert.pk]) for alert in seen]


def concerns(alert: Alert, who: Sight) -> bool:
    if who.role is Role.ADMIN:
        return True
    teams = who.managed_teams.intersection(alert.detail.get("teams", ()))
    return bool(teams) or alert.pool_id in who.managed_pools


def number_of_leads(alerts: Sequence[Alert], moment: datetime) -> dict[int, int]:
    """How many waiting leads each alert is about, by its primary key. Two queries."""
    about = {alert.pk: alert for alert in alerts if alert.kind in WAITING}
    counts = dict.fromkeys((alert.pk for alert in alerts), 0) | _unanswered(alerts)
    if not about:
        return counts
    late = Q(pk__in=())
    for alert in about.values():
        if alert.kind == Alert.Kind.NOT_CLAIMED:
            late |= Q(_late(alert, moment), pool=alert.pool_id)
    leads = by_rule().filter(pool__in={alert.pool_id for alert in about.values()})
    rows = leads.order_by().values_list("pool", "rule_key")
    found = {
        (pool, key): (every, overdue)
        for pool, key, every, overdue in rows.annotate(
            every=Count("pk"), overdue=Count("pk", filter=late)
        )
    }
    for pk, alert in about.items():
        key = (alert.pool_id, alert.rule.key if alert.rule else None)
        every, overdue = found.get(key, (0, 0))
        counts[pk] = overdue if alert.kind == Alert.Kind.NOT_CLAIMED else every
    return counts


def _unanswered(alerts: Sequence[Alert]) -> dict[int, int]:
    """Of those about leads that nobody answers, by primary key, how many they are."""
    about = [alert for alert in alerts if alert.kind == Alert.Kind.UNANSWERED]
    if not about:
        return {}
    counted = stuck().order_by().values_list("rep__team").annotate(number=Count("lead"))
    by_team = dict(counted)
    return {alert.pk: by_team.get(_team(alert), 0) for alert in about}


def _team(alert: Alert) -> int | None:
    """The team that an alert about leads nobody answers is of; None for reps without one."""
    return next(iter(alert.detail.get("teams", ())), None)


def _late(alert: Alert, moment: datetime) -> Q:
    """Of an alert about leads that nobody took: which of its pool's leads waited long enough,
    with nobody at them."""
    if alert.kind != Alert.Kind.NOT_CLAIMED or alert.pool is None:
        return Q()
    if alert.pool.push_minutes is None:
        return Q(pk__in=())
    opened = moment - timedelta(minutes=alert.pool.push_minutes)
    return Q(~in_hand(moment), opens_at__lte=opened)

"""What needs somebody is said once, to those who can do something about it (PU4).

An alert is opened by the act that found the state, and closes by itself when the state is over.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from leaddistrib.models import Alert, Calendar, Pool, Rule, RuleSet, Team
from leaddistrib.notify.telling import Telling, tell_many
from leaddistrib.queries.alerts import waiting_for
from leaddistrib.queries.allocations import SUBJECT, fell_again
from leaddistrib.queries.channels import works_again
from leaddistrib.queries.handovers import left_behind


def subject_of(rule: Rule | None, pool: Pool | None) -> str:
    """What an alert about leads is about, whatever the version of the rules: a rule and a pool."""
    return f"rule:{rule.key if rule else ''}:pool:{pool.pk if pool else ''}"


def open_alert(
    kind: str,
    subject: str,
    *,
    moment: datetime,
    rule: Rule | None = None,
    pool: Pool | None = None,
    teams: Iterable[Team | int] = (),
    detail: Mapping[str, Any] | None = None,
) -> Alert:
    """Open the alert of this kind about this subject, unless it is open; returns the open one.

    Its opening is told once, to the managers of ``teams`` and in their rooms, else to superusers.
    Must run in the transaction that found it, as its last locks: an open alert stays locked until
    the commit, so that ``close_alerts`` never looks for leads between our look and our commit.
    Alerts are opened in the order of their subjects.
    """
    wanted = sorted({team.pk if isinstance(team, Team) else team for team in teams})
    alert, opened = Alert.objects.select_for_update(no_key=True).get_or_create(
        kind=kind,
        subject=subject,
        closed_at=None,
        defaults={
            "opened_at": moment,
            "rule": rule,
            "pool": pool,
            "detail": {**(detail or {}), "teams": wanted},
        },
    )
    if opened:
        event = f"alert.opened:{alert.pk}"
        tell_many([Telling(_responsible(wanted), event, teams=wanted)], moment)
    return alert


def close_alerts(moment: datetime) -> int:
    """Close what is over at ``moment``: no waiting lead concerns it any more, rules are in force,
    the calendar can be read again. Returns how many. Any number of workers may run this at once.
    """
    return sum(_close_if_over(pk, moment) for pk in _open_alerts())


def _open_alerts() -> list[int]:
    return list(Alert.objects.filter(closed_at=None).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _close_if_over(pk: int, moment: datetime) -> bool:
    """The row is locked before it is looked whether it is over: whoever holds it is just adding a
    lead to it, and then it is left for the next time."""
    held = Alert.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    alert = held.select_related("rule", "pool").filter(pk=pk, closed_at=None).first()
    if alert is None or not _over(alert, moment):
        return False
    alert.closed_at = moment
    alert.save(update_fields=("closed_at",))
    return True


def _over(alert: Alert, moment: datetime) -> bool:
    if alert.kind == Alert.Kind.CALENDAR:
        # Nobody reads the calendar of a rep who is not active any more.
        broken = Calendar.objects.filter(rep__active=True).exclude(problem="")
        return not broken.filter(pk=alert.subject.removeprefix("calendar:")).exists()
    if alert.kind == Alert.Kind.NO_RULES:
        in_force = RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED, version__gt=0)
        return in_force.exists()
    if alert.kind == Alert.Kind.CHANNEL:
        return works_again(alert.subject.removeprefix("channel:"), alert.opened_at)
    if alert.kind == Alert.Kind.LEFT_BEHIND:
        return not left_behind().filter(pk=alert.subject.removeprefix("rep:")).exists()
    if alert.kind == Alert.Kind.SCHEDULE:
        drafts = RuleSet.objects.filter(status=RuleSet.Status.DRAFT, scheduled_at=None)
        return not drafts.filter(pk=alert.subject.removeprefix("ruleset:")).exists()
    if alert.kind == Alert.Kind.ALLOCATION:
        return not fell_again(int(alert.subject.removeprefix(SUBJECT)))
    return not waiting_for(alert, moment).exists()


def _responsible(teams: list[int]) -> list[int]:
    """Primary keys of the managers of ``teams``; of superusers where there are none."""
    users = get_user_model().objects.filter(is_active=True)
    managers = users.filter(managed_teams__in=teams)
    pks = managers.values_list("pk", flat=True).distinct()
    return list(pks) or list(users.filter(is_superuser=True).values_list("pk", flat=True))

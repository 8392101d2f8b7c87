"""What each page of the app is about, and its address: for the tables of permissions and of what
is disclosed. Where there is somebody whose thing it is, that is Amina."""

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import (
    HandOver,
    Lead,
    OutboxMessage,
    PushSubscription,
    RuleSet,
    TimeOff,
)
from leaddistrib.notify.links import preview_token, receipt_token
from leaddistrib.testing import publish_rules

OF_A_LEAD = (
    *("lead", "claim", "contacts", "working", "release", "close", "outcome", "outcome-undo"),
    "credit",
)
NAMED = ("assign", "recycle")
"""Pages of the leads that are named in the query."""


def address(name: str, cast: SimpleNamespace, lead: Lead) -> str:
    """Where ``name`` is found, of ``lead`` if it is of one."""
    path = reverse(f"leaddistrib:{name}", args=_arguments(name, cast, lead))
    return f"{path}?{urlencode({'lead': lead.public_id})}" if name in NAMED else path


def _arguments(name: str, cast: SimpleNamespace, lead: Lead) -> list[object]:
    if name in OF_A_LEAD:
        return [lead.public_id]
    match name:
        case "contributions":
            return [cast.pool.public_id]
        case "leave":
            return [cast.amina.public_id]
        case "handed-over":
            return [cast.amina.public_id, _handed_over(cast, lead).public_id]
        case "rule-review":
            return [_rule(cast)]
        case "preview" | "preview-seen":
            return [preview_token(lead, cast.amina, timezone.now())]
        case "receipt-delivered" | "receipt-seen":
            return [receipt_token(_message(cast, lead))]
        case "survey" | "slack-link":
            return ["-"]  # the link says who may answer, or whose account it is: this is none
        case "time-off-change" | "time-off-remove":
            return [_time_off(cast)]
        case "push-unsubscribe":
            return [_device(cast)]
    return []


def _handed_over(cast: SimpleNamespace, lead: Lead) -> HandOver:
    made = HandOver.objects.create(rep=cast.amina, at=timezone.now(), reason="Moves to Lyon")
    lead.log.create(
        event="lead.reassigned",
        rep=cast.amina,
        at=timezone.now(),
        detail={"handover": str(made.public_id)},
    )
    return made


def _rule(cast: SimpleNamespace) -> UUID:
    """One that leads to Paris."""
    push = {"push": "round_robin", "team": cast.paris.name}
    publish_rules([{"name": "To Paris", "when": {}, "then": push}])
    key: UUID = RuleSet.objects.get(status=RuleSet.Status.PUBLISHED).rules.get().key
    return key


def _message(cast: SimpleNamespace, lead: Lead) -> OutboxMessage:
    now = timezone.now()
    return OutboxMessage.objects.create(
        event=f"lead.offered:{lead.pk}:{lead.period}",
        channel="push",
        recipient=cast.amina.user,
        lead=lead,
        created_at=now,
        due_at=now,
        sent_at=now,
    )


def _time_off(cast: SimpleNamespace) -> int:
    now = timezone.now()
    made = TimeOff.objects.create(
        rep=cast.amina, starts_at=now + timedelta(days=6), ends_at=now + timedelta(days=9)
    )
    return made.pk


def _device(cast: SimpleNamespace) -> int:
    made = PushSubscription.objects.create(
        user=cast.amina.user, fingerprint="f" * 64, secret=b"-", created_at=timezone.now()
    )
    return made.pk

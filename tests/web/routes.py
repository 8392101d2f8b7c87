"""What each page of the app is about, and its address: for the tables of permissions and of what
is disclosed. Where there is somebody whose thing it is, that is Amina."""

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle.subscribing import fingerprint
from leaddistrib.models import (
    HandOver,
    Lead,
    NotificationSettings,
    OutboxMessage,
    PushSubscription,
    RuleSet,
    TimeOff,
)
from leaddistrib.notify.links import preview_token, receipt_token
from leaddistrib.testing import publish_rules

ENDPOINT = "https://fcm.googleapis.com/fcm/send/old"
"""Where Amina's device is reached."""

OF_A_LEAD = (
    *("lead", "claim", "contacts", "working", "release", "close", "outcome", "outcome-undo"),
    *("credit", "contact-undo", "attempts"),
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
        case "push-renew":
            _device(cast)  # which is named by what is sent
        case "slack-untie":
            NotificationSettings.objects.update_or_create(
                user=cast.amina.user, defaults={"slack_member": "U0AMINA"}
            )
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
    told = {"event": f"lead.offered:{lead.pk}:{lead.period}", "channel": "push"}
    when = {"created_at": now, "due_at": now, "sent_at": now}
    return OutboxMessage.objects.get_or_create(
        **told, recipient=cast.amina.user, defaults={"lead": lead, **when}
    )[0]


def _time_off(cast: SimpleNamespace) -> int:
    now = timezone.now()
    made = TimeOff.objects.create(
        rep=cast.amina, starts_at=now + timedelta(days=6), ends_at=now + timedelta(days=9)
    )
    return made.pk


def _device(cast: SimpleNamespace) -> int:
    kept = {"user": cast.amina.user, "secret": b"-", "created_at": timezone.now()}
    found, _made = PushSubscription.objects.get_or_create(
        fingerprint=fingerprint(ENDPOINT), defaults=kept
    )
    return found.pk

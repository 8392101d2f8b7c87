"""What each page of the app is about, and its address: for the tables of permissions and of what
is disclosed. Where there is somebody whose thing it is, that is Amina, or another rep."""

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle.onboarding import begin
from leaddistrib.lifecycle.subscribing import fingerprint
from leaddistrib.models import (
    HandOver,
    Lead,
    NotificationSettings,
    Onboarding,
    OnboardingPolicy,
    OutboxMessage,
    PushSubscription,
    Rep,
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


def address(name: str, cast: SimpleNamespace, lead: Lead, rep: Rep | None = None) -> str:
    """Where ``name`` is found, of ``lead`` if it is of one."""
    path = reverse(f"leaddistrib:{name}", args=_arguments(name, cast, lead, rep or cast.amina))
    return f"{path}?{urlencode({'lead': lead.public_id})}" if name in NAMED else path


def _arguments(name: str, cast: SimpleNamespace, lead: Lead, rep: Rep) -> list[object]:
    if name in OF_A_LEAD:
        return [lead.public_id]
    match name:
        case "contributions" | "next":
            return [cast.pool.public_id]
        case "onboarding-rep":
            _in_a_phase(rep)
            return [rep.public_id]
        case "leave":
            return [rep.public_id]
        case "handed-over":
            return [rep.public_id, _handed_over(rep, lead).public_id]
        case "rule-review":
            return [_rule(cast)]
        case "preview" | "preview-seen":
            return [preview_token(lead, rep, timezone.now())]
        case "receipt-delivered" | "receipt-seen":
            return [receipt_token(_message(rep, lead))]
        case "survey" | "slack-link":
            return ["-"]  # the link says who may answer, or whose account it is: this is none
        case "time-off-change" | "time-off-remove":
            return [_time_off(rep)]
        case "push-unsubscribe":
            return [_device(rep)]
        case "push-renew":
            _device(rep)  # which is named by what is sent
        case "slack-untie":
            NotificationSettings.objects.update_or_create(
                user=rep.user, defaults={"slack_member": f"U{rep.pk}"}
            )
    return []


def _in_a_phase(rep: Rep) -> None:
    policy, _made = OnboardingPolicy.objects.get_or_create(team=None)
    policy.phases.get_or_create(position=1, defaults={"name": "Watching", "weeks": 4})
    if not Onboarding.objects.filter(rep=rep).exists():
        begin(rep, timezone.localdate())


def _handed_over(rep: Rep, lead: Lead) -> HandOver:
    made = HandOver.objects.create(rep=rep, at=timezone.now(), reason="Moves to Lyon")
    lead.log.create(
        event="lead.reassigned",
        rep=rep,
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


def _message(rep: Rep, lead: Lead) -> OutboxMessage:
    now = timezone.now()
    told = {"event": f"lead.offered:{lead.pk}:{lead.period}", "channel": "push"}
    when = {"created_at": now, "due_at": now, "sent_at": now}
    return OutboxMessage.objects.get_or_create(
        **told, recipient=rep.user, defaults={"lead": lead, **when}
    )[0]


def _time_off(rep: Rep) -> int:
    now = timezone.now()
    made = TimeOff.objects.create(
        rep=rep, starts_at=now + timedelta(days=6), ends_at=now + timedelta(days=9)
    )
    return made.pk


def _device(rep: Rep) -> int:
    kept = {"user": rep.user, "secret": b"-", "created_at": timezone.now()}
    found, _made = PushSubscription.objects.get_or_create(
        fingerprint=fingerprint(ENDPOINT), defaults=kept
    )
    return found.pk

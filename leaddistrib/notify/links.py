"""What a message carries to be recognised by later, signed: previews, receipts, surveys, Slack.

Each purpose has a salt of its own, so that what was signed for one is worth nothing for another.
A token names things by their public ids and holds no personal data. None of them signs anybody in.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.signing import BadSignature, Signer, b62_decode, b62_encode
from django.urls import reverse
from django.utils import timezone

from leaddistrib import conf
from leaddistrib.models import Lead, NotificationSettings, OutboxMessage, Rep, Satisfaction

MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime.fromtimestamp(0, UTC)
LONGEST_PREVIEW = timedelta(hours=24)
SLACK_LINK_LIFE = timedelta(hours=1)
"""How long a link to tie a Slack account may be followed: it is asked for and used at once."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a link to a preview stands for: this lead, as this rep may see it."""

    lead: Lead
    rep: Rep
    issued_at: datetime


def absolute(path: str) -> str:
    """``path`` with the site before it (setting SITE_URL): messages are read outside of it. Without
    that setting the path alone."""
    return str(conf.settings.SITE_URL).rstrip("/") + path


def preview_life() -> timedelta:
    """How long a link to a preview is good: PREVIEW_HOURS, 24 h at most."""
    return min(timedelta(hours=conf.settings.PREVIEW_HOURS), LONGEST_PREVIEW)


def preview_url(lead: Lead, rep: Rep, moment: datetime) -> str:
    """Where ``rep`` sees ``lead`` without signing in, from ``moment`` on (NO2). The rep needs the
    lead's permission then, not now: what may be seen is asked when the link is followed."""
    return absolute(reverse("leaddistrib:preview", args=[preview_token(lead, rep, moment)]))


def preview_token(lead: Lead, rep: Rep, moment: datetime) -> str:
    """The signed part of ``preview_url``: short, because it goes into an SMS."""
    return _sign("preview", _short(lead.public_id), _short(rep.public_id), _count(moment))


def read_preview(token: str, moment: datetime | None = None) -> Preview | None:
    """What ``token`` stands for at ``moment`` (None: now); None if it is not ours, too old, revoked
    by the rep, or if the lead or the rep is no more. Two queries at most."""
    parts = _parts("preview", token, 3)
    if parts is None:
        return None
    lead_id, rep_id, issued_at = _uuid(parts[0]), _uuid(parts[1]), _moment(parts[2])
    age = (moment or timezone.now()) - issued_at
    # One from the future was signed by a machine whose clock is ahead, by as much as minutes.
    if not -LONGEST_PREVIEW < age < preview_life():
        return None
    reps = Rep.objects.select_related("user__notification_settings", "team")
    rep = reps.filter(public_id=rep_id, active=True, user__is_active=True).first()
    if rep is None or _is_revoked(rep, issued_at):
        return None
    lead = Lead.objects.select_related("pool", "owner__user").filter(public_id=lead_id).first()
    return None if lead is None else Preview(lead, rep, issued_at)


def _is_revoked(rep: Rep, issued_at: datetime) -> bool:
    try:
        own = rep.user.notification_settings
    except NotificationSettings.DoesNotExist:
        return False
    # Links are signed by the millisecond: one of the same millisecond goes with the others.
    return own.links_revoked_at is not None and issued_at <= own.links_revoked_at


def receipt_token(message: OutboxMessage) -> str:
    """With what the device that got ``message`` says so (NO3). It says nothing else, so it is good
    for ever: only the first receipt counts."""
    return _sign("receipt", b62_encode(message.pk))


def read_receipt(token: str) -> int | None:
    """The primary key of the message that ``token`` belongs to; None if it is not ours."""
    parts = _parts("receipt", token, 1)
    return None if parts is None else b62_decode(parts[0])


def survey_token(satisfaction: Satisfaction) -> str:
    """With what a lead's contact answers the one question (OU1)."""
    return _sign("survey", _short(satisfaction.public_id))


def read_survey(token: str) -> Satisfaction | None:
    """The question that ``token`` answers; None if it is not ours, or no more asked. One query."""
    parts = _parts("survey", token, 1)
    if parts is None:
        return None
    asked = Satisfaction.objects.select_related("lead", "rep__user")
    return asked.filter(public_id=_uuid(parts[0])).first()


def slack_link_token(member: str) -> str:
    """With what somebody who signs in shows to be ``member`` of Slack (an id such as U012AB3CD)."""
    return _sign("slack", member, _count(timezone.now()))


def read_slack_link(token: str) -> str | None:
    """The member id that ``token`` was made for within the last hour; None if it is not ours."""
    parts = _parts("slack", token, 2)
    if parts is None:
        return None
    age = timezone.now() - _moment(parts[1])
    return parts[0] if -SLACK_LINK_LIFE < age < SLACK_LINK_LIFE else None


def _signer(purpose: str) -> Signer:
    return Signer(sep=".", salt=f"leaddistrib.links.{purpose}")


def _sign(purpose: str, *parts: str) -> str:
    return _signer(purpose).sign("~".join(parts))


def _parts(purpose: str, token: str, count: int) -> list[str] | None:
    try:
        parts = _signer(purpose).unsign(token).split("~")
    except BadSignature:
        return None
    return parts if len(parts) == count else None


def _short(public_id: UUID) -> str:
    return base64.urlsafe_b64encode(public_id.bytes).decode().rstrip("=")


def _uuid(short: str) -> UUID:
    """The reverse of ``_short``, of what was signed, so that it cannot be anything else."""
    return UUID(bytes=base64.urlsafe_b64decode(short + "=="))


def _count(moment: datetime) -> str:
    return b62_encode((moment - EPOCH) // MILLISECOND)


def _moment(count: str) -> datetime:
    return EPOCH + b62_decode(count) * MILLISECOND

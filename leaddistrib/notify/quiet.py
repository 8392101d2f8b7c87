"""Whether the reader wants to hear of it, and whether now: their choice of channels, quiet hours,
and how many SMS a day (NO1, NO4)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from django.utils import timezone

from leaddistrib.models import Channel, NotificationSettings, Organisation, OutboxMessage
from leaddistrib.notify.kinds import Kind
from leaddistrib.notify.told import was_seen

QUIET = {Channel.PUSH, Channel.SMS}
"""What makes a noise: the others can be read later."""

DAY = timedelta(days=1)

NO_FAILURE = ("", "quiet", "push_first", "sms_in_hand", "post_first")
"""What stands as the last error of a message that waits without having failed."""


def objection(message: OutboxMessage, kind: Kind) -> str:
    """Why the recipient is not to hear of it at all, by its code; "" if they are."""
    user = message.recipient
    if user is None:
        closed = message.chat and not message.chat.active
        # One who presses there is answered, and a room is tried before it is used.
        return "chat_closed" if closed and kind.chats and kind.template != "test" else ""
    if not user.is_active:
        return "account_closed"
    if not getattr(settings_of(message), message.channel):
        return "not_wanted"
    if message.channel == Channel.SMS and kind.urgent and was_seen(message):
        return "seen"
    return ""


def settings_of(message: OutboxMessage) -> NotificationSettings:
    """How the recipient wants to be told: what they saved, or the defaults."""
    return getattr(message.recipient, "notification_settings", None) or NotificationSettings()


@dataclass(frozen=True, slots=True)
class Wait:
    """A message may go, but not before ``until``; ``code`` says why."""

    code: str
    until: datetime


def not_yet(message: OutboxMessage, kind: Kind, moment: datetime) -> Wait | None:
    """Why a message waits at ``moment``, and until when: quiet hours, or an SMS for the push
    notification that is to be seen first; None if it does not."""
    if message.recipient_id is None or message.channel not in QUIET:
        return None
    over = _quiet_until(settings_of(message), _zone(message), moment)
    push = _push_before(message) if kind.urgent and message.channel == Channel.SMS else None
    if over is not None:
        still_to_go = push is not None and push.sent_at is None
        return Wait("quiet", over + sms_wait() if still_to_go else over)
    if push is None:
        return None
    if push.sent_at is not None:
        until = push.sent_at + sms_wait()
        return Wait("push_first", until) if until > moment else None
    # It goes out late, as the SMS would: no worker ran. It gets its time once; if it fails, that
    # is what the SMS is for.
    untried = push.last_error in NO_FAILURE and message.last_error != "push_first"
    return Wait("push_first", moment + sms_wait()) if untried else None


def _push_before(message: OutboxMessage) -> OutboxMessage | None:
    """The push notification of the same event to the same person, if it was or may yet be sent."""
    return OutboxMessage.objects.filter(
        event=message.event,
        recipient=message.recipient_id,
        channel=Channel.PUSH,
        dropped_at=None,
        dead_at=None,
    ).first()


def _quiet_until(wants: NotificationSettings, zone: tzinfo, moment: datetime) -> datetime | None:
    """When the quiet hours end that ``moment`` lies in; None if it lies in none. An end that a
    change of clocks skips is that change's other side."""
    local = moment.astimezone(zone)
    if wants.quiet_until is None or not wants.is_quiet(local.time()):
        return None
    for days in (0, 1):
        for fold in (0, 1):
            wall = datetime.combine(local.date() + days * DAY, wants.quiet_until, tzinfo=zone)
            end = wall.replace(fold=fold).astimezone(UTC)
            if end > moment:
                return end
    return None


def sms_left(message: OutboxMessage, moment: datetime) -> int:
    """How many more SMS the recipient may have in their local day; those that are being sent right
    now are not counted yet."""
    zone = _zone(message)
    day = moment.astimezone(zone).date()
    first, last = (datetime.combine(one, time(), tzinfo=zone) for one in (day, day + DAY))
    texts = OutboxMessage.objects.filter(channel=Channel.SMS, recipient=message.recipient_id)
    sent = texts.filter(sent_at__gte=first, sent_at__lt=last).count()
    return _organisation().sms_daily_limit - sent


def sms_wait() -> timedelta:
    """How long a push notification may stay unseen before its SMS goes out."""
    return timedelta(minutes=_organisation().sms_after_minutes)


def _organisation() -> Organisation:
    return Organisation.objects.first() or Organisation()


def _zone(message: OutboxMessage) -> tzinfo:
    """The recipient's own time zone if they are a rep, else the site's."""
    rep = getattr(message.recipient, "rep", None)
    return rep.zone if rep else timezone.get_default_timezone()

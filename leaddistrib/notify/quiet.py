"""Whether the reader wants to hear of it, and whether now: their choice of channels, quiet hours,
and how many SMS a day (NO1, NO4)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from leaddistrib.models import Channel, NotificationSettings, Organisation, OutboxMessage
from leaddistrib.notify.kinds import Kind
from leaddistrib.notify.told import was_seen

QUIET = {Channel.PUSH, Channel.SMS}
"""What makes a noise: the others can be read later."""

DAY = timedelta(days=1)


def objection(message: OutboxMessage, kind: Kind) -> str:
    """Why the recipient is not to hear of it at all, by its code; "" if they are."""
    user = message.recipient
    if user is None:
        return "chat_closed" if message.chat and not message.chat.active else ""
    if not user.is_active:
        return "account_closed"
    if message.channel != Channel.SLACK and not getattr(settings_of(message), message.channel):
        return "not_wanted"
    if message.channel == Channel.SMS and kind.urgent and was_seen(message):
        return "seen"
    return ""


def settings_of(message: OutboxMessage) -> NotificationSettings:
    """How the recipient wants to be told: what they saved, or the defaults."""
    return getattr(message.recipient, "notification_settings", None) or NotificationSettings()


def not_before(message: OutboxMessage, kind: Kind, moment: datetime) -> datetime | None:
    """The earliest that it may go, None for any time: when the quiet hours end, and an SMS no
    sooner than the push notification had its time to be seen."""
    if message.recipient_id is None or message.channel not in QUIET:
        return None
    over = _quiet_until(settings_of(message), _zone(message), moment)
    push = _push_before(message) if kind.urgent and message.channel == Channel.SMS else None
    if push is None:
        return over
    if push.sent_at is None:
        # It goes when the quiet hours end, unless it fails: that is what the SMS is for.
        return over + sms_wait() if over else None
    return max(filter(None, (over, push.sent_at + sms_wait())))


def _push_before(message: OutboxMessage) -> OutboxMessage | None:
    """The push notification of the same event to the same person, if it was or may yet be sent."""
    return OutboxMessage.objects.filter(
        event=message.event,
        recipient=message.recipient_id,
        channel=Channel.PUSH,
        dropped_at=None,
        dead_at=None,
    ).first()


def _quiet_until(wants: NotificationSettings, zone: ZoneInfo, moment: datetime) -> datetime | None:
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


def _zone(message: OutboxMessage) -> ZoneInfo:
    """The recipient's own time zone if they are a rep who has one, else the site's."""
    rep = getattr(message.recipient, "rep", None)
    return ZoneInfo(rep.time_zone) if rep and rep.time_zone else timezone.get_default_timezone()

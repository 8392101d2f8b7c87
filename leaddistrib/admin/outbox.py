"""Messages on their way out, and those that were given up."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leaddistrib.admin.base import ReadOnlyAdmin, sees_leads
from leaddistrib.admin.filters import DateRangeFilter, RecipientFilter, SelectFilter
from leaddistrib.models import OutboxMessage
from leaddistrib.notify.kinds import name_of
from leaddistrib.queries import clock

STATES: dict[str, dict[str, Any]] = {
    "waiting": {"sent_at": None, "dropped_at": None, "dead_at": None},
    "sent": {"sent_at__isnull": False},
    "delivered": {"delivered_at__isnull": False},
    "seen": {"seen_at__isnull": False},
    "dropped": {"dropped_at__isnull": False},
    "dead": {"dead_at__isnull": False},
}
LABELS = {
    "waiting": _("Waiting to be sent"),
    "sent": _("Sent"),
    "delivered": _("Arrived"),
    "seen": _("Seen"),
    "dropped": _("Not sent: no longer true"),
    "dead": _("Given up"),
}
KIND_LABELS = {
    "lead.assigned": _("A lead was given"),
    "lead.offered": _("A lead is open"),
    "lead.taken": _("A lead was taken"),
    "lead.escalated": _("A lead was escalated"),
    "lead.handed_on": _("A lead went to somebody else"),
    "response.reminder": _("Reminder to answer"),
    "response.lapsed": _("Not answered in time"),
    "claim.answered": _("Answer to a claim in Slack"),
    "claim.decided": _("Decision about a claim in Slack"),
    "slack.said": _("Answer to a button in Slack"),
    "satisfaction.asked": _("Question to the customer"),
    "alert.opened": _("Alert"),
    "rules.review": _("Rules to be reviewed"),
    "channel.test": _("Test"),
}
REASONS = {
    "not_theirs": _("The lead is no longer the recipient's."),
    "not_open": _("The lead is no longer open to them."),
    "already_answered": _("It was answered."),
    "already_decided": _("It was decided meanwhile, and another message says so."),
    "never_posted": _("There is no post to be changed."),
    "post_first": _("The post that it changes is on its way."),
    "alert_over": _("The alert is over."),
    "no_rules": _("There are no rules in force any more."),
    "unknown_kind": _("Nothing is known of such messages."),
    "sender_stopped": _("Its sender stopped on every attempt."),
    "account_closed": _("The recipient's account is closed."),
    "chat_closed": _("The room is not in use any more."),
    "not_wanted": _("The recipient does not want messages by this channel."),
    "seen": _("The recipient saw it in another way."),
    "quiet": _("It waits for the end of quiet hours."),
    "push_first": _("It waits whether the push notification is seen."),
    "sms_in_hand": _("It waits for other SMS to the same recipient."),
    "sms_limit": _("The recipient had all SMS of the day."),
    "no_address": _("The recipient has no e-mail address."),
    "address_not_valid": _("The e-mail address is not valid."),
    "no_device": _("The recipient has no device for push notifications."),
    "device_gone": _("The device takes no push notifications any more."),
    "no_phone": _("The recipient has no mobile phone."),
    "no_room": _("The room is not known."),
    "no_member": _("The recipient is not known in Slack."),
    "no_provider": _("The channel has no provider."),
    "no_credentials": _("The provider's credentials are missing or cannot be read."),
    "credentials_refused": _("The provider does not accept our credentials."),
    "no_library": _("A package that the channel needs is not installed."),
    "answered": _("The provider did not take it."),
    "slack": _("Slack did not take it."),
    "unreachable": _("The provider cannot be reached."),
    "too_slow": _("The provider took too long."),
    "too_large": _("The provider's answer was too long."),
    "redirected": _("The provider sends us elsewhere, and we do not follow."),
    "not_understood": _("The provider's answer was not understood."),
    "not_https": _("The address is not encrypted (https)."),
    "host_not_allowed": _("The address is not among those that are allowed."),
    "address_not_allowed": _("The address is in a network that is not allowed."),
    "unexpected": _("Something unexpected happened; the worker's log says more."),
}
"""Why a message was not sent, or not yet, by the code before the colon of its last error."""


def reason_of(message: OutboxMessage) -> str:
    """Its last error in words, with what the provider said to it."""
    code, _colon, detail = message.last_error.partition(": ")
    if code not in REASONS:
        return message.last_error
    return f"{REASONS[code]} ({detail})" if detail else str(REASONS[code])


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LABELS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(**STATES.get(self.value() or "", {}))


class KindFilter(SelectFilter):
    title = _("kind")
    parameter_name = "kind"

    def options(self) -> Iterable[tuple[object, object]]:
        return KIND_LABELS.items()

    def chosen(self, queryset: QuerySet, value: str) -> QuerySet:
        return queryset.filter(event__startswith=f"{value}:")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = (
        *("created_at", "kind", "whom", "channel", "state", "attempts"),
        *("sent_at", "delivered_at", "seen_at", "reason"),
    )
    list_select_related = ("recipient", "chat")
    list_filter = (
        *(StateFilter, "channel", KindFilter, RecipientFilter),
        ("created_at", DateRangeFilter),
    )
    search_fields = ("event", "recipient__username", "recipient__last_name", "chat__name")
    ordering = ("-id",)
    actions = ("send_again",)

    def has_send_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Facts stay unchangeable, but whoever may change messages may have one sent again."""
        return super(ReadOnlyAdmin, self).has_change_permission(request, obj)

    @admin.display(description=_("state"))
    def state(self, message: OutboxMessage) -> Any:
        if message.dead_at:
            return LABELS["dead"]
        if message.dropped_at:
            return LABELS["dropped"]
        if message.seen_at:
            return LABELS["seen"]
        if message.delivered_at:
            return LABELS["delivered"]
        return LABELS["sent"] if message.sent_at else LABELS["waiting"]

    @admin.display(description=_("kind"), ordering="event")
    def kind(self, message: OutboxMessage) -> Any:
        return KIND_LABELS.get(name_of(message.event), message.event)

    @admin.display(description=_("to"))
    def whom(self, message: OutboxMessage) -> Any:
        """Who they are, but for a lead's contact, which is the lead's own business."""
        return message.recipient or message.chat or _("the lead's contact")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What was kept as a code is said in words, and which lead a message is about only to
        whoever may see leads."""
        hidden = {"last_error"} if sees_leads(request) else {"last_error", "lead"}
        return [name for name in super().get_fields(request, obj) if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("reason",)

    @admin.display(description=_("last error"))
    def reason(self, message: OutboxMessage) -> Any:
        return reason_of(message)

    @admin.action(description=_("Send given-up messages again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        """Dead letters get all their attempts anew; messages that were sent are left alone."""
        count = queryset.filter(**STATES["dead"]).update(
            dead_at=None, attempts=0, due_at=clock.now()
        )
        text = ngettext(
            "%(count)d message will be sent again.", "%(count)d messages will be sent again.", count
        )
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)

"""Messages on their way out, and those that were given up."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leaddistrib.admin.base import ReadOnlyAdmin, sees_leads
from leaddistrib.admin.filters import DateRangeFilter, RecipientFilter
from leaddistrib.models import OutboxMessage
from leaddistrib.queries import clock

STATES: dict[str, dict[str, Any]] = {
    "waiting": {"sent_at": None, "dropped_at": None, "dead_at": None},
    "sent": {"sent_at__isnull": False},
    "dropped": {"dropped_at__isnull": False},
    "dead": {"dead_at__isnull": False},
}
LABELS = {
    "waiting": _("Waiting to be sent"),
    "sent": _("Sent"),
    "dropped": _("Not sent: no longer true"),
    "dead": _("Given up"),
}

REASONS = {
    "not_theirs": _("The lead is no longer the recipient's."),
    "alert_over": _("The alert is over."),
    "no_rules": _("There are no rules in force any more."),
    "unknown_kind": _("Nothing is known of such messages."),
    "sender_stopped": _("Its sender stopped on every attempt."),
    "account_closed": _("The recipient's account is closed."),
    "no_address": _("The recipient has no e-mail address."),
}
"""Why a message was not sent, where we say so; what a mail server says stands as it came."""


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LABELS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(**STATES.get(self.value() or "", {}))


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "event",
        "recipient",
        "channel",
        "state",
        "attempts",
        "reason",
    )
    list_select_related = ("recipient",)
    list_filter = (StateFilter, "channel", RecipientFilter, ("created_at", DateRangeFilter))
    search_fields = ("event", "recipient__username", "recipient__last_name")
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
        return LABELS["sent"] if message.sent_at else LABELS["waiting"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What was kept as a code is said in words, and which lead a message is about only to
        whoever may see leads."""
        hidden = {"last_error"} if sees_leads(request) else {"last_error", "lead"}
        return [name for name in super().get_fields(request, obj) if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("reason",)

    @admin.display(description=_("last error"))
    def reason(self, message: OutboxMessage) -> Any:
        return REASONS.get(message.last_error, message.last_error)

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

"""How soon leads are to be answered, who gets them then, and the clocks that run (SL1–SL3)."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    F,
    IntegerField,
    Model,
    QuerySet,
    Value,
    When,
)
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leaddistrib.admin.base import LeadFactsAdmin, ReadOnlyAdmin, leads_link, number_of
from leaddistrib.admin.filters import DateRangeFilter, RepFilter, SelectFilter, midnight
from leaddistrib.admin.suggesting import SuggestingAdmin
from leaddistrib.errors import Busy
from leaddistrib.lifecycle.responding import look_again
from leaddistrib.models import EscalationStep, ResponseClock, ResponsePolicy
from leaddistrib.queries import clock as time
from leaddistrib.queries.clocks import RUNNING, late, running
from leaddistrib.queries.policies import fitted_since

MOVES_TIMES = {
    *("minutes", "working_time", "remind_minutes"),
    *("max_reassignments", "cooldown_minutes"),
}
"""What a policy says about when its clocks are due."""

RECENT = timedelta(days=30)
"""For how many days back it is counted which policies leads fit."""


class PolicyList(ChangeList):
    """The list of policies. It alone says how many leads each is the first to fit, which reads all
    leads of ``RECENT``: the pages of one policy do not count them."""

    counted = False

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        if not self.counted:  # filters and actions ask for the rows again
            since = timezone.localdate(time.now()) - RECENT
            fitted = fitted_since(midnight(since))
            cases = (When(pk=pk, then=Value(number)) for pk, number in fitted.items())
            self.root_queryset = self.root_queryset.annotate(
                _recent=Case(*cases, default=Value(0), output_field=IntegerField()),
                _since=Value(since, output_field=DateField()),
            )
            self.counted = True
        return super().get_queryset(request, exclude_parameters)


class StepInline(admin.TabularInline):
    model = EscalationStep
    fields = ("position", "to", "pool", "after_minutes")
    ordering = ("position",)
    extra = 0


@admin.register(ResponsePolicy)
class ResponsePolicyAdmin(SuggestingAdmin):
    suggested = ("lead_type", "source")
    list_display = (
        *("name", "position", "lead_type", "source", "minutes", "working_time"),
        *("chain", "running", "recent", "active"),
    )
    list_filter = ("active", "working_time")
    search_fields = ("name", "lead_type", "source")
    inlines = (StepInline,)
    fieldsets = (
        (None, {"fields": ("name", "active")}),
        (
            _("For which leads"),
            {
                "fields": ("lead_type", "source", "position"),
                "description": _(
                    "The first policy that fits a lead holds, the lowest position first. One "
                    "without type and source fits every lead: put it last."
                ),
            },
        ),
        (_("To be answered"), {"fields": ("minutes", "working_time", "remind_minutes")}),
        (
            _("When nobody answers"),
            {
                "fields": ("max_reassignments", "cooldown_minutes"),
                "description": _(
                    "The lead takes the steps below, one after the other, each from the moment its "
                    "present owner has it. It never goes back to whoever let it lapse."
                ),
            },
        ),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PolicyList]:
        return PolicyList

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).prefetch_related("steps__pool")
        return rows.annotate(_running=number_of(running(), "policy"))

    @admin.display(description=_("when nobody answers"), empty_value="–")
    def chain(self, policy: ResponsePolicy) -> str | None:
        """Where its leads go, one after the other."""
        steps = (
            step.pool.name if step.pool else str(step.get_to_display())
            for step in policy.steps.all()
        )
        return " → ".join(steps) or None

    @admin.display(description=_("clocks that run"), ordering="_running")
    def running(self, policy: ResponsePolicy) -> int:
        number: int = policy._running  # type: ignore[attr-defined]
        return number

    @admin.display(description=_("leads of the last 30 days"), ordering="_recent")
    def recent(self, policy: ResponsePolicy) -> str:
        """Those that it is the first to fit: none says that its type or source may be misspelt."""
        number: int = policy._recent  # type: ignore[attr-defined]
        since: date = policy._since  # type: ignore[attr-defined]
        if not number:
            return "0"
        return leads_link(number, policy=policy.pk, received_at_from=since.isoformat())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Clocks that run under the policy are looked at again if something changed by which a
        reminder or a step of theirs may be due sooner."""
        super().save_related(request, form, formsets, change)
        steps_changed = any(formset.has_changed() for formset in formsets)
        if change and (steps_changed or MOVES_TIMES.intersection(form.changed_data)):
            look_again(ResponseClock.objects.filter(policy=form.instance))


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("running", _("Running")),
            ("late", _("Late")),
            ("stuck", _("Nobody left to ask")),
            ("in_time", _("Answered in time")),
            ("answered_late", _("Answered late")),
            ("gone", _("Not answered")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "running":
                return queryset.filter(RUNNING)
            case "late":
                return queryset.filter(RUNNING, due_at__lte=time.now())
            case "stuck":
                return queryset.filter(RUNNING, stuck_at__isnull=False)
            case "in_time":
                return queryset.filter(answered_at__lte=F("due_at"))
            case "answered_late":
                return queryset.filter(answered_at__gt=F("due_at"))
            case "gone":
                return queryset.filter(stopped_at__isnull=False)
        return queryset


class PolicyFilter(SelectFilter):
    title = _("policy")
    parameter_name = "policy"
    lookup = "policy"

    def options(self) -> list[tuple[object, object]]:
        return [(policy.pk, policy.name) for policy in ResponsePolicy.objects.all()]


@admin.register(ResponseClock)
class ResponseClockAdmin(LeadFactsAdmin):
    list_display = ("lead", "rep", "policy", "started_at", "due_at", "state", "answered_at")
    list_select_related = ("lead", "rep__user", "policy")
    list_filter = (StateFilter, PolicyFilter, RepFilter, ("started_at", DateRangeFilter))
    search_fields = (
        *("lead__company", "lead__contact_name", "lead__external_id"),
        *("rep__user__username", "rep__user__first_name", "rep__user__last_name"),
    )
    fields = (
        *("lead", "rep", "policy", "state", "started_at", "due_at", "step"),
        *("reminded_at", "lapsed_at", "stuck_at", "answered_at", "stopped_at"),
    )
    readonly_fields = ("state",)
    ordering = ("-id",)
    actions = ("look_again_now",)

    def has_look_again_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Facts stay unchangeable, but whoever may change clocks may have them looked at."""
        return super(ReadOnlyAdmin, self).has_change_permission(request, obj)

    @admin.action(description=_("Look again now"), permissions=["look_again"])
    def look_again_now(self, request: HttpRequest, queryset: QuerySet[ResponseClock]) -> None:
        """The worker reminds, hands on, tells the managers or stops them: whatever they are due
        for. One whose lead is somebody else's stops."""
        try:
            count = look_again(ResponseClock.objects.filter(pk__in=queryset.values("pk")))
        except Busy:
            busy = _("Too much is going on at once. Nothing was changed: try again.")
            self.message_user(request, busy, messages.ERROR)
            return
        text = ngettext(
            "The worker looks at %(count)d clock again.",
            "The worker looks at %(count)d clocks again.",
            count,
        )
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResponseClock]:
        """With the database's clock beside each row: asked once, not for every one."""
        moment = Value(time.now(), output_field=DateTimeField())
        rows: QuerySet[ResponseClock] = super().get_queryset(request).annotate(looked_at=moment)
        return rows

    @admin.display(description=_("state"))
    def state(self, clock: ResponseClock) -> str:
        if clock.answered_at:
            in_time = clock.answered_at <= clock.due_at
            return str(_("Answered in time") if in_time else _("Answered late"))
        if clock.stopped_at:
            return str(_("Not answered"))
        if clock.stuck_at:
            return str(_("Nobody left to ask"))
        looked_at: datetime = clock.looked_at  # type: ignore[attr-defined]  # annotated above
        return str(_("Late") if late(clock, looked_at) else _("Running"))

"""How soon leads are to be answered, who gets them then, and the clocks that run (SL1–SL3)."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import DateTimeField, F, QuerySet, Value
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from leaddistrib.admin.base import LeadDistribAdmin, LeadFactsAdmin, number_of
from leaddistrib.admin.filters import DateRangeFilter, RepFilter, SelectFilter
from leaddistrib.lifecycle.responding import look_again
from leaddistrib.models import EscalationStep, ResponseClock, ResponsePolicy
from leaddistrib.queries import clock as time
from leaddistrib.queries.clocks import RUNNING, late, running


class StepInline(admin.TabularInline):
    model = EscalationStep
    fields = ("position", "to", "pool", "after_minutes")
    ordering = ("position",)
    extra = 0


@admin.register(ResponsePolicy)
class ResponsePolicyAdmin(LeadDistribAdmin):
    list_display = (
        *("name", "position", "lead_type", "source", "minutes", "working_time"),
        *("chain", "running", "active"),
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

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Clocks that run under the policy are looked at again: its steps may be due sooner."""
        super().save_related(request, form, formsets, change)
        if change:
            look_again(form.instance)


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

"""Reps: who they are, whether they are there."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import DateTimeField, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.admin.base import PeopleAdmin, leads_link, open_leads
from leaddistrib.admin.filters import TeamFilter
from leaddistrib.lifecycle.availability import set_paused
from leaddistrib.models import Lead, Rep, TimeOff
from leaddistrib.queries import clock


class TimeOffInline(admin.TabularInline):
    model = TimeOff
    extra = 0


class AvailabilityFilter(admin.SimpleListFilter):
    title = lazy("availability")
    parameter_name = "availability"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("available", lazy("Available")),
            ("paused", lazy("Paused")),
            ("away", lazy("On leave")),
            ("full", lazy("At capacity")),
            ("inactive", lazy("Not active")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "available":
                return queryset.filter(
                    active=True,
                    user__is_active=True,
                    paused=False,
                    _away_until=None,
                    _open__lt=F("capacity"),
                )
            case "paused":
                return queryset.filter(paused=True)
            case "away":
                return queryset.exclude(_away_until=None)
            case "full":
                return queryset.filter(_open__gte=F("capacity"))
            case "inactive":
                return queryset.exclude(active=True, user__is_active=True)
        return queryset


@admin.register(Rep)
class RepAdmin(PeopleAdmin):
    list_display = ("name", "team", "availability", "open_leads", "capacity", "active")
    list_select_related = ("user", "team")
    list_filter = (AvailabilityFilter, TeamFilter, "active")
    search_fields = (
        "user__username",
        "user__first_name",
        "user__last_name",
        "user__email",
        "team__name",
    )
    autocomplete_fields = ("team",)
    users = ("user",)
    inlines = (TimeOffInline,)
    actions = ("pause", "resume")

    def get_queryset(self, request: HttpRequest) -> Any:
        moment = clock.now()
        away = TimeOff.objects.filter(
            rep=OuterRef("pk"), starts_at__lte=moment, ends_at__gt=moment
        ).order_by("-ends_at")
        return (
            super()
            .get_queryset(request)
            .annotate(
                _open=open_leads("owner"),
                _away_until=Subquery(away.values("ends_at")[:1], output_field=DateTimeField()),
            )
        )

    @admin.display(description=lazy("name"), ordering="user__last_name")
    def name(self, rep: Rep) -> str:
        return rep.name

    @admin.display(description=lazy("open leads"), ordering="_open")
    def open_leads(self, rep: Rep) -> str:
        count = rep._open  # type: ignore[attr-defined]
        return leads_link(count, owner=rep.pk, status__exact=Lead.Status.OWNED)

    @admin.display(description=lazy("availability"))
    def availability(self, rep: Rep) -> str:
        away_until: datetime | None = rep._away_until  # type: ignore[attr-defined]
        if not rep.active or not rep.user.is_active:
            return _("Not active")
        if rep.paused:
            return _("Paused")
        if away_until:
            until = date_format(timezone.localtime(away_until), "SHORT_DATETIME_FORMAT")
            return _("On leave until %(moment)s") % {"moment": until}
        if rep._open >= rep.capacity:  # type: ignore[attr-defined]
            return _("At capacity")
        return _("Available")

    @admin.action(description=lazy("Pause selected reps"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        self._set_paused(request, queryset, True)

    @admin.action(description=lazy("Resume selected reps"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        self._set_paused(request, queryset, False)

    def _set_paused(self, request: HttpRequest, queryset: QuerySet[Rep], paused: bool) -> None:
        changed = list(queryset.filter(paused=not paused).order_by("pk"))
        for rep in changed:
            set_paused(rep, paused)
            self.log_change(request, rep, [{"changed": {"fields": ["paused"]}}])
        count = len(changed)
        if paused:
            text = ngettext(
                "%(count)d rep gets no leads until resumed.",
                "%(count)d reps get no leads until resumed.",
                count,
            )
        else:
            text = ngettext(
                "%(count)d rep gets leads again.", "%(count)d reps get leads again.", count
            )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

"""Reps: who they are, whether they are there."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import DateTimeField, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.admin.base import PeopleAdmin, leads_link, open_leads
from leaddistrib.admin.doors import hand_over
from leaddistrib.admin.filters import TeamFilter
from leaddistrib.admin.repforms import CalendarInline, HoursInline, RepForm, TimeOffInline
from leaddistrib.engine.gates import Refusal, Situation, first_refusal
from leaddistrib.errors import Busy
from leaddistrib.lifecycle.availability import availability_changed, replace_hours, set_paused
from leaddistrib.lifecycle.calendars import remove_calendar, set_calendar
from leaddistrib.lifecycle.left_behind import tell_left_behind
from leaddistrib.lifecycle.onboarding import begin
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Calendar, Lead, Rep, TimeOff
from leaddistrib.queries import clock, refusing
from leaddistrib.queries.overseeing import reps_overseen
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.sight import sight


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
    autocomplete_fields = ("team", "backup")
    users = ("user",)
    form = RepForm
    fieldsets = (
        (None, {"fields": ("user", "team", "active", "paused", "language", "booking_url")}),
        (lazy("What this rep gets"), {"fields": ("capacity", "seniority", "weight")}),
        (
            lazy("When leads are handed out"),
            {"fields": ("time_zone", "holiday_region", ("preset", "week_from"))},
        ),
        (lazy("Onboarding"), {"fields": ("onboarding_on",)}),
        (lazy("Before and during leave"), {"fields": ("taper_days", "backup")}),
    )
    inlines = (HoursInline, TimeOffInline, CalendarInline)
    actions = ("pause", "resume", hand_over)

    def get_queryset(self, request: HttpRequest) -> Any:
        moment = clock.now()
        away = TimeOff.objects.filter(
            rep=OuterRef("pk"), kind=TimeOff.Kind.LEAVE, starts_at__lte=moment, ends_at__gt=moment
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

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list with what stands against handing each of its reps a lead now, by the same gates
        that routing asks, in a constant number of queries."""
        changelist = super().get_changelist_instance(request)
        reps, now = list(changelist.result_list), clock.now()
        facts = rep_facts([rep.pk for rep in reps], now)
        for rep in reps:
            rep._refusal = first_refusal(facts[rep.pk], Situation(now))
        changelist.result_list = reps
        return changelist

    @admin.display(description=lazy("availability"))
    def availability(self, rep: Rep) -> str:
        refusal: Refusal | None = rep._refusal  # type: ignore[attr-defined]
        if refusal is None:
            return _("Available")
        state = capfirst(refusing.passed_over(refusal.code, refusal.params))
        if refusal.lifts_at is None:
            return state
        back = date_format(timezone.localtime(refusal.lifts_at), "SHORT_DATETIME_FORMAT")
        return _("%(state)s, back %(moment)s") % {"state": state, "moment": back}

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """What is saved here is locked by claims: a save is tried as other acts are, and says so if
        the database had no time for it."""
        view = super().changeform_view
        if request.method != "POST":
            return view(request, *args, **options)
        try:
            return act(durable=False)(view)(request, *args, **options)
        except Busy:
            text = _("Too much is going on at once. Nothing was changed: try again.")
            self.message_user(request, text, messages.ERROR)
            return redirect(request.get_full_path())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A calendar is saved by the same acts as on the rep's own page."""
        if formset.model is not Calendar:
            super().save_formset(request, form, formset, change)
            return
        formset.save(commit=False)  # what changed, for the history
        for gone in formset.deleted_objects:
            remove_calendar(gone.rep)
        for row in formset.forms:
            if row.has_changed() and not row.cleaned_data.get("DELETE"):
                given = row.cleaned_data
                set_calendar(row.instance.rep, given["url"], busy_counts=given["busy_counts"])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        week = form.new_week()
        if week is not None:
            replace_hours(form.instance, week, actor=request.user)  # type: ignore[arg-type]
        if begins_on := form.begins_on():
            begin(form.instance, begins_on, by=request.user)  # type: ignore[arg-type]
        availability_changed(form.instance)
        if "active" in form.changed_data and not form.instance.active:
            self._say_what_is_left(request, form.instance)

    def _say_what_is_left(self, request: HttpRequest, rep: Rep) -> None:
        """Whoever unticks “active” is told of what is open, and where it is handed over."""
        number = Lead.objects.filter(owner=rep, status=Lead.Status.OWNED).count()
        if not number:
            return
        tell_left_behind(rep, clock.now())
        text = ngettext(
            "%(name)s still has %(number)d open lead, which nobody works now.",
            "%(name)s still has %(number)d open leads, which nobody works now.",
            number,
        )
        said = text % {"name": rep.name, "number": number}
        if reps_overseen(sight(request.user)).filter(pk=rep.pk).exists():
            way = reverse("leaddistrib:leave", args=[rep.public_id])
            said = format_html('{} <a href="{}">{}</a>', said, way, _("Hand over everything open"))
        self.message_user(request, said, messages.WARNING)

    @admin.action(description=lazy("Pause selected reps"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        self._set_paused(request, queryset, True)

    @admin.action(description=lazy("Resume selected reps"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Rep]) -> None:
        self._set_paused(request, queryset, False)

    def _set_paused(self, request: HttpRequest, queryset: QuerySet[Rep], paused: bool) -> None:
        changed = list(queryset.filter(paused=not paused).order_by("pk"))
        for rep in changed:
            set_paused(rep, paused, actor=request.user)  # type: ignore[arg-type]
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

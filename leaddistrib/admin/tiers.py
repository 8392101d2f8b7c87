"""Tiers: what they mean, who would be where, and who was placed (TI1, TI2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.admin.base import ReadOnlyAdmin
from leaddistrib.admin.filters import DayRangeFilter, RepFilter, RepTeamFilter
from leaddistrib.admin.policies import TeamPolicyAdmin
from leaddistrib.admin.tierforms import TierFormSet, TierPolicyForm
from leaddistrib.admin.whatif import tiers as whatif
from leaddistrib.admin.whatif.words import Tried
from leaddistrib.errors import Busy
from leaddistrib.lifecycle.placing import place_reps
from leaddistrib.lifecycle.waves import drawn
from leaddistrib.models import Tier, TierPlacement, TierPolicy
from leaddistrib.queries import clock
from leaddistrib.queries.competing import reps_under
from leaddistrib.queries.own.tier import tier_name
from leaddistrib.queries.placing import (
    already_placed,
    proposals,
    today_of,
    week_of,
)
from leaddistrib.queries.plaintiers import plain_tiers
from leaddistrib.queries.whatif.tiers import try_tiers

# What most begin with: the best quarter alone with a lead for 15 minutes, the last quarter assigned
# what nobody took (TI1).
USUAL = (
    {"level": 1, "name": lazy("Tier 1"), "share": 25, "delay_minutes": 0, "premium": True},
    {"level": 2, "name": lazy("Tier 2"), "share": 50, "delay_minutes": 15, "premium": True},
    {"level": 3, "name": lazy("Tier 3"), "share": 25, "delay_minutes": 60, "auto_assigned": True},
)


class TierInline(admin.TabularInline):
    model = Tier
    formset = TierFormSet
    fields = ("level", "name", "share", "delay_minutes", "premium", "auto_assigned")
    ordering = ("level",)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else len(USUAL)


@admin.register(TierPolicy)
class TierPolicyAdmin(TeamPolicyAdmin):
    form = TierPolicyForm
    inlines = (TierInline,)
    means_by = ("tiers",)
    what_if_shows = "view_tierplacement"
    change_form_template = "leaddistrib/admin/tier_policy.html"
    fieldsets = (
        (
            None,
            {
                "fields": ("team", "active"),
                "description": lazy(
                    "Reps are placed every Monday at 5:30 for the week, each team by itself. What "
                    "changes here holds from the next placement on."
                ),
            },
        ),
        (
            lazy("The score"),
            {
                "fields": (
                    *("conversion_weight", "quota_weight", "speed_weight"),
                    *("days", "prior_leads"),
                ),
                "description": lazy(
                    "From 0 to 100. 50 points stand for the team's average conversion, for the "
                    "whole quota and for the team's average speed, 100 for twice as good. Who has "
                    "no quota is placed by the other two."
                ),
            },
        ),
        (lazy("Against chance"), {"fields": ("least_leads", "least_reps", "margin")}),
        (lazy("Waiting"), {"fields": ("floor_percent", "working_time")}),
    )

    def sentences(self, policy: TierPolicy) -> list[str]:
        return plain_tiers(policy)

    def tried(self, policy: TierPolicy, rows: Sequence[Tier], moment: datetime) -> Tried:
        return whatif.told(try_tiers(policy, rows, moment, drawn))

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """A new policy is offered the usual tiers, to be changed."""
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "GET" and obj.pk is None:
            kwargs["initial"] = USUAL
        return kwargs

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview)
        own = path("<int:pk>/preview/", preview, name="leaddistrib_tierpolicy_preview")
        return [own, *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who would be placed where today. Confirmed (POST), who is not placed for this week yet
        is: the others stay where they are until Monday."""
        if not self.has_view_or_change_permission(request) or not _sees_placements(request):
            raise PermissionDenied
        policy = get_object_or_404(self.get_queryset(request), pk=pk)
        if request.method == "POST":
            return self._place(request, policy)
        moment = clock.now()
        reps = reps_under(policy)
        rows = proposals(reps, today_of(moment)) if policy.active else []
        names = {tier.level: tier.name for tier in policy.tiers.all()}
        settled = already_placed(reps, week_of(today_of(moment)))
        return TemplateResponse(
            request,
            "leaddistrib/admin/tier_preview.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": policy,
                "title": _("Next placement: %(policy)s") % {"policy": policy},
                "media": self.media,
                "rows": [
                    (
                        *(row, names.get(row.rep.tier), names.get(row.placed.level)),
                        TierPlacement.Reason(row.placed.reason).label,
                    )
                    for row in rows
                ],
                "moving": sum(row.moves for row in rows),
                "missing": sum(row.rep.pk not in settled for row in rows),
                "settled": sum(row.rep.pk in settled for row in rows),
                "may_place": self._may_place(request, policy),
            },
        )

    def _place(self, request: HttpRequest, policy: TierPolicy) -> HttpResponse:
        if not self._may_place(request, policy):
            raise PermissionDenied
        teams = set(reps_under(policy).order_by().values_list("team", flat=True))
        back = reverse("admin:leaddistrib_tierpolicy_change", args=[policy.pk])
        try:
            done = place_reps(clock.now(), teams=teams)
        except Busy:
            busy = _("Too much is going on at once. Not everybody is placed: try again.")
            self.message_user(request, busy, messages.ERROR)
            return HttpResponseRedirect(back)
        count = sum(done.values()) - done.get("moved", 0)
        text = ngettext("%(count)d rep is placed.", "%(count)d reps are placed.", count)
        if not count:
            text = _("Everybody was placed for this week already. The next time is on Monday.")
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
        return HttpResponseRedirect(back)

    def _may_place(self, request: HttpRequest, policy: TierPolicy) -> bool:
        may_change = self.has_change_permission(request, policy)
        return policy.active and may_change and request.user.has_perm("leaddistrib.change_rep")


class LevelFilter(admin.SimpleListFilter):
    title = lazy("tier")
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """As many levels as any policy has, and none."""
        levels = Tier.objects.order_by("level").values_list("level", flat=True).distinct()
        return [*((str(level), str(level)) for level in levels), ("none", _("None"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value is None:
            return queryset
        if value not in [known for known, _label in self.lookup_choices]:
            raise IncorrectLookupParameters(value)
        return queryset.filter(level=None if value == "none" else int(value))


def _sees_placements(request: HttpRequest) -> bool:
    """Figures of reps are for those who may see where they were placed."""
    may = request.user.has_perm
    return may("leaddistrib.view_tierplacement") or may("leaddistrib.change_rep")


@admin.register(TierPlacement)
class TierPlacementAdmin(ReadOnlyAdmin):
    list_display = ("period", "rep", "team", "tier", "before", "reason", "score", "rank")
    list_select_related = ("rep__user", "rep__team")
    list_filter = (
        *(RepTeamFilter, LevelFilter, "reason", RepFilter),
        ("period", DayRangeFilter),
    )
    search_fields = ("rep__user__username", "rep__user__first_name", "rep__user__last_name")
    ordering = ("-period", "level", "-score", "rep")

    @admin.display(description=lazy("team"), ordering="rep__team__name")
    def team(self, placement: TierPlacement) -> Any:
        return placement.rep.team

    @admin.display(description=lazy("tier"), ordering="level", empty_value="–")
    def tier(self, placement: TierPlacement) -> str | None:
        return tier_name(placement) or None

    @admin.display(description=lazy("tier before"), ordering="former", empty_value="–")
    def before(self, placement: TierPlacement) -> int | None:
        return placement.former

    @admin.display(description=lazy("rank"), empty_value="–")
    def rank(self, placement: TierPlacement) -> int | None:
        rank: int | None = placement.figures.get("rank")
        return rank

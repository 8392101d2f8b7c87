"""Leads a week by quota attainment: the policies, and what was allocated by them (AL1, AL2)."""

from itertools import pairwise
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.admin.base import ReadOnlyAdmin
from leaddistrib.admin.filters import DayRangeFilter, RepFilter, RepTeamFilter
from leaddistrib.admin.policies import TeamPolicyAdmin
from leaddistrib.engine.allocation import BANDS
from leaddistrib.models import Allocation, AllocationBand, AllocationPolicy


class BandFormSet(BaseInlineFormSet):
    """The bands of a policy: from 0 % on, and never fewer leads for more of the quota."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        bands = sorted(
            (form.cleaned_data["from_percent"], form.cleaned_data["leads"])
            for form in self.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        )
        if not bands and self.instance._state.adding:
            return  # it begins with the usual ones
        if not bands or bands[0][0] != 0:
            raise ValidationError(
                _("One band begins at 0 %: it holds for whoever sold nothing yet.")
            )
        for (lower, more), (upper, fewer) in pairwise(bands):
            if fewer < more:
                text = _(
                    "From %(upper)d %% on there would be fewer leads a week (%(fewer)d) than from"
                    " %(lower)d %% on (%(more)d): who sells more would get less."
                )
                numbers = {"upper": upper, "lower": lower, "fewer": fewer, "more": more}
                raise ValidationError(text, params=numbers)


class BandInline(admin.TabularInline):
    model = AllocationBand
    formset = BandFormSet
    fields = ("from_percent", "leads")
    ordering = ("from_percent",)
    extra = 0


@admin.register(AllocationPolicy)
class AllocationPolicyAdmin(TeamPolicyAdmin):
    means_by = ("bands",)
    inlines = (BandInline,)
    fieldsets = (
        (
            None,
            {
                "fields": ("team", "active"),
                "description": lazy(
                    "On the first of each month, what a rep won in the month before, beside the"
                    " quota of that month, decides how many leads a week the rep may get, given"
                    " or claimed. What changes here counts from the next first of a month on."
                ),
            },
        ),
        (
            lazy("Against a downward spiral"),
            {"fields": ("floor", "alert_after")},
        ),
    )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A new policy without bands begins with the usual ones."""
        super().save_related(request, form, formsets, change)
        policy = form.instance
        if not change and not policy.bands.exists():
            for start, leads in BANDS:
                band = AllocationBand(policy=policy, from_percent=start, leads=leads)
                band._history_user = request.user  # type: ignore[attr-defined]
                band.save()

    def sentences(self, policy: AllocationPolicy) -> list[str]:
        bands = sorted((band.from_percent, band.leads) for band in policy.bands.all())
        ends = [start for start, _leads in bands[1:]] + [None]
        said = [
            _band(start, end, max(leads, policy.floor))
            for (start, leads), end in zip(bands, ends, strict=True)
        ]
        said.append(
            ngettext(
                "Nobody gets fewer than %(count)d lead a week.",
                "Nobody gets fewer than %(count)d leads a week.",
                policy.floor,
            )
            % {"count": policy.floor}
        )
        said.append(
            ngettext(
                "The manager is told as soon as a rep's allocation falls.",
                "The manager is told when a rep's allocation falls %(count)d months in a row.",
                policy.alert_after,
            )
            % {"count": policy.alert_after}
        )
        said.append(_("Nothing limits the leads a week of reps without a quota or in onboarding."))
        return said


def _band(start: int, end: int | None, leads: int) -> str:
    """The number of leads is the policy's, or its floor where that is more."""
    numbers = {"start": start, "end": end, "count": leads}
    if end is None:
        return (
            ngettext(
                "From %(start)d %% of the quota on: %(count)d lead a week.",
                "From %(start)d %% of the quota on: %(count)d leads a week.",
                leads,
            )
            % numbers
        )
    return (
        ngettext(
            "From %(start)d %% to under %(end)d %% of the quota: %(count)d lead a week.",
            "From %(start)d %% to under %(end)d %% of the quota: %(count)d leads a week.",
            leads,
        )
        % numbers
    )


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    """They follow from outcomes and quotas: nobody writes them by hand."""

    list_display = (
        *("month", "rep", "team", "leads", "former", "falls"),
        *("percent", "won", "quota", "currency"),
    )
    list_select_related = ("rep__user", "rep__team")
    list_filter = (RepTeamFilter, RepFilter, ("month", DayRangeFilter))
    search_fields = ("rep__user__username", "rep__user__first_name", "rep__user__last_name")
    ordering = ("-month", "rep")

    @admin.display(description=lazy("team"), ordering="rep__team__name")
    def team(self, allocation: Allocation) -> Any:
        return allocation.rep.team

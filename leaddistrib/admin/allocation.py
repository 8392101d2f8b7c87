"""Leads a week by quota attainment: the policies, and what was allocated by them (AL1, AL2)."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms.models import BaseInlineFormSet
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
from leaddistrib.admin.whatif import allocation as whatif
from leaddistrib.admin.whatif.words import Tried
from leaddistrib.engine.allocation import BANDS
from leaddistrib.errors import Busy
from leaddistrib.lifecycle.allocating import Allocated, Due, allocate_reps, due_now
from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Allocation, AllocationBand, AllocationPolicy
from leaddistrib.queries import clock
from leaddistrib.queries.competing import reps_under
from leaddistrib.queries.whatif.allocation import try_allocation


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
    what_if_shows = "view_allocation"
    inlines = (BandInline,)
    change_form_template = "leaddistrib/admin/allocation_policy.html"
    fieldsets = (
        (
            None,
            {
                "fields": ("team", "active"),
                "description": lazy(
                    "On the first of each month, what a rep won in the month before, beside the"
                    " quota of that month, decides how many leads a week the rep may get, given"
                    " or claimed. What changes here, and in quotas, counts from the next first of"
                    " a month on, or as soon as you have this month worked out anew."
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
                attributed(band, request.user).save()

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview)
        own = path("<int:pk>/preview/", preview, name="leaddistrib_allocationpolicy_preview")
        return [own, *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What this month's allocations would be by the policy, the quotas and the outcomes as they
        are now. Confirmed (POST), they are (AL1)."""
        if not self.has_view_or_change_permission(request) or not _sees_allocations(request):
            raise PermissionDenied
        policy = get_object_or_404(self.get_queryset(request), pk=pk)
        if request.method == "POST":
            return self._work_out(request, policy)
        rows = due_now(reps_under(policy), clock.now()) if policy.active else []
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": policy,
            "title": _("This month anew: %(policy)s") % {"policy": policy},
            "media": self.media,
            "rows": rows,
            "changing": sum(row.leads != row.rep.allocation for row in rows),
            "may_work_out": self._may_work_out(request, policy),
        }
        return TemplateResponse(request, "leaddistrib/admin/allocation_preview.html", context)

    def _work_out(self, request: HttpRequest, policy: AllocationPolicy) -> HttpResponse:
        """What each rep had is kept in the policy's history: the rows of the month are put right,
        not written again."""
        if not self._may_work_out(request, policy):
            raise PermissionDenied
        back = HttpResponseRedirect(
            reverse("admin:leaddistrib_allocationpolicy_change", args=[policy.pk])
        )

        @act(durable=False)
        def work_out() -> Allocated:
            rows = due_now(reps_under(policy), moment)
            done = allocate_reps(moment, reps=reps_under(policy), anew=True)
            if done.written or done.changed:
                self.log_change(request, policy, _changes(rows))
            return done

        moment = clock.now()
        try:
            done = work_out()
        except Busy:
            busy = _("Too much is going on at once. Nothing was changed: try again.")
            self.message_user(request, busy, messages.ERROR)
            return back
        text = ngettext(
            "%(count)d rep has another number of leads a week.",
            "%(count)d reps have another number of leads a week.",
            done.changed,
        )
        if not done.changed:
            text = _("Everybody has as many leads a week as this month's figures say.")
        self.message_user(request, text % {"count": done.changed}, messages.SUCCESS)
        return back

    def _may_work_out(self, request: HttpRequest, policy: AllocationPolicy) -> bool:
        may_change = self.has_change_permission(request, policy)
        return policy.active and may_change and request.user.has_perm("leaddistrib.change_rep")

    def sentences(self, policy: AllocationPolicy) -> list[str]:
        bands = sorted((band.from_percent, band.leads) for band in policy.bands.all())
        ends = [*(start for start, _leads in bands[1:]), None][: len(bands)]
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

    def tried(
        self, policy: AllocationPolicy, rows: Sequence[AllocationBand], moment: datetime
    ) -> Tried:
        """A new policy without bands has the usual ones, as when it is saved."""
        bands = [(band.from_percent, band.leads) for band in rows]
        return whatif.told(try_allocation(policy, bands or BANDS, moment))


def _sees_allocations(request: HttpRequest) -> bool:
    """Figures of reps are for those who may see what was allocated to them."""
    may = request.user.has_perm
    return may("leaddistrib.view_allocation") or may("leaddistrib.change_rep")


def _changes(rows: Sequence[Due]) -> str:
    """Who has another number of leads a week than before, and which."""
    parts = [
        f"{row.rep.name} {_number(row.rep.allocation)} → {_number(row.leads)}"
        for row in rows
        if row.leads != row.rep.allocation
    ]
    return _("This month worked out anew. Leads a week: %(changes)s.") % {
        "changes": ", ".join(parts) or "–"
    }


def _number(leads: int | None) -> str:
    return "–" if leads is None else str(leads)


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

"""Teams: who manages them, what counts as a turn, where the weights come from (PU1, PU7)."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from leaddistrib.admin.base import PeopleAdmin, leads_link, number_of, open_leads
from leaddistrib.lifecycle.weighting import weigh
from leaddistrib.models import Lead, Rep, Team
from leaddistrib.queries import clock
from leaddistrib.queries.organisation import organisation
from leaddistrib.queries.performance import performance


@admin.register(Team)
class TeamAdmin(PeopleAdmin):
    list_display = ("name", "reps_active", "open_leads", "weighting")
    list_filter = ("weighting",)
    search_fields = ("name",)
    users = ("managers",)
    fieldsets = (
        (None, {"fields": ("name", "managers", "time_zone")}),
        (
            lazy("What counts as a turn"),
            {
                "fields": ("count_owner_matches", "count_manual"),
                "description": lazy(
                    "Leads that the round gives always count. Counts are never reset: a rep who"
                    " changes teams and comes back finds the own place again."
                ),
            },
        ),
        (lazy("Weights"), {"fields": ("weighting",)}),
    )
    change_form_template = "admin/leaddistrib/team/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                _reps=number_of(Rep.objects.filter(active=True), "team"),
                _open=open_leads("owner__team"),
            )
        )

    @admin.display(description=lazy("active reps"), ordering="_reps")
    def reps_active(self, team: Team) -> int:
        return int(team._reps)  # type: ignore[attr-defined]

    @admin.display(description=lazy("open leads"), ordering="_open")
    def open_leads(self, team: Team) -> str:
        count = team._open  # type: ignore[attr-defined]
        return leads_link(count, team=team.pk, status__exact=Lead.Status.OWNED)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """With what each rep's weight is, and what it would be by performance."""
        team = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if team is not None:
            context |= {
                "performance": performance(team, clock.now()),
                "days": organisation().performance_days,
                "can_weigh": self._may_weigh(request, team),
            }
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        weigh_team = self.admin_site.admin_view(self.weigh_view)
        own = path("<int:object_id>/weigh/", weigh_team, name="leaddistrib_team_weigh")
        return [own, *super().get_urls()]

    @method_decorator(require_POST)
    def weigh_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Gives the reps the weights that the table shows, now instead of next week."""
        team = get_object_or_404(Team, pk=object_id)
        if not self._may_weigh(request, team):
            raise PermissionDenied
        changed = weigh(team, clock.now(), actor=cast("Any", request.user))
        text = ngettext(
            "The weight of %(count)d rep changed.",
            "The weights of %(count)d reps changed.",
            changed,
        )
        if not changed:
            text = _("The weights are as performance has them already.")
        self.message_user(request, text % {"count": changed}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:leaddistrib_team_change", args=[team.pk]))

    def _may_weigh(self, request: HttpRequest, team: Team) -> bool:
        return (
            team.weighting == Team.Weighting.PERFORMANCE
            and self.has_change_permission(request, team)
            and request.user.has_perm("leaddistrib.change_rep")
        )

"""Pools, and how much waits there."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from leaddistrib.admin.base import LeadDistribAdmin, leads_link, number_of
from leaddistrib.models import Lead, Pool


@admin.register(Pool)
class PoolAdmin(LeadDistribAdmin):
    list_display = ("name", "mode", "members", "waiting", "is_safety_net")
    list_filter = ("mode", "is_safety_net")
    search_fields = ("name",)
    autocomplete_fields = ("reps", "teams")

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = Lead.objects.filter(status=Lead.Status.WAITING)
        return (
            super()
            .get_queryset(request)
            .annotate(
                _waiting=number_of(waiting, "pool"),
                _reps=number_of(Pool.reps.through.objects.all(), "pool"),
                _teams=number_of(Pool.teams.through.objects.all(), "pool"),
            )
        )

    @admin.display(description=_("waiting leads"), ordering="_waiting")
    def waiting(self, pool: Pool) -> str:
        count = pool._waiting  # type: ignore[attr-defined]
        return leads_link(count, pool=pool.pk, status__exact=Lead.Status.WAITING)

    @admin.display(description=_("members"))
    def members(self, pool: Pool) -> str:
        return _("%(reps)d reps, %(teams)d teams") % {
            "reps": pool._reps,  # type: ignore[attr-defined]
            "teams": pool._teams,  # type: ignore[attr-defined]
        }

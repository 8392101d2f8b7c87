"""Teams: who manages them, what counts as a turn, where the weights come from (PU1, PU7)."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import PeopleAdmin, leads_link, number_of, open_leads
from leaddistrib.models import Lead, Rep, Team


@admin.register(Team)
class TeamAdmin(PeopleAdmin):
    list_display = ("name", "reps_active", "open_leads")
    search_fields = ("name",)
    users = ("managers",)

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

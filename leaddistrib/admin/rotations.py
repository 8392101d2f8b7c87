"""Whose turn it is: rotations with their seats, and the ledger of turns, to look at (PU7)."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from leaddistrib.admin.base import LeadFactsAdmin, ReadOnlyAdmin, ReadOnlyInline, number_of
from leaddistrib.admin.filters import DateRangeFilter, RotationTeamFilter
from leaddistrib.models import Rotation, Seat, Turn


class SeatInline(ReadOnlyInline):
    model = Seat
    fields = ("rep", "weight", "virtual_time", "credit", "turns", "last_turn")
    readonly_fields = ("weight",)
    ordering = ("virtual_time", "last_turn", "id")
    verbose_name_plural = _("seats, next in turn first")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seat]:
        return super().get_queryset(request).select_related("rep__user", "rotation__team")

    @admin.display(description=_("weight"))
    def weight(self, seat: Seat) -> object:
        return seat.rep.weight


@admin.register(Rotation)
class RotationAdmin(ReadOnlyAdmin):
    list_display = ("name", "seats", "turns")
    list_select_related = ("team", "territory")
    search_fields = ("team__name", "territory__name")
    inlines = (SeatInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        seats = number_of(Seat.objects.all(), "rotation")
        return super().get_queryset(request).annotate(_seats=seats)

    @admin.display(description=_("rotation"), ordering="team__name")
    def name(self, rotation: Rotation) -> str:
        return str(rotation)

    @admin.display(description=_("seats"), ordering="_seats")
    def seats(self, rotation: Rotation) -> int:
        return int(rotation._seats)  # type: ignore[attr-defined]


@admin.register(Turn)
class TurnAdmin(LeadFactsAdmin):
    list_display = (
        *("taken_at", "rotation", "number", "kind", "rep", "lead", "amount", "start", "finish"),
        "reason",
    )
    list_select_related = ("rotation__team", "rotation__territory", "seat__rep__user", "lead")
    list_filter = ("kind", RotationTeamFilter, ("taken_at", DateRangeFilter))
    search_fields = ("lead__company", "seat__rep__user__last_name", "seat__rep__user__username")
    ordering = ("-id",)

    @admin.display(description=_("value"), ordering="value")
    def amount(self, turn: Turn) -> str:
        return "" if turn.value is None else f"{turn.value} {turn.currency}".strip()

    @admin.display(description=_("rep"))
    def rep(self, turn: Turn) -> str:
        return turn.seat.rep.name

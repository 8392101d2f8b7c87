"""Whose turn it is: rotations with their seats, and the ledger of turns, to look at (PU7)."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.translation import gettext_lazy as _

from leaddistrib.admin.base import LeadFactsAdmin, ReadOnlyAdmin, ReadOnlyInline, number_of
from leaddistrib.admin.filters import DateRangeFilter, RotationTeamFilter
from leaddistrib.engine.turns import STRIDE
from leaddistrib.models import Rotation, Seat, Turn


def in_turns(units: int) -> str:
    """Virtual time as it is told everywhere: in turns of a rep of weight 1."""
    return str(localize(round(units / STRIDE, 2)))


class SeatInline(ReadOnlyInline):
    model = Seat
    fields = ("rep", "weight", "time", "owed", "turns", "last_turn")
    readonly_fields = ("weight", "time", "owed")
    ordering = ("virtual_time", "last_turn", "id")
    verbose_name_plural = _("seats, next in turn first")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seat]:
        return super().get_queryset(request).select_related("rep__user", "rotation__team")

    @admin.display(description=_("weight"))
    def weight(self, seat: Seat) -> object:
        return seat.rep.weight

    @admin.display(description=_("virtual time, in turns"))
    def time(self, seat: Seat) -> str:
        return in_turns(seat.virtual_time)

    @admin.display(description=_("credit, in turns"))
    def owed(self, seat: Seat) -> str:
        return in_turns(seat.credit)


@admin.register(Rotation)
class RotationAdmin(ReadOnlyAdmin):
    list_display = ("name", "seats", "turns")
    list_select_related = ("team", "territory")
    search_fields = ("team__name", "territory__name")
    fields = ("team", "seniority", "territory", "time", "turns")
    readonly_fields = ("time",)
    inlines = (SeatInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        seats = number_of(Seat.objects.all(), "rotation")
        return super().get_queryset(request).annotate(_seats=seats)

    @admin.display(description=_("virtual time, in turns"))
    def time(self, rotation: Rotation) -> str:
        return in_turns(rotation.virtual_time)

    @admin.display(description=_("rotation"), ordering="team__name")
    def name(self, rotation: Rotation) -> str:
        return str(rotation)

    @admin.display(description=_("seats"), ordering="_seats")
    def seats(self, rotation: Rotation) -> int:
        return int(rotation._seats)  # type: ignore[attr-defined]


@admin.register(Turn)
class TurnAdmin(LeadFactsAdmin):
    list_display = (
        *("taken_at", "rotation", "number", "kind", "rep", "lead", "amount", "starts", "ends"),
        "reason",
    )
    list_select_related = ("rotation__team", "rotation__territory", "seat__rep__user", "lead")
    list_filter = ("kind", RotationTeamFilter, ("taken_at", DateRangeFilter))
    search_fields = ("lead__company", "seat__rep__user__last_name", "seat__rep__user__username")
    ordering = ("-id",)
    fields = (
        *("rotation", "seat", "number", "kind", "lead", "amount", "credits", "reason"),
        *("starts", "ends", "used_credit", "taken_at"),
    )
    readonly_fields = ("amount", "starts", "ends", "used_credit")

    @admin.display(description=_("virtual start, in turns"), ordering="start")
    def starts(self, turn: Turn) -> str:
        return in_turns(turn.start)

    @admin.display(description=_("virtual finish, in turns"), ordering="finish")
    def ends(self, turn: Turn) -> str:
        return in_turns(turn.finish)

    @admin.display(description=_("credit used, in turns"))
    def used_credit(self, turn: Turn) -> str:
        return in_turns(turn.used)

    @admin.display(description=_("value"), ordering="value")
    def amount(self, turn: Turn) -> str:
        return "" if turn.value is None else f"{turn.value} {turn.currency}".strip()

    @admin.display(description=_("rep"))
    def rep(self, turn: Turn) -> str:
        return turn.seat.rep.name

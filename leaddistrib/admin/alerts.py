"""What needs somebody, with the leads it is about (PU4)."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from leaddistrib.admin.base import ReadOnlyAdmin, leads_link
from leaddistrib.admin.filters import DateRangeFilter, PoolFilter
from leaddistrib.models import Alert
from leaddistrib.queries import clock
from leaddistrib.queries.alerts import channel_of, number_of_leads


class OverFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Open")), ("over", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("open", "over"):
            return queryset.filter(closed_at__isnull=self.value() == "open")
        return queryset


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("kind", "rule", "pool", "about", "leads", "opened_at", "closed_at")
    list_select_related = ("rule", "pool")
    list_filter = (OverFilter, "kind", PoolFilter, ("opened_at", DateRangeFilter))
    fields = ("kind", "rule", "pool", "about", "leads", "opened_at", "closed_at")
    ordering = ("-opened_at", "-id")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list with the number of leads of each open alert, counted in one query."""
        changelist = super().get_changelist_instance(request)
        alerts = list(changelist.result_list)
        open_ones = [alert for alert in alerts if alert.closed_at is None]
        numbers = number_of_leads(open_ones, clock.now())
        for alert in alerts:
            alert._leads = numbers.get(alert.pk, 0)
        changelist.result_list = alerts
        return changelist

    @admin.display(description=_("about"))
    def about(self, alert: Alert) -> str:
        """Whose calendar, which team, which version, which channel."""
        version = alert.detail.get("version")
        named = alert.detail.get("rep") or alert.detail.get("team") or channel_of(alert)
        return str(named or (f"v{version}" if version is not None else "–"))

    @admin.display(description=_("leads that wait"))
    def leads(self, alert: Alert) -> str | int:
        number = getattr(alert, "_leads", None)
        if number is None:
            open_one = [alert] if alert.closed_at is None else []
            number = number_of_leads(open_one, clock.now()).get(alert.pk, 0)
        return leads_link(number, alert=alert.pk) if number else number

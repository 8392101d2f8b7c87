"""The log of leads and of periodic work, to look at."""

from django.contrib import admin

from leaddistrib.admin.base import LeadFactsAdmin, ReadOnlyAdmin
from leaddistrib.admin.filters import DateRangeFilter, RepFilter
from leaddistrib.models import JobRun, LogEntry


@admin.register(LogEntry)
class LogEntryAdmin(LeadFactsAdmin):
    list_display = ("at", "event", "lead", "rep", "actor")
    list_select_related = ("lead", "rep__user", "actor")
    list_filter = ("event", RepFilter, ("at", DateRangeFilter))
    search_fields = ("lead__company", "lead__external_id", "rep__user__username")
    ordering = ("-at", "-id")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "period", "started_at", "finished_at")
    list_filter = ("job", ("started_at", DateRangeFilter))
    search_fields = ("job", "period")

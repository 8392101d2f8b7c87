"""What came of leads, and what customers said, to look at; what another system knows comes from
a file, what was recorded by mistake is undone (OU1)."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leaddistrib.admin.base import LeadFactsAdmin, sees_leads
from leaddistrib.admin.filters import DateRangeFilter, RepFilter
from leaddistrib.admin.importforms import OutcomeMappingForm, OutcomeUploadForm
from leaddistrib.admin.imports import PERMISSION, ImportAdmin
from leaddistrib.errors import Busy, Outdated
from leaddistrib.lifecycle.outcomes import undo_outcome
from leaddistrib.models import Outcome, Satisfaction

PEOPLE = ("lead__company", "lead__external_id", "rep__user__username", "rep__user__last_name")


class UndoneFilter(admin.SimpleListFilter):
    title = _("counts")
    parameter_name = "counts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Counts")), ("no", _("Undone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("yes", "no"):
            return queryset.filter(undone_at__isnull=self.value() == "yes")
        return queryset


@admin.register(Outcome)
class OutcomeAdmin(ImportAdmin, LeadFactsAdmin):
    import_title = _("Import outcomes")
    import_permissions = (PERMISSION, "leaddistrib.add_outcome", "leaddistrib.view_lead")
    import_outcomes = True
    upload_form = OutcomeUploadForm
    mapping_form = OutcomeMappingForm
    list_display = ("at", "lead", "stage", "value", "currency", "rep", "by", "undone_at")
    list_select_related = ("lead", "rep__user", "by")
    list_filter = (UndoneFilter, "stage", RepFilter, ("at", DateRangeFilter))
    search_fields = PEOPLE
    ordering = ("-at", "-id")
    actions = ("undo",)

    def has_undo_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Facts stay unchangeable, but whoever may change outcomes, and see whose leads they are
        of, may undo them."""
        may = request.user.has_perm("leaddistrib.change_outcome")
        return may and sees_leads(request)

    @admin.action(description=_("Undo selected outcomes"), permissions=["undo"])
    def undo(self, request: HttpRequest, queryset: QuerySet[Outcome]) -> None:
        """Each is kept and counts nowhere; a lead that only it had closed is open again."""
        user: Any = request.user
        done = left = 0
        for outcome in queryset.filter(undone_at=None).order_by("-at", "-pk"):
            try:
                undo_outcome(outcome, user)
            except (Busy, Outdated):
                left += 1
            else:
                done += 1
        text = ngettext("%(number)d outcome was undone.", "%(number)d outcomes were undone.", done)
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, text % {"number": done}, level)
        if left:
            text = ngettext(
                "%(number)d outcome stays: its lead changed meanwhile. Try again.",
                "%(number)d outcomes stay: their leads changed meanwhile. Try again.",
                left,
            )
            self.message_user(request, text % {"number": left}, messages.WARNING)


@admin.register(Satisfaction)
class SatisfactionAdmin(LeadFactsAdmin):
    list_display = (
        "answered_at",
        "lead",
        "measure",
        "score",
        "by_customer",
        "by",
        "rep",
        "asked_at",
    )
    list_select_related = ("lead", "rep__user", "by")
    list_filter = ("by_customer", "measure", RepFilter, ("answered_at", DateRangeFilter))
    search_fields = PEOPLE
    ordering = ("-answered_at", "-id")

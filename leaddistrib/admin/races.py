"""Offers, claims, assignments and decisions, to look at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from leaddistrib.admin.base import LeadFactsAdmin
from leaddistrib.admin.filters import DateRangeFilter, PoolFilter, RepFilter, RuleSetFilter
from leaddistrib.models import Assignment, Claim, Decision, Offer
from leaddistrib.queries import explanations, refusing

REP = ("rep__user__username", "rep__user__first_name", "rep__user__last_name")
LEAD = ("lead__company", "lead__contact_name", "lead__external_id")


@admin.register(Offer)
class OfferAdmin(LeadFactsAdmin):
    list_display = ("lead", "rep", "opens_at", "opened_at", "told_at", "seen_at", "closed_at")
    list_select_related = ("lead", "rep__user")
    list_filter = (RepFilter, ("opens_at", DateRangeFilter))
    search_fields = (*LEAD, *REP)
    ordering = ("-id",)


@admin.register(Claim)
class ClaimAdmin(LeadFactsAdmin):
    list_display = ("claimed_at", "rep", "lead", "result", "why", "speed", "via")
    list_select_related = ("lead", "rep__user")
    list_filter = ("result", RepFilter, PoolFilter, ("claimed_at", DateRangeFilter))
    search_fields = (*LEAD, *REP)
    fields = (
        *("lead", "rep", "pool", "period", "result", "why", "via"),
        *("told_at", "seen_at", "claimed_at"),
    )
    readonly_fields = ("why",)

    @admin.display(description=_("reasons"))
    def why(self, claim: Claim) -> str:
        return ", ".join(map(refusing.refused_for, claim.reasons))

    @admin.display(description=_("time to claim"))
    def speed(self, claim: Claim) -> str:
        return f"{claim.speed.total_seconds():.1f} s" if claim.speed else "–"


@admin.register(Assignment)
class AssignmentAdmin(LeadFactsAdmin):
    list_display = ("lead", "rep", "method", "started_at", "ended_at", "end")
    list_select_related = ("lead", "rep__user")
    list_filter = ("method", "end", RepFilter, ("started_at", DateRangeFilter))
    search_fields = (*LEAD, *REP)
    ordering = ("-id",)


@admin.register(Decision)
class DecisionAdmin(LeadFactsAdmin):
    list_display = ("decided_at", "lead", "method", "rule", "owner", "pool")
    list_select_related = ("lead", "rule", "owner__user", "pool")
    list_filter = ("method", RuleSetFilter, ("decided_at", DateRangeFilter))
    search_fields = (*LEAD, "rule__name")
    ordering = ("-id",)
    fields = ("lead", "ruleset", "rule", "method", "owner", "pool", "decided_at", "sentence")
    readonly_fields = ("sentence",)

    @admin.display(description=_("explanation"))
    def sentence(self, decision: Decision) -> str:
        return explanations.sentence(decision, whole=True, oversees=True)

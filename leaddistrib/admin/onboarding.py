"""How new reps come into the competition: phases, who is where, what happened (ON1, ON2)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import ReadOnlyAdmin
from leaddistrib.admin.filters import DateRangeFilter, RepTeamFilter
from leaddistrib.admin.policies import TeamPolicyAdmin
from leaddistrib.admin.whatif import onboarding as whatif
from leaddistrib.admin.whatif.words import Tried
from leaddistrib.models import Onboarding, OnboardingPhase, OnboardingPolicy, PhaseChange
from leaddistrib.queries.onboarding import holds_in
from leaddistrib.queries.whatif.onboarding import try_onboarding

REP_NAMES = ("rep__user__username", "rep__user__first_name", "rep__user__last_name")
ASIDE = 10_000
"""Added to positions while they change places: each is there once at any time."""


class PhaseForm(forms.ModelForm):
    def _get_validation_exclusions(self) -> set[str]:
        """That each position is there once is looked at for all phases together: one by one, two
        could never change places."""
        exclude: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclude | {"position"}


class PhaseFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        given = [getattr(row, "cleaned_data", {}) for row in self.forms]
        positions = [
            row["position"] for row in given if "position" in row and not row.get("DELETE")
        ]
        wanted = list(range(1, len(positions) + 1))
        if not any(self.errors) and sorted(positions) != wanted:
            text = _("Number the phases from 1 on, each number once: %(numbers)s.")
            numbers = ", ".join(str(number) for number in wanted)
            raise ValidationError(text, params={"numbers": numbers})

    def save(self, commit: bool = True) -> Any:
        moved = [
            row.instance.pk
            for row in self.initial_forms
            if row.instance.pk and "position" in row.changed_data
        ]
        OnboardingPhase.objects.filter(pk__in=moved).update(position=F("position") + ASIDE)
        return super().save(commit)


class PhaseInline(admin.StackedInline):
    model = OnboardingPhase
    form = PhaseForm
    formset = PhaseFormSet
    extra = 0
    fields = (
        ("position", "name", "weeks"),
        ("competition", "cohort_only"),
        ("least_leads", "counted"),
    )


@admin.register(OnboardingPolicy)
class OnboardingPolicyAdmin(TeamPolicyAdmin):
    means_by = ("phases",)
    what_if_shows = "view_onboarding"
    fields = ("team", "active")
    inlines = (PhaseInline,)

    def sentences(self, policy: OnboardingPolicy) -> list[str]:
        return list(_weeks(policy)) or [_("It has no phases yet: nobody is onboarded by it.")]

    def tried(
        self, policy: OnboardingPolicy, rows: Sequence[OnboardingPhase], moment: datetime
    ) -> Tried:
        return whatif.told(try_onboarding(policy, rows, moment))


def _weeks(policy: OnboardingPolicy) -> Iterator[str]:
    """Each phase with its weeks, counted from the rep's first day; then what comes after them."""
    week = 1
    for phase in policy.phases.all():
        named = {
            "first": week,
            "last": week + phase.weeks - 1,
            "phase": phase.name,
            "holds": " ".join(holds_in(phase)),
        }
        if phase.weeks == 1:
            yield _("Week %(first)d, “%(phase)s”: %(holds)s") % named
        else:
            yield _("Weeks %(first)d to %(last)d, “%(phase)s”: %(holds)s") % named
        week += phase.weeks
    if week > 1:
        yield _(
            "From week %(week)d on all of the competition is open, and what is done counts in tiers"
            " and leaderboards."
        ) % {"week": week}


@admin.action(description=lazy("Hold or move a rep…"), permissions=["view"])
def hold_or_move(
    model_admin: Any, request: HttpRequest, queryset: QuerySet[Onboarding]
) -> HttpResponse | None:
    """To the page that asks what is to happen and why, one rep at a time (ON2)."""
    chosen = list(queryset[:2])
    if len(chosen) != 1:
        text = _("Choose one rep: each is looked at before anything is done.")
        model_admin.message_user(request, text, messages.ERROR)
        return None
    return redirect("leaddistrib:onboarding-rep", chosen[0].rep.public_id)


@admin.register(Onboarding)
class OnboardingAdmin(ReadOnlyAdmin):
    """Who is where. It begins on a rep's own page, and is changed on the managers' page."""

    list_display = ("rep", "phase", "since", "held", "began_on")
    list_select_related = ("rep__user", "phase")
    list_filter = ("held", RepTeamFilter)
    search_fields = (*REP_NAMES, "phase__name")
    fields = ("rep", "phase", "since", "held", "began_on", "way")
    actions = (hold_or_move,)

    @admin.display(description=lazy("what can be done"))
    def way(self, onboarding: Onboarding) -> str:
        address = reverse("leaddistrib:onboarding-rep", args=[onboarding.rep.public_id])
        return format_html('<a href="{}">{}</a>', address, _("Hold or move"))


@admin.register(PhaseChange)
class PhaseChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "rep", "kind", "former", "phase", "reason", "by")
    list_select_related = ("rep__user", "by")
    list_filter = ("kind", RepTeamFilter, ("at", DateRangeFilter))
    search_fields = (*REP_NAMES, "reason")

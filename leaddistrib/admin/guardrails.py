"""Limits of competitive claims, and each rep's priority windows (GU1–GU5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext, ngettext_lazy

from leaddistrib.admin.base import ReadOnlyAdmin
from leaddistrib.admin.filters import DayRangeFilter, RepFilter, RepTeamFilter
from leaddistrib.admin.policies import TeamPolicyAdmin
from leaddistrib.admin.whatif import guardrails as whatif
from leaddistrib.admin.whatif.words import Tried
from leaddistrib.engine.rota import places
from leaddistrib.models import GuardrailPolicy, PriorityWindow
from leaddistrib.queries.whatif.guardrails import try_guardrails


@admin.register(GuardrailPolicy)
class GuardrailPolicyAdmin(TeamPolicyAdmin):
    what_if_shows = "view_claim"
    fieldsets = (
        (
            None,
            {
                "fields": ("team", "active"),
                "description": lazy(
                    "Limits of claims in races: leads of queues and shared pools and those that "
                    "are assigned pass them by. A limit without a number does not hold."
                ),
            },
        ),
        (
            lazy("Limits"),
            {
                "fields": ("daily_claims", "hot_per_warm", "claims_per_assigned", "weekly_cold"),
                "description": lazy(
                    "Counted by the team's days, and weeks from Monday. Each claim counts, also of "
                    "a lead that is given back."
                ),
            },
        ),
        (
            lazy("Leads given back"),
            {
                "fields": ("cooldown_hours",),
                "description": lazy("In every pool, for the rep who gave the lead back."),
            },
        ),
        (
            lazy("Priority windows"),
            {
                "fields": (
                    *("priority_minutes", "priority_head_start"),
                    *("priority_from", "priority_until"),
                ),
                "description": lazy(
                    "They count in pools that say so. They are given out every night for the next "
                    "three working days: what changes here holds from the next night on."
                ),
            },
        ),
    )

    def sentences(self, policy: GuardrailPolicy) -> list[str]:
        return [*_limits(policy), *_windows(policy)]

    def tried(self, policy: GuardrailPolicy, rows: Sequence[Any], moment: datetime) -> Tried:
        return whatif.told(try_guardrails(policy, moment))


# Of each limit: what it means where there is one, and where there is none.
LIMITS = (
    (
        "daily_claims",
        ngettext_lazy(
            "A rep claims at most %(count)d lead a day in races.",
            "A rep claims at most %(count)d leads a day in races.",
            "count",
        ),
        lazy("Claims in races are not limited by the day."),
    ),
    (
        "hot_per_warm",
        ngettext_lazy(
            "In a week a rep claims %(count)d hot lead in races; each warm one makes room for "
            "another.",
            "In a week a rep claims %(count)d hot leads in races; each warm one makes room for "
            "%(count)d more.",
            "count",
        ),
        lazy("Hot leads may be claimed without warm ones."),
    ),
    (
        "claims_per_assigned",
        ngettext_lazy(
            "In a week a rep claims %(count)d lead in races; each assigned lead that is not given "
            "back makes room for another.",
            "In a week a rep claims %(count)d leads in races; each assigned lead that is not given "
            "back makes room for %(count)d more.",
            "count",
        ),
        lazy("Claims in races need no assigned leads beside them."),
    ),
    (
        "weekly_cold",
        ngettext_lazy(
            "Who was in races last week and claimed no cold lead claims one first this week, "
            "before any other.",
            "Who was in races last week and claimed fewer than %(count)d cold leads claims cold "
            "ones first this week, until there are %(count)d.",
            "count",
        ),
        lazy("Nobody has to claim cold leads."),
    ),
    (
        "cooldown_hours",
        ngettext_lazy(
            "Who gives a lead back may claim it again after %(count)d hour.",
            "Who gives a lead back may claim it again after %(count)d hours.",
            "count",
        ),
        lazy("Who gives a lead back may claim it again at once."),
    ),
)


def _limits(policy: GuardrailPolicy) -> list[str]:
    numbers = ((getattr(policy, field), some, none) for field, some, none in LIMITS)
    return [str(some % {"count": number} if number else none) for number, some, none in numbers]


def _windows(policy: GuardrailPolicy) -> list[str]:
    minutes = policy.priority_minutes
    if not minutes:
        return [_("There are no priority windows.")]
    hours = {
        "minutes": minutes,
        "first": time_format(policy.priority_from),
        "last": time_format(policy.priority_until),
        "zone": policy.team.zone if policy.team else "",
    }
    when = (
        _(
            "Every working day each rep has a priority window of %(minutes)d minutes between "
            "%(first)s and %(last)s (%(zone)s), in turn."
        )
        if policy.team
        else _(
            "Every working day each rep has a priority window of %(minutes)d minutes between "
            "%(first)s and %(last)s by the team's clock, in turn."
        )
    )
    room = len(places(policy.priority_from, policy.priority_until, minutes))
    shared = ngettext(
        "A day has room for %(count)d window: more reps share it.",
        "A day has room for %(count)d windows: more reps share them.",
        room,
    )
    first = ngettext(
        "In pools with priority windows, leads that open then open for that rep %(count)d minute "
        "before the others.",
        "In pools with priority windows, leads that open then open for that rep %(count)d minutes "
        "before the others.",
        policy.priority_head_start,
    )
    return [
        when % hours,
        shared % {"count": room},
        first % {"count": policy.priority_head_start},
    ]


@admin.register(PriorityWindow)
class PriorityWindowAdmin(ReadOnlyAdmin):
    """They follow from the policy and the leave that is entered: nobody writes them by hand."""

    list_display = ("day", "rep", "team", "starts_at", "ends_at")
    list_select_related = ("rep__user", "rep__team")
    list_filter = (RepTeamFilter, RepFilter, ("day", DayRangeFilter))
    search_fields = ("rep__user__username", "rep__user__first_name", "rep__user__last_name")
    ordering = ("-day", "starts_at", "rep")

    @admin.display(description=lazy("team"), ordering="rep__team__name")
    def team(self, window: PriorityWindow) -> Any:
        return window.rep.team

"""Pools: how leads wait there, who may take them, and how much waits for how long."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Min, OuterRef, Subquery
from django.http import HttpRequest
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leaddistrib.admin.base import LeadDistribAdmin, leads_link, number_of
from leaddistrib.models import Lead, Pool
from leaddistrib.queries import clock
from leaddistrib.queries.inbox import stale_leads
from leaddistrib.queries.whentold import told_when

MODES = {"queue": _("Queue"), "race": _("Race"), "shared": _("Shared")}
"""In a word: the form says what each is."""

MIX = ("mix_high", "mix_low")
RACES_ONLY = ("premium", "tiered", "priority", "award", "blind_percent", "unrated", *MIX)
"""What a pool of another mode leaves as it is by default."""


class PoolForm(forms.ModelForm):
    """Says beside the field what the table's constraints refuse."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("mode") not in (None, Pool.Mode.RACE):
            untouched = Pool()
            for name in RACES_ONLY:
                if given.get(name) not in (None, getattr(untouched, name)):
                    text = _("Only pools of the mode “Race” have this: leave it out here.")
                    self.add_error(name, text)
        elif "unrated" in given and not given["unrated"]:
            for name in MIX:
                if given.get(name) is not None:
                    text = _("A mix needs hidden quality: tick “Quality hidden” above.")
                    self.add_error(name, text)
        return given


@admin.register(Pool)
class PoolAdmin(LeadDistribAdmin):
    form = PoolForm
    change_form_template = "leaddistrib/admin/policy.html"
    list_display = ("name", "how", "members", "waiting", "oldest", "stale", "is_safety_net")
    list_filter = ("mode", "is_safety_net")
    search_fields = ("name",)
    autocomplete_fields = ("reps", "teams")
    fieldsets = (
        (None, {"fields": ("name", "mode", "is_safety_net")}),
        (_("Members"), {"fields": ("reps", "teams")}),
        (
            _("Leads that wait"),
            {
                "fields": ("stale_minutes", "push_minutes"),
                "description": _(
                    "Counted from when a lead was opened. It is marked first, and passed on later: "
                    "leave more time for the second."
                ),
            },
        ),
        (
            _("Shared pools"),
            {
                "fields": ("ownership", "working_minutes"),
                "description": _(
                    "For pools whose leads any member works. “Working on it” shows the others who "
                    "is at a lead, until it lapses."
                ),
            },
        ),
        (
            _("Races: who is told first"),
            {
                "fields": ("tiered", "premium", "priority"),
                "description": _(
                    "Until a lead opens for a rep it does not exist for the rep: it is on no page, "
                    "in no count and cannot be claimed. Tiers and priority windows are those of "
                    "the policies that hold for the members' teams."
                ),
            },
        ),
        (
            _("Races: whose a lead is"),
            {
                "fields": ("award", "cascade_seconds", "sealed_seconds", "sealed_by"),
                "description": _(
                    "The seconds between two reps are those of a ranked cascade; the two fields "
                    "after them hold for sealed claims."
                ),
            },
        ),
        (
            _("Races: what reps see before they claim"),
            {
                "fields": ("blind_percent", "unrated", *MIX),
                "description": _(
                    "Of a blind lead next to nothing is shown until it is claimed. Where its "
                    "quality is hidden, it is without score and temperature until then, and the "
                    "leads can be a mix: what is beyond a share goes where the rule's next step "
                    "says, and is opened here all the same if nobody there takes it."
                ),
            },
        ),
    )

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Pool | None = None,
    ) -> Any:
        """With what the settings mean together, as they are saved."""
        saved = Pool.objects.filter(pk=obj.pk).first() if obj else None
        context["sentences"] = told_when(saved) if saved else []
        context["sentences_title"] = gettext("Who is told when")
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = Lead.objects.filter(status=Lead.Status.WAITING)
        oldest = waiting.filter(pool=OuterRef("pk")).order_by().values("pool")
        return (
            super()
            .get_queryset(request)
            .annotate(
                _waiting=number_of(waiting, "pool"),
                _oldest=Subquery(oldest.annotate(first=Min("opens_at")).values("first")),
                _stale=number_of(stale_leads(clock.now()), "pool"),
                _reps=number_of(Pool.reps.through.objects.all(), "pool"),
                _teams=number_of(Pool.teams.through.objects.all(), "pool"),
            )
        )

    @admin.display(description=_("waiting leads"), ordering="_waiting")
    def waiting(self, pool: Pool) -> str:
        count = pool._waiting  # type: ignore[attr-defined]
        return leads_link(count, pool=pool.pk, status__exact=Lead.Status.WAITING)

    @admin.display(description=_("oldest"), ordering="_oldest", empty_value="–")
    def oldest(self, pool: Pool) -> str | None:
        """How long the lead has waited that has waited longest."""
        first: datetime | None = pool._oldest  # type: ignore[attr-defined]
        return timesince(first) if first else None

    @admin.display(description=_("waiting too long"), ordering="_stale", empty_value="–")
    def stale(self, pool: Pool) -> int | None:
        if pool.stale_minutes is None:
            return None
        count: int = pool._stale  # type: ignore[attr-defined]
        return count

    @admin.display(description=_("mode"), ordering="mode")
    def how(self, pool: Pool) -> str:
        return str(MODES[pool.mode])

    @admin.display(description=_("members"))
    def members(self, pool: Pool) -> str:
        return _("%(reps)d reps, %(teams)d teams") % {
            "reps": pool._reps,  # type: ignore[attr-defined]
            "teams": pool._teams,  # type: ignore[attr-defined]
        }

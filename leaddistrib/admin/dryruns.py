"""Dry runs: asked for here, worked out by a worker, shown with their figures (RU6)."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminDateWidget
from django.db.models import BooleanField, ExpressionWrapper, Model, Q
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import sees_leads
from leaddistrib.admin.dryrunleads import LeadsBehindPages, place_in_words
from leaddistrib.lifecycle.dryruns import MOST_LEADS, ask
from leaddistrib.lifecycle.housekeeping import KEEP_LEADS_BEHIND
from leaddistrib.lifecycle.publishing import organisations_moment
from leaddistrib.models import DryRun, RuleSet, RuleStep
from leaddistrib.queries import clock
from leaddistrib.queries.dryruns import MOVED, place_key
from leaddistrib.queries.periods import DayField

SOON = timedelta(seconds=15)  # within which a worker takes up what was asked
MOST_MOVES = 100  # rows of the table of moves
DAYS = 30  # back, unless somebody chooses others
STRATEGIES = "strategies"


class DryRunForm(forms.ModelForm):
    compare = forms.ChoiceField(
        label=lazy("Compare"),
        choices=(
            ("versions", lazy("with the version in force")),
            (STRATEGIES, lazy("each strategy, and what really happened")),
        ),
        widget=forms.RadioSelect,
    )
    first = DayField(label=lazy("Leads from"), widget=AdminDateWidget)
    last = DayField(label=lazy("Leads to"), widget=AdminDateWidget)
    limit = forms.IntegerField(
        label=lazy("At most"),
        min_value=1,
        max_value=MOST_LEADS,
        help_text=lazy("The latest leads of these days."),
    )

    class Meta:
        model = DryRun
        fields = ("ruleset", "limit")

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or self.cleaned_data
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day comes before the first."))
        return values


@admin.register(DryRun)
class DryRunAdmin(LeadsBehindPages):
    form = DryRunForm
    list_display = ("asked_at", "ruleset", "compares", "days", "state", "moved", "asked_by")
    list_select_related = ("ruleset", "asked_by")
    search_fields = ("ruleset__version", "asked_by__username")
    ordering = ("-asked_at",)
    change_form_template = "admin/leaddistrib/dryrun/change_form.html"

    class Media:
        css = {"all": ("leaddistrib/admin/rules.css",)}
        js = ("leaddistrib/admin/progress.js",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Results hold every lead's id: a list reads two figures of each, and a page its own."""
        of_strategies = ExpressionWrapper(Q(result__has_key=STRATEGIES), BooleanField())
        return (
            super()
            .get_queryset(request)
            .annotate(
                _strategies=of_strategies, _moved=KT("result__moved"), _leads=KT("result__leads")
            )
            .defer("result")
        )

    @admin.display(description=lazy("compared"))
    def compares(self, run: Any) -> str:
        return _("strategies") if run._strategies else _("versions")

    @admin.display(description=lazy("leads received"), ordering="since")
    def days(self, run: DryRun) -> str:
        return "{} – {}".format(*(day.isoformat() for day in _days(run)))

    @admin.display(description=lazy("state"))
    def state(self, run: DryRun) -> str:
        if run.problem:
            return _("failed")
        if run.finished_at:
            return _("done")
        return _("being worked out") if run.started_at else _("waiting for a worker")

    @admin.display(description=lazy("leads that move"))
    def moved(self, run: Any) -> str:
        return f"{run._moved} / {run._leads}" if run._moved is not None else "–"

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Figures are not edited. A new run is asked for instead."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        today = timezone.localdate()
        strategies = request.GET.get("compare") == STRATEGIES
        status = RuleSet.Status.PUBLISHED if strategies else RuleSet.Status.DRAFT
        newest = RuleSet.objects.filter(status=status).first()
        return {
            "ruleset": newest.pk if newest else None,
            "compare": "versions",
            "first": today - timedelta(days=DAYS),
            "last": today,
            "limit": 10_000,
            **request.GET.dict(),
        }

    def get_fields(self, request: HttpRequest, obj: DryRun | None = None) -> tuple[str, ...]:
        return ("ruleset", "compare", "first", "last", "limit") if obj is None else ()

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        choice = super().formfield_for_dbfield(db_field, request, **options)
        if choice is not None and db_field.name == "ruleset":
            for act in ("add", "change", "delete", "view"):
                setattr(choice.widget, f"can_{act}_related", False)
        return choice

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        super().save_form(request, form, change)
        values = form.cleaned_data
        return ask(
            values["ruleset"],
            # Both days are meant whole, in the organisation's zone.
            since=organisations_moment(values["first"]),
            until=organisations_moment(values["last"] + timedelta(days=1)),
            limit=values["limit"],
            strategies=values["compare"] == STRATEGIES,
            actor=request.user,  # type: ignore[arg-type]
        )

    def save_model(self, request: HttpRequest, obj: DryRun, form: Any, change: bool) -> None:
        """Kept already: asking is one act."""

    def response_add(
        self, request: HttpRequest, obj: DryRun, post_url_continue: str | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:leaddistrib_dryrun_change", args=[obj.pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        run = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if run is not None:
            context |= {
                "title": _title(run),
                "days": _days(run),
                "state": self.state(run),
                "waits": not run.finished_at,
                "no_worker": not run.started_at and clock.now() - run.asked_at > SOON,
                "share": round(100 * run.done / run.total) if run.total else 0,
            }
            if run.finished_at and not run.problem:
                context |= _strategies(run) if run._strategies else _figures(request, run)
        return super().change_view(request, object_id, form_url, context)


def _title(run: Any) -> str:
    if run._strategies:
        text = _("Strategies compared by version %(version)d")
    else:
        text = _("Dry run of version %(version)d")
    return text % {"version": run.ruleset.version}


def _figures(request: HttpRequest, run: DryRun) -> dict[str, Any]:
    """The result, and the address of the leads behind each figure for whoever may see leads."""
    result = run.result
    share = round(100 * result["moved"] / result["leads"]) if result["leads"] else 0
    kept = "went" in result
    shows_leads = kept and sees_leads(request)

    def leads(**asked: str) -> str:
        if not shows_leads:
            return ""
        return reverse("admin:leaddistrib_dryrun_leads", args=[run.pk], query=asked)

    moves = [
        {
            "from": place_in_words(move["from"]),
            "to": place_in_words(move["to"]),
            "leads": move["leads"],
            "address": leads(**{"from": place_key(move["from"]), "to": place_key(move["to"])}),
        }
        for move in result["moves"][:MOST_MOVES]
    ]
    return {
        "result": result,
        "moved_share": share,
        "moved_leads": leads(only=MOVED),
        "moves": moves,
        "more_moves": max(0, len(result["moves"]) - MOST_MOVES),
        "unassigned": {
            name.replace("-", "_"): leads(only=name) for name in result.get("unassigned", ())
        },
        "leads_are_gone": not kept and sees_leads(request),
        "days_kept": KEEP_LEADS_BEHIND.days,
        "most": max((max(row["leads"]) for row in result["load"]), default=0),
    }


def _strategies(run: DryRun) -> dict[str, Any]:
    labels = dict(RuleStep.Push.choices)
    outcomes = run.result["strategies"]
    return {
        "outcomes": [(labels.get(one["strategy"]), one) for one in outcomes],
        "load": run.result["load"],
    }


def _days(run: DryRun) -> tuple[Any, Any]:
    """The first and the last day whose leads are in it, in the organisation's zone."""
    zone = timezone.get_default_timezone()
    last = run.until - timedelta(microseconds=1)
    return run.since.astimezone(zone).date(), last.astimezone(zone).date()

"""Two versions side by side, and what each strategy would have made of the latest leads."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.rulesetpages import RuleSetPages, is_draft, published
from leaddistrib.lifecycle.matching import place
from leaddistrib.models import Lead, Rep, RuleSet, RuleStep
from leaddistrib.queries.differences import differences
from leaddistrib.queries.replay import Outcome, compare_strategies

VERSIONS = 200  # to choose from


class VersionForm(forms.Form):
    old = forms.ModelChoiceField(RuleSet.objects.none(), label=lazy("Compare with"), required=False)

    def __init__(self, data: Any, ruleset: RuleSet) -> None:
        super().__init__(data)
        others = RuleSet.objects.exclude(pk=ruleset.pk)[:VERSIONS]
        self.fields["old"].queryset = RuleSet.objects.filter(  # type: ignore[attr-defined]
            pk__in=[other.pk for other in others]
        )


class AmountForm(forms.Form):
    leads = forms.TypedChoiceField(
        label=lazy("Latest leads"), coerce=int, choices=[(n, n) for n in (100, 300, 1000, 3000)]
    )


class ComparingPages(RuleSetPages):
    def get_urls(self) -> list[URLPattern]:
        return [
            self.view("differences/", self.differences, "differences"),
            self.view("strategies/", self.strategies, "strategies"),
            *super().get_urls(),
        ]

    def differences(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What makes this version out of another one: the published, or the one before it."""
        ruleset = self.to_look_at(request, pk)
        data = request.GET if "old" in request.GET else {"old": _natural(ruleset)}
        form = VersionForm(data, ruleset)
        old = form.cleaned_data["old"] if form.is_valid() else None
        return self.show(
            request,
            "differences.html",
            ruleset,
            _("Differences of version %(version)d") % {"version": ruleset.version},
            form=form,
            old=old,
            differences=differences(old, ruleset) if old else [],
        )

    def strategies(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The latest leads, had every push step used one strategy. Worked out here and now."""
        ruleset = self.to_look_at(request, pk)
        form = AmountForm(request.GET if "leads" in request.GET else {"leads": 300})
        leads = _latest(form.cleaned_data["leads"]) if form.is_valid() else []
        outcomes = compare_strategies(ruleset, leads)
        labels = dict(RuleStep.Push.choices)
        return self.show(
            request,
            "strategies.html",
            ruleset,
            _("Strategies compared by version %(version)d") % {"version": ruleset.version},
            form=form,
            number=len(leads),
            outcomes=[(labels.get(one.strategy), one) for one in outcomes],
            rows=_rows(outcomes),
        )


def _natural(ruleset: RuleSet) -> int | None:
    """The version that a change is looked at from: the published one, for that the one before."""
    if is_draft(ruleset) or ruleset.status == RuleSet.Status.ARCHIVED:
        other = published()
    else:
        before = RuleSet.objects.filter(status=RuleSet.Status.ARCHIVED)
        other = before.order_by("-published_at").first()
    return other.pk if other else None


def _latest(number: int) -> list[Lead]:
    """The latest leads in the order they came, on today's map."""
    newest = Lead.objects.order_by("-received_at", "-pk").select_related(
        "territory", "account__owner__user"
    )
    leads = list(newest[:number])[::-1]
    place(leads)
    return leads


def _rows(outcomes: list[Outcome]) -> list[tuple[str, list[int]]]:
    """Each rep's leads in every outcome, most in the first one first."""
    wanted = {rep for one in outcomes for rep in one.load}
    reps = Rep.objects.filter(pk__in=wanted).select_related("user")
    rows = [(rep.name, [one.load.get(rep.pk, 0) for one in outcomes]) for rep in reps]
    return sorted(rows, key=lambda row: (-row[1][0], row[0]))

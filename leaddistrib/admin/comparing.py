"""Two versions side by side."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.rulesetpages import RuleSetPages, is_draft, published
from leaddistrib.models import RuleSet
from leaddistrib.queries.differences import differences

VERSIONS = 200  # to choose from


class VersionForm(forms.Form):
    old = forms.ModelChoiceField(RuleSet.objects.none(), label=lazy("Compare with"), required=False)

    def __init__(self, data: Any, ruleset: RuleSet) -> None:
        super().__init__(data)
        others = RuleSet.objects.exclude(pk=ruleset.pk)[:VERSIONS]
        self.fields["old"].queryset = RuleSet.objects.filter(  # type: ignore[attr-defined]
            pk__in=[other.pk for other in others]
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
        """Strategies are compared by a dry run: to the form for one, with what was asked for here
        (``first``, ``last``)."""
        asked = {
            **request.GET.dict(),
            "ruleset": self.to_look_at(request, pk).pk,
            "compare": "strategies",
        }
        return HttpResponseRedirect(reverse("admin:leaddistrib_dryrun_add", query=asked))


def _natural(ruleset: RuleSet) -> int | None:
    """The version that a change is looked at from: the published one, for that the one before."""
    if is_draft(ruleset) or ruleset.status == RuleSet.Status.ARCHIVED:
        other = published()
    else:
        before = RuleSet.objects.filter(status=RuleSet.Status.ARCHIVED)
        other = before.order_by("-published_at").first()
    return other.pk if other else None

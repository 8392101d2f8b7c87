"""The leads behind the figures of a dry run: which ones moved, from where to where (RU6)."""

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext

from leaddistrib.admin.base import LeadDistribAdmin, sees_leads
from leaddistrib.models import DryRun, Lead
from leaddistrib.queries.dryruns import MOVED, Named, leads_behind, place_key

PAGE = 50


class BehindForm(forms.Form):
    """Which leads of a dry run: by where each version sent them."""

    only = forms.ChoiceField(label=lazy("Leads"), required=False)

    def __init__(self, data: Any, run: DryRun) -> None:
        super().__init__(data)
        places = sorted(run.result["places"], key=lambda place: (place[0] != "rep", place[2]))
        somewhere = [
            ("", _("anywhere")),
            *((place_key(one), place_in_words(one)) for one in places),
        ]
        labels = {
            "from": pgettext("where a lead went before", "From"),
            "to": pgettext("where a lead goes now", "To"),
        }
        for name, label in labels.items():
            self.fields[name] = forms.ChoiceField(label=label, choices=somewhere, required=False)
        versions = {"before": run.result["beside"], "after": run.ruleset.version}
        texts = {
            "nobody": _("that found nobody available, by version %(version)d"),
            "unmatched": _("that no rule took, by version %(version)d"),
        }
        only = cast("forms.ChoiceField", self.fields["only"])
        only.choices = [("", _("all")), (MOVED, _("that move"))] + [
            (f"{why}-{side}", text % {"version": version} if version else _("without rules"))
            for why, text in texts.items()
            for side, version in versions.items()
            if version or why == "unmatched"  # version 0 sends each lead to the safety net
        ]


class LeadsBehindPages(LeadDistribAdmin):
    """A page of leads for each figure, for whoever may see leads."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.leads)
        return [path("<int:pk>/leads/", page, name="leaddistrib_dryrun_leads"), *super().get_urls()]

    def leads(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The leads that the address asks for, the latest first, with where each would go."""
        run = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_or_change_permission(request, run) or not sees_leads(request):
            raise PermissionDenied
        if "went" not in run.result:
            raise Http404
        form = BehindForm(request.GET, run)
        asked = form.cleaned_data if form.is_valid() else None
        behind = (
            leads_behind(run.result, asked["from"], asked["to"], asked["only"]) if asked else {}
        )
        shown = Paginator(list(behind), PAGE).get_page(request.GET.get("page"))
        found = Lead.objects.select_related("owner__user", "pool").in_bulk(list(shown))
        rows = [
            (found[lead], *map(place_in_words, behind[lead])) for lead in shown if lead in found
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": run,
            "title": _("Leads of the dry run of version %(version)d")
            % {"version": run.ruleset.version},
            "media": self.media,
            "form": form,
            "page": shown,
            "rows": rows,
        }
        return TemplateResponse(request, "leaddistrib/admin/dry_run_leads.html", context)


def place_in_words(place: Named) -> str:
    """Where a lead went, by the names of the day of the run."""
    kind, _pk, name = place
    if kind == "rep":
        return str(name)
    return _("safety net") if kind == "net" else _("pool “%(name)s”") % {"name": name}

"""What managers look after: their teams' leads, each with its explanation one tap away."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaddistrib.queries import clock
from leaddistrib.queries.alerts import OpenAlert, open_alerts, waiting_for
from leaddistrib.queries.blindness import hidden
from leaddistrib.queries.inbox import sized
from leaddistrib.queries.inhand import not_contacted
from leaddistrib.queries.overseeing import reps_overseen
from leaddistrib.queries.sight import leads_of, pools_seen
from leaddistrib.queries.visibility import opened_to_viewer
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.cards import listed
from leaddistrib.web.forms import LeadFilterForm
from leaddistrib.web.overseeing import overview

PAGE = 25


@require_safe
@signed_in
def manage(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    context = overview(viewer)
    form = LeadFilterForm(request.GET)
    leads = leads_of(viewer.sight).order_by("-received_at", "-id")
    if form.is_valid():
        if form.cleaned_data["company"]:
            leads = leads.exclude(hidden("company", viewer.sight))
            leads = leads.filter(company__icontains=form.cleaned_data["company"])
        if form.cleaned_data["status"] == "untouched":
            # What another team's rep took from a pool of theirs is another manager's to look after.
            leads = not_contacted(leads.filter(owner__in=reps_overseen(viewer.sight)))
        elif form.cleaned_data["status"]:
            leads = leads.filter(status=form.cleaned_data["status"])
    now = clock.now()
    alerts = open_alerts(viewer.sight, now)
    chosen = _chosen(alerts, request.GET.get("alert", ""))
    if chosen is not None:
        leads = leads.filter(pk__in=waiting_for(chosen.alert, now).values("pk"))
    page = Paginator(leads, PAGE).get_page(request.GET.get("page"))
    context |= {
        "form": form,
        "page": page,
        "rows": list(listed(page.object_list, viewer.sight).values()),
        "pools": sized(pools_seen(viewer.sight), opened_to_viewer(viewer.sight, now)).order_by(
            "name"
        ),
        "filtered": any(request.GET.get(name) for name in ("company", "status", "alert")),
        "alerts": alerts,
        "chosen": chosen,
    }
    return render(request, "leaddistrib/manage.html", context)


def _chosen(alerts: list[OpenAlert], asked: str) -> OpenAlert | None:
    """The alert whose leads are asked for, if it is open and concerns the viewer."""
    if not asked:
        return None
    for one in alerts:
        if str(one.alert.pk) == asked:
            return one
    raise Http404

"""Leads that passed a rep by, each with the reason: "why not me?" (RU5)."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaddistrib.models import Decision, Rep
from leaddistrib.policy import Policy, View, disclose, policy
from leaddistrib.queries import clock
from leaddistrib.queries.blindness import tells_class
from leaddistrib.queries.explanations import sentence
from leaddistrib.queries.passing import DAYS, passed_by, with_leads
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.cards import place

PAGE = 50


@require_safe
@signed_in
def passed(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """In a number of queries that depends neither on how many leads nor on how many reps."""
    rep, rules = viewer.own, policy()
    found = passed_by(rep, clock.now())
    page = Paginator(found.ids, PAGE).get_page(request.GET.get("page"))
    rows = [row for decision in with_leads(page.object_list) if (row := _row(decision, rep, rules))]
    context = {"viewer": viewer, "page": page, "rows": rows, "days": DAYS, "since": found.since}
    return render(request, "leaddistrib/passed.html", context)


def _row(decision: Decision, rep: Rep, rules: Policy) -> dict[str, Any] | None:
    """One lead as far as the rep may see it; None for one that the host keeps from them."""
    view = rules.view_for_passed_over(decision.lead, rep)
    if view is View.NOTHING:
        return None
    shown = disclose(decision.lead, view)
    return {
        "id": shown["id"],
        "blind": shown.get("blind", False),
        "company": shown.get("company", ""),
        "source": shown.get("source", ""),
        "place": place(shown.get("city", ""), shown.get("country", "")),
        "decided_at": decision.decided_at,
        "sentence": sentence(decision, rep, unnamed=tells_class(view)),
    }

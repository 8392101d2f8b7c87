"""Managers see how far their new reps are, hold one in a phase or move one on (ON2)."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from leaddistrib.errors import Busy, WrongPhase
from leaddistrib.models import Onboarding, PhaseChange
from leaddistrib.queries import clock
from leaddistrib.queries.onboarding import inside, track
from leaddistrib.queries.overseeing import reps_overseen
from leaddistrib.queries.own.phase import cohort
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.busy import BUSY
from leaddistrib.web.onboarding import PhaseForm
from leaddistrib.web.overseeing import overview, rep_overseen

PAGE = 50
NEWEST = 20
"""Changes of a rep's phases that are listed."""


@require_safe
@signed_in
def onboarding(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The new reps whom the viewer looks after, who began their phase first at the top."""
    context = overview(viewer)
    own = inside().filter(rep__in=reps_overseen(viewer.sight))
    page = Paginator(own, PAGE).get_page(request.GET.get("page"))
    context |= {"page": page, "rows": cohort(page.object_list, clock.now())}
    return render(request, "leaddistrib/onboarding.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def phase(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET shows where a rep is and asks what is to happen, and why; POST does it. What changed
    since it was looked at is shown again."""
    rep = rep_overseen(viewer, public_id)
    found = get_object_or_404(
        Onboarding.objects.select_related("rep__user", "rep__team", "phase"), rep=rep
    )
    sent = request.POST if request.method == "POST" else None
    form = PhaseForm(sent, onboarding=found, phases=track(found))
    changed = form.is_bound and request.POST.get("seen", form.seen) != form.seen
    if not changed and form.is_valid():
        try:
            done = form.carry_out(viewer.user)
        except Busy:
            form.add_error(None, BUSY)
        except WrongPhase as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _now(done))
            return redirect("leaddistrib:onboarding")
    context = {
        "viewer": viewer,
        "form": form,
        "changed": changed,
        "onboarding": found,
        "now": next(iter(cohort([found], clock.now())), None),
        "changes": PhaseChange.objects.filter(rep=rep).select_related("by")[:NEWEST],
    }
    status = 409 if changed else 400 if form.is_bound and form.errors else 200
    return render(request, "leaddistrib/onboarding_rep.html", context, status=status)


def _now(onboarding: Onboarding) -> str:
    """Where the rep is, once something was done."""
    named = {"rep": onboarding.rep.name, "phase": str(onboarding.phase or "")}
    if onboarding.phase is None:
        return _("%(rep)s is through with onboarding.") % named
    if onboarding.held:
        return _("%(rep)s is held in “%(phase)s”.") % named
    return _("%(rep)s is in “%(phase)s”, by the calendar.") % named

"""One lead: as much of it as its reader may see, and why it came here (RU5)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from leaddistrib.errors import Busy, NotYours
from leaddistrib.lifecycle.releasing import release as give_back
from leaddistrib.models import Claim, Decision, Lead
from leaddistrib.policy import View, disclose
from leaddistrib.queries import clock, explanations
from leaddistrib.queries.inbox import standing
from leaddistrib.web import outcomes
from leaddistrib.web.access import Viewer, lead_for, lead_for_rep, signed_in
from leaddistrib.web.cards import SIZES, TEMPERATURES, details, place
from leaddistrib.web.forms import ReleaseForm
from leaddistrib.web.history import history


@require_safe
@signed_in
def lead(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    found, view = lead_for(viewer, public_id)
    rep = viewer.rep
    shown = disclose(found, view)
    decision = (
        found.decisions.select_related("rule", "ruleset", "owner__user", "pool")
        .order_by("-id")
        .first()
    )
    waiting = found.status == Lead.Status.WAITING
    member = rep is not None and found.pool_id in viewer.sight.pools
    limits = standing(rep, clock.now()) if rep and member and waiting else None
    own = rep is not None and found.owner_id == rep.pk and found.status == Lead.Status.OWNED
    context = {
        "viewer": viewer,
        "lead": found,
        "shown": shown,
        "whole": view is View.WHOLE,
        "own": own,
        "claimable": waiting and member,
        "limits": limits,
        "reasons": [outcomes.reason(refusal) for refusal in limits.refusals] if limits else [],
        "too_late": _too_late(found, viewer) if not own else "",
        "place": place(shown.get("city", ""), shown.get("country", "")),
        "temperature": TEMPERATURES.get(shown.get("temperature", ""), ""),
        "size": SIZES.get(shown.get("size_band", ""), ""),
        "details": details(shown),
        "sentence": explanations.sentence(decision, rep) if decision else "",
        "trace": _trace(decision, viewer, view),
        "history": history(found, view, rep),
    }
    return render(request, "leaddistrib/lead.html", context)


def _trace(decision: Decision | None, viewer: Viewer, view: View) -> explanations.Trace | None:
    """The decision in full, for those who see all that it was made of."""
    if decision is None or not viewer.oversees or view is not View.WHOLE:
        return None
    return explanations.trace(decision)


def _too_late(found: Lead, viewer: Viewer) -> str:
    """Who was faster, where the viewer claimed this lead and lost it."""
    if viewer.rep is None or found.status != Lead.Status.OWNED or found.owner is None:
        return ""
    tried = found.claims.filter(
        rep=viewer.rep, period=found.period, result=Claim.Result.LOST
    ).first()
    held = found.assignments.filter(ended_at__isnull=True).first()
    if tried is None or held is None:
        return ""
    return outcomes.too_late(found.owner.name, tried.claimed_at - held.started_at)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def release(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET asks for the reason and changes nothing; POST gives the lead back (RA4)."""
    found, rep = lead_for_rep(viewer, public_id)
    if found.owner_id != rep.pk or found.status != Lead.Status.OWNED:
        messages.info(request, _("This lead is not yours (any more)."))
        return redirect("leaddistrib:lead", public_id)
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            give_back(found, rep, reason=form.cleaned_data["reason"])
        except NotYours:
            messages.info(request, _("This lead is not yours (any more)."))
            return redirect("leaddistrib:home")
        except Busy:
            form.add_error(None, _("Too much is going on at once. Nothing was changed: try again."))
        else:
            messages.success(request, _("You gave %(lead)s back.") % {"lead": found})
            return redirect("leaddistrib:home")
    return render(
        request,
        "leaddistrib/release.html",
        {"viewer": viewer, "lead": found, "form": form},
        status=400 if form.errors else 200,
    )

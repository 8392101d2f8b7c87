"""A manager gives lost or unworked leads another chance (OU2)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.recycling import recycle as act
from leaddistrib.models import Lead, Pool
from leaddistrib.policy import Role
from leaddistrib.queries.organisation import organisation
from leaddistrib.queries.overseeing import may_move
from leaddistrib.queries.recycling import recyclable
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.busy import BUSY
from leaddistrib.web.cards import listed
from leaddistrib.web.outcomeforms import RecycleForm
from leaddistrib.web.overseeing import as_it_is, leads_to_move


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def recycle(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """GET asks into which pool and why; POST does it. The leads are named in the address; the form
    says how they were when they were looked at, and what changed since is shown again."""
    leads = leads_to_move(viewer, request.GET.getlist("lead"))
    pools = Pool.objects.order_by("name")
    if viewer.sight.role is not Role.ADMIN:
        pools = pools.filter(pk__in=viewer.sight.managed_pools)
    form = RecycleForm(request.POST if request.method == "POST" else None, pools=pools)
    seen = set(request.POST.getlist("seen"))
    changed = [lead for lead in leads if form.is_bound and as_it_is(lead) not in seen]
    if form.is_valid() and not changed:
        pool, reason = form.cleaned_data["pool"], form.cleaned_data["reason"]
        try:
            done = act(
                leads,
                pool,
                by=viewer.user,
                reason=reason,
                still=lambda lead: as_it_is(lead) in seen and may_move(lead, viewer.sight),
            )
        except Busy:
            form.add_error(None, BUSY)
        else:
            _say(request, done, len(leads), pool)
            return redirect("leaddistrib:manage")
    context = {
        "viewer": viewer,
        "form": form,
        "leads": list(listed(leads, viewer.sight).values()),
        "seen": [as_it_is(lead) for lead in leads],
        "changed": changed,
        "going": recyclable(leads),
        "days": organisation().recycle_cooldown_days,
    }
    status = 400 if form.errors else 409 if changed else 200
    return render(request, "leaddistrib/recycle.html", context, status=status)


def _say(request: HttpRequest, done: list[Lead], wanted: int, pool: Pool) -> None:
    if done:
        text = ngettext(
            "%(number)d lead waits in “%(pool)s” now.",
            "%(number)d leads wait in “%(pool)s” now.",
            len(done),
        )
        messages.success(request, text % {"number": len(done), "pool": pool.name})
    if len(done) < wanted:
        text = _("What is won, waits already, or changed since you looked was left alone.")
        messages.info(request, text)

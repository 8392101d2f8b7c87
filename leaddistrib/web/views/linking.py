"""Somebody who pressed a button in Slack says who they are here (NO1)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.linking import tie_slack
from leaddistrib.notify.links import read_slack_link
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.busy import BUSY


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def slack(request: HttpRequest, viewer: Viewer, token: str) -> HttpResponse:
    """GET asks whether the member of Slack is the viewer and changes nothing; POST ties the two.

    The link alone ties nobody: it was sent to one member of Slack, but anybody may follow it.
    """
    member = read_slack_link(token)
    if member is None:
        return render(request, "leaddistrib/slack_link.html", {"viewer": viewer}, status=404)
    context = {"viewer": viewer, "member": member}
    if request.method != "POST":
        return render(request, "leaddistrib/slack_link.html", context)
    try:
        tied = tie_slack(viewer.user, member)
    except Busy:
        context["problem"] = str(BUSY)
        return render(request, "leaddistrib/slack_link.html", context, status=503)
    if not tied:
        context["problem"] = _("This Slack account is already tied to somebody else here.")
        return render(request, "leaddistrib/slack_link.html", context, status=409)
    hears = _("From now on you are written to in Slack.")
    claims = _("From now on you can claim leads in Slack, and are written to there.")
    messages.success(request, claims if viewer.rep else hears)
    return redirect("leaddistrib:me")

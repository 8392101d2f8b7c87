"""What users set about messages: this browser, devices, channels, quiet hours, links (NO1)."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from leaddistrib.errors import Busy, NoSubscription
from leaddistrib.lifecycle import subscribing
from leaddistrib.lifecycle.linking import untie_slack
from leaddistrib.models import Channel, NotificationSettings, PushSubscription
from leaddistrib.notify.email import address
from leaddistrib.notify.gateways import gateway
from leaddistrib.notify.push.keys import public_key
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.busy import busy_answer, unless_busy
from leaddistrib.web.devices import device_name
from leaddistrib.web.notificationforms import WaysForm

LONGEST = 8192
"""Bytes that a browser may send to subscribe: it needs a few hundred."""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def notifications(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """GET shows the settings; POST takes channels, phone and quiet hours."""
    if request.method != "POST":
        return _page(request, viewer)
    form = WaysForm(request.POST, instance=_settings(viewer))
    if not form.is_valid():
        return _page(request, viewer, form, status=400)
    with unless_busy(request):
        subscribing.set_ways(viewer.user, **form.cleaned_data)
        messages.success(request, _("Your settings are saved."))
    return redirect("leaddistrib:notifications")


@require_POST
@signed_in
def subscribe(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """This browser takes push notifications. From a script, with what the browser gave it."""
    given = _json(request)
    try:
        subscribing.subscribe(
            viewer.user, given, device=device_name(request.headers.get("User-Agent", ""))
        )
    except NoSubscription as error:
        sentence = _("This browser's push service cannot be used here.")
        return JsonResponse({"code": error.code, "detail": sentence}, status=400)
    except Busy:
        return busy_answer()
    messages.success(request, _("Messages reach you on this device."))
    return HttpResponse(status=204)


@csrf_exempt  # the browser's old address, which no other site knows, shows who sends it
@require_POST
@signed_in
def renew(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The browser changed the address at which it is reached, while no page was open."""
    given = _json(request)
    endpoint, fresh = given.get("endpoint"), given.get("subscription")
    try:
        known = isinstance(endpoint, str) and subscribing.renew(viewer.user, endpoint, fresh)
    except NoSubscription:
        return HttpResponse(status=400)
    except Busy:  # no page is there to say it on
        return HttpResponse(status=503)
    return HttpResponse(status=204 if known else 404)


@require_POST
@signed_in
def unsubscribe(request: HttpRequest, viewer: Viewer, pk: int) -> HttpResponse:
    with unless_busy(request):
        if subscribing.unsubscribe(viewer.user, pk):
            messages.success(request, _("No more messages go to that device."))
    return redirect("leaddistrib:notifications")


@require_POST
@signed_in
def revoke(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with unless_busy(request):
        subscribing.revoke_links(viewer.user)
        messages.success(request, _("The links that you were sent open nothing any more."))
    return redirect("leaddistrib:notifications")


@require_POST
@signed_in
def untie(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with unless_busy(request):
        untie_slack(viewer.user)
        messages.success(request, _("Your Slack account is no longer tied to this one."))
    return redirect("leaddistrib:notifications")


@require_POST
@signed_in
def test(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with unless_busy(request):
        channels = subscribing.send_test(viewer.user)
        _say_where(request, channels)
    return redirect("leaddistrib:notifications")


def _say_where(request: HttpRequest, channels: set[str]) -> None:
    """By which ways a test was sent, so that its sender knows where to look for it."""
    if not channels:
        messages.warning(
            request, _("Nothing was sent: no way to you is turned on here and set up on this site.")
        )
        return
    ways = [str(channel.label) for channel in Channel if channel in channels]
    text = _("A test is on its way: %(ways)s. In your quiet hours, phones are told at their end.")
    messages.success(request, text % {"ways": ", ".join(ways)})


def _json(request: HttpRequest) -> dict[str, Any]:
    """The object in a request's body; {} if there is none."""
    if int(request.headers.get("Content-Length") or 0) > LONGEST:
        return {}
    try:
        given = json.loads(request.body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _settings(viewer: Viewer) -> NotificationSettings:
    """The user's settings, or the defaults."""
    kept = NotificationSettings.objects.filter(user=viewer.user.pk).first()
    return kept or NotificationSettings(user_id=viewer.user.pk)


def _page(
    request: HttpRequest, viewer: Viewer, form: WaysForm | None = None, status: int = 200
) -> HttpResponse:
    own, rep = _settings(viewer), viewer.rep
    zone = rep.zone if rep else timezone.get_default_timezone()
    context = {
        "viewer": viewer,
        "own": own,
        "form": form or WaysForm(instance=own),
        "zone": zone,
        "key": public_key(),
        "devices": PushSubscription.objects.filter(user=viewer.user.pk),
        "address": address(viewer.user),
        "has_sms": gateway(Channel.SMS) is not None,
        "has_slack": gateway(Channel.SLACK) is not None,
    }
    with timezone.override(zone):
        return render(request, "leaddistrib/notifications.html", context, status=status)

"""What reps set for themselves: availability, time off, language (PU2, UI4)."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from leaddistrib.lifecycle import availability as lifecycle
from leaddistrib.models import Rep, TimeOff
from leaddistrib.queries import clock
from leaddistrib.queries.cover import covers_for, stand_in
from leaddistrib.queries.inbox import pools_with_sizes, standing
from leaddistrib.queries.own.called import tier_called
from leaddistrib.queries.response import own_responses
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.busy import unless_busy
from leaddistrib.web.durations import duration
from leaddistrib.web.forms import BookingForm, LanguageForm
from leaddistrib.web.middleware import LANGUAGE, speak
from leaddistrib.web.whenforms import TimeOffForm, days_of, week_in_words


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def me(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """GET shows the settings; POST changes the language."""
    if request.method == "POST":
        form = LanguageForm(request.POST)
        if form.is_valid():
            language = form.cleaned_data["language"]
            if viewer.rep is not None:
                lifecycle.set_language(viewer.rep, language)
            speak(request, language)
            return redirect("leaddistrib:me")
    return _page(request, viewer)


def _page(
    request: HttpRequest,
    viewer: Viewer,
    form: TimeOffForm | None = None,
    booking: BookingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "viewer": viewer,
        "languages": settings.LANGUAGES,
        "language": request.session.get(LANGUAGE, ""),
    }
    if viewer.rep is None:
        return render(request, "leaddistrib/me.html", context, status=status)
    rep, now, zone = viewer.rep, clock.now(), viewer.rep.zone
    own = own_responses(rep, timezone.localdate(now, timezone.get_default_timezone()))
    context |= {
        "tier": tier_called(rep),
        "limits": standing(rep, now),
        "own": own,
        "own_mean": duration(own.line.mean),
        "pools": list(pools_with_sizes(rep, now)),
        "form": form or TimeOffForm(zone=zone),
        "booking": booking or BookingForm(initial={"booking_url": rep.booking_url}),
        "time_off": coming_leave(rep, now),
        "cover": stand_in(rep, now),
        "covers": covers_for(rep, now),
        "week": week_in_words(rep),
    }
    with timezone.override(zone):
        return render(request, "leaddistrib/me.html", context, status=status)


@require_POST
@signed_in
def booking(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Where customers book a meeting with the rep (SL5)."""
    rep = viewer.own
    form = BookingForm(request.POST)
    if not form.is_valid():
        return _page(request, viewer, booking=form, status=400)
    lifecycle.set_booking_page(rep, form.cleaned_data["booking_url"], actor=viewer.user)
    messages.success(request, _("Your booking page is saved."))
    return redirect("leaddistrib:me")


def coming_leave(rep: Rep, now: datetime) -> list[tuple[TimeOff, datetime]]:
    """Leave that is not over, each with its last day rather than the day after it."""
    leave = rep.time_off.filter(ends_at__gt=now, kind=TimeOff.Kind.LEAVE)
    return [(off, off.ends_at - timedelta(microseconds=1)) for off in leave]


@require_POST
@signed_in
def availability(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Pause or resume, and go back to where the switch was."""
    with unless_busy(request):
        lifecycle.set_paused(viewer.own, request.POST.get("paused") == "1", actor=viewer.user)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, {request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if safe else "leaddistrib:home")


@require_POST
@signed_in
def time_off(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    rep = viewer.own
    form = TimeOffForm(request.POST, zone=rep.zone)
    if not form.is_valid():
        return _page(request, viewer, form, status=400)
    with unless_busy(request):
        lifecycle.add_time_off(rep, form.starts_at, form.ends_at, form.cleaned_data["reason"])
        messages.success(request, _("Your time off is noted: no leads then."))
    return redirect("leaddistrib:me")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def change_time_off(request: HttpRequest, viewer: Viewer, pk: int) -> HttpResponse:
    """GET asks for other days; POST takes them."""
    own, zone = _entered(viewer, pk), viewer.own.zone
    if request.method != "POST":
        return _change_page(request, viewer, TimeOffForm(initial=days_of(own, zone), zone=zone))
    form = TimeOffForm(request.POST, zone=zone)
    if not form.is_valid():
        return _change_page(request, viewer, form, status=400)
    with unless_busy(request):
        lifecycle.change_time_off(own, form.starts_at, form.ends_at, form.cleaned_data["reason"])
        messages.success(request, _("Your time off is changed."))
    return redirect("leaddistrib:me")


def _change_page(
    request: HttpRequest, viewer: Viewer, form: TimeOffForm, status: int = 200
) -> HttpResponse:
    context = {"viewer": viewer, "form": form}
    return render(request, "leaddistrib/time_off.html", context, status=status)


@require_POST
@signed_in
def remove_time_off(request: HttpRequest, viewer: Viewer, pk: int) -> HttpResponse:
    own = _entered(viewer, pk)
    with unless_busy(request):
        lifecycle.remove_time_off(own)
    return redirect("leaddistrib:me")


def _entered(viewer: Viewer, pk: int) -> TimeOff:
    """Time off that the rep entered; what a calendar brought is changed there."""
    return get_object_or_404(viewer.own.time_off, pk=pk, calendar=None)

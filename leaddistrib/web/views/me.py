"""What reps set for themselves: availability, time off, language (PU2, UI4)."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import availability as lifecycle
from leaddistrib.models import Rep
from leaddistrib.queries import clock
from leaddistrib.queries.inbox import pools_with_sizes, standing
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.forms import LanguageForm, TimeOffForm
from leaddistrib.web.middleware import LANGUAGE, speak


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
    return _page(request, viewer, TimeOffForm())


def _page(
    request: HttpRequest, viewer: Viewer, form: TimeOffForm, status: int = 200
) -> HttpResponse:
    context = {
        "viewer": viewer,
        "languages": settings.LANGUAGES,
        "language": request.session.get(LANGUAGE, ""),
        "form": form,
    }
    if viewer.rep is not None:
        now = clock.now()
        context |= {
            "limits": standing(viewer.rep, now),
            "pools": list(pools_with_sizes(viewer.rep)),
            "time_off": [
                (off, off.ends_at - timedelta(microseconds=1))  # the last day, not the day after
                for off in viewer.rep.time_off.filter(ends_at__gt=now)
            ],
        }
    return render(request, "leaddistrib/me.html", context, status=status)


@require_POST
@signed_in
def availability(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Pause or resume, and go back to where the switch was."""
    try:
        lifecycle.set_paused(viewer.own, request.POST.get("paused") == "1")
    except Busy:
        _say_busy(request)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, {request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if safe else "leaddistrib:home")


@require_POST
@signed_in
def time_off(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    rep, form = viewer.own, TimeOffForm(request.POST)
    if not form.is_valid():
        return _page(request, viewer, form, status=400)
    return _then_back(request, rep, form)


def _then_back(request: HttpRequest, rep: Rep, form: TimeOffForm) -> HttpResponse:
    try:
        lifecycle.add_time_off(rep, form.starts_at, form.ends_at, form.cleaned_data["reason"])
    except Busy:
        _say_busy(request)
    else:
        messages.success(request, _("Your time off is noted: no leads then."))
    return redirect("leaddistrib:me")


@require_POST
@signed_in
def remove_time_off(request: HttpRequest, viewer: Viewer, pk: int) -> HttpResponse:
    own = get_object_or_404(viewer.own.time_off, pk=pk)
    try:
        lifecycle.remove_time_off(own)
    except Busy:
        _say_busy(request)
    return redirect("leaddistrib:me")


def _say_busy(request: HttpRequest) -> None:
    messages.error(request, _("Too much is going on at once. Nothing was changed: try again."))

"""When a rep works, who covers during leave, and the calendar that says so (PU2, PU8)."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from leaddistrib.lifecycle import availability as lifecycle
from leaddistrib.lifecycle import calendars
from leaddistrib.models import Calendar
from leaddistrib.queries import clock, wording
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.busy import unless_busy
from leaddistrib.web.views.me import coming_leave
from leaddistrib.web.whenforms import CalendarForm, CoverForm, WeekForm, week_of


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def hours(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """GET shows the three forms, with ``?preset=`` the week as one to begin with; POST takes the
    week."""
    rep = viewer.own
    if request.method != "POST":
        return _page(request, viewer)
    form = WeekForm(rep, request.POST)
    if not form.is_valid():
        return _page(request, viewer, status=400, week=form)
    with unless_busy(request):
        lifecycle.set_working_week(
            rep,
            form.blocks,
            time_zone=form.cleaned_data["time_zone"],
            holiday_region=form.cleaned_data["holiday_region"],
            actor=viewer.user,
        )
        messages.success(request, _("Your working hours are saved."))
    return redirect("leaddistrib:hours")


@require_POST
@signed_in
def cover(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    rep = viewer.own
    form = CoverForm(rep, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            with unless_busy(request):
                lifecycle.set_cover(
                    rep, backup=given["backup"], taper_days=given["taper_days"], actor=viewer.user
                )
                messages.success(request, _("Your cover is saved."))
        except ValidationError as error:
            form.add_error(None, error)
    if form.errors:
        return _page(request, viewer, status=400, cover=form)
    return redirect("leaddistrib:hours")


@require_POST
@signed_in
def calendar(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    rep = viewer.own
    form = CalendarForm(_calendar(viewer), request.POST)
    if not form.is_valid():
        return _page(request, viewer, status=400, calendar_form=form)
    given = form.cleaned_data
    with unless_busy(request):
        calendars.set_calendar(rep, given["url"], busy_counts=given["busy_counts"])
        messages.success(request, _("Your calendar is read within a minute."))
    return redirect("leaddistrib:hours")


@require_POST
@signed_in
def remove_calendar(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    with unless_busy(request):
        calendars.remove_calendar(viewer.own)
        messages.success(request, _("Your calendar is forgotten, with what it brought."))
    return redirect("leaddistrib:hours")


def _calendar(viewer: Viewer) -> Calendar | None:
    return Calendar.objects.filter(rep=viewer.own).first()


def _page(request: HttpRequest, viewer: Viewer, status: int = 200, **forms: Any) -> HttpResponse:
    rep, kept = viewer.own, _calendar(viewer)
    context = {
        "viewer": viewer,
        "week": WeekForm(rep, initial=week_of(rep, request.GET.get("preset", ""))),
        "cover": CoverForm(rep),
        "calendar": kept,
        "calendar_form": CalendarForm(kept),
        "brought": [one for one in coming_leave(rep, clock.now()) if one[0].calendar_id],
        "problem": wording.calendar_problem(kept.problem) if kept and kept.problem else "",
        **forms,
    }
    with timezone.override(rep.zone):
        return render(request, "leaddistrib/hours.html", context, status=status)

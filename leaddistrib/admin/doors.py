"""Actions whose work is done on the managers' pages, which admins may use too."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.models import Lead, Rep

MOST = 100
"""Leads that are given away at once: each is named in the address of the page."""


@admin.action(description=lazy("Give selected leads to somebody…"), permissions=["change"])
def assign(model_admin: Any, request: HttpRequest, queryset: QuerySet[Lead]) -> HttpResponse | None:
    """To the page that asks to whom and why (PU7)."""
    leads = list(queryset.values_list("public_id", flat=True)[: MOST + 1])
    if len(leads) > MOST:
        text = _("Choose at most %(most)d leads.") % {"most": MOST}
        model_admin.message_user(request, text, messages.ERROR)
        return None
    return redirect(reverse("leaddistrib:assign", query={"lead": leads}))


@admin.action(description=lazy("Hand over everything open…"), permissions=["change"])
def hand_over(
    model_admin: Any, request: HttpRequest, queryset: QuerySet[Rep]
) -> HttpResponse | None:
    """To the page with the preview, one rep at a time (PU10)."""
    reps = list(queryset[:2])
    if len(reps) != 1:
        text = _("Choose one rep: each hand-over is looked at before it is done.")
        model_admin.message_user(request, text, messages.ERROR)
        return None
    return redirect("leaddistrib:leave", reps[0].public_id)

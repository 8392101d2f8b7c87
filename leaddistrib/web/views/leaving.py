"""A rep leaves: what is open is handed over, after a preview, and may be taken back (PU10)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.handing_over import (
    HandedOver,
    Row,
    hand_over,
    preview_handover,
    take_back,
)
from leaddistrib.models import Lead, LogEntry, Rep
from leaddistrib.policy import View, policy
from leaddistrib.queries.overseeing import reps_overseen
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.overseeing import BUSY, HandOverForm, must_oversee, rep_overseen

SALT = "leaddistrib.hand-over"
LISTED = 50
"""Accounts that are named; of more, the number is said."""


@require_safe
@signed_in
def reps(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The reps whom the viewer looks after, each with what is open."""
    must_oversee(viewer)
    owned = Count("leads", filter=Q(leads__status=Lead.Status.OWNED))
    listed = reps_overseen(viewer.sight).annotate(open_leads=owned).order_by("-active", *_BY_NAME)
    return render(request, "leaddistrib/reps.html", {"viewer": viewer, "reps": listed})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def leave(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET shows where everything would go; POST does it. ``?accounts_to=`` shows it as if the
    accounts had gone there."""
    rep = rep_overseen(viewer, public_id)
    others = reps_overseen(viewer.sight)
    form = HandOverForm(request.POST if request.method == "POST" else None, reps=others, rep=rep)
    if form.is_valid():
        shown = _shown(request.POST.get("shown", ""))
        try:
            done = hand_over(rep, actor=viewer.user, **form.cleaned_data)
        except Busy:
            busy = _("Too much is going on at once. What was done stays done: go on from here.")
            form.add_error(None, busy)
        else:
            _say(request, done, shown)
            return redirect("leaddistrib:handed-over", rep.public_id, done.id)
    chosen = _chosen(form, request, others)
    rows = preview_handover(rep, accounts_to=chosen)
    accounts = rep.accounts.order_by("name")
    context = {
        "viewer": viewer,
        "rep": rep,
        "form": form,
        "chosen": chosen,
        "rows": rows,
        "receivers": Counter(_receiver(row) for row in rows).most_common(),
        "shown": signing.dumps(
            {row.lead.pk: row.receiver for row in rows}, salt=SALT, compress=True
        ),
        "accounts": accounts[:LISTED],
        "number_of_accounts": accounts.count(),
        "territories": rep.territories.order_by("name"),
    }
    status = 400 if form.errors else 200
    return render(request, "leaddistrib/leave.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def handed_over(
    request: HttpRequest, viewer: Viewer, public_id: UUID, handover: UUID
) -> HttpResponse:
    """What was handed over, and where it is now; POST takes back what nobody worked on."""
    rep = rep_overseen(viewer, public_id)
    entries = LogEntry.objects.filter(
        event=LogEntry.Event.REASSIGNED, rep=rep, detail__handover=str(handover)
    )
    if request.method == "POST":
        return _take_back(request, viewer, rep, handover)
    listed = entries.select_related("lead__owner__user", "lead__pool").order_by("id")
    # What went to another team may be none of the viewer's business any more.
    views = [(entry.lead, policy().view(entry.lead, viewer.sight)) for entry in listed]
    leads = [(lead, view is not View.NOTHING) for lead, view in views]
    context = {"viewer": viewer, "rep": rep, "leads": leads}
    return render(request, "leaddistrib/handed_over.html", context)


_BY_NAME = ("user__last_name", "user__first_name", "id")


def _take_back(request: HttpRequest, viewer: Viewer, rep: Rep, handover: UUID) -> HttpResponse:
    if not rep.active:
        messages.error(request, _("Set the rep active again first: nothing was taken back."))
        return redirect("leaddistrib:handed-over", rep.public_id, handover)
    reason = _("A hand-over was taken back.")
    try:
        result = take_back(rep, str(handover), actor=viewer.user, reason=reason)
    except Busy:
        messages.error(request, BUSY)
    else:
        number = len(result.decisions)
        text = ngettext(
            "%(number)d lead was taken back.", "%(number)d leads were taken back.", number
        )
        messages.success(request, text % {"number": number})
    return redirect("leaddistrib:handed-over", rep.public_id, handover)


def _chosen(form: HandOverForm, request: HttpRequest, others: object) -> Rep | None:
    if form.is_bound:
        chosen: Rep | None = form.cleaned_data.get("accounts_to")
        return chosen
    asked = request.GET.get("accounts_to", "")
    if not asked:
        return None
    try:
        public_id = UUID(asked)
    except ValueError:
        raise Http404 from None
    found = form.fields["accounts_to"].queryset.filter(public_id=public_id).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    form.initial["accounts_to"] = public_id
    return found  # type: ignore[no-any-return]


def _shown(text: str) -> Mapping[str, str]:
    """Where each lead was to go by the preview that the viewer saw; {} if none came along."""
    try:
        shown: Mapping[str, str] = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return {}
    return shown


def _receiver(row: Row) -> str:
    if row.owner:
        return row.owner.name
    return row.pool.name if row.pool else "–"


def _say(request: HttpRequest, done: HandedOver, shown: Mapping[str, str]) -> None:
    """How much was handed over, and what came otherwise than the preview said."""
    number = len(done.decisions)
    text = ngettext(
        "%(number)d lead was handed over.", "%(number)d leads were handed over.", number
    )
    messages.success(request, text % {"number": number})
    receivers = {
        str(one.lead_id): f"rep:{one.owner_id}" if one.owner_id else f"pool:{one.pool_id}"
        for one in done.decisions
    }
    elsewhere = [str(one.lead) for one in done.decisions if _differs(one.lead_id, receivers, shown)]
    gone = sum(lead not in receivers for lead in shown)
    if shown and elsewhere:
        text = ngettext(
            "%(number)d lead went elsewhere than the preview said: %(leads)s.",
            "%(number)d leads went elsewhere than the preview said: %(leads)s.",
            len(elsewhere),
        )
        messages.warning(request, text % {"number": len(elsewhere), "leads": _some(elsewhere)})
    if gone:
        text = ngettext(
            "%(number)d lead of the preview was the rep's no more.",
            "%(number)d leads of the preview were the rep's no more.",
            gone,
        )
        messages.warning(request, text % {"number": gone})


def _differs(lead: int, receivers: Mapping[str, str], shown: Mapping[str, str]) -> bool:
    return shown.get(str(lead)) != receivers[str(lead)]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "")

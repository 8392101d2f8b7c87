"""A rep leaves: what is open is handed over, after a preview, and may be taken back (PU10)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.handing_over import (
    HandedOver,
    Row,
    hand_over,
    preview_handover,
    receiver,
)
from leaddistrib.lifecycle.taking_back import TakenBack, take_back
from leaddistrib.models import HandOver, Lead, Rep
from leaddistrib.queries import handovers
from leaddistrib.queries.overseeing import may_move, reps_overseen
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.cards import called, listed, shown_to
from leaddistrib.web.overseeing import HandOverForm, overview, rep_overseen

PAGE = 50
LISTED = 50
"""Accounts that are named; of more, the number is said."""
NEWEST = 10
"""Hand-overs of a rep that are listed."""


@require_safe
@signed_in
def reps(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The reps whom the viewer looks after, each with what is open."""
    context = overview(viewer)
    owned = Count("leads", filter=Q(leads__status=Lead.Status.OWNED))
    listed = reps_overseen(viewer.sight).annotate(open_leads=owned).order_by("-active", *_BY_NAME)
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    return render(request, "leaddistrib/reps.html", context | {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def leave(request: HttpRequest, viewer: Viewer, public_id: UUID) -> HttpResponse:
    """GET shows where everything would go; POST does it, or with ``show`` shows it as if the
    chosen successor had taken over, as ``?successor=`` does."""
    rep = rep_overseen(viewer, public_id)
    showing = "show" in request.POST
    form = HandOverForm(
        request.POST if request.method == "POST" else None,
        reps=reps_overseen(viewer.sight),
        rep=rep,
        showing=showing,
    )
    salt = f"leaddistrib.hand-over:{rep.public_id}:{viewer.user.pk}"
    if form.is_valid() and not showing:
        try:
            done = hand_over(rep, actor=viewer.user, **form.cleaned_data)
        except Busy:
            busy = _("Too much is going on at once. What was done stays done: go on from here.")
            form.add_error(None, busy)
        except ValueError:  # the successor was set inactive at this very moment
            form.add_error("successor", form.fields["successor"].error_messages["invalid_choice"])
        else:
            if not form.differs(done.handover):
                _say(request, viewer, done, _shown(request.POST.get("shown", ""), salt))
                return redirect("leaddistrib:handed-over", rep.public_id, done.id)
            form.add_error(
                "public_id",
                _(
                    "This was handed over already, by what it was begun with. Send it again to hand"
                    " over anew."
                ),
            )
    chosen = _chosen(form, request)
    rows = preview_handover(rep, successor=chosen)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    leads = listed((row.lead for row in page), viewer.sight)
    coverable = set(handovers.coverable(rep, chosen)) if chosen else set()
    accounts = rep.accounts.order_by("name")
    context = {
        "viewer": viewer,
        "rep": rep,
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": [(leads[row.lead.pk], row) for row in page if row.lead.pk in leads],
        "receivers": Counter(_receiver(row) for row in rows).most_common(),
        "shown": signing.dumps(
            {row.lead.public_id.hex: row.receiver for row in rows}, salt=salt, compress=True
        ),
        "accounts": accounts[:LISTED],
        "number_of_accounts": accounts.count(),
        "territories": _territories(rep),
        "covered": [(other, other in coverable) for other in handovers.covered_by(rep)],
        "past": handovers.hand_overs(rep, NEWEST),
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
    known = HandOver.objects.select_related("rep__user", "successor__user", "by")
    found = get_object_or_404(known, public_id=handover, rep=rep)
    if request.method == "POST":
        return _take_back(request, viewer, found)
    entries = handovers.handed_over(found).select_related("lead__owner__user", "lead__pool")
    page = Paginator(entries, PAGE).get_page(request.GET.get("page"))
    # What went to another team may be none of the viewer's business any more.
    leads = listed((entry.lead for entry in page), viewer.sight)
    untouched = handovers.untouched(found).select_related("lead__owner__user", "lead__pool")
    left = len({one.lead_id for one in untouched if may_move(one.lead, viewer.sight)})
    revives = handovers.set_inactive_by(found)
    more = found.taken_back_at is None and any(found.moved.values())
    context = {
        "viewer": viewer,
        "rep": rep,
        "handover": found,
        "page": page,
        "leads": [leads.get(entry.lead_id) for entry in page],
        "left": left,
        "revives": revives,
        "may_take_back": left or more or revives,
        "moved": _numbers(found.moved),
    }
    return render(request, "leaddistrib/handed_over.html", context)


_BY_NAME = ("user__last_name", "user__first_name", "id")


def _territories(rep: Rep) -> list[tuple[str, list[str]]]:
    """The territories that name the rep, each with whoever else works it."""
    named = rep.territories.order_by("name").prefetch_related("reps__user")
    return [
        (one.name, [other.name for other in one.reps.all() if other != rep and other.active])
        for one in named
    ]


def _numbers(moved: Mapping[str, Sequence[int]]) -> Mapping[str, int]:
    """How many accounts, territories and reps to cover went to a successor."""
    territories = (*moved.get("territories", ()), *moved.get("left", ()))
    return {
        "accounts": len(moved.get("accounts", ())),
        "territories": len(territories),
        "backups": len(moved.get("backups", ())),
    }


def _take_back(request: HttpRequest, viewer: Viewer, handover: HandOver) -> HttpResponse:
    rep = handover.rep
    again = redirect("leaddistrib:handed-over", rep.public_id, handover.public_id)
    try:
        done = take_back(
            handover,
            actor=viewer.user,
            reason=_("A hand-over was taken back."),
            may_move=lambda lead: may_move(lead, viewer.sight),
        )
    except Busy:
        busy = _("Too much is going on at once. What was taken back stays so: go on from here.")
        messages.error(request, busy)
    except ValueError:  # inactive, and not by this hand-over
        messages.error(request, _("Set the rep active again first: nothing was taken back."))
    else:
        _say_taken_back(request, done, rep)
    return again


def _say_taken_back(request: HttpRequest, done: TakenBack, rep: Rep) -> None:
    number = len(done.decisions)
    text = ngettext("%(number)d lead was taken back.", "%(number)d leads were taken back.", number)
    messages.success(request, text % {"number": number})
    if any(done.moved.values()):
        text = _(
            "%(name)s also has back: accounts %(accounts)d, territories %(territories)d, reps to"
            " cover %(backups)d."
        )
        messages.success(request, text % {"name": rep.name, **_numbers(done.moved)})


def _chosen(form: HandOverForm, request: HttpRequest) -> Rep | None:
    """The successor who was chosen in the form or is named in the address."""
    if form.is_bound:
        chosen: Rep | None = form.cleaned_data.get("successor")
        return chosen
    asked = request.GET.get("successor", "")
    if not asked:
        return None
    try:
        public_id = UUID(asked)
    except ValueError:
        raise Http404 from None
    found = form.fields["successor"].queryset.filter(public_id=public_id).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    form.initial["successor"] = public_id
    return found  # type: ignore[no-any-return]


def _shown(text: str, salt: str) -> Mapping[str, str]:
    """Where each lead was to go by the preview that the viewer saw; {} if none came along."""
    try:
        shown: Mapping[str, str] = signing.loads(text, salt=salt)
    except signing.BadSignature:
        return {}
    return shown


def _receiver(row: Row) -> str:
    if row.owner:
        return row.owner.name
    return row.pool.name if row.pool else "–"


def _say(request: HttpRequest, viewer: Viewer, done: HandedOver, shown: Mapping[str, str]) -> None:
    """How much was handed over, and what came otherwise than the preview said."""
    if done.handover.taken_back_at:
        messages.warning(request, _("This hand-over was taken back meanwhile."))
        return
    gone_over = set(handovers.handed_over(done.handover).values_list("lead__public_id", flat=True))
    number = len(gone_over)
    text = ngettext(
        "%(number)d lead was handed over.", "%(number)d leads were handed over.", number
    )
    messages.success(request, text % {"number": number})
    elsewhere = [
        one.lead
        for one in done.decisions
        if shown and shown.get(one.lead.public_id.hex) != receiver(one)
    ]
    gone = sum(UUID(lead) not in gone_over for lead in shown)
    if elsewhere:
        text = ngettext(
            "%(number)d lead went elsewhere than the preview said: %(leads)s.",
            "%(number)d leads went elsewhere than the preview said: %(leads)s.",
            len(elsewhere),
        )
        messages.warning(
            request, text % {"number": len(elsewhere), "leads": _some(elsewhere, viewer)}
        )
    if gone:
        text = ngettext(
            "%(number)d lead of the preview was the rep's no more.",
            "%(number)d leads of the preview were the rep's no more.",
            gone,
        )
        messages.warning(request, text % {"number": gone})


def _some(leads: Sequence[Lead], viewer: Viewer) -> str:
    names = [called(shown_to(lead, viewer.sight)) for lead in leads[:10]]
    return ", ".join(names) + (" …" if len(leads) > 10 else "")

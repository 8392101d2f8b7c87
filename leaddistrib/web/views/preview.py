"""A lead as a link in a message shows it, without signing in (NO2).

The link shows what a preview shows to its rep, and never who anybody is. It changes nothing and
signs nobody in: its button leads to the confirmation of the claim, in the rep's own session.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.seeing import mark_seen
from leaddistrib.models import Lead, Rep
from leaddistrib.notify.links import Preview, read_preview
from leaddistrib.policy import View, at_most_a_preview, disclose, policy
from leaddistrib.queries import clock
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.visibility import exists_for
from leaddistrib.web.cards import SIZES, TEMPERATURES, details, own_rows, place, rows
from leaddistrib.web.middleware import answer_in

P = ParamSpec("P")


def sealed(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """No cache keeps what a link shows, and no other site learns of the link."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return inner


@require_safe
@sealed
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """What the rep of the link may see of its lead now, or that the link is no longer good: wrong,
    old, revoked, and not theirs to see all answer alike."""
    found = _found(token)
    if found is None:
        return render(request, "leaddistrib/preview_gone.html", status=404)
    answer_in(request, found.rep.language)
    return render(request, "leaddistrib/preview.html", _context(token, found))


@csrf_exempt  # the link is what shows who sends it; a session plays no part
@require_POST
@sealed
def seen(request: HttpRequest, token: str) -> HttpResponse:
    """The rep has the preview on screen (NO3). By POST from the page, since whoever only follows
    links, such as a mail scanner, has seen nothing."""
    found = _found(token)
    if found is None:
        return HttpResponse(status=404)
    try:
        mark_seen(found.rep, [found.lead.public_id])
    except Busy:
        return HttpResponse(status=503)
    return HttpResponse(status=204)


def _found(token: str) -> Preview | None:
    found = read_preview(token, clock.now())
    if found is None or _view(found.lead, found.rep) is View.NOTHING:
        return None
    return found


def _view(lead: Lead, rep: Rep) -> View:
    """What the link shows to its rep: no more than a preview, even of an own lead."""
    member = exists_for(rep, lead)
    return at_most_a_preview(policy().view_for_rep(lead, rep, member=member))


def _context(token: str, found: Preview) -> dict[str, object]:
    lead, rep, now = found.lead, found.rep, clock.now()
    shown = disclose(lead, _view(lead, rep))
    own = lead.owner_id == rep.pk
    [row] = own_rows([lead], now) if own else rows([lead], now, rep)
    return {
        "token": token,
        "lead": lead,
        "shown": shown,
        "row": row,
        "own": own,
        "waiting": lead.status == Lead.Status.WAITING,
        "shared": is_shared(lead),
        "temperature": TEMPERATURES.get(shown.get("temperature", ""), ""),
        "size": SIZES.get(shown.get("size_band", ""), ""),
        "place": place(shown.get("city", ""), shown.get("country", "")),
        "details": details(shown),
    }

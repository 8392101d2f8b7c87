"""Where waiting leads are seen and claimed (RA1, PL1)."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaddistrib.models import Pool
from leaddistrib.queries import clock
from leaddistrib.queries.inbox import NEWEST, pools_with_sizes, standing
from leaddistrib.queries.queue import NEWEST_FIRST, ORDERS, sources_in, waiting_in
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.cards import rows
from leaddistrib.web.outcomes import reason


@require_safe
@signed_in
def pool(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The newest leads of all own pools, or of one (``?pool=``), in the order (``?sort=``) and of
    the source (``?source=``) asked for; ``?all=1`` pages through every one of them."""
    rep, now = viewer.own, clock.now()
    limits = standing(rep, now)
    pools = list(pools_with_sizes(rep))
    chosen = _chosen(pools, request.GET.get("pool"))
    shown = [chosen] if chosen else pools
    sources = sources_in(shown)
    source = request.GET.get("source")
    source = source if source in sources else None
    order = request.GET.get("sort", NEWEST_FIRST)
    order = order if order in ORDERS else NEWEST_FIRST
    leads = waiting_in(shown, order, source)
    context: dict[str, Any] = {
        "viewer": viewer,
        "limits": limits,
        "reasons": [reason(refusal) for refusal in limits.refusals],
        "pools": pools,
        "chosen": chosen,
        "shown": shown,
        "size": _waiting(shown),
        "total": _waiting(pools),
        "sources": sources,
        "source": source,
        "order": order,
        "everything": "all" in request.GET,
        "limit": NEWEST,
    }
    if context["everything"]:
        context["page"] = Paginator(leads, NEWEST).get_page(request.GET.get("page"))
        context["rows"] = rows(context["page"].object_list)
    else:
        context["rows"] = rows(leads[:NEWEST])
    return render(request, "leaddistrib/pool.html", context)


def _waiting(pools: list[Pool]) -> int:
    """How many leads wait in pools that were read with their sizes."""
    return sum(getattr(pool, "size", None) or 0 for pool in pools)


def _chosen(pools: list[Pool], asked: str | None) -> Pool | None:
    if not asked:
        return None
    try:
        public_id = UUID(asked)
    except ValueError:
        raise Http404 from None
    for one in pools:
        if one.public_id == public_id:
            return one
    raise Http404

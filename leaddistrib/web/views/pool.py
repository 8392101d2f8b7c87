"""Where waiting leads are seen and claimed (RA1, PL1)."""

import json
from typing import Any
from uuid import UUID, uuid4

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaddistrib.models import Pool
from leaddistrib.queries import clock
from leaddistrib.queries.inbox import NEWEST, pools_with_sizes, standing
from leaddistrib.queries.own.called import tier_called
from leaddistrib.queries.own.near import near
from leaddistrib.queries.queue import NEWEST_FIRST, WaitingFilter, orders, values_in, waiting_in
from leaddistrib.queries.visibility import seen_by
from leaddistrib.web.access import Viewer, signed_in
from leaddistrib.web.cards import SIZES, TEMPERATURES, country_name, rows
from leaddistrib.web.outcomes import reason


@require_safe
@signed_in
def pool(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The newest leads of all own pools, or of one (``?pool=``), in the order (``?sort=``) and cut
    (the fields of ``WaitingFilter``) asked for; ``?all=1`` pages through every one of them. Of
    pools that hand out the next lead by a button it shows how many wait."""
    rep, now = viewer.own, clock.now()
    limits = standing(rep, now)
    pools, seen = list(pools_with_sizes(rep, now)), seen_by(rep, now)
    chosen = _chosen(pools, request.GET.get("pool"))
    asked = [chosen] if chosen else pools
    shown = [pool for pool in asked if pool.award != Pool.Award.NEXT]
    order = request.GET.get("sort", NEWEST_FIRST)
    order = order if order in orders() else NEWEST_FIRST
    narrowed = WaitingFilter(request.GET, waiting_in(shown, seen, order))
    leads, cut = narrowed.qs, _cut(narrowed)
    context: dict[str, Any] = {
        "viewer": viewer,
        "tier": tier_called(rep),
        "limits": limits,
        "near": near(limits.remaining),
        "reasons": [reason(refusal, rep) for refusal in limits.refusals],
        "pools": pools,
        "chosen": chosen,
        "shown": shown,
        "handing_out": [(pool, uuid4()) for pool in asked if pool.award == Pool.Award.NEXT],
        "shared": [pool for pool in shown if pool.mode == Pool.Mode.SHARED],
        "size": leads.count() if cut else _waiting(shown),
        "total": _waiting(pools),
        "order": order,
        "orders": orders(),
        "cut": cut,
        "cut_json": json.dumps(cut),
        "fields": narrowed.filters,
        "sources": values_in(shown, seen, "source"),
        "countries": _named(values_in(shown, seen, "country")),
        "sizes": SIZES.items(),
        "temperatures": TEMPERATURES.items(),
        "everything": "all" in request.GET,
        "limit": NEWEST,
        "blank": [None],
    }
    if context["everything"]:
        context["page"] = Paginator(leads, NEWEST).get_page(request.GET.get("page"))
        context["rows"] = rows(context["page"].object_list, now, rep)
    else:
        context["rows"] = rows(leads[:NEWEST], now, rep)
    return render(request, "leaddistrib/pool.html", context)


def _cut(narrowed: WaitingFilter) -> dict[str, str]:
    """What the list is narrowed to, by the name of the filter; what is wrong narrows nothing."""
    narrowed.form.is_valid()
    given = narrowed.form.cleaned_data
    return {name: str(value) for name, value in given.items() if value not in (None, "")}


def _named(codes: list[str]) -> list[tuple[str, str]]:
    """Countries by name, with their codes."""
    named = [(code, country_name(code)) for code in codes if code]
    return sorted(named, key=lambda pair: pair[1])


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

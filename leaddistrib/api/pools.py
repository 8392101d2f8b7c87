"""Pools, and the leads that wait in them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListSerializer

from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import Parameter, documented
from leaddistrib.api.errors import NotARep
from leaddistrib.api.leads import PAGING
from leaddistrib.api.pagination import page
from leaddistrib.api.representing import pool_document, reasons_document
from leaddistrib.api.shapes.pools import PoolOut, WaitingPage
from leaddistrib.events.messages import stamp
from leaddistrib.models import Lead, Pool
from leaddistrib.queries import clock
from leaddistrib.queries.cards import cards
from leaddistrib.queries.claimable import against, opening_times
from leaddistrib.queries.inbox import sized, waiting
from leaddistrib.queries.queue import WaitingFilter
from leaddistrib.queries.sight import pools_seen
from leaddistrib.queries.visibility import opened_to_viewer, seen_by_viewer

FILTER_TYPES: Mapping[str, Mapping[str, Any]] = {
    "size": {"type": "string", "enum": Lead.SizeBand.values},
    "temperature": {"type": "string", "enum": Lead.Temperature.values},
    "min_score": {"type": "number", "minimum": 0},
}
FILTERS = tuple(
    Parameter(name, one.extra["help_text"], FILTER_TYPES.get(name, {"type": "string"}))
    for name, one in WaitingFilter.base_filters.items()
)


class Pools(ApiView):
    """Pools."""

    @documented(
        "pools_list",
        "List pools",
        "Admins see all; managers those of their teams; reps those they are members of.",
        answers={
            200: (ListSerializer(child=PoolOut()), "Each pool with how many leads wait in it.")
        },
    )
    def get(self, request: Request) -> Response:
        counted = opened_to_viewer(self.sight, clock.now())
        pools = sized(pools_seen(self.sight), counted).order_by("name")
        return Response(
            [
                pool_document(
                    pool, getattr(pool, "size", None) or 0, member=pool.pk in self.sight.pools
                )
                for pool in pools
            ]
        )


class PoolLeads(ApiView):
    """The leads that wait in a pool."""

    @documented(
        "pools_leads",
        "List the leads that wait in a pool",
        "The one that has waited longest first, each with when it opens for the caller and what "
        "stands against a claim now. Leads of a shared pool are worked by everybody in it: they "
        "are contacted, not claimed, and `working` says who is at one. Reps see none of a pool "
        "that hands out the next lead.",
        answers={200: (WaitingPage, "One page of waiting leads.")},
        errors=(400, 404),
        parameters=(*PAGING, *FILTERS),
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Each lead with when it opens for the caller, and what stands against a claim now."""
        pool = pools_seen(self.sight).filter(public_id=self.kwargs["id"]).first()
        if pool is None:
            raise NotFound
        leads = waiting(pool, seen_by_viewer(self.sight, clock.now()))
        narrowed = WaitingFilter(request.query_params, leads, who=self.sight)
        if not narrowed.is_valid():
            raise ValidationError(narrowed.errors)
        found = page(request, narrowed.qs, by="opens_at")
        return Response({"next": found.next, "results": self._documents(pool, found.leads)})

    def _documents(self, pool: Pool, leads: list[Lead]) -> list[dict[str, Any]]:
        rep, now = self.sight.rep, clock.now()
        shown = list(zip(leads, cards(leads, now, self.sight), strict=True))
        if rep is None:
            reason = {
                "code": NotARep.default_code,
                "message": str(NotARep.default_detail),
                "lifts_at": None,
            }
            return [_document(card, lead.opens_at, [reason]) for lead, card in shown]
        opens_at = opening_times(rep, leads)
        refusals = against(rep, leads, opens_at, now, member=pool.pk in self.sight.pools)
        return [
            _document(card, opens_at[lead.pk], reasons_document(refusals[lead.pk]))
            for lead, card in shown
        ]


def _document(
    card: dict[str, Any], opens_at: datetime | None, reasons: list[dict[str, Any]]
) -> dict[str, Any]:
    return {**card, "opens_at": stamp(opens_at), "claimable": not reasons, "reasons": reasons}

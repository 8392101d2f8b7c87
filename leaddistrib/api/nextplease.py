"""A rep takes the next lead of a pool that shows none: "next, please" (RA5)."""

from typing import Any

from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.base import ApiView
from leaddistrib.api.claims import REFUSED
from leaddistrib.api.documenting import ApiError, Example, documented
from leaddistrib.api.representing import lead_document, reasons_document
from leaddistrib.api.shapes.claims import ClaimRefused, ClaimWon, NextIn, NothingWaits
from leaddistrib.lifecycle.nextplease import claim_next
from leaddistrib.models import Pool
from leaddistrib.queries.sight import pools_seen
from leaddistrib.queries.visibility import view_by

ASKED = {"key": "0b0f6c0e-6f0c-4d58-9a3c-1f6f4f0a7a51"}


class Next(ApiView):
    """Take the next lead."""

    rate = "claim"

    @documented(
        "pools_next",
        "Take the next lead of a pool",
        "In a pool that hands out its leads nobody sees a lead before it is theirs: the caller "
        "gets the most fitting one that nothing stands against. Make a new `key` for each lead "
        "that is asked for: the same key again gets the first answer. It changes nothing that "
        "nothing waits, and the same key may ask again then.",
        body=NextIn,
        answers={
            200: ((ClaimWon, NothingWaits), "The lead is the caller's; or nothing waits."),
            403: (
                (ClaimRefused, ApiError),
                "Something stands against each lead that waits: told is what stands against the "
                "one that it takes least to have. Or the caller is no rep.",
            ),
        },
        errors=(404, 422),
        examples=(
            Example("Asked", ASKED),
            Example("Nothing waits", {"result": "nothing"}, 200),
            Example("Refused", REFUSED, 403),
        ),
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        """A pool that hands nothing out has no next lead, for nobody."""
        handing_out = pools_seen(self.sight).filter(award=Pool.Award.NEXT)
        pool = handing_out.filter(public_id=self.kwargs["id"]).first()
        if pool is None:
            raise NotFound
        rep = self.rep
        given = NextIn(data=self.body(NextIn().fields))
        given.is_valid(raise_exception=True)
        result = claim_next(pool, rep, key=given.validated_data["key"], via="api")
        if result is None:
            return Response({"result": "nothing"})
        if result.result == "won":
            view = view_by(result.lead, self.sight)
            return Response({"result": "won", "lead": lead_document(result.lead, view)})
        reasons = reasons_document(result.refusals)
        return Response({"result": "refused", "reasons": reasons}, status=status.HTTP_403_FORBIDDEN)

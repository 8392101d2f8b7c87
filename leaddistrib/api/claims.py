"""A rep reaches for a lead, or gives it back."""

from collections.abc import Mapping
from typing import Any

from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import ApiError, Example, documented
from leaddistrib.api.representing import lead_document, reasons_document
from leaddistrib.api.shapes.claims import (
    ClaimCollected,
    ClaimLost,
    ClaimRefused,
    ClaimWon,
    ReleaseIn,
)
from leaddistrib.api.shapes.leads import LeadOut
from leaddistrib.errors import NotYours
from leaddistrib.events.messages import stamp
from leaddistrib.lifecycle.claiming import ClaimResult, answer, claim
from leaddistrib.lifecycle.releasing import release
from leaddistrib.models import Lead
from leaddistrib.queries.visibility import view_by

LOST = {"result": "lost", "taken_by": "Bruno Costa", "taken_at": "2026-11-21T14:30:05Z"}
REFUSED = {
    "result": "refused",
    "reasons": [
        {
            "code": "at_capacity",
            "message": "You are at capacity (open leads: 50 of 50). Close or give back one first.",
            "lifts_at": None,
        }
    ],
}


ANSWERS: Mapping[int, tuple[Any, str]] = {
    200: (ClaimWon, "The lead is the caller's, now or already."),
    409: (ClaimLost, "Another rep was faster."),
    403: (
        (ClaimRefused, ApiError),
        "A rule stands against it, each with what would lift it; or the caller is no rep.",
    ),
}


class Claim(ApiView):
    """Reach for a lead."""

    rate = "claim"

    @documented(
        "leads_claim",
        "Claim a lead",
        "The first valid claim owns it. Losing is an answer too; so is a refusal, with what would "
        "lift it. Claiming an own lead again does no harm. Where claims are collected, the answer "
        "is when it is decided: ask for it then.",
        answers={**ANSWERS, 202: (ClaimCollected, "The claim is kept, and decided later.")},
        errors=(404, 503),
        examples=(Example("Lost", LOST, 409), Example("Refused", REFUSED, 403)),
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        lead, _view = self.lead()
        return self._answered(claim(lead, self.rep, via="api"))

    @documented(
        "leads_claim_result",
        "What came of the caller's latest claim",
        "Of a claim that was collected it says what it was decided to be. Asking changes nothing.",
        answers={**ANSWERS, 202: (ClaimCollected, "It is not decided yet.")},
        errors=(404,),
    )
    def get(self, request: Request, **kwargs: Any) -> Response:
        lead, _view = self.lead()
        found = answer(lead, self.rep)
        if found is None:
            raise NotFound
        return self._answered(found)

    def _answered(self, result: ClaimResult) -> Response:
        if result.result == "won":
            view = view_by(result.lead, self.sight)
            return Response({"result": "won", "lead": lead_document(result.lead, view)})
        if result.result == "lost":
            return Response(_lost(result), status=status.HTTP_409_CONFLICT)
        if result.result == "collected":
            document = {"result": "collected", "decided_at": stamp(result.decided_at)}
            return Response(document, status=status.HTTP_202_ACCEPTED)
        reasons = reasons_document(result.refusals)
        return Response({"result": "refused", "reasons": reasons}, status=status.HTTP_403_FORBIDDEN)


def _lost(result: ClaimResult) -> dict[str, Any]:
    return {
        "result": "lost",
        "taken_by": result.taken_by.name if result.taken_by else "",
        "taken_at": stamp(result.taken_at),
    }


class Release(ApiView):
    """Give a lead back (RA4)."""

    rate = "claim"

    @documented(
        "leads_release",
        "Give a lead back",
        "With the reason. A claimed lead is open to its pool again at once; a pushed one goes "
        "through the rules again.",
        body=ReleaseIn,
        answers={200: (LeadOut, "The lead, as far as the caller may still see it.")},
        errors=(404,),
        examples=(Example("Why", {"reason": "Outside my territory"}),),
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        lead, _view = self.lead()
        if self.rep.pk != lead.owner_id:
            raise NotYours
        given = ReleaseIn(data=self.body(ReleaseIn().fields))
        given.is_valid(raise_exception=True)
        release(lead, self.rep, reason=given.validated_data["reason"])
        lead = Lead.objects.select_related("pool", "owner__user").get(pk=lead.pk)
        return Response(lead_document(lead, view_by(lead, self.sight)))

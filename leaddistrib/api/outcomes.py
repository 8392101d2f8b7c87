"""What came of a lead (OU1)."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import ApiError, Example, documented
from leaddistrib.api.representing import lead_document
from leaddistrib.api.shapes.leads import LeadOut
from leaddistrib.api.shapes.outcomes import OutcomeIn
from leaddistrib.errors import Answered
from leaddistrib.lifecycle.contacting import AHEAD
from leaddistrib.lifecycle.outcomes import record_outcome
from leaddistrib.lifecycle.satisfying import tell_satisfaction
from leaddistrib.models import Lead, Satisfaction
from leaddistrib.queries import clock
from leaddistrib.queries.outcomes import speaks_as
from leaddistrib.queries.visibility import view_by


class Outcomes(ApiView):
    """Say how far a lead got."""

    rate = "claim"

    @documented(
        "leads_outcome",
        "Record an outcome",
        "The stage that a lead reached: by the rep who owns it or, as a member of its pool, shares "
        "it; or by a manager or admin who looks after it, for its owner. Won and lost close the "
        "lead; one that is closed can only become won or lost. The same sent twice is one outcome. "
        "`csat` is what the customer said, from 1 to 5; an answer of the customer's own stays.",
        body=OutcomeIn,
        answers={
            200: (LeadOut, "Kept; the lead as far as the caller may see it now."),
            409: (
                ApiError,
                "`closed`: the lead is, and this says that it went on; `outdated`: it changed "
                "hands, or went on since; `answered`: the customer said how satisfied they are.",
            ),
        },
        errors=(404,),
        examples=(
            Example("Won", {"stage": "won", "value": 12500, "currency": "EUR", "csat": 5}),
            Example("Lost", {"stage": "lost", "reason": "No budget this year"}),
        ),
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        lead, _view = self.lead()
        rep = speaks_as(lead, self.sight)
        given = OutcomeIn(data=self.body(OutcomeIn().fields))
        given.is_valid(raise_exception=True)
        said = given.validated_data
        at, value, csat = said.get("at"), said.get("value"), said.get("csat")
        if at is not None and at > clock.now() + AHEAD:
            raise ValidationError({"at": [_("An outcome is recorded when it has come.")]})
        if csat is not None and _customer_answered(lead):
            raise Answered("The customer answered already.")
        user: Any = request.user
        record_outcome(
            lead,
            said["stage"],
            rep=rep,
            by=user,
            at=at,
            value=None if value is None else Decimal(str(value)).quantize(Decimal("0.01")),
            currency=said.get("currency") or "",
            reason=said.get("reason") or "",
        )
        if csat is not None:
            tell_satisfaction(lead, csat, rep=rep, by=user)
        lead = Lead.objects.select_related("pool", "owner__user").get(pk=lead.pk)
        return Response(lead_document(lead, view_by(lead, self.sight)))


def _customer_answered(lead: Lead) -> bool:
    own = lead.satisfaction.filter(by_customer=True, measure=Satisfaction.Measure.CSAT)
    return own.exists()

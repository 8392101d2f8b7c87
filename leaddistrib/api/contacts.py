"""A rep was in touch with a lead (PO1), or tried to be (SL2)."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import ApiError, Example, documented
from leaddistrib.api.representing import lead_document, reasons_document
from leaddistrib.api.shapes.claims import (
    AttemptIn,
    ClaimLost,
    ClaimRefused,
    LoggedContactIn,
    UndoneContactIn,
)
from leaddistrib.api.shapes.leads import LeadOut
from leaddistrib.events.messages import stamp
from leaddistrib.lifecycle.attempting import log_attempt
from leaddistrib.lifecycle.contacting import AHEAD, log_contact
from leaddistrib.lifecycle.undoing import undo_contact
from leaddistrib.queries import clock
from leaddistrib.queries.visibility import view_by


class Contacts(ApiView):
    """Log a contact."""

    rate = "claim"

    @documented(
        "leads_contact",
        "Log a contact",
        "By the owner of a lead, or by a member of a shared pool while the lead waits there: then "
        "the first contact may make the owner, as the pool says.",
        body=LoggedContactIn,
        answers={
            200: (LeadOut, "The contact is logged; the lead as the caller sees it now."),
            409: (
                ClaimLost,
                "A colleague owns the lead; in a shared pool, by having been in touch first.",
            ),
            403: (
                (ClaimRefused, ApiError),
                "A rule stands against it, each with what would lift it; or the lead is neither "
                "the caller's nor shared.",
            ),
        },
        errors=(404,),
        examples=(Example("A call", {"channel": "call", "note": "Wants a demo on Friday"}),),
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        lead, _view = self.lead()
        rep = self.rep
        given = LoggedContactIn(data=self.body(LoggedContactIn().fields))
        given.is_valid(raise_exception=True)
        said = given.validated_data
        at = said.get("at")
        if at is not None and at > clock.now() + AHEAD:
            raise ValidationError({"at": [_("A contact is logged when it has been made.")]})
        if at is not None and at < lead.received_at - AHEAD:
            raise ValidationError({"at": [_("The lead had not come in yet.")]})
        result = log_contact(lead, rep, said["channel"], at=at, note=said.get("note", ""))
        if result.result == "logged":
            return Response(lead_document(result.lead, view_by(result.lead, self.sight)))
        if result.result == "lost":
            lost = {
                "result": "lost",
                "taken_by": result.taken_by.name if result.taken_by else "",
                "taken_at": stamp(result.taken_at),
            }
            return Response(lost, status=status.HTTP_409_CONFLICT)
        refused = {"result": "refused", "reasons": reasons_document(result.refusals)}
        return Response(refused, status=status.HTTP_403_FORBIDDEN)


class UndoneContacts(ApiView):
    """Take a contact back."""

    rate = "claim"

    @documented(
        "leads_contact_undo",
        "Take a contact back",
        "The caller's newest contact with the lead was none: within ten minutes after it was "
        "logged, while the lead is still the caller's and nothing came of it. The response clock "
        "that it answered runs on. Sent again within a minute, no second one is taken back.",
        body=UndoneContactIn,
        answers={
            200: (LeadOut, "It counts nowhere any more; the lead as the caller sees it now."),
            409: (ApiError, "`outdated`: there is nothing that could be taken back any more."),
            403: (ApiError, "The lead is neither the caller's nor shared."),
        },
        errors=(404,),
        examples=(Example("Nobody answered", {"unanswered": True}), Example("A slip", {})),
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        lead, _view = self.lead()
        rep = self.rep
        given = UndoneContactIn(data=self.body(UndoneContactIn().fields))
        given.is_valid(raise_exception=True)
        unanswered = bool(given.validated_data.get("unanswered"))
        found = undo_contact(lead, rep, unanswered=unanswered)
        return Response(lead_document(found, view_by(found, self.sight)))


class Attempts(ApiView):
    """Log an attempt that nobody answered."""

    rate = "claim"

    @documented(
        "leads_attempt",
        "Log an attempt",
        "Nobody answered: the response clock goes on, and in a shared pool nobody becomes the "
        "owner. By the owner of a lead, or by a member of a shared pool while it waits there.",
        body=AttemptIn,
        answers={
            200: (LeadOut, "The attempt is logged; the lead as the caller sees it now."),
            403: (ApiError, "The lead is neither the caller's nor shared."),
        },
        errors=(404,),
        examples=(Example("A call", {"channel": "call", "note": "Voicemail"}),),
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        lead, _view = self.lead()
        rep = self.rep
        given = AttemptIn(data=self.body(AttemptIn().fields))
        given.is_valid(raise_exception=True)
        said = given.validated_data
        found = log_attempt(lead, rep, said["channel"], said.get("note", ""))
        return Response(lead_document(found, view_by(found, self.sight)))

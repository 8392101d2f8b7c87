"""What the two doors that leads are sent to have in common: API and webhooks (IN1, IN2)."""

import re

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.documenting import Example, Parameter
from leaddistrib.api.representing import decision_document
from leaddistrib.api.shapes.leads import LeadIn
from leaddistrib.api.shapes.leads import Received as ReceivedOut
from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.receiving import Outcome, Received

FIELDS = LeadIn().fields
KEY_HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x20-\x7e]{1,200}")

SENT = {
    "source": "website",
    "source_system": "crm",
    "external_id": "A-1001",
    "lead_type": "demo_request",
    "company": "Boulangerie Lenoir",
    "contact": {
        "name": "Ana Lenoir",
        "title": "Head of Purchasing",
        "email": "ana@lenoir.example",
        "phone": "+33 1 23 45 67 89",
    },
    "country": "FR",
    "employees": 620,
    "score": 84,
    "attributes": {"campaign": "spring"},
}
ANSWERED = {
    "id": "0b8f6a52-5f0e-4f3c-9a55-0d2a1f6f7c11",
    "decision": {
        "method": "push",
        "rule": "Enterprise demos in France",
        "ruleset_version": 3,
        "owner": "Amina Diallo",
        "pool": None,
        "explanation": "The rule “Enterprise demos in France” gave this lead to Amina Diallo, "
        "whose turn it was.",
    },
}
WRONG = {
    "code": "invalid",
    "detail": "Some fields are wrong.",
    "fields": {"contact.email": ["Expected an e-mail address such as ana@example.com, got “ana”."]},
}
EXAMPLES = (
    Example("A lead", SENT),
    Example("Pushed to a rep", ANSWERED, 201),
    Example("Wrong fields", WRONG, 400),
)
ANSWERS = {
    201: (ReceivedOut, "The lead is new; this is what the rules decided."),
    200: (ReceivedOut, "The lead was known: the same answer as the first time."),
}


def key_parameter(whose: str) -> Parameter:
    """The header that makes a call safe to send again, remembered for each of ``whose``."""
    return Parameter(
        KEY_HEADER,
        f"Of the caller's choice, one for each lead; remembered for each {whose}.",
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
        "header",
    )


def idempotency_key(request: Request) -> str:
    """The call's key, "" if it has none. Raises InvalidLead naming the header if it is none."""
    key = request.headers.get(KEY_HEADER)
    if key is not None and not KEY.fullmatch(key):
        raise InvalidLead({KEY_HEADER: [_("Expected 1 to 200 printable ASCII characters.")]})
    return key or ""


def answer(received: Received) -> Response:
    """The lead's id and what was decided of it: 201 if it is new, 200 if it was known."""
    return Response(
        {"id": str(received.lead.public_id), "decision": decision_document(received.decision)},
        status=status.HTTP_201_CREATED
        if received.outcome is Outcome.CREATED
        else status.HTTP_200_OK,
    )

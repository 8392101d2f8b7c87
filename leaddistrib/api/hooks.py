"""Where sources send leads that they sign (IN1)."""

from collections.abc import Mapping
from io import BytesIO

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, UnsupportedMediaType
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import Parameter, documented
from leaddistrib.api.errors import TooLarge
from leaddistrib.api.parsing import MAX_BYTES, StrictJSONParser
from leaddistrib.api.sending import (
    ANSWERS,
    EXAMPLES,
    FIELDS,
    answer,
    idempotency_key,
    key_parameter,
)
from leaddistrib.api.shapes.leads import LeadIn
from leaddistrib.api.throttling import Rate
from leaddistrib.errors import BadSignature, InvalidLead, KeyReused
from leaddistrib.lifecycle.intake.cleaning import LeadInput, clean, require_identity
from leaddistrib.lifecycle.intake.renaming import renamed
from leaddistrib.lifecycle.intake.texts import shown
from leaddistrib.lifecycle.webhooks import (
    Refused,
    admit,
    answered_before,
    note,
    note_refused,
    take,
)
from leaddistrib.models import Webhook, WebhookCall

TIMESTAMP = "X-Leaddistrib-Timestamp"
SIGNATURE = "X-Leaddistrib-Signature"


class Door(ApiView):
    """A door that asks for no user and no session: a signature says who calls."""

    authentication_classes: tuple[type[BaseAuthentication], ...] = ()
    permission_classes: tuple[type[BasePermission], ...] = ()

    def get_throttles(self) -> list[BaseThrottle]:
        """None before the signature was looked at: strangers use up no source's rate."""
        return []

    def count(self, rate: Rate) -> None:
        """One more call. Raises Throttled if it is one too many."""
        if not rate.allow_request(self.request, self):
            self.throttled(self.request, rate.wait() or 0)

    def whole_body(self) -> bytes:
        """What was sent, byte for byte: not request.data, because what was signed is the bytes.
        Raises TooLarge."""
        body: bytes = self.request._request.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            self.count(Rate("unsigned"))
            raise TooLarge
        return body


class Hook(Door):
    """The door of one source."""

    @documented(
        "hooks_send",
        "Send a signed lead",
        "One address for each source, made in the admin site. The signature is HMAC-SHA256, with "
        "the source's secret, over the timestamp, a point and the body byte for byte; the "
        "timestamp may be 300 seconds off. An unknown source, an inactive one and a wrong "
        "signature are answered alike. The same call again is answered as the first time. A "
        "source may have names of its own for the fields; `source` and `source_system` may be "
        "left out.",
        body=LeadIn,
        answers=ANSWERS,
        errors=(422,),
        parameters=(
            Parameter(
                TIMESTAMP,
                "When the call was signed: seconds since 1970, UTC.",
                {"type": "string", "pattern": "^[0-9]{1,11}$"},
                "header",
            ),
            Parameter(
                SIGNATURE,
                "`sha256=` and 64 hexadecimal digits.",
                {"type": "string", "pattern": "^sha256=[0-9a-fA-F]{64}$"},
                "header",
            ),
            key_parameter("source"),
        ),
        examples=EXAMPLES,
        signed=True,
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.whole_body()
        signature = request.headers.get(SIGNATURE, "")
        try:
            webhook, digits = admit(slug, request.headers.get(TIMESTAMP, ""), signature, body)
        except Refused as refused:
            self.count(Rate("unsigned"))
            note_refused(refused)
            raise BadSignature(str(refused)) from refused
        self.count(Rate("intake", f"webhook:{webhook.pk}"))
        received = answered_before(webhook, digits)
        if received is None:
            try:
                key = idempotency_key(request)
                given = _given(webhook, request, body)
                received = take(webhook, digits, given, key=key)
            except (InvalidLead, KeyReused, APIException) as error:
                note(webhook, WebhookCall.Outcome.INVALID, _in_short(error))
                raise
        return answer(received)


def _given(webhook: Webhook, request: Request, body: bytes) -> LeadInput:
    """The lead that was sent, by our names. Raises InvalidLead naming what is wrong by the
    sender's; ParseError or UnsupportedMediaType if it is no JSON."""
    if _media_type(request) != StrictJSONParser.media_type:
        raise UnsupportedMediaType(shown(request.content_type or ""))
    sent = StrictJSONParser().parse(BytesIO(body))
    if not isinstance(sent, dict):
        raise InvalidLead({"": [_("Send an object with named values.")]})
    # A sender with names of its own says much that is nothing to a lead.
    known = sent if webhook.mapping else {name: sent[name] for name in sent if name in FIELDS}
    unknown = {shown(name): [_("There is no such field.")] for name in sent if name not in known}
    data = renamed(known, webhook.mapping)
    for name, own in (("source", webhook.source), ("source_system", webhook.slug)):
        if data.get(name) in (None, ""):
            data[name] = own
    try:
        given = clean(data, require=("source",))
        require_identity(given)
    except InvalidLead as error:
        raise InvalidLead({**unknown, **_theirs(error.fields, webhook.mapping)}) from error
    if unknown:
        raise InvalidLead(unknown)
    return given


def _theirs(fields: Mapping[str, list[str]], names: Mapping[str, str]) -> dict[str, list[str]]:
    """What is wrong, by the names that the sender gave the fields."""
    told = {ours: theirs for theirs, ours in names.items()}
    return {told.get(name, name): messages for name, messages in fields.items()}


def _media_type(request: Request) -> str:
    return (request.content_type or "").partition(";")[0].strip().lower()


def _in_short(error: InvalidLead | KeyReused | APIException) -> str:
    """What the admin is told of a call that was signed and brought no lead."""
    if isinstance(error, InvalidLead):
        return ", ".join(error.fields)
    return error.code if isinstance(error, KeyReused) else error.default_code

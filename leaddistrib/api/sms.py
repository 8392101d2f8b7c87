"""Where an SMS provider says that a text message arrived (NO3)."""

import json
from urllib.parse import parse_qs

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.hooks import Door
from leaddistrib.api.throttling import Rate
from leaddistrib.lifecycle.receipts import delivered
from leaddistrib.notify.links import read_receipt
from leaddistrib.queries import clock

ARRIVED = "delivered"


class SmsStatus(Door):
    """The ``status_callback`` of one message. Its signed token shows that the message was ours, and
    is known to the provider alone."""

    schema = None  # for the provider that was told of it

    def post(self, request: Request, token: str) -> Response:
        message = read_receipt(token)
        if message is None:
            self.count(Rate("unsigned"))
            raise NotFound
        if _status(self.whole_body()) == ARRIVED:
            delivered(message, clock.now())
        return Response(status=204)


def _status(body: bytes) -> str:
    """``status`` of a JSON object, or ``status`` or ``MessageStatus`` of a form; "" if there is
    none."""
    try:
        text = body.decode()
        if text.lstrip().startswith("{"):
            return str(json.loads(text).get("status", ""))
        form = parse_qs(text, max_num_fields=50)
    except ValueError:
        return ""
    return next((form[name][0] for name in ("status", "MessageStatus") if name in form), "")

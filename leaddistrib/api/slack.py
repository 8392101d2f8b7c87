"""Where Slack says that somebody pressed a button in a room (NO1)."""

import json
import re
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.hooks import Door, Hook
from leaddistrib.api.throttling import Rate
from leaddistrib.errors import BadSignature
from leaddistrib.lifecycle.buttons import Press, is_from_slack, press
from leaddistrib.lifecycle.signing import TOLERANCE
from leaddistrib.notify.slack.blocks import CLAIM, TIE
from leaddistrib.queries import clock

NAME = "slack"
"""Its place among the addresses of sources: no new source may take it."""
TIMESTAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"
ID = re.compile(r"[A-Z0-9]{1,30}")
CLICK = re.compile(r"[0-9.]{1,30}")
VALUE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([0-9]{1,9})")


class SlackPressed(Door):
    """Interactivity requests of Slack, signed with its signing secret.

    Answered with an empty 200, as Slack expects within three seconds; what came of a claim is a
    message of its own.
    """

    schema = None  # Slack's own format, which nobody else speaks

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """What Slack did not sign may come from a source that took this name before it was
        Slack's: it is let in, or refused, as at any source's address."""
        if SIGNATURE not in request.headers:
            return Hook.as_view()(request, slug=NAME)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: Request) -> Response:
        body = self.whole_body()
        signature = request.headers.get(SIGNATURE, "")
        timestamp = request.headers.get(TIMESTAMP, "")
        if not is_from_slack(timestamp, signature, body, clock.now()):
            self.count(Rate("unsigned"))
            raise BadSignature("The call is not signed as Slack signs.")
        pressed = _pressed(body)
        if pressed is not None and _first(signature):
            self.count(Rate("claim", f"slack:{pressed.member}"))
            press(pressed)
        return Response()


def _first(signature: str) -> bool:
    """Whether this very call is new. A repeated one would be harmless: its claim is bound to a
    period, and noted once more as an attempt."""
    name = f"leaddistrib.slack.{signature}"
    return bool(cache.add(name, True, 2 * TOLERANCE.total_seconds()))


def _pressed(body: bytes) -> Press | None:
    """The press of one of our buttons; None for every other thing that Slack tells us."""
    try:
        [payload] = parse_qs(body.decode(), max_num_fields=10)["payload"]
        told: Any = json.loads(payload)
        action = next(one for one in told["actions"] if one["action_id"] in (CLAIM, TIE))
        room, member = told["channel"]["id"], told["user"]["id"]
        click, claims = action["action_ts"], action["action_id"] == CLAIM
        value = VALUE.fullmatch(action["value"]) if claims else None
        named = all(ID.fullmatch(one) for one in (room, member)) and CLICK.fullmatch(click)
    except (ValueError, LookupError, TypeError, StopIteration):
        return None
    if told.get("type") != "block_actions" or not named or (claims and not value):
        return None
    return Press(room, member, click, *((UUID(value[1]), int(value[2])) if value else ()))

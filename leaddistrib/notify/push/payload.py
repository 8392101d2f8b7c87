"""What a device is sent: JSON that static/leaddistrib/sw.js turns into a notification (NO2)."""

import json
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from leaddistrib.models import OutboxMessage
from leaddistrib.notify.kinds import Kind, Loaded
from leaddistrib.notify.links import receipt_token
from leaddistrib.notify.push.keys import encoded
from leaddistrib.notify.texts import context, cut, read_by, render, view_in
from leaddistrib.policy import View

MOST_BYTES = 3000
"""Of a payload: push services take 4096 after encryption, some less."""

TITLE, BODY = 120, 240
"""Characters of the two texts: no phone shows more."""


def payload(message: OutboxMessage, kind: Kind, loaded: Loaded) -> bytes:
    """The notification for ``message``, in at most MOST_BYTES.

    ``receipt`` is what the device sends back when it has the message, and when it is opened. Paths
    have no site before them: a device opens them on the site that it subscribed to.
    """
    with read_by(message):
        shown = context(message, loaded)
        whole = {
            "title": cut(render("push", f"{kind.template}_title", shown), TITLE),
            "body": cut(render("push", kind.template, shown), BODY),
            "url": _path(shown["url"]),
            # The same message again takes the place of the first: a double is seen once.
            "tag": tag(message),
            "receipt": receipt_token(message),
            "urgent": kind.urgent,
            "lang": get_language(),
            "actions": _actions(message),
        }
    content = _rendered(whole)
    return content if len(content) <= MOST_BYTES else _rendered({**whole, "body": ""})


def tag(message: OutboxMessage) -> str:
    """What the message is known by on devices and at push services, in 32 characters: an event
    names leads by their sequence numbers, which nobody outside is told."""
    made = salted_hmac("leaddistrib.push.tag", message.event, algorithm="sha256")
    return encoded(made.digest()[:24])


def _actions(message: OutboxMessage) -> list[dict[str, str]]:
    """The buttons of a notification. Claiming asks for a confirmation, in the own session. None
    leads to a lead that the text does not name."""
    lead, kind = message.lead, message.event.partition(":")[0]
    if lead is None or view_in(message) is View.NOTHING:
        return []
    if kind not in ("lead.offered", "lead.assigned", "response.reminder"):
        return []
    if kind == "lead.offered":
        claim = reverse("leaddistrib:claim", args=[lead.public_id])
        return [
            {
                "action": "claim",
                "title": pgettext("the button that takes a lead", "Claim"),
                "url": claim,
            }
        ]
    page = reverse("leaddistrib:lead", args=[lead.public_id])
    return [{"action": "open", "title": _("Answer"), "url": page}]


def _path(url: str) -> str:
    return urlsplit(url).path


def _rendered(whole: dict[str, object]) -> bytes:
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()

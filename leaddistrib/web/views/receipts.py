"""Devices say that a message arrived, and that it was opened (NO3)."""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import receipts
from leaddistrib.notify.links import read_receipt
from leaddistrib.queries import clock


# The token shows that the message came to whoever sends it back; nobody is signed in.
@csrf_exempt
@require_POST
def delivered(request: HttpRequest, token: str) -> HttpResponse:
    """The message arrived on the device; the first to say so counts."""
    return _stamp(token, receipts.delivered)


@csrf_exempt
@require_POST
def seen(request: HttpRequest, token: str) -> HttpResponse:
    """The message was opened; the first to say so counts."""
    return _stamp(token, receipts.seen)


def _stamp(token: str, stamp: Callable[[int, datetime], None]) -> HttpResponse:
    message = read_receipt(token)
    if message is None:
        return HttpResponse(status=404)
    try:
        stamp(message, clock.now())
    except Busy:
        return HttpResponse(status=503)
    return HttpResponse(status=204)

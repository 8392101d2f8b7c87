"""Everything a claim page shows, for pages that cannot have a socket (UI3)."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from leaddistrib.queries import clock
from leaddistrib.queries.snapshot import snapshot as take
from leaddistrib.web.access import Viewer, signed_in


@require_safe
@signed_in
def snapshot(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The socket's ``snapshot`` message, with an epoch of its own."""
    message = take(viewer.own, str(uuid4()), clock.now())
    return HttpResponse(message.text, content_type="application/json")

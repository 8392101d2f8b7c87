"""What pages say when the database stayed locked through every retry: nothing was written."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.errors import Busy

BUSY = lazy("Too much is going on at once. Nothing was changed: try again.")


@contextmanager
def unless_busy(request: HttpRequest) -> Iterator[None]:
    """Around an act and what is said of its success: where the database is busy, the next page says
    that instead."""
    try:
        yield
    except Busy:
        messages.error(request, str(BUSY))


def busy_answer() -> JsonResponse:
    """The same for a script: 503."""
    return JsonResponse({"code": Busy.code, "detail": str(BUSY)}, status=503)

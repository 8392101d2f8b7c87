"""Long lists by cursor: each page starts after the last row of the one before.

Ordered by a time and then by public id, so that thousands of leads of the same moment (a file)
page as well as any. A cursor holds nothing but these two values, which the reader was shown.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from leaddistrib.models import Lead

LIMIT = 50
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some leads of a longer list, and the address of those that follow."""

    leads: list[Lead]
    next: str | None


def page(request: Request, leads: QuerySet[Lead], by: str) -> Page:
    """The page of ``leads`` that the query parameters ``cursor`` and ``limit`` ask for.

    ``by`` names a time that each of them has, with "-" before it for the newest first.

    Raises:
        ValidationError: a cursor that was not given out here, or a limit out of bounds.
    """
    field, limit = by.removeprefix("-"), _limit(request)
    leads = leads.order_by(by, "public_id")
    if "cursor" in request.query_params:
        moment, public_id = _decoded(request.query_params["cursor"])
        # Said twice, because the first condition alone lets the index skip to the place.
        side, beyond = ("lte", "lt") if by.startswith("-") else ("gte", "gt")
        leads = leads.filter(
            Q(**{f"{field}__{beyond}": moment}) | Q(public_id__gt=public_id),
            **{f"{field}__{side}": moment},
        )
    found = list(leads[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    cursor = _encoded(getattr(last, field), last.public_id)
    return Page(found[:limit], replace_query_param(request.build_absolute_uri(), "cursor", cursor))


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(LIMIT))
    if re.fullmatch("[0-9]{1,9}", text) and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    message = _("Expected a whole number from 1 to %(greatest)d.") % {"greatest": MAX_LIMIT}
    raise ValidationError({"limit": [message]})


def _encoded(moment: datetime, public_id: UUID) -> str:
    text = f"{moment.astimezone(UTC).isoformat()} {public_id}"
    return urlsafe_b64encode(text.encode()).decode()


def _decoded(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, public_id = urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(moment).astimezone(UTC), UUID(public_id)
    except (ValueError, OverflowError) as error:
        message = _("This cursor was not given out here.")
        raise ValidationError({"cursor": [message]}) from error

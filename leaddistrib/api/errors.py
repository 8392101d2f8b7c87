"""Every error of the API as ``{"code", "detail", "fields"}``."""

import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from leaddistrib.errors import (
    Answered,
    BadSignature,
    Busy,
    Closed,
    InvalidLead,
    KeyReused,
    LeadDistribError,
    NotYours,
    Outdated,
)

OURS: Mapping[type[LeadDistribError], tuple[int, str | Promise]] = {
    KeyReused: (
        status.HTTP_422_UNPROCESSABLE_ENTITY,
        _("This Idempotency-Key was used for another lead. Use a new key."),
    ),
    BadSignature: (
        status.HTTP_401_UNAUTHORIZED,
        _("This address takes only calls that are signed with its secret, and in time."),
    ),
    NotYours: (status.HTTP_403_FORBIDDEN, _("Only the rep who owns a lead can do this.")),
    Closed: (
        status.HTTP_409_CONFLICT,
        _("This lead is closed: it can only become won or lost."),
    ),
    Outdated: (
        status.HTTP_409_CONFLICT,
        _("This lead changed hands or went on since. Read it again."),
    ),
    Answered: (status.HTTP_409_CONFLICT, _("The customer answered already: that answer stays.")),
    Busy: (
        status.HTTP_503_SERVICE_UNAVAILABLE,
        _("The database is busy. Nothing was changed; try again."),
    ),
}
BUSY_SECONDS = 1


class TooLarge(exceptions.APIException):
    """The body is larger than any lead."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The request is too large.")
    default_code = "too_large"


class NotARep(exceptions.PermissionDenied):
    """A user who is no rep reached for a lead."""

    default_detail = _("Only reps claim leads and give them back.")
    default_code = "not_a_rep"


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to an error, or None for one that nobody foresaw: Django reports that one."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    headers: dict[str, str] = {}
    if isinstance(error, InvalidLead):
        response = _invalid(error.fields)
    elif isinstance(error, LeadDistribError) and type(error) in OURS:
        code, detail = OURS[type(error)]
        if isinstance(error, Busy):
            headers["Retry-After"] = str(BUSY_SECONDS)
        elif isinstance(error, BadSignature):
            headers["WWW-Authenticate"] = "HMAC-SHA256"
        response = _response(code, error.code, str(detail))
    elif isinstance(error, exceptions.ValidationError):
        response = _invalid(_by_field(error.detail))
    elif isinstance(error, exceptions.APIException):
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if isinstance(error, exceptions.Throttled):
            headers["Retry-After"] = str(math.ceil(getattr(error, "wait", None) or 1))
        response = _response(error.status_code, str(error.get_codes()), str(error.detail))
    else:
        return None
    set_rollback()
    for name, value in headers.items():
        response[name] = value
    return response


def _response(
    status_code: int, code: str, detail: str, fields: Mapping[str, list[str]] | None = None
) -> Response:
    return Response({"code": code, "detail": detail, "fields": fields or {}}, status=status_code)


def _invalid(fields: Mapping[str, list[str]]) -> Response:
    return _response(
        status.HTTP_400_BAD_REQUEST, "invalid", str(_("Some fields are wrong.")), fields
    )


def _by_field(detail: Any) -> dict[str, list[str]]:
    """DRF's messages by field; those that belong to no field stand under ""."""
    if isinstance(detail, Mapping):
        return {str(name): [str(one) for one in messages] for name, messages in detail.items()}
    return {"": [str(one) for one in detail]}

"""How a view describes itself for the OpenAPI schema, in one decorator.

drf-spectacular is optional (``pip install leaddistrib[api-docs]``): without it the decorator does
nothing and the API works all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from rest_framework import serializers
from rest_framework.schemas.inspectors import ViewInspector

try:
    from drf_spectacular.openapi import AutoSchema
    from drf_spectacular.utils import (
        OpenApiExample,
        OpenApiParameter,
        OpenApiResponse,
        PolymorphicProxySerializer,
        extend_schema,
        extend_schema_field,
    )
except ImportError:
    INSTALLED = False
    SCHEMA = ViewInspector()
else:
    INSTALLED = True
    SCHEMA = AutoSchema()

F = TypeVar("F", bound=Callable[..., Any])
Shape = type[serializers.Serializer] | serializers.ListSerializer
Shapes = tuple[type[serializers.Serializer], ...]


class ApiError(serializers.Serializer):
    """Every error of the API."""

    code = serializers.CharField(help_text="stable, for programs")
    detail = serializers.CharField(help_text="for people, in their language")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        help_text="what is wrong with each field, by its name; empty for other errors",
    )


ERRORS: Mapping[int, str] = {
    400: "Wrong fields, each named, or no JSON.",
    401: "No or wrong credentials.",
    403: "Not for this role, or a session without its CSRF token.",
    404: "There is no such thing, or it is not the caller's to see: both are answered alike.",
    406: "The answer is JSON, which the Accept header rules out.",
    409: "Another was faster.",
    413: "The body is larger than 1 MB.",
    415: "The body must be application/json.",
    422: "The Idempotency-Key was used for another lead.",
    429: "Too many calls; Retry-After says how many seconds to wait.",
    503: "The database is busy and nothing was written; try again after Retry-After seconds.",
}
ALWAYS = (401, 403, 406, 429)
SIGNED = "signature"
"""The security scheme of calls that are signed."""

WITH_BODY = (400, 413, 415, 503)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or a header."""

    name: str
    description: str
    schema: Mapping[str, Any]
    location: Literal["query", "header"] = "query"


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a body: of the request where ``status`` is 0, else of that answer."""

    name: str
    value: Any
    status: int = 0


def documented(
    operation: str,
    summary: str,
    description: str,
    *,
    answers: Mapping[int, tuple[Shape | Shapes, str]],
    body: Shape | None = None,
    errors: Sequence[int] = (),
    parameters: Sequence[Parameter] = (),
    examples: Sequence[Example] = (),
    signed: bool = False,
) -> Callable[[F], F]:
    """Describe one method of a view: what it takes, and what it answers for each status.

    For the programmers of other systems, so in English like the names it explains.
    ``answers`` maps a status to its shape (or shapes, where it has several) and what it means.
    Errors that every call can have are added. ``signed``: the call's signature says who calls, and
    there is nobody to be forbidden it.
    """
    if not INSTALLED:
        return lambda method: method
    statuses = {*ALWAYS, *errors, *(WITH_BODY if body else ())} - ({403} if signed else set())
    responses: dict[int, OpenApiResponse] = {
        status: OpenApiResponse(ApiError, description=ERRORS[status]) for status in sorted(statuses)
    }
    for status, (shape, meaning) in answers.items():
        responses[status] = OpenApiResponse(_one_of(operation, status, shape), meaning)
    described = extend_schema(
        operation_id=operation,
        summary=summary,
        description=description,
        tags=[operation.split("_")[0]],
        request=body,
        auth=[{SIGNED: []}] if signed else None,  # type: ignore[list-item]  # goes out as it is
        responses=dict(sorted(responses.items())),
        parameters=[
            OpenApiParameter(one.name, dict(one.schema), one.location, description=one.description)
            for one in parameters
        ],
        examples=[
            OpenApiExample(
                one.name,
                one.value,
                request_only=not one.status,
                response_only=bool(one.status),
                status_codes=[str(one.status)] if one.status else None,
            )
            for one in examples
        ],
    )

    def decorate(method: F) -> F:
        # What extend_schema builds on; otherwise it takes the host's DEFAULT_SCHEMA_CLASS, which is
        # a schema that it cannot extend unless the host chose drf-spectacular for its own API.
        vars(method)["kwargs"] = {"schema": AutoSchema}
        return described(method)

    return decorate


def _one_of(operation: str, status: int, shape: Shape | Shapes) -> Any:
    if isinstance(shape, (type, serializers.ListSerializer)):
        return shape
    return PolymorphicProxySerializer(
        component_name=f"{operation}_{status}",
        serializers=list(shape),
        resource_type_field_name=None,
    )


def typed(schema: Mapping[str, Any]) -> Callable[[F], F]:
    """Give a serializer field this JSON schema."""

    def decorate(field: F) -> F:
        return extend_schema_field(dict(schema))(field) if INSTALLED else field

    return decorate

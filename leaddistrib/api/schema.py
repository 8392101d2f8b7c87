"""The API's own description: OpenAPI, and pages to browse it."""

from functools import lru_cache
from typing import Any

from django.apps import apps
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, include, path, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from leaddistrib.api.attributes import with_host_fields
from leaddistrib.api.base import ApiView
from leaddistrib.api.documenting import INSTALLED, SIGNED

if INSTALLED:
    from drf_spectacular.generators import SchemaGenerator

SIDECAR = "drf_spectacular_sidecar"
TITLE = "Lead distribution"
VERSION = "1"
DESCRIPTION = """Leads come in, rules decide, reps claim.

Sign in with a session and its CSRF token, or send `Authorization: Token …`. Leads and pools are
named by public ids. Long lists have a `next` address. Every error is `{code, detail, fields}`:
the code is for programs, the detail for people, in the language of the rep or of the
`Accept-Language` header. Times are UTC. Webhooks are signed instead.
"""
HOOKS = "hooks/"
SIGNATURE = {
    "type": "apiKey",
    "in": "header",
    "name": "X-Leaddistrib-Signature",
    "description": "`sha256=` and the HMAC-SHA256 of `X-Leaddistrib-Timestamp`, a point and the "
    "body, with the source's secret.",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Swagger UI brings its icons as data: and styles of its own; no script but from this site."""


class NotInstalled(NotFound):
    """What describes the API is an optional package."""

    default_code = "not_installed"


class Described(ApiView):
    """The OpenAPI schema. It holds no data, so everybody may read it."""

    permission_classes = ()
    schema: Any = None  # DRF: the schema leaves this view out

    def get(self, request: Request) -> Response:
        if not INSTALLED:
            raise NotInstalled(_("Install leaddistrib[api-docs] to get the schema."))
        schema = openapi(request.path.removesuffix("schema/"), _hooks())
        return Response(with_host_fields(schema))


class Docs(ApiView):
    """Swagger UI over the schema, from this site's own static files."""

    permission_classes = ()
    schema: Any = None  # DRF: the schema leaves this view out

    def get(self, request: Request) -> HttpResponse:
        if not INSTALLED or not apps.is_installed(SIDECAR):
            raise NotInstalled(
                _("Install leaddistrib[api-docs] and add “%(app)s” to INSTALLED_APPS to get pages.")
                % {"app": SIDECAR}
            )
        response = render(request, "leaddistrib/api/docs.html", {"title": TITLE})
        response["Content-Security-Policy"] = POLICY
        return response

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        """A browser asks for HTML, which is what it gets; errors are JSON as everywhere."""
        return super().perform_content_negotiation(request, force=True)


def _hooks() -> str:
    """Where the addresses of webhooks begin; "" in a host that mounts the API without them."""
    try:
        return reverse("leaddistrib:hook", kwargs={"slug": "-"}).removesuffix("-/")
    except NoReverseMatch:
        return ""


@lru_cache(maxsize=8)
def openapi(prefix: str, hooks: str = "") -> dict[str, Any]:
    """The schema of the API that is mounted at ``prefix``, whatever else the host describes, and of
    the webhooks that are mounted at ``hooks``, if they are."""
    patterns = [path("", include("leaddistrib.api.urls"))]
    if hooks:
        patterns.append(path(HOOKS, include("leaddistrib.api.hook_urls")))
    generator: Any = SchemaGenerator(patterns=patterns)  # type: ignore[no-untyped-call]
    with translation.override("en"):
        schema = generator.get_schema(public=True)
    if hooks:
        schema["components"]["securitySchemes"][SIGNED] = SIGNATURE
    return {
        **schema,
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "paths": {
            (hooks if name.startswith(f"/{HOOKS}") else prefix)
            + name.removeprefix(f"/{HOOKS}").lstrip("/"): item
            for name, item in schema["paths"].items()
        },
    }

"""The API describes itself: completely, truly, and without anything from another host."""

import re

import pytest
import schemathesis
from django.apps import apps
from django.contrib.staticfiles import finders
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, given, seed, settings, strategies
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from leaddistrib.api import leads
from leaddistrib.api import schema as described
from leaddistrib.api.filters import LeadFilter
from leaddistrib.api.sending import SENT
from tests.api.conftest import address
from tests.api.test_access import methods, routes

ROOT = "/leads/api/v1/"
HOOKS = "/leads/hooks/"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
]
EXAMPLES = 25
CODED = ("country", "subdivision", "contact", "attributes")
OPERATIONS = [
    (path, method)
    for path, item in described.openapi(ROOT, HOOKS)["paths"].items()
    for method in item
]


@pytest.fixture(scope="module")
def openapi() -> dict:
    return described.openapi(ROOT, HOOKS)


def test_the_schema_is_valid_and_made_without_a_warning():
    described.openapi.cache_clear()
    GENERATOR_STATS.reset()
    validate_schema(described.openapi(ROOT, HOOKS))
    assert not GENERATOR_STATS


def test_it_is_served_to_everybody(db, openapi):
    response = APIClient().get(address("api-schema"))
    assert response.status_code == 200
    assert response.json() == openapi


def test_every_route_is_described_and_says_where_it_is(openapi):
    own = {"api-schema", "api-docs", "api-unknown"}
    routed = {
        (ROOT + re.sub("<.*?:(.*?)>", r"{\1}", str(pattern.pattern)), method.lower())
        for name, pattern in routes().items()
        for method in methods(pattern)
        if name not in own
    }
    assert routed | {(HOOKS + "{slug}/", "post")} == set(OPERATIONS)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_call_says_how_it_may_fail(openapi, path, method):
    operation = openapi["paths"][path][method]
    signed = path.startswith(HOOKS)
    assert {"401", "406", "429"} <= set(operation["responses"])
    assert signed or "403" in operation["responses"]
    if "{id}" in path:
        assert "404" in operation["responses"]
    if "requestBody" in operation:
        assert {"400", "413", "415", "503"} <= set(operation["responses"])
    for answer in operation["responses"].values():
        assert answer["description"]
        assert "schema" in answer["content"]["application/json"]
    schemes = ["signature"] if signed else ["tokenAuth", "cookieAuth"]
    assert operation["security"] == [{scheme: []} for scheme in schemes]
    assert set(schemes) <= openapi["components"]["securitySchemes"].keys()


def test_every_filter_is_a_parameter_and_the_other_way_round(openapi):
    parameters = openapi["paths"][ROOT + "leads/"]["get"]["parameters"]
    names = {one["name"] for one in parameters} - {"cursor", "limit"}
    assert names == set(LeadFilter.base_filters)


def test_the_example_is_a_lead_that_is_taken(company):
    response = company.client("integration").post(address("api-leads"), SENT, format="json")
    assert response.status_code == 201


def test_the_schema_names_the_address_it_is_mounted_at():
    paths = described.openapi("/crm/api/")["paths"]
    assert "/crm/api/leads/{id}/" in paths
    assert not [name for name in paths if "hooks" in name]


def test_attributes_that_the_host_registered_are_described(db, settings):
    settings.LEADDISTRIB = {
        "FIELDS": {"attributes.plan": {"label": "Plan", "choices": [("free", "Free of charge")]}}
    }
    schema = APIClient().get("/leads/api/v1/schema/").json()["components"]["schemas"]
    for shape in ("LeadIn", "LeadOut"):
        described = schema[shape]["properties"]["attributes"]
        assert described["properties"]["plan"]["description"] == "Plan: `free` Free of charge"
        assert described["additionalProperties"], "others are taken all the same"


def test_the_pages_load_nothing_from_elsewhere(db):
    response = APIClient().get(address("api-docs"), headers={"Accept": "text/html"})
    page = response.content.decode()
    assert response.headers["Content-Type"].startswith("text/html")
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(files) == 4
    for file in files:
        assert file.startswith("/static/")
        assert finders.find(file.removeprefix("/static/")), file
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]
    assert not re.findall(r"<script(?![^>]* src=)", page)


@pytest.mark.parametrize("name", ["api-schema", "api-docs"])
def test_without_the_optional_package_a_404_says_what_to_install(company, monkeypatch, name):
    monkeypatch.setattr(described, "INSTALLED", False)
    response = company.client("rep").get(address(name))
    assert (response.status_code, response.json()["code"]) == (404, "not_installed")
    assert "leaddistrib[api-docs]" in response.json()["detail"]


def test_without_its_assets_the_page_says_what_to_install(company, monkeypatch):
    installed = apps.is_installed
    monkeypatch.setattr(
        apps, "is_installed", lambda name: name != described.SIDECAR and installed(name)
    )
    response = company.client("rep").get(address("api-docs"))
    assert (response.status_code, response.json()["code"]) == (404, "not_installed")
    assert described.SIDECAR in response.json()["detail"]


@pytest.fixture
def kept_connection():
    """The application closes no connection after a request: the test's transaction is on it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def described_operation(company, settings, kept_connection):
    """An operation of the schema as the host serves it, with nobody counting calls."""
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.LEADDISTRIB = {"API_RATES": dict.fromkeys(("default", "claim", "intake"), "9999/s")}
    schema = schemathesis.openapi.from_wsgi(address("api-schema"), get_wsgi_application())
    return lambda path, method: schema[path][method.upper()]


# A call without any input cannot be made wrongly.
WITHOUT_INPUT = {(ROOT + "pools/", "get"), (ROOT + "me/standing/", "get")}
WRONGLY = [key for key in OPERATIONS if key not in WITHOUT_INPUT]
TRIED = [
    *((key, GenerationMode.POSITIVE) for key in OPERATIONS),
    *((key, GenerationMode.NEGATIVE) for key in WRONGLY),
]


@pytest.mark.parametrize(("key", "mode"), TRIED)
@pytest.mark.parametrize("caller", ["admin", "rep"])
def test_whatever_is_sent_the_answer_is_as_described(
    company, described_operation, key, mode, caller
):
    statuses = fuzz(described_operation(*key), mode, company, caller)
    assert len(statuses) >= EXAMPLES / 2
    assert max(statuses) < 500


def test_an_answer_that_is_not_as_described_is_noticed(company, described_operation, monkeypatch):
    monkeypatch.setattr(leads, "lead_document", lambda lead, view: {"id": lead.pk})
    operation = described_operation(ROOT + "leads/{id}/", "get")
    with pytest.raises(FailureGroup, match="Response violates schema"):
        fuzz(operation, GenerationMode.POSITIVE, company, "admin")


def fuzz(operation, mode, company, caller) -> list[int]:
    """Call as ``caller`` with made-up input and, now and then, ids of the cast; the statuses."""
    token = Token.objects.create(user_id=company.caller(caller).pk).key
    known = ["paris", "lyon"] if "/pools/" in operation.path else list(company.leads)
    things = strategies.sampled_from([*known, None])
    statuses = []

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        thing=things,
        plain=strategies.booleans(),
    )
    def once(case, thing, plain) -> None:
        if thing is not None and "id" in case.path_parameters:
            case.path_parameters["id"] = company.id(thing)
        if plain and isinstance(case.body, dict) and "source" in case.body:
            # Made-up text is hardly ever a country or an address: without them some are taken.
            case.body = {
                "company": "Lenoir",
                **{name: value for name, value in case.body.items() if name not in CODED},
            }
        headers = {"Authorization": f"Token {token}"}
        statuses.append(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    once()
    return statuses

"""Who may call what on which object: a table with a row for every route there is (IG4)."""

import json

import pytest
from django.urls import URLPattern

from leaddistrib.api import urls
from leaddistrib.models import Pool
from tests.api.conftest import Company, address

CALLERS = ("admin", "manager", "rep", "integration", "outsider", "anonymous")

# (route, method) → object → the status for each of CALLERS. The manager leads the rep's team;
# "taken" waited in the rep's pool until a colleague claimed it.
MATRIX = {
    ("api-leads", "GET"): {"": "200 200 200 403 403 401"},
    ("api-leads", "POST"): {"": "201 403 403 201 403 401"},
    ("api-lead", "GET"): {
        "own": "200 200 200 403 403 401",
        "colleague's": "200 200 404 403 403 401",
        "waiting": "200 200 200 403 403 401",
        "taken": "200 200 200 403 403 401",
        "foreign": "200 404 404 403 403 401",
        "foreign waiting": "200 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-explanation", "GET"): {
        "own": "200 200 200 403 403 401",
        "colleague's": "200 200 404 403 403 401",
        "waiting": "200 200 200 403 403 401",
        "taken": "200 200 200 403 403 401",
        "foreign": "200 404 404 403 403 401",
        "foreign waiting": "200 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-claim", "POST"): {
        "own": "403 403 200 403 403 401",
        "colleague's": "403 403 404 403 403 401",
        "waiting": "403 403 200 403 403 401",
        "taken": "403 403 409 403 403 401",
        "foreign": "403 404 404 403 403 401",
        "foreign waiting": "403 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    # Nobody here has claimed anything but by being given it: there is no answer to tell.
    ("api-claim", "GET"): {
        "own": "403 403 404 403 403 401",
        "colleague's": "403 403 404 403 403 401",
        "waiting": "403 403 404 403 403 401",
        "taken": "403 403 404 403 403 401",
        "foreign": "403 404 404 403 403 401",
        "foreign waiting": "403 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-contacts", "POST"): {
        "own": "403 403 200 403 403 401",
        "colleague's": "403 403 404 403 403 401",
        "waiting": "403 403 403 403 403 401",
        "taken": "403 403 409 403 403 401",
        "foreign": "403 404 404 403 403 401",
        "foreign waiting": "403 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-contact-undo", "POST"): {
        "own": "403 403 409 403 403 401",  # there is nothing to take back
        "colleague's": "403 403 404 403 403 401",
        "waiting": "403 403 403 403 403 401",
        "taken": "403 403 403 403 403 401",
        "foreign": "403 404 404 403 403 401",
        "foreign waiting": "403 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-attempts", "POST"): {
        "own": "403 403 200 403 403 401",
        "colleague's": "403 403 404 403 403 401",
        "waiting": "403 403 403 403 403 401",
        "taken": "403 403 403 403 403 401",
        "foreign": "403 404 404 403 403 401",
        "foreign waiting": "403 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-outcome", "POST"): {
        "own": "200 200 200 403 403 401",
        "colleague's": "200 200 404 403 403 401",
        "waiting": "200 200 403 403 403 401",
        "taken": "200 200 403 403 403 401",
        "foreign": "200 404 404 403 403 401",
        "foreign waiting": "200 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-release", "POST"): {
        "own": "403 403 200 403 403 401",
        "colleague's": "403 403 404 403 403 401",
        "waiting": "403 403 403 403 403 401",
        "taken": "403 403 403 403 403 401",
        "foreign": "403 404 404 403 403 401",
        "foreign waiting": "403 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-pools", "GET"): {"": "200 200 200 403 403 401"},
    ("api-pool-leads", "GET"): {
        "paris": "200 200 200 403 403 401",
        "lyon": "200 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    # Of the two, the pool of Paris alone hands out the next lead.
    ("api-next", "POST"): {
        "paris": "403 403 200 403 403 401",
        "lyon": "404 404 404 403 403 401",
        "missing": "404 404 404 403 403 401",
    },
    ("api-distribution", "GET"): {"": "200 200 200 403 403 401"},
    ("api-response", "GET"): {"": "200 200 200 403 403 401"},
    ("api-standing", "GET"): {"": "403 403 200 403 403 401"},
    ("api-claim-speed", "GET"): {"": "200 200 200 403 403 401"},
    ("api-give-backs", "GET"): {"": "200 200 200 403 403 401"},
    ("api-tiers", "GET"): {"": "200 200 403 403 403 401"},
    ("api-waiting", "GET"): {"": "200 200 403 403 403 401"},
    ("api-conversion", "GET"): {"": "200 200 403 403 403 401"},
    ("api-schema", "GET"): {"": "200 200 200 200 200 200"},
    ("api-docs", "GET"): {"": "200 200 200 200 200 200"},
    ("api-unknown", "GET"): {"": "404 404 404 403 403 401"},
}
BODIES = {
    "api-attempts": {"channel": "call"},
    "api-contacts": {"channel": "call"},
    "api-leads": {"source": "website", "company": "Lenoir"},
    "api-next": {"key": "0b0f6c0e-6f0c-4d58-9a3c-1f6f4f0a7a51"},
    "api-outcome": {"stage": "won", "value": 1200},
    "api-release": {"reason": "Not my market"},
}


def routes() -> dict[str, URLPattern]:
    return {str(pattern.name): pattern for pattern in urls.urlpatterns}


def methods(pattern: URLPattern) -> set[str]:
    view = getattr(pattern.callback, "cls")  # noqa: B009 - DRF puts it on the function
    return {
        name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)
    }


def test_every_route_and_method_has_a_row():
    routed = {(name, method) for name, one in routes().items() for method in methods(one)}
    assert routed | {("api-unknown", "GET")} == set(MATRIX)


def test_every_route_with_an_id_is_tried_with_a_foreign_and_a_missing_one():
    for (name, _method), row in MATRIX.items():
        if "<uuid:id>" in str(routes()[name].pattern):
            assert "missing" in row
            assert {"foreign", "lyon"} & set(row)


def call(company: Company, caller: str, name: str, method: str, thing: str):
    if name == "api-unknown":
        path = address("api-leads") + "nothing-here/"
    else:
        path = address(name, **({"id": company.id(thing)} if thing else {}))
    if name == "api-next":
        Pool.objects.filter(pk=company.paris.pk).update(award=Pool.Award.NEXT)
    client = company.client(caller)
    return client.generic(
        method, path, json.dumps(BODIES[name]) if name in BODIES else "", "application/json"
    )


@pytest.mark.parametrize(("name", "method"), MATRIX)
@pytest.mark.parametrize("caller", CALLERS)
def test_each_role_gets_its_answer_for_each_object(company, name, method, caller):
    for thing, row in MATRIX[name, method].items():
        expected = int(row.split()[CALLERS.index(caller)])
        response = call(company, caller, name, method, thing)
        assert response.status_code == expected, (thing, response.content)
        if expected >= 400:
            told = response.json()
            assert told.keys() == {"code", "detail", "fields"} or "result" in told


@pytest.mark.parametrize("caller", ["manager", "rep"])
@pytest.mark.parametrize(("name", "method"), [key for key in MATRIX if "missing" in MATRIX[key]])
def test_foreign_and_missing_ids_answer_alike(company, name, method, caller):
    row = MATRIX[name, method]
    index = CALLERS.index(caller)
    hidden = [thing for thing in row if row[thing].split()[index] == "404"]
    answers = [call(company, caller, name, method, thing) for thing in hidden]
    assert len(hidden) > 1
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


@pytest.mark.parametrize("caller", ["admin", "manager", "rep"])
@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_reading_changes_nothing(company, caller, verb, django_assert_max_num_queries):
    client = company.client(caller)
    client.get(address("api-pools"))  # the session learns the reader's language, once
    with django_assert_max_num_queries(1000) as done:
        for (name, method), row in MATRIX.items():
            if method == "GET" and name != "api-unknown":
                for thing in row:
                    client.generic(
                        verb, address(name, **({"id": company.id(thing)} if thing else {}))
                    )
    assert len(done) > 20
    reading = ("SELECT", "SAVEPOINT", "RELEASE", 'DECLARE "_django_curs_')
    written = [q["sql"] for q in done if not q["sql"].startswith(reading)]
    assert written == []

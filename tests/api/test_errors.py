"""Every error is {"code", "detail", "fields"}; who calls, how often and in which language."""

import json
from http import HTTPStatus

import pytest
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from leaddistrib.errors import Busy
from leaddistrib.models import Assignment, Claim
from tests.api.conftest import Company, address

SHAPE = {"code", "detail", "fields"}


def told(response, status: int, code: str) -> dict:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    error: dict = response.json()
    assert set(error) == SHAPE
    assert error["code"] == code
    assert error["detail"]
    return error


def with_token(company: Company, key: str | None = None) -> APIClient:
    key = key or Token.objects.create(user_id=company.amina.user_id).key
    return APIClient(headers={"Authorization": f"Token {key}"})


def test_without_credentials_the_answer_says_how_to_bring_them(db):
    response = APIClient().get(address("api-leads"))
    told(response, 401, "not_authenticated")
    assert response.headers["WWW-Authenticate"] == "Token"


def test_a_wrong_token_is_no_token(company):
    told(with_token(company, "wrong").get(address("api-leads")), 401, "authentication_failed")


def test_a_token_is_as_good_as_a_session(company):
    response = with_token(company).post(address("api-claim", id=company.id("waiting")))
    assert response.json()["result"] == "won"


def test_a_user_who_left_gets_nothing_by_session_or_token(company):
    by_token, by_session = with_token(company), company.client("rep")
    company.amina.user.is_active = False
    company.amina.user.save()
    told(by_token.get(address("api-leads")), 401, "authentication_failed")
    told(by_session.get(address("api-leads")), 401, "not_authenticated")


def test_a_rep_who_is_no_longer_active_is_an_outsider(company):
    company.amina.active = False
    company.amina.save()
    told(company.client("rep").get(address("api-leads")), 403, "permission_denied")


def test_a_session_claims_only_with_its_csrf_token(company):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(company.amina.user)
    path = address("api-claim", id=company.id("waiting"))
    told(client.post(path), 403, "permission_denied")
    assert not Assignment.objects.filter(lead=company.leads["waiting"]).exists()
    client.get(address("api-docs"))
    token = client.cookies["csrftoken"].value
    assert client.post(path, headers={"X-CSRFToken": token}).status_code == HTTPStatus.OK


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_claim_is_made_by_post_only(company, method):
    client = company.client("rep")
    response = client.generic(method, address("api-claim", id=company.id("waiting")))
    assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert response.headers["Allow"] == "GET, HEAD, POST"
    assert not Claim.objects.filter(lead=company.leads["waiting"]).exists()
    told(response, 405, "method_not_allowed")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_to_ask_what_came_of_a_claim_is_not_to_claim(company, method):
    response = company.client("rep").generic(method, address("api-claim", id=company.id("waiting")))
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert not Claim.objects.filter(lead=company.leads["waiting"]).exists()


@pytest.mark.parametrize(
    "path", ["leads/7/", "leads/x/claim/", "nothing/", "leads", "", "leads/%00/"]
)
def test_an_unknown_address_is_a_plain_404(company, path):
    told(company.client("rep").get("/leads/api/v1/" + path), 404, "not_found")


def test_only_json_is_answered(company):
    response = company.client("rep").get(address("api-leads"), headers={"Accept": "text/csv"})
    told(response, 406, "not_acceptable")


def test_only_json_is_read(company):
    response = company.client("admin").post(address("api-leads"), {"source": "website"})
    told(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("kind", "method", "name"),
    [
        ("default", "get", "api-leads"),
        ("default", "get", "api-lead"),
        ("default", "get", "api-schema"),
        ("intake", "post", "api-leads"),
        ("claim", "post", "api-claim"),
        ("claim", "post", "api-release"),
        ("claim", "post", "api-next"),
    ],
)
def test_too_many_calls_are_told_to_wait(company, settings, kind, method, name):
    rates = {"default": "50/min", "claim": "50/min", "intake": "50/min"}
    settings.LEADDISTRIB = {"API_RATES": {**rates, kind: "2/min"}}
    has_id = name in {"api-lead", "api-claim", "api-release", "api-next"}
    path = address(name, **({"id": company.id("own")} if has_id else {}))
    client, other = company.client("admin"), company.client("rep")
    answers = [getattr(client, method)(path) for _ in range(3)]
    assert HTTPStatus.TOO_MANY_REQUESTS not in [one.status_code for one in answers[:2]]
    told(answers[2], 429, "throttled")
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert getattr(other, method)(path).status_code != HTTPStatus.TOO_MANY_REQUESTS


def test_a_host_that_names_one_rate_keeps_the_others(company, settings):
    settings.LEADDISTRIB = {"API_RATES": {"claim": "1/min"}}
    assert company.client("rep").get(address("api-leads")).status_code == HTTPStatus.OK


@pytest.mark.parametrize("name", ["api-claim", "api-release", "api-leads"])
def test_a_busy_database_asks_to_try_again(company, monkeypatch, name):
    def busy(*args: object, **kwargs: object) -> None:
        raise Busy("locked through every retry")

    target = {"api-claim": "claims.claim", "api-release": "claims.release"}
    monkeypatch.setattr(f"leaddistrib.api.{target.get(name, 'leads.receive')}", busy)
    caller = "integration" if name == "api-leads" else "rep"
    has_id = {} if name == "api-leads" else {"id": company.id("own")}
    body = {"source": "w", "company": "L"} if name == "api-leads" else {"reason": "x"}
    response = company.client(caller).post(address(name, **has_id), body, format="json")
    told(response, 503, "busy")
    assert response.headers["Retry-After"] == "1"


def test_errors_speak_the_language_of_the_browser(company):
    response = company.client("admin").get(
        address("api-lead", id=company.id("missing")), headers={"Accept-Language": "fr"}
    )
    assert told(response, 404, "not_found")["detail"] == "Non trouvé."
    assert response.headers["Content-Language"] == "fr"


def test_a_rep_reads_the_own_language_before_the_browsers(company):
    company.amina.language = "fr"
    company.amina.save()
    token = with_token(company)
    response = token.get(
        address("api-lead", id=company.id("missing")), headers={"Accept-Language": "en"}
    )
    assert told(response, 404, "not_found")["detail"] == "Non trouvé."
    assert response.headers["Content-Language"] == "fr"
    other = company.client("admin").get(address("api-lead", id=company.id("missing")))
    assert other.headers["Content-Language"] == "en"


def test_a_language_that_is_none_does_no_harm(company):
    company.amina.language = "tlh-xx"
    company.amina.save()
    assert with_token(company).get(address("api-leads")).status_code == HTTPStatus.OK


def test_errors_are_json_for_a_browser_too(company):
    response = APIClient().get(address("api-leads"), headers={"Accept": "text/html"})
    assert set(json.loads(response.content)) == SHAPE


@pytest.mark.parametrize("caller", ["admin", "manager", "rep"])
def test_times_are_utc_with_a_z(company, caller, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    for lead in company.client(caller).get(address("api-leads")).json()["results"]:
        assert lead["received_at"].endswith("Z")
        assert lead["opens_at"] is None or lead["opens_at"].endswith("Z")

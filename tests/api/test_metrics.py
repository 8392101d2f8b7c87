"""Programs read the same distribution, each caller as far as it is theirs to see (FA1, FA2)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from leaddistrib.models import Outcome, ResponseClock
from tests.api.conftest import address
from tests.responses import answered, started

PATH = "/leads/api/v1/metrics/distribution/"
API_PAGE = (Path(__file__).parents[2] / "docs/api.md").read_text("utf-8")


@pytest.fixture
def closed(company):
    """Amina won her lead; Bruno has two, Chloé of another team one."""
    lead = company.leads["own"]
    Outcome.objects.create(
        lead=lead, rep=company.amina, stage="won", value=1200, currency="EUR", at=lead.received_at
    )
    return company


def rows(answer):
    return {row["name"]: (row["volume"], row["won"], row["conversion"]) for row in answer["rows"]}


def test_an_admin_reads_everybody(closed):
    assert address("api-distribution") == PATH
    answer = closed.client("admin").get(PATH).json()
    assert rows(answer) == {"Bruno": (2, 0, None), "Amina": (1, 1, 1.0), "Chloé": (1, 0, None)}
    assert answer["total"]["value"] == {"EUR": "1200.00"}
    assert (answer["total"]["response"], answer["total"]["sla"]) == (None, None)
    assert answer["gini"] == {"among": 0.1667, "roster": 0.1667, "holders": 3, "everybody": 3}


def test_how_soon_leads_were_answered_is_told_with_them(closed):
    ResponseClock.objects.all().delete()
    at = timezone.now() - timedelta(hours=1)
    answered(started(closed.amina, at), timedelta(minutes=2))
    answered(started(closed.amina, at), timedelta(minutes=9, seconds=1))
    answer = closed.client("rep").get(PATH).json()
    assert (answer["total"]["response"], answer["total"]["sla"]) == (330.5, 0.5)


def test_a_manager_reads_the_own_teams(closed):
    answer = closed.client("manager").get(PATH, {"by": "team"}).json()
    assert rows(answer) == {"Paris": (3, 1, 1.0)}


def test_a_rep_reads_the_own_share_and_the_teams_spread_and_no_colleague(closed):
    client = closed.client("rep")
    answer = client.get(PATH)
    assert rows(answer.json()) == {"Amina": (1, 1, 1.0)}
    assert answer.json()["rows"][0]["share"] == 0.3333
    assert "Bruno" not in answer.content.decode()
    assert answer.json()["gini"]["everybody"] == 2
    assert client.get(PATH, {"by": "source"}).status_code == 403


def test_a_rep_works_out_no_colleagues_revenue_from_the_total(closed):
    lead = closed.leads["colleague's"]
    Outcome.objects.create(
        lead=lead, rep=closed.bruno, stage="won", value=900, currency="EUR", at=lead.received_at
    )
    answer = closed.client("rep").get(PATH).json()
    total = answer["total"]
    assert (total["volume"], total["closed"], total["won"]) == (1, 1, 1)
    assert total["value"] == {"EUR": "1200.00"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"by": "size"}, "by"),
        ({"from": "soon"}, "from"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "to"),
        ({"to": "9999-12-31"}, "to"),
    ],
)
def test_what_cannot_be_asked_is_named(closed, query, field):
    response = closed.client("admin").get(PATH, query)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert field in response.json()["fields"]


def test_another_period_has_other_leads(closed):
    answer = closed.client("admin").get(PATH, {"to": "2020-01-31", "by": "method"}).json()
    assert (answer["rows"], answer["total"]["volume"]) == ([], 0)
    assert answer["to"] == "2020-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("name", "readers"), re.findall(r"(?m)^\| `GET metrics/([\w-]+)/.*?` \| (.*?) \|", API_PAGE)
)
def test_who_may_read_figures_is_as_the_documentation_says(closed, name, readers):
    """The integration reads none of them; a rep those of whom the row says "reps their own"."""
    path = f"/leads/api/v1/metrics/{name}/"
    said = {role: f"{role}s" in readers for role in ("admin", "manager", "rep")}
    assert said["admin"], "each row says for itself who reads it"
    for role, may in said.items():
        assert closed.client(role).get(path).status_code == (200 if may else 403), role
    assert closed.client("integration").get(path).status_code == 403

"""Programs read how soon leads are answered and how fast they are claimed, each caller as far as it
is theirs to see (SL4, RA3)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leaddistrib.models import Claim, Offer, ResponseRollup
from leaddistrib.testing import LeadFactory
from tests.api.conftest import address
from tests.responses import answered, lapsed, started

PATH = "/leads/api/v1/metrics/response/"
SPEED = "/leads/api/v1/metrics/claim-speed/"
NOTHING = {
    **dict.fromkeys(("mean", "in_time", "within_5", "within_60")),
    **dict.fromkeys(("started", "answered", "lapsed"), 0),
    "longest_run": 0,
}


@pytest.fixture
def answering(company):
    """Amina answered two leads, Bruno lost one of two, Chloé of another team answered one. What
    Bruno claimed before is left out."""
    ResponseRollup.objects.all().delete()
    at = timezone.now() - timedelta(hours=3)
    answered(started(company.amina, at, source="web", lead_type="event"), timedelta(minutes=2))
    answered(started(company.amina, at, source="web"), timedelta(minutes=30, seconds=1))
    answered(started(company.bruno, at, source="fair"), timedelta(minutes=1))
    lapsed(started(company.bruno, at, source="fair"))
    answered(started(company.chloe, at), timedelta(minutes=6))
    return company


def test_an_admin_reads_everybody(answering):
    assert address("api-response") == PATH
    answer = answering.client("admin").get(PATH).json()
    assert {row["name"]: row["mean"] for row in answer["rows"]} == {
        "Amina": 960.5,
        "Bruno": 60.0,
        "Chloé": 360.0,
    }
    assert answer["rows"][0] == {
        "key": str(answering.amina.public_id),
        "name": "Amina",
        "started": 2,
        "answered": 2,
        "mean": 960.5,
        "in_time": 0.5,
        "within_5": 0.5,
        "within_60": 1.0,
        "lapsed": 0,
        "longest_run": 1,
    }
    assert (answer["by"], answer["total"]["started"], answer["total"]["in_time"]) == ("rep", 5, 0.4)


def test_a_manager_reads_the_own_teams(answering):
    answer = answering.client("manager").get(PATH, {"by": "team"}).json()
    assert [(row["name"], row["started"], row["lapsed"]) for row in answer["rows"]] == [
        ("Paris", 4, 1)
    ]


@pytest.mark.parametrize(
    ("by", "keys"), [("source", ["fair", "web"]), ("lead_type", ["", "event"])]
)
def test_other_splits_have_their_keys_and_no_runs(answering, by, keys):
    answer = answering.client("manager").get(PATH, {"by": by}).json()
    assert [row["key"] for row in answer["rows"]] == keys
    assert {row["longest_run"] for row in answer["rows"]} == {None}


def test_a_rep_reads_the_own_figures_and_no_colleagues(answering):
    client = answering.client("rep")
    answer = client.get(PATH).json()
    assert [row["name"] for row in answer["rows"]] == ["Amina"]
    assert (answer["total"]["started"], answer["total"]["longest_run"]) == (2, 1)
    by_source = client.get(PATH, {"by": "source"}).json()
    assert [(row["key"], row["started"]) for row in by_source["rows"]] == [("web", 2)]
    assert client.get(PATH, {"by": "team"}).status_code == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [({"by": "size"}, "by"), ({"from": "soon"}, "from"), ({"to": "9999-12-31"}, "to")],
)
def test_what_cannot_be_asked_is_named(answering, query, field):
    response = answering.client("admin").get(PATH, query)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert field in response.json()["fields"]


def test_another_period_has_other_leads(answering):
    answer = answering.client("rep").get(PATH, {"to": "2020-01-31"}).json()
    assert (answer["rows"], answer["to"]) == ([], "2020-02-01T00:00:00Z")
    assert answer["total"] == {**NOTHING, "longest_run": 1}  # the longest one ever


def claimed(rep, seconds, result="won", **stamps):
    lead, now = LeadFactory(), timezone.now()
    told = now - timedelta(seconds=seconds)
    at = {name: told + timedelta(seconds=after) for name, after in stamps.items()}
    Offer.objects.create(lead=lead, rep=rep, period=1, opens_at=told, told_at=told, **at)
    Claim.objects.create(
        lead=lead,
        rep=rep,
        period=1,
        result=result,
        via="api",
        told_at=told,
        seen_at=at.get("seen_at"),
        claimed_at=now,
    )


def test_claim_speed_is_told_by_rep_from_the_receipts(company):
    Claim.objects.all().delete()
    claimed(company.amina, 4, delivered_at=1, seen_at=2)
    claimed(company.amina, 8, "lost", delivered_at=2, seen_at=4)
    claimed(company.amina, 900, "refused")
    claimed(company.chloe, 77)
    assert address("api-claim-speed") == SPEED
    rows = {row["name"]: row for row in company.client("admin").get(SPEED).json()["rows"]}
    amina = rows["Amina"]
    assert (amina["won"], amina["lost"], amina["refused"]) == (1, 1, 1)
    assert (amina["delivered"], amina["seen"], amina["claimed"]) == (1.5, 3.0, 6.0)
    assert amina["handed_out"]["delivered"] is None
    assert rows["Chloé"]["claimed"] == 77.0


def test_claim_speed_of_others_is_for_their_managers(company):
    for rep in (company.amina, company.bruno, company.chloe):
        claimed(rep, 5)

    def named(role):
        return {row["name"] for row in company.client(role).get(SPEED).json()["rows"]}

    assert named("admin") == {"Amina", "Bruno", "Chloé"}
    assert named("manager") == {"Amina", "Bruno"}
    assert named("rep") == {"Amina"}
    assert company.client("rep").get(SPEED, {"from": "soon"}).status_code == 400

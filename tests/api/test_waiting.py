"""Programs read how long customers wait, each caller as far as it is theirs to see (SL4)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leaddistrib.models import Contact, Lead
from leaddistrib.testing import LeadFactory
from tests.api.conftest import address

PATH = "/leads/api/v1/metrics/waiting/"


@pytest.fixture
def answering(company):
    """Two customers of Amina's team waited two and thirty minutes, one still waits; Chloé's, of
    another team, waited six."""
    at = timezone.now() - timedelta(hours=3)
    Lead.objects.update(received_at=at - timedelta(days=90))
    for rep, minutes in ((company.amina, 2), (company.bruno, 30), (company.chloe, 6)):
        lead = LeadFactory(owner=rep, source="web", received_at=at)
        Contact.objects.create(
            lead=lead, rep=rep, channel="call", at=at + timedelta(minutes=minutes)
        )
    LeadFactory(owner=company.amina, source="fair", received_at=at)
    return company


def test_an_admin_reads_everybody(answering):
    assert address("api-waiting") == PATH
    answer = answering.client("admin").get(PATH).json()
    assert answer["rows"][0] == {
        "key": "web",
        "name": "web",
        "leads": 3,
        "answered": 3,
        "waiting": 0,
        "closed": 0,
        "median": 360.0,
        "p90": 1800.0,
        "within_5": 0.3333,
        "within_60": 1.0,
    }
    assert (answer["by"], answer["total"]["leads"], answer["total"]["waiting"]) == ("source", 4, 1)


def test_a_manager_reads_of_the_own_teams_leads(answering):
    answer = answering.client("manager").get(PATH, {"by": "rep"}).json()
    assert [(row["name"], row["leads"], row["median"]) for row in answer["rows"]] == [
        ("Amina", 1, 120.0),
        ("Bruno", 1, 1800.0),
        ("Nobody yet", 1, None),
    ]
    assert answer["rows"][-1]["key"] == "nobody"


def test_a_manager_is_not_told_how_soon_another_teams_rep_was(answering):
    answering.paris.reps.add(answering.chloe)
    at = timezone.now() - timedelta(hours=3)
    lead = LeadFactory(owner=answering.chloe, pool=answering.paris, received_at=at)
    Contact.objects.create(
        lead=lead, rep=answering.chloe, channel="call", at=at + timedelta(minutes=9)
    )
    for by in ("rep", "team"):
        answer = answering.client("manager").get(PATH, {"by": by})
        assert b"Chlo" not in answer.content
        assert b"Lyon" not in answer.content
        [others] = [row for row in answer.json()["rows"] if row["key"] == "others"]
        assert (others["name"], others["leads"], others["median"]) == ("Other teams", 1, 540.0)


@pytest.mark.parametrize(
    ("query", "field"),
    [({"by": "size"}, "by"), ({"from": "soon"}, "from"), ({"to": "9999-12-31"}, "to")],
)
def test_what_cannot_be_asked_is_named(answering, query, field):
    response = answering.client("admin").get(PATH, query)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert field in response.json()["fields"]


def test_another_period_has_other_leads(answering):
    answer = answering.client("admin").get(PATH, {"to": "2020-01-31"}).json()
    assert (answer["rows"], answer["to"]) == ([], "2020-02-01T00:00:00Z")
    assert (answer["total"]["leads"], answer["total"]["median"]) == (0, None)

"""Programs read how tiers do and how many leads are given back, each caller as far as it is theirs
to see (TI3, RA4)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle.releasing import release
from leaddistrib.models import Outcome, ResponseRollup, TierPlacement
from leaddistrib.testing import clock_at
from tests.api.conftest import address
from tests.responses import answered, started
from tests.tiers import placed, tier_policy

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
TIERS = "/leads/api/v1/metrics/tiers/"
DAYS = {"from": "2026-11-01", "to": "2026-11-30"}
GIVE_BACKS = "/leads/api/v1/metrics/give-backs/"


@pytest.fixture(autouse=True)
def noon():
    with clock_at(NOON):
        yield


@pytest.fixture
def tiered(company):
    """Amina of Paris is in Gold, Bruno in Bronze, Chloé of Lyon in Silver."""
    ResponseRollup.objects.all().delete()
    policy = tier_policy()
    for rep, level in ((company.amina, 1), (company.bruno, 3), (company.chloe, 2)):
        placed(rep, level)
        TierPlacement.objects.create(
            rep=rep, policy=policy, level=level, period="2026-11-16", reason="placed", at=NOON
        )
    clock = answered(started(company.amina, NOON), timedelta(minutes=2))
    Outcome.objects.create(
        lead=clock.lead, rep=company.amina, stage="won", value=900, currency="EUR", at=NOON
    )
    return company


def test_a_manager_reads_the_tiers_of_the_own_teams(tiered):
    assert address("api-tiers") == TIERS
    answer = tiered.client("manager").get(TIERS, DAYS).json()
    assert [team["name"] for team in answer["teams"]] == ["Paris"]
    gold, silver, bronze = answer["teams"][0]["tiers"]
    assert gold == {
        "level": 1,
        "name": "Gold",
        "reps": 1,
        "measured_by": ["deal_size", "revenue"],
        "leads": 2,
        "won": 1,
        "conversion": 0.5,
        "revenue": {"EUR": "900.00"},
        "deals": {"EUR": 1},
        "deal_size": {"EUR": "900.00"},
        "started": 1,
        "answered": 1,
        "response": 120.0,
        "contact_rate": 1.0,
        "judged": 0,
        "right": 0,
        "accuracy": None,
    }
    assert silver["measured_by"] == ["conversion", "response"]
    assert (silver["leads"], silver["conversion"], silver["contact_rate"]) == (0, None, None)
    assert (bronze["measured_by"], bronze["leads"]) == (["accuracy", "contact_rate"], 2)


def test_an_admin_reads_all_teams_or_one(tiered):
    admin = tiered.client("admin")
    assert [team["name"] for team in admin.get(TIERS, DAYS).json()["teams"]] == ["Lyon", "Paris"]
    key = str(tiered.chloe.team.public_id)
    assert [team["key"] for team in admin.get(TIERS, {**DAYS, "team": key}).json()["teams"]] == [
        key
    ]


def test_a_manager_cannot_ask_for_another_team(tiered):
    key = str(tiered.chloe.team.public_id)
    answer = tiered.client("manager").get(TIERS, {**DAYS, "team": key})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["team"]


@pytest.mark.parametrize("path", [TIERS, GIVE_BACKS])
def test_days_that_make_no_sense_are_named(tiered, path):
    assert tiered.client("admin").get(path, {"from": "soon"}).status_code == 400


@pytest.fixture
def returned(company):
    """Bruno of Paris gave the lead back that he had claimed."""
    release(company.leads["taken"], company.bruno, reason="No time")
    return company


def test_a_manager_reads_rates_and_reasons_by_rep(returned):
    assert address("api-give-backs") == GIVE_BACKS
    answer = returned.client("manager").get(GIVE_BACKS, DAYS).json()
    assert [row["name"] for row in answer["rows"]] == ["Amina", "Bruno"]
    assert answer["rows"][1:] == [
        {
            "key": str(returned.bruno.public_id),
            "name": "Bruno",
            "claimed": {"leads": 1, "given_back": 1, "rate": 1.0},
            "handed_out": {"leads": 1, "given_back": 0, "rate": 0.0},
            "reasons": [{"reason": "No time", "number": 1}],
        }
    ]
    everybody = returned.client("admin").get(GIVE_BACKS, DAYS).json()["rows"]
    assert [row["name"] for row in everybody] == ["Amina", "Bruno", "Chloé"]


def test_why_a_lead_of_another_team_was_given_back_is_not_told(returned):
    lead = returned.leads["taken"]
    lead.refresh_from_db()
    lead.pool, lead.owner, lead.status = None, returned.chloe, "owned"
    lead.save()
    _amina, row = returned.client("manager").get(GIVE_BACKS, DAYS).json()["rows"]
    assert (row["claimed"]["given_back"], row["reasons"]) == (1, [])


def test_a_rep_reads_the_own_rate_and_no_colleagues(returned):
    [row] = returned.client("rep").get(GIVE_BACKS, DAYS).json()["rows"]
    assert (row["name"], row["handed_out"]["leads"], row["claimed"]["rate"]) == ("Amina", 1, None)

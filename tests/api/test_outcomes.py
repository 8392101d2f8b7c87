"""What came of a lead, by the API (OU1)."""

from decimal import Decimal

import pytest

from leaddistrib.lifecycle.satisfying import answer
from leaddistrib.models import Outcome, Satisfaction
from tests.api.conftest import address, signed_in


def say(user, lead, **body):
    return signed_in(user).post(address("api-outcome", id=str(lead.public_id)), body, format="json")


@pytest.fixture
def lead(company):
    return company.leads["own"]


def test_the_owner_says_how_far_it_got_and_is_answered_with_the_lead(company, lead):
    answered = say(company.amina.user, lead, stage="opportunity", value=1200.5, currency="chf")

    assert answered.status_code == 200
    assert (answered.json()["id"], answered.json()["status"]) == (str(lead.public_id), "owned")
    outcome = Outcome.objects.get()
    assert (outcome.rep, outcome.by) == (company.amina, company.amina.user)
    assert (outcome.value, outcome.currency) == (Decimal("1200.50"), "CHF")


def test_won_closes_the_lead_and_says_how_satisfied_the_customer_is(company, lead):
    answered = say(company.amina.user, lead, stage="won", csat=5, reason="A good demo")

    assert answered.json()["status"] == "closed"
    told = Satisfaction.objects.get()
    assert (told.score, told.measure, told.rep, told.by) == (
        5,
        "csat",
        company.amina,
        company.amina.user,
    )


def test_a_manager_says_it_for_the_owner(company, lead):
    assert say(company.mireille, lead, stage="won").status_code == 200
    outcome = Outcome.objects.get()
    assert (outcome.rep, outcome.by) == (company.amina, company.mireille)


def test_the_same_sent_twice_is_one_outcome(company, lead):
    for _ in range(2):
        assert say(company.amina.user, lead, stage="won", value=10).status_code == 200
    assert Outcome.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "stage"),
        ({"stage": "sold"}, "stage"),
        ({"stage": "won", "value": -1}, "value"),
        ({"stage": "won", "value": 1e12}, "value"),
        ({"stage": "won", "currency": "euros!"}, "currency"),
        ({"stage": "won", "csat": 6}, "csat"),
        ({"stage": "won", "reason": "x" * 501}, "reason"),
        ({"stage": "won", "at": "2999-01-01T00:00:00Z"}, "at"),
        ({"stage": "won", "owner": "bruno"}, "owner"),
    ],
)
def test_wrong_fields_are_named(company, lead, body, field):
    answered = say(company.amina.user, lead, **body)

    assert answered.status_code == 400
    assert list(answered.json()["fields"]) == [field]
    assert not Outcome.objects.exists()


def test_the_report_tells_what_became_of_leads_to_who_looks_after_them(company, lead):
    say(company.amina.user, lead, stage="won")

    def report(user, **query):
        return signed_in(user).get(address("api-conversion"), query)

    own = report(company.mireille, by="source").json()
    assert own["total"] == {
        "leads": 4,
        "won": 1,
        "lost": 0,
        "early": 0,
        "rate": 0.25,
        "median": 0,
        "p25": 0,
        "p75": 0,
        "p90": 0,
    }
    assert [(row["key"], row["leads"]) for row in own["rows"]] == [("website", 4)]
    assert own["stages"] == [{"stage": "won", "leads": 1, "reps": 1, "gini": 0.0}]
    assert report(company.admin).json()["total"]["leads"] == 6
    assert report(company.amina.user).status_code == 403
    assert report(company.admin, by="owner").json()["fields"].keys() == {"by"}


def test_a_closed_lead_does_not_go_on(company, lead):
    say(company.amina.user, lead, stage="lost")
    answered = say(company.amina.user, lead, stage="qualified")

    assert (answered.status_code, answered.json()["code"]) == (409, "closed")


def test_the_customers_own_answer_stays_and_nothing_is_recorded(company, lead):
    asked = Satisfaction.objects.create(lead=lead, rep=company.amina)
    answer(asked, 2)

    answered = say(company.amina.user, lead, stage="won", csat=5)

    assert (answered.status_code, answered.json()["code"]) == (409, "answered")
    assert not Outcome.objects.exists()
    assert Satisfaction.objects.get().score == 2

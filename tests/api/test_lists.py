"""Lists: who sees which leads, page by page, narrowed, at a constant number of queries."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.models import Lead, Offer, TimeOff
from leaddistrib.testing import LeadFactory, RepFactory
from tests.api.conftest import address, person, signed_in


def companies(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [lead["company"] for lead in response.json()["results"]]


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        (
            "admin",
            {"Own", "Colleague", "Waiting", "Taken", "Foreign", "Foreign waiting"},
        ),
        ("manager", {"Own", "Colleague", "Waiting", "Taken"}),
        ("rep", {"Own", "Waiting"}),
    ],
)
def test_each_role_lists_its_leads(company, caller, seen):
    assert set(companies(company.client(caller).get(address("api-leads")))) == seen


def test_a_manager_who_is_a_rep_too_sees_both(company):
    company.paris.teams.get().managers.add(company.chloe.user)
    listed = companies(signed_in(company.chloe.user).get(address("api-leads")))
    assert {"Own", "Foreign", "Foreign waiting"} <= set(listed)


def test_newest_first_and_no_lead_twice_or_missing_over_pages(company):
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    for number in range(7):
        LeadFactory(company=f"N{number}", received_at=moment - timedelta(days=number // 4))
    client = company.client("admin")
    path, pages = f"{address('api-leads')}?limit=3", []
    while path:
        response = client.get(path)
        pages.append(companies(response))
        path = response.json()["next"]
    found = [name for page in pages for name in page]
    assert [len(page) for page in pages] == [3, 3, 3, 3, 1]
    assert len(set(found)) == 13
    assert set(found[6:10]) == {"N0", "N1", "N2", "N3"}
    assert set(found[10:]) == {"N4", "N5", "N6"}


def test_a_lead_that_comes_in_meanwhile_shifts_no_page(company):
    client = company.client("admin")
    first = client.get(address("api-leads") + "?limit=4")
    LeadFactory(company="Late comer")
    second = client.get(first.json()["next"])
    assert len({*companies(first), *companies(second)}) == 6


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("status=waiting", {"Waiting", "Foreign waiting"}),
        ("source=fair", {"Own"}),
        ("lead_type=demo_request", {"Own"}),
        ("country=FR", {"Own"}),
        ("owner=bruno", {"Colleague", "Taken"}),
        ("pool={lyon}", {"Foreign waiting"}),
        ("received_after=2020-01-02T00:00:00Z&received_before=2020-01-03T00:00:00Z", {"Own"}),
        ("received_before=2020-01-02T00:00:00Z", set()),
        ("source=fair&owner=bruno", set()),
    ],
)
def test_a_list_can_be_narrowed(company, query, seen):
    Lead.objects.filter(company="Own").update(
        source="fair",
        lead_type="demo_request",
        country="FR",
        received_at=datetime(2020, 1, 2, tzinfo=UTC),
    )
    query = query.format(lyon=company.id("lyon"))
    listed = companies(company.client("admin").get(f"{address('api-leads')}?{query}"))
    assert set(listed) == seen


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lost", "status"),
        ("pool=7", "pool"),
        ("received_after=soon", "received_after"),
        ("received_after=0001-01-01T00:00:00%2B14:00", "received_after"),
        ("source=%00", "source"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=é", "cursor"),
    ],
)
def test_a_wrong_filter_is_named(company, query, field):
    response = company.client("admin").get(f"{address('api-leads')}?{query}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]


def test_the_pools_of_each_role(company):
    def listed(caller):
        return [
            (pool["name"], pool["mode"], pool["size"], pool["member"])
            for pool in company.client(caller).get(address("api-pools")).json()
        ]

    assert listed("rep") == [("Paris pool", "race", 1, True)]
    assert listed("manager") == [("Paris pool", "race", 1, False)]
    assert listed("admin") == [("Lyon pool", "race", 1, False), ("Paris pool", "race", 1, False)]


def waiting(company, caller, **query):
    response = company.client(caller).get(address("api-pool-leads", id=company.id("paris")), query)
    assert response.status_code == 200
    return response.json()


def test_a_rep_sees_what_can_be_claimed_now(company):
    [lead] = waiting(company, "rep")["results"]
    assert lead["company"] == "Waiting"
    assert (lead["claimable"], lead["reasons"], lead["closes_at"]) == (True, [], None)
    assert lead["opens_at"].endswith("Z")


def test_a_rep_sees_what_stands_against_a_claim(company):
    opens_at = datetime(2100, 1, 1, tzinfo=UTC)
    Offer.objects.filter(rep=company.amina, closed_at=None).update(opens_at=opens_at)
    TimeOff.objects.create(
        rep=company.amina, starts_at=datetime(2020, 1, 1, tzinfo=UTC), ends_at=opens_at
    )
    [lead] = waiting(company, "rep")["results"]
    assert (lead["claimable"], lead["opens_at"]) == (False, "2100-01-01T00:00:00Z")
    assert [reason["code"] for reason in lead["reasons"]] == ["time_off", "not_open_yet"]
    assert {reason["lifts_at"] for reason in lead["reasons"]} == {"2100-01-01T00:00:00Z"}


def test_an_admin_sees_the_pool_and_claims_nothing(company):
    [lead] = waiting(company, "admin")["results"]
    assert (lead["claimable"], lead["reasons"][0]["code"]) == (False, "not_a_rep")


def test_a_manager_who_is_no_member_is_told_so(company):
    RepFactory(user=company.mireille)
    [lead] = waiting(company, "manager")["results"]
    assert [reason["code"] for reason in lead["reasons"]] == ["not_a_member"]


def test_a_pool_pages_from_the_one_that_has_waited_longest(company):
    for number in range(4):
        LeadFactory(company=f"N{number}", pool=company.paris)
    first = waiting(company, "rep", limit=2)
    client = company.client("rep")
    second = client.get(first["next"])
    third = client.get(second.json()["next"])
    names = [lead["company"] for lead in first["results"]] + companies(second) + companies(third)
    assert names == ["Waiting", "N0", "N1", "N2", "N3"]
    assert third.json()["next"] is None


@pytest.mark.parametrize("caller", ["admin", "manager", "rep"])
@pytest.mark.parametrize("name", ["api-leads", "api-pools", "api-pool-leads"])
def test_a_list_costs_the_same_for_3_and_for_60(company, caller, name):
    kwargs = {"id": company.id("paris")} if name == "api-pool-leads" else {}
    team = company.amina.team
    client = company.client(caller)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as done:
            response = client.get(address(name, **kwargs), {"limit": 100})
        assert response.status_code == 200
        return len(done)

    client.get(address(name, **kwargs))
    before = queries()
    for number in range(30):
        LeadFactory(pool=company.paris)
        owner = RepFactory(user=person(f"Rep {number}"), team=team) if number % 5 == 0 else None
        LeadFactory(owner=owner or company.amina)
    assert queries() == before

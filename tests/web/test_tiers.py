"""Managers see how each tier does and what it is measured by, and who gives leads back and why
(TI3, RA4)."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.releasing import release
from leaddistrib.models import Assignment, Organisation, Outcome, TierPlacement
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory, clock_at
from tests.responses import answered, started
from tests.tiers import placed, tier_policy
from tests.web.conftest import signed_in
from tests.web.test_pages import queries
from tests.web.test_response import text

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
PAGE, BEHIND = reverse("leaddistrib:tiers"), reverse("leaddistrib:tiers-leads")
SPEED, GIVEN_BACK = reverse("leaddistrib:claim-speed"), reverse("leaddistrib:give-backs")
DAYS = {"from": "2026-11-01", "to": "2026-11-30"}
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def noon():
    with clock_at(NOON):
        yield


def tiers(cast):
    """Amina is in Gold, Bruno in Bronze, David of another team in Silver."""
    policy = tier_policy()
    for rep, level in ((cast.amina, 1), (cast.bruno, 3), (cast.david, 2)):
        placed(rep, level)
        TierPlacement.objects.create(
            rep=rep, policy=policy, level=level, period="2026-11-16", reason="placed", at=NOON
        )


def had(rep, *stages, value=None, currency=""):
    lead = answered(started(rep, NOON - 60 * MINUTE), 4 * MINUTE).lead
    for number, stage in enumerate(stages):
        Outcome.objects.create(
            lead=lead,
            rep=rep,
            stage=stage,
            value=value,
            currency=currency,
            at=NOON + number * MINUTE,
        )


@pytest.fixture
def company(cast):
    tiers(cast)
    had(cast.amina, "won", value=1000, currency="EUR")
    had(cast.amina, "won", value=2000, currency="EUR")
    had(cast.amina, "won", value=500, currency="USD")
    started(cast.amina, NOON - 60 * MINUTE)
    had(cast.bruno, "qualified", "opportunity")
    had(cast.bruno, "qualified", "lost")
    had(cast.david, "won")
    return cast


MARK = "what this tier is measured by:"


def test_a_manager_reads_six_figures_by_tier_money_by_currency_and_what_is_measured(company):
    shown = text(signed_in(company.mireille).get(PAGE, DAYS))
    assert (
        f"Gold 1 4 {MARK} 3,000 EUR 500 USD {MARK} 1,500 EUR 2 deals 500 USD 1 deal"
        " 75% 3 of 4 4 min 00 s 3 leads 75% 3 of 4 –"
    ) in shown
    assert f"Silver 0 0 – – {MARK} – {MARK} – – – Bronze" in shown
    assert (
        f"Bronze 1 2 – – 0% 0 of 2 4 min 00 s 2 leads {MARK} 100% 2 of 2 {MARK} 50% 1 of 2"
    ) in shown
    assert "London" not in shown


def test_one_team_is_asked_for_among_the_own_ones(company):
    admin, mireille = signed_in(company.admin), signed_in(company.mireille)
    london = {**DAYS, "team": str(company.david.team.public_id)}
    shown = text(admin.get(PAGE, london))
    assert "Silver 1 1" in shown
    assert "Bronze 1" not in shown
    assert "Silver" not in text(mireille.get(PAGE, london))
    assert mireille.get(BEHIND, {**london, "key": "x:1"}).status_code == 404


def test_every_figure_leads_to_as_many_leads(company):
    admin = signed_in(company.admin)
    page = admin.get(PAGE, DAYS).content.decode()
    figures = re.findall(rf'<a href="({BEHIND}[^"]+figure=leads)">(\d+)</a>', page)
    assert [number for _address, number in figures] == ["1", "4", "2"]
    wholes = re.findall(rf'<a href="({BEHIND}[^"]+)">\d of (\d)</a>', page)
    assert len(wholes) == 4
    for address, number in figures + wholes:
        behind = text(admin.get(unescape(address)))
        assert f"The leads behind the figure {number} lead" in behind, address
        assert "Back to the tiers" in behind


@pytest.mark.parametrize(
    "query", [{"key": ""}, {"key": "x:1"}, {"figure": "much"}, {"from": "soon"}, {"team": "x"}]
)
def test_what_no_figure_links_to_is_not_there(company, query):
    key = {"key": f"{company.paris.public_id}:1"}
    admin = signed_in(company.admin)
    assert admin.get(BEHIND, DAYS | key).status_code == 200
    assert admin.get(BEHIND, DAYS | key | query).status_code == 404


def test_another_teams_tier_has_no_leads_for_a_manager(company):
    key = f"{company.david.team.public_id}:2"
    assert "0 leads" in text(signed_in(company.mireille).get(BEHIND, {**DAYS, "key": key}))
    assert "1 lead" in text(signed_in(company.admin).get(BEHIND, {**DAYS, "key": key}))


def test_without_tiers_the_page_says_so(cast):
    assert "No tiers No policy places" in text(signed_in(cast.mireille).get(PAGE, DAYS))
    assert "The last day is before the first" in text(
        signed_in(cast.mireille).get(PAGE, {"from": "2026-02-01", "to": "2026-01-01"})
    )


def test_the_file_for_spreadsheets_has_a_row_for_each_tier_and_currency(company):
    response = signed_in(company.mireille).get(PAGE, DAYS | {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(response.content.decode()[1:])))
    assert [(row["tier"], row["currency"], row["revenue"], row["leads"]) for row in rows] == [
        ("Gold", "EUR", "3000.00", "4"),
        ("Gold", "USD", "500.00", ""),
        ("Silver", "", "", "0"),
        ("Bronze", "", "", "2"),
    ]
    assert (rows[0]["measured_by"], rows[3]["accuracy"]) == ("deal_size revenue", "0.5000")
    kept = Organisation.history.first()
    assert kept.history_change_reason.startswith("export:tiers:3:by=tier")


def test_twenty_teams_cost_as_many_queries_as_two(company):
    client = signed_in(company.admin)
    page = f"{PAGE}?{urlencode(DAYS)}"
    few = queries(client, page)
    for number in range(18):
        had(RepFactory(team=TeamFactory(name=f"Team {number}"), user__password=None), "won")
    assert queries(client, page) == few


# Leads given back


def gave_back(cast, rep, reason, **facts):
    lead = LeadFactory(pool=cast.pool, **facts)
    assert claim(lead, rep, via="page").result == "won"
    release(lead, rep, reason=reason)
    return lead


@pytest.fixture
def returned(cast):
    """Amina claimed three leads, gave back two, and was handed one; David gave back one."""
    gave_back(cast, cast.amina, "No time to follow up", company="Lenoir")
    gave_back(cast, cast.amina, "Outside my market", company="Dupont")
    assert claim(LeadFactory(pool=cast.pool), cast.amina, via="page").result == "won"
    started(cast.amina, NOON - MINUTE)
    cast.pool.reps.add(cast.david)
    gave_back(cast, cast.david, "Already a customer")
    return cast


def test_a_manager_reads_by_rep_how_much_is_given_back(returned):
    shown = text(signed_in(returned.mireille).get(SPEED, DAYS))
    assert "Leads given back Rep" in shown
    assert "Amina 3 2 67% 1 0 0%" in shown
    assert "David" not in shown
    assert "David 1 1 100% 0 0 –" in text(signed_in(returned.admin).get(SPEED, DAYS))


def test_a_figure_leads_to_the_leads_with_reason_rep_and_time(returned):
    mireille = signed_in(returned.mireille)
    page = mireille.get(SPEED, DAYS).content.decode()
    [(address, number)] = re.findall(rf'<a href="({GIVEN_BACK}[^"]+)">(\d+)</a>', page)
    assert number == "2"
    shown = text(mireille.get(unescape(address)))
    assert "2 leads" in shown
    assert "Lenoir Amina No time to follow up Claimed 11/18/2026 noon" in shown
    assert "Dupont Amina Outside my market" in shown
    assert "Already a customer" not in shown


def test_a_lead_that_another_team_has_now_is_not_listed(returned):
    lead = Assignment.objects.get(end_reason="Outside my market").lead
    lead.pool, lead.owner, lead.status = None, returned.david, "owned"
    lead.save()
    shown = text(signed_in(returned.mireille).get(GIVEN_BACK, DAYS))
    assert "1 lead" in shown
    assert "Dupont" not in shown
    assert "those of other teams are not listed" in shown


@pytest.mark.parametrize("query", [{"key": "x"}, {"figure": "much"}, {"from": "soon"}])
def test_give_backs_that_no_figure_links_to_are_not_there(returned, query):
    assert signed_in(returned.admin).get(GIVEN_BACK, DAYS | query).status_code == 404


def test_a_rep_reads_the_own_rate_and_nobody_elses(returned):
    address = reverse("leaddistrib:standing")
    shown = text(signed_in(returned.amina).get(address))
    assert (
        "Given back, of the leads that you got in the last 30 days: 2 of 3 that you claimed (67%), "
        "0 of 1 that were handed to you (0%)."
    ) in shown
    assert "Given back" not in text(signed_in(returned.bruno).get(address))

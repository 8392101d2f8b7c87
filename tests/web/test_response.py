"""Managers see how soon leads are answered and claimed, and reach the leads behind each figure
(SL4, RA3, DB2)."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import Claim, Organisation
from leaddistrib.testing import LeadFactory, UserFactory
from tests.responses import answered, lapsed, started
from tests.web.conftest import signed_in
from tests.web.test_pages import queries

PAGE, BEHIND = reverse("leaddistrib:response"), reverse("leaddistrib:response-leads")
SPEED = reverse("leaddistrib:claim-speed")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def week(cast):
    """Amina answered three of four leads, Bruno let one lapse; David, of another team, answered."""
    at = timezone.now() - timedelta(hours=3)
    answered(started(cast.amina, at, source="web", lead_type="demo_request"), 2 * MINUTE)
    answered(started(cast.amina, at, source="web"), 4 * MINUTE)
    answered(started(cast.amina, at, source='=cmd|"/C calc"'), 90 * MINUTE)
    started(cast.amina, at)
    lapsed(started(cast.bruno, at))
    answered(started(cast.david, at), timedelta(seconds=30))
    return cast


def text(response):
    assert response.status_code == 200
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(plain).split())


def test_a_manager_reads_mean_shares_lapsed_and_runs_of_the_own_team(week):
    shown = text(signed_in(week.mireille).get(PAGE))
    assert "Amina 4 3 32 min 00 s 67% 67% 67% 0 2" in shown
    assert "Bruno 1 0 – 0% 0% 0% 1 0" in shown
    assert "Total 5 3 32 min 00 s 50% 50% 50% 1 2" in shown
    assert "David" not in shown


def test_an_admin_sees_everybody_by_team(week):
    shown = text(signed_in(week.admin).get(PAGE, {"by": "team"}))
    assert "Paris 5 3" in shown
    assert "London 1 1 30 s 100% 100% 100% 0 1" in shown


@pytest.mark.parametrize("by", ["rep", "team", "source", "lead_type", "hour"])
def test_every_number_leads_to_as_many_leads(week, by):
    admin = signed_in(week.admin)
    page = admin.get(PAGE, {"by": by}).content.decode()
    figures = re.findall(r'class="figure"><a href="([^"]+)">(\d+)</a>', page)
    assert len(figures) >= 6
    for address, number in figures:
        behind = text(admin.get(unescape(address)))
        assert f"The leads behind the figure {number} lead" in behind, address
        assert "Back to how soon leads are answered" in behind


def test_every_share_leads_to_the_leads_it_counts(week):
    admin = signed_in(week.admin)
    page = admin.get(PAGE).content.decode()
    shares = re.findall(r'<a href="([^"]+figure=(?:in_time|within_\w+))">(\d+)%</a>', page)
    assert len(shares) == 9  # of Amina, David and the total
    for address, _percent in shares[:3]:
        assert "2 leads" in text(admin.get(unescape(address)))


def test_a_lead_that_went_to_another_team_counts_but_is_not_shown(week):
    lead = week.bruno.leads.get()
    lead.company = "Secret Ltd"
    lead.owner = week.david
    lead.save()
    mireille = signed_in(week.mireille)
    assert "Bruno 1 0" in text(mireille.get(PAGE))
    assert "Secret Ltd" not in text(mireille.get(BEHIND, {"by": "rep"}))


def test_another_teams_rep_has_no_leads_for_a_manager(week):
    query = {"by": "rep", "key": str(week.david.public_id)}
    assert "0 leads" in text(signed_in(week.mireille).get(BEHIND, query))


@pytest.mark.parametrize(
    "query",
    [
        {"by": "rep", "key": "x"},
        {"by": "hour", "key": "noon"},
        {"figure": "seconds"},
        {"from": "soon"},
        {"by": "size"},
    ],
)
def test_what_no_figure_links_to_is_not_there(week, query):
    assert signed_in(week.admin).get(BEHIND, query).status_code == 404


def test_other_days_are_asked_for(week):
    client = signed_in(week.mireille)
    assert "No leads in these days" in text(client.get(PAGE, {"to": "2020-01-31"}))
    assert "The last day is before the first" in text(
        client.get(PAGE, {"from": "2026-02-01", "to": "2026-01-01"})
    )


def test_the_file_for_spreadsheets_holds_the_same_and_no_formula(week):
    response = signed_in(week.mireille).get(PAGE, {"by": "source", "format": "csv"})
    assert response["Content-Type"].startswith("text/csv")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(response.content.decode()[1:]))}
    web = rows["web"]
    assert (web["started"], web["answered"], web["mean_seconds"]) == ("2", "2", "180.0")
    assert (web["in_time"], web["lapsed"], web["longest_run"]) == ("1.0000", "0", "")
    assert '\'=cmd|"/C calc"' in rows
    kept = Organisation.history.first()
    assert kept.history_change_reason.startswith("export:responses:3:by=source")
    assert kept.history_user == week.mireille


def test_everybodys_figures_leave_as_a_file_only_with_the_permission(week):
    agathe = UserFactory(password=None)
    agathe.user_permissions.add(Permission.objects.get(codename="change_lead"))
    assert "Download as CSV" not in text(signed_in(agathe).get(PAGE))
    assert signed_in(agathe).get(PAGE, {"format": "csv"}).status_code == 403
    agathe.user_permissions.add(Permission.objects.get(codename="export_lead"))
    assert b"David" in signed_in(agathe).get(PAGE, {"format": "csv"}).content


def test_twenty_rows_cost_as_many_queries_as_three(week):
    client = signed_in(week.admin)
    few = queries(client, f"{PAGE}?by=source")
    for number in range(17):
        started(week.amina, timezone.now(), source=f"source {number}")
    assert queries(client, f"{PAGE}?by=source") == few <= 14


def claimed(rep, seconds, result="won"):
    now = timezone.now()
    Claim.objects.create(
        lead=LeadFactory(),
        rep=rep,
        period=1,
        result=result,
        via="page",
        told_at=now - timedelta(seconds=seconds),
        claimed_at=now,
    )


def test_a_manager_reads_how_fast_the_own_reps_claim(week):
    for seconds in (3, 5, 600):
        claimed(week.amina, seconds)
    claimed(week.amina, 9000, "refused")
    claimed(week.david, 77)
    client = signed_in(week.mireille)
    shown = text(client.get(SPEED))
    assert "Amina 3 0 1 – – 5 s" in shown
    assert "David" not in shown
    assert "David 1 0 0 – – 1 min 17 s" in text(signed_in(week.admin).get(SPEED))
    assert "Nothing was claimed" in text(client.get(SPEED, {"to": "2020-01-31"}))
    assert "The last day is before the first" in text(
        client.get(SPEED, {"from": "2026-02-01", "to": "2026-01-01"})
    )


def test_every_number_of_the_claim_speed_leads_to_as_many_leads(week):
    for result in ("won", "won", "lost", "refused"):
        claimed(week.amina, 3, result)
    mireille = signed_in(week.mireille)
    page = mireille.get(SPEED).content.decode()
    figures = re.findall(r'class="figure"><a href="([^"]+)">(\d+)</a>', page)
    assert [number for _address, number in figures] == ["2", "1", "1", "4", "1"]
    for address, number in figures:
        behind = text(signed_in(week.admin).get(unescape(address)))
        assert f"The leads behind the figure {number} lead" in behind, address
        assert "Back to how fast leads are claimed" in behind
    assert mireille.get(reverse("leaddistrib:claim-speed-leads"), {"key": "x"}).status_code == 404


def test_the_teams_page_leads_there(week):
    page = signed_in(week.mireille).get(reverse("leaddistrib:manage")).content.decode()
    assert f'href="{PAGE}"' in page
    assert f'href="{SPEED}"' in signed_in(week.mireille).get(PAGE).content.decode()


def test_a_rep_reads_the_own_figures_on_the_own_page(week):
    address = reverse("leaddistrib:me")
    shown = text(signed_in(week.amina).get(address))
    assert "How soon you answer" in shown
    assert "Answered 3 of 4 Mean time 32 min 00 s In time 67% Within 5 minutes 67%" in shown
    assert "0 now, 2 at most so far" in shown
    in_french = signed_in(week.amina).get(address, headers={"Accept-Language": "fr"})
    assert "32 min 00 s" in text(in_french)


def test_a_rep_without_a_lead_to_answer_reads_nothing_of_it(cast):
    assert "How soon you answer" not in text(signed_in(cast.amina).get(reverse("leaddistrib:me")))

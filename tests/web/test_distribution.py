"""Managers see how leads lie on their reps, and reach the leads behind each figure (DB2, FA1)."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import Assignment, Organisation, Outcome
from leaddistrib.testing import LeadFactory, UserFactory, publish_rules
from tests.responses import answered, started
from tests.web.conftest import signed_in
from tests.web.test_pages import queries

PAGE = reverse("leaddistrib:distribution")


def had(rep, stage="", value=None, **fields):
    lead = LeadFactory(owner=rep, **fields)
    if stage:
        now = timezone.now()
        Outcome.objects.create(
            lead=lead, rep=rep, stage=stage, value=value, currency="EUR" if value else "", at=now
        )
    return lead


@pytest.fixture
def spread(cast):
    """Amina had three leads, Bruno one; David, of another team, two."""
    had(cast.amina, "won", 1500, source="web")
    had(cast.amina, "lost", source="web")
    had(cast.amina, source='=cmd|"/C calc"')
    had(cast.bruno)
    had(cast.david, "won", 900)
    had(cast.david)
    return cast


def text(response):
    assert response.status_code == 200
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(plain).split())


def test_a_manager_reads_volume_share_result_and_both_gini_of_the_own_team(spread):
    shown = text(signed_in(spread.mireille).get(PAGE))
    assert "Amina 3 75% 2 1 50% 1,500 EUR" in shown
    assert "Bruno 1 25% 0 0 – –" in shown
    assert "Total 4 100% 2 1 50% 1,500 EUR" in shown
    assert "David" not in shown
    assert "Among reps with any lead 0.2500 2 reps" in shown
    assert "near 1 when one has everything" in shown


def test_an_admin_sees_everybody(spread):
    shown = text(signed_in(spread.admin).get(PAGE, {"by": "team"}))
    assert "Paris 4 67%" in shown
    assert "London 2 33%" in shown


@pytest.mark.parametrize("by", ["rep", "team", "source", "rule", "method"])
def test_every_figure_leads_to_as_many_leads(spread, by):
    admin = signed_in(spread.admin)
    page = admin.get(PAGE, {"by": by}).content.decode()
    figures = re.findall(r'class="figure"><a href="([^"]+)">(\d+)</a>', page)
    assert len(figures) >= 6
    for address, number in figures:
        behind = text(admin.get(unescape(address)))
        assert f"The leads behind the figure {number} lead" in behind, address


def test_a_lead_that_went_to_another_team_counts_but_is_not_shown(spread):
    lead = spread.bruno.leads.get()
    lead.company = "Secret Ltd"
    lead.owner = spread.david
    lead.save()
    mireille = signed_in(spread.mireille)
    assert "Bruno 1 25%" in text(mireille.get(PAGE))
    behind = text(mireille.get(reverse("leaddistrib:distribution-leads"), {"by": "rep"}))
    assert "Secret Ltd" not in behind


def test_another_teams_rep_has_no_leads_for_a_manager(spread):
    query = {"by": "rep", "key": str(spread.david.public_id)}
    behind = text(signed_in(spread.mireille).get(reverse("leaddistrib:distribution-leads"), query))
    assert "0 leads" in behind


@pytest.mark.parametrize(
    "query", [{"by": "rep", "key": "x"}, {"figure": "all"}, {"from": "soon"}, {"by": "size"}]
)
def test_what_no_figure_links_to_is_not_there(spread, query):
    client = signed_in(spread.admin)
    assert client.get(reverse("leaddistrib:distribution-leads"), query).status_code == 404


def test_other_days_are_asked_for(spread):
    client = signed_in(spread.mireille)
    assert "No leads in these days" in text(client.get(PAGE, {"to": "2020-01-31"}))
    assert "The last day is before the first" in text(
        client.get(PAGE, {"from": "2026-02-01", "to": "2026-01-01"})
    )


def test_the_file_for_spreadsheets_holds_the_same_and_no_formula(spread):
    response = signed_in(spread.mireille).get(PAGE, {"by": "source", "format": "csv"})
    assert response["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    web = next(row for row in rows if row["name"] == "web")
    assert (web["volume"], web["won"], web["value"], web["currency"]) == (
        "2",
        "1",
        "1500.00",
        "EUR",
    )
    assert '\'=cmd|"/C calc"' in {row["name"] for row in rows}


def test_who_takes_the_figures_out_is_on_record(spread):
    query = {"by": "source", "from": "2026-01-01", "to": "2026-01-31", "format": "csv"}
    signed_in(spread.mireille).get(PAGE, query)
    [kept] = Organisation.history.all()
    assert kept.history_user == spread.mireille
    assert kept.history_change_reason == (
        "export:distribution:0:by=source&from=2026-01-01&to=2026-01-31"
    )


def test_who_only_asks_whether_there_is_a_file_took_nothing_out(spread):
    response = signed_in(spread.mireille).head(PAGE, {"format": "csv"})
    assert response["Content-Type"].startswith("text/csv")
    assert not Organisation.history.exists()


def test_everybodys_figures_go_out_with_a_permission_and_a_managers_own_without(spread):
    agnes = UserFactory(password=None)
    agnes.user_permissions.add(Permission.objects.get(codename="change_lead"))
    assert "Download as CSV" not in text(signed_in(agnes).get(PAGE))
    assert signed_in(agnes).get(PAGE, {"format": "csv"}).status_code == 403
    assert not Organisation.history.exists()

    agnes.user_permissions.add(Permission.objects.get(codename="export_lead"))
    assert "Download as CSV" in text(signed_in(agnes).get(PAGE))
    assert b"David" in signed_in(agnes).get(PAGE, {"format": "csv"}).content
    mireille = signed_in(spread.mireille)
    assert "Download as CSV" in text(mireille.get(PAGE))
    assert b"David" not in mireille.get(PAGE, {"format": "csv"}).content
    assert signed_in(spread.amina).get(PAGE, {"format": "csv"}).status_code == 403


def test_many_sources_stand_on_pages_and_all_in_the_file(spread):
    for number in range(60):
        had(spread.amina, source=f"source {number:02}")
    admin = signed_in(spread.admin)
    first = text(admin.get(PAGE, {"by": "source"}))
    second = text(admin.get(PAGE, {"by": "source", "page": "2"}))
    assert "source 01" in first
    assert "source 59" not in first
    assert "Page 1 of 2" in first
    assert "source 59" in second
    assert "Total 66 100%" in second
    file = admin.get(PAGE, {"by": "source", "format": "csv"}).content.decode("utf-8-sig")
    assert sum(int(row["volume"]) for row in csv.DictReader(io.StringIO(file))) == 66


def test_admins_go_on_to_what_each_strategy_would_have_made_of_it(spread):
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    agnes = signed_in(spread.admin)
    days = {"from": "2026-03-01", "to": "2026-03-31"}
    page = agnes.get(PAGE, days).content.decode()
    [address] = re.findall(r'href="([^"]+)">Had each strategy decided<', page)
    form = agnes.get(unescape(address), follow=True).context["adminform"].form
    asked = [form[name].value() for name in ("compare", "first", "last")]
    assert asked == ["strategies", "2026-03-01", "2026-03-31"]
    assert "Had each strategy decided" not in text(signed_in(spread.mireille).get(PAGE))


def test_bars_need_neither_script_nor_style_of_their_own(spread):
    page = signed_in(spread.mireille).get(PAGE).content.decode()
    assert '<rect width="100.0" height="8">' in page
    assert '<rect width="33.3" height="8">' in page
    assert "style=" not in page
    assert Assignment.objects.count() == 6


def test_in_french_bars_are_as_long_and_figures_have_a_comma(spread):
    page = signed_in(spread.mireille).get(PAGE, headers={"Accept-Language": "fr"}).content.decode()
    assert '<rect width="33.3" height="8">' in page
    assert "0,2500" in page


def test_twenty_rows_cost_as_many_queries_as_three(spread):
    client = signed_in(spread.admin)
    few = queries(client, f"{PAGE}?by=source")
    for number in range(17):
        had(spread.amina, source=f"source {number}")
    assert queries(client, f"{PAGE}?by=source") == few <= 15


def test_how_soon_leads_were_answered_leads_to_them(spread):
    at = timezone.now() - timedelta(hours=3)
    answered(started(spread.amina, at), timedelta(minutes=2))
    answered(started(spread.amina, at), timedelta(minutes=20))
    admin = signed_in(spread.admin)
    page = admin.get(PAGE).content.decode()
    [time, *_total] = re.findall(r'<a href="([^"]+)">11\smin\s00\ss</a>', page)
    [share, *_total] = re.findall(r'<a href="([^"]+figure=in_time)">50%</a>', page)
    assert "2 leads" in text(admin.get(unescape(time)))
    assert "1 lead" in text(admin.get(unescape(share)))

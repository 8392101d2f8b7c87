"""Managers see how long customers wait, and reach the leads behind each figure (SL4, DB2)."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import Contact, Organisation
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, UserFactory
from tests.web.conftest import signed_in
from tests.web.test_pages import queries

PAGE, BEHIND = reverse("leaddistrib:waiting"), reverse("leaddistrib:waiting-leads")
MINUTE = timedelta(minutes=1)


def came(cast, after=None, by=None, **facts):
    """A lead of three hours ago in the pool of Paris, answered after that long."""
    at = timezone.now() - 180 * MINUTE
    lead = LeadFactory(**{"pool": cast.pool, "received_at": at} | facts)
    if after is not None:
        Contact.objects.create(lead=lead, rep=by or cast.amina, channel="call", at=at + after)
    return lead


@pytest.fixture
def week(cast):
    """Of four leads from the web two were answered, one waits, one was closed without a word; of
    two others one was, and one is London's."""
    came(cast, 2 * MINUTE, source="web", lead_type="event")
    came(cast, 90 * MINUTE, cast.bruno, source="web")
    came(cast, source="web")
    came(cast, source="web", pool=None, owner=cast.amina)
    came(cast, 4 * MINUTE, source='=cmd|"/C calc"')
    came(cast, 7 * MINUTE, cast.david, pool=None, owner=cast.david, source="London")
    closed = cast.amina.leads.get()
    closed.status = "closed"
    closed.save()
    return cast


def text(response):
    assert response.status_code == 200
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(plain).split())


def test_a_manager_reads_what_the_customers_of_the_own_teams_waited(week):
    shown = text(signed_in(week.mireille).get(PAGE))
    assert "web 4 2 2 min 00 s 1 h 30 min 33% 33% 1 1" in shown
    assert "Total 5 3 4 min 00 s 1 h 30 min 50% 50% 1 1" in shown
    assert "London" not in shown
    assert "London 1 1 7 min 00 s" in text(signed_in(week.admin).get(PAGE))


def test_who_was_in_touch_first_has_a_row_and_so_has_nobody(week):
    shown = text(signed_in(week.mireille).get(PAGE, {"by": "rep"}))
    assert "Amina 2 2 2 min 00 s 4 min 00 s 100% 100% 0 0" in shown
    assert "Bruno 1 1 1 h 30 min" in shown
    assert "Nobody yet 2 0 – – 0% 0% 1 1" in shown


def test_the_reps_own_times_do_not_stand_alone(week):
    """A lead that was late in a pool is answered at once by whoever claims it."""
    page = signed_in(week.mireille).get(reverse("leaddistrib:response"))
    shown = text(page)
    assert "What the customers waited Half waited at most 4 min 00 s" in shown
    assert "Nine in ten at most 1 h 30 min Not answered yet 1" in shown
    assert f'href="{PAGE}?from=' in page.content.decode()


@pytest.mark.parametrize("by", ["source", "lead_type", "hour", "rep", "team"])
def test_every_figure_leads_to_as_many_leads(week, by):
    admin = signed_in(week.admin)
    page = admin.get(PAGE, {"by": by}).content.decode()
    figures = re.findall(r'class="figure"><a href="([^"]+)">(\d+)</a>', page)
    assert len(figures) >= 8
    for address, number in figures:
        behind = text(admin.get(unescape(address)))
        assert f"The leads behind the figure {number} lead" in behind, address
        assert "Back to how long customers wait" in behind


def test_a_managers_figures_lead_to_no_lead_of_another_team(week):
    behind = text(signed_in(week.mireille).get(BEHIND))
    assert "5 leads" in behind
    assert "London" not in behind


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


def test_the_file_for_spreadsheets_holds_the_same_and_no_formula(week):
    response = signed_in(week.mireille).get(PAGE, {"format": "csv"})
    assert response["Content-Type"].startswith("text/csv")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(response.content.decode()[1:]))}
    web = rows["web"]
    assert (web["leads"], web["answered"], web["waiting"], web["closed"]) == ("4", "2", "1", "1")
    assert (web["median_seconds"], web["p90_seconds"]) == ("120.0", "5400.0")
    assert web["within_5"] == "0.3333"
    assert '\'=cmd|"/C calc"' in rows
    kept = Organisation.history.first()
    assert kept.history_change_reason.startswith("export:waiting:2:by=source")
    assert kept.history_user == week.mireille


def test_everybodys_figures_leave_as_a_file_only_with_the_permission(week):
    agathe = UserFactory(password=None)
    agathe.user_permissions.add(Permission.objects.get(codename="change_lead"))
    assert "Download as CSV" not in text(signed_in(agathe).get(PAGE))
    assert signed_in(agathe).get(PAGE, {"format": "csv"}).status_code == 403


def test_days_without_a_lead_say_so(week):
    page = signed_in(week.mireille).get(PAGE, {"to": "2020-01-31"})
    assert "No leads in these days" in text(page)


def test_twenty_rows_cost_as_many_queries_as_three(week):
    client = signed_in(week.admin)
    few = queries(client, PAGE)
    for number in range(17):
        came(week, MINUTE, source=f"source {number}")
    assert queries(client, PAGE) == few <= 12


@pytest.fixture
def everyone(week):
    """The pool is one of all teams: David answered two leads from it, and has one of them. One of
    Nobody's waits in a pool of London alone, in which Mireille is a rep."""
    week.pool.reps.add(week.david)
    came(week, 3 * MINUTE, week.david, source="fair", company="Fair Ltd", owner=week.david)
    came(week, 97 * MINUTE, week.david, source="fair")
    rep = RepFactory(user=week.mireille, team=week.david.team)
    came(week, source="docks", pool=PoolFactory(name="London only", reps=[rep]))
    return week


@pytest.mark.parametrize(("by", "named"), [("rep", "David"), ("team", "London")])
def test_what_other_teams_answered_is_one_row_that_names_nobody(everyone, by, named):
    mireille = signed_in(everyone.mireille)
    page = mireille.get(PAGE, {"by": by})
    assert "Other teams 2 2 3 min 00 s 1 h 37 min 50% 50% 0 0" in text(page)
    assert named not in text(page)
    file = mireille.get(PAGE, {"by": by, "format": "csv"}).content.decode()
    assert "others,Other teams,2,2,180.0,5820.0" in file
    assert named not in file
    assert named in text(signed_in(everyone.admin).get(PAGE, {"by": by}))


def test_no_list_says_how_soon_another_team_answered_a_lead(everyone):
    mireille = signed_in(everyone.mireille)
    david, london = str(everyone.david.public_id), str(everyone.david.team.public_id)
    for by, key in (("rep", david), ("team", london)):
        for figure in ("leads", "answered", "within_5"):
            behind = text(mireille.get(BEHIND, {"by": by, "key": key, "figure": figure}))
            assert "The leads behind the figure 0 leads" in behind
            assert "counts more leads than these" not in behind
    assert mireille.get(BEHIND, {"by": "rep", "key": "others"}).status_code == 404
    assert "key=others" not in mireille.get(PAGE, {"by": "rep"}).content.decode()
    quick = text(mireille.get(BEHIND, {"figure": "within_5"}))
    assert "The leads behind the figure 2 leads" in quick
    assert "The figure counts more leads than these" in quick
    assert "Fair Ltd" not in quick
    assert "Fair Ltd" in text(signed_in(everyone.admin).get(BEHIND, {"figure": "within_5"}))


def test_a_manager_who_is_a_rep_of_another_teams_pool_is_not_asked_for_it(everyone):
    """It would count while it waits, and be gone as soon as somebody answers it."""
    shown = text(signed_in(everyone.mireille).get(PAGE))
    assert "docks" not in shown
    assert "Total 7 5" in shown


@pytest.mark.parametrize("name", ["waiting", "response", "claim-speed", "distribution"])
def test_the_days_of_the_figures_stand_in_the_boxes_and_over_the_leads(week, name):
    mireille, today = signed_in(week.mireille), timezone.localdate()
    first = today - timedelta(days=29)
    page = mireille.get(reverse(f"leaddistrib:{name}")).content.decode()
    assert re.findall(r'<input type="date" name="(\w+)" value="([^"]+)"', page) == [
        ("from", first.isoformat()),
        ("to", today.isoformat()),
    ]
    wrong = mireille.get(reverse(f"leaddistrib:{name}"), {"from": "soon"}).content.decode()
    assert 'name="from" value="soon"' in wrong


def test_the_leads_behind_a_figure_say_of_which_days_they_are(week):
    behind = text(signed_in(week.mireille).get(BEHIND, {"from": "2026-02-03", "to": "2026-02-28"}))
    assert "0 leads · 02/03/2026 – 02/28/2026" in behind


def test_a_year_of_responses_does_not_read_a_year_of_leads(week):
    """What customers waited is a sum over leads and contacts; of more than a month it is a link."""
    mireille, address = signed_in(week.mireille), reverse("leaddistrib:response")
    today = timezone.localdate()
    month = {"from": str(today - timedelta(days=30)), "to": str(today)}
    assert "What the customers waited" in text(mireille.get(address, month))
    year = {"from": str(today - timedelta(days=31)), "to": str(today)}
    with CaptureQueriesContext(connection) as found:
        page = mireille.get(address, year)
    assert "What the customers waited" not in text(page)
    assert f'href="{PAGE}?from={year["from"]}' in page.content.decode()
    assert not [one for one in found if "leaddistrib_contact" in one["sql"]]

"""Managers watch which leads are late or soon will be, and give them to somebody (SL2, DB2)."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import ResponseClock
from leaddistrib.testing import LeadFactory
from tests.responses import answered, lapsed, started
from tests.web.conftest import signed_in
from tests.web.test_pages import queries

PAGE = reverse("leaddistrib:due")
MINUTE = timedelta(minutes=1)


def clock(rep, left, company):
    """``rep`` has a lead with that many minutes left to answer it."""
    at = timezone.now() - 60 * MINUTE
    lead = LeadFactory(owner=rep, company=company, received_at=at, contact_phone="+33100000000")
    return started(rep, at, minutes=60 + left, lead=lead)


@pytest.fixture
def burning(cast):
    """Amina is late with one lead and has time for another, Bruno soon has to answer his; David is
    of another team."""
    lapsed(clock(cast.amina, -20, "Late Ltd"), gone=False)
    clock(cast.amina, 90, "Relaxed SA")
    clock(cast.bruno, 10, "Soon GmbH")
    clock(cast.david, -5, "London plc")
    answered(clock(cast.bruno, 5, "Answered AG"), MINUTE)
    return cast


def shown(response):
    """The companies of the list, in its order."""
    assert response.status_code == 200
    page = response.content.decode()
    rows = re.findall(r'<tr class="due-row.*?<a href="[^"]+">([^<]+)</a>', page, re.S)
    return [unescape(row) for row in rows]


def test_a_manager_sees_what_is_late_first_and_what_is_due_next(burning):
    mireille = signed_in(burning.mireille)
    page = mireille.get(PAGE)
    assert shown(page) == ["Late Ltd", "Soon GmbH", "Relaxed SA"]
    assert page.content.decode().count('class="due-row is-late"') == 1
    assert "+33100000000" not in page.content.decode()
    assert shown(signed_in(burning.admin).get(PAGE))[:2] == ["Late Ltd", "London plc"]


@pytest.mark.parametrize(
    ("asked", "companies"),
    [
        ({"state": "late"}, ["Late Ltd"]),
        ({"state": "soon"}, ["Soon GmbH"]),
        ({"state": "stuck"}, []),
        ({"rep": "bruno"}, ["Soon GmbH"]),
        ({"team": "paris", "state": "late"}, ["Late Ltd"]),
        ({"rep": "david"}, []),
        ({"state": "burning"}, []),
    ],
)
def test_it_is_narrowed_to_a_state_a_team_and_a_rep(burning, asked, companies):
    named = {"bruno", "david", "paris"}
    query = {
        name: str(getattr(burning, value).public_id) if value in named else value
        for name, value in asked.items()
    }
    assert shown(signed_in(burning.mireille).get(PAGE, query)) == companies


def test_a_lead_for_which_nobody_is_left_says_so(burning):
    ResponseClock.objects.filter(lead__company="Late Ltd").update(stuck_at=timezone.now())
    page = signed_in(burning.mireille).get(PAGE, {"state": "stuck"})
    assert shown(page) == ["Late Ltd"]
    assert "Nobody left to ask</span>" in page.content.decode()


def test_each_lead_can_be_opened_and_given_to_somebody(burning):
    mireille = signed_in(burning.mireille)
    lead = ResponseClock.objects.get(lead__company="Late Ltd").lead
    page = mireille.get(PAGE).content.decode()
    assert f'href="{reverse("leaddistrib:lead", args=[lead.public_id])}"' in page
    assign = f"{reverse('leaddistrib:assign')}?lead={lead.public_id}"
    assert f'href="{assign}"' in page
    assert mireille.get(assign).status_code == 200


PAGES = (
    *("manage", "due", "reps", "onboarding", "waiting", "response"),
    *("claim-speed", "distribution", "tiers", "conversion"),
)


def test_the_navigation_of_managers_leads_to_each_page_and_from_there_to_all_others(cast):
    mireille = signed_in(cast.mireille)
    for name in PAGES:
        page = mireille.get(reverse(f"leaddistrib:{name}")).content.decode()
        [links] = re.findall(r'<nav class="manage-nav".*?</nav>', page, re.S)
        assert re.findall(r'href="([^"]+)"', links) == [
            reverse(f"leaddistrib:{other}") for other in PAGES
        ]
        here = reverse(f"leaddistrib:{name}")
        assert re.findall(r'href="([^"]+)" aria-current="page"', links) == [here]


def test_a_lead_that_is_somebody_elses_is_not_late_for_whoever_had_it(burning):
    """Its clock was left running, which the check finds; the list has nothing to open for it."""
    lead = ResponseClock.objects.get(lead__company="Late Ltd").lead
    lead.owner = burning.david
    lead.save()
    page = signed_in(burning.mireille).get(PAGE, {"state": "late"})
    assert shown(page) == []
    assert "is-bad" not in page.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_a_manager_says_how_many_leads_of_the_own_teams_are_late(burning, name):
    page = signed_in(burning.mireille).get(reverse(f"leaddistrib:{name}")).content.decode()
    [count] = re.findall(r'<a href="/leads/manage/due/".*?</a>', page)
    assert re.search(r'class="count is-bad">1<span', count)
    ResponseClock.objects.update(answered_at=timezone.now(), next_at=None)
    page = signed_in(burning.mireille).get(reverse(f"leaddistrib:{name}")).content.decode()
    assert "is-bad" not in page


def test_each_way_to_assign_says_which_lead_it_is_of(burning):
    page = signed_in(burning.mireille).get(PAGE).content.decode()
    said = re.findall(r'>Assign<span class="visually-hidden"> ([^<]+)</span></a>', page)
    assert said == ["Late Ltd", "Soon GmbH", "Relaxed SA"]


def test_a_list_that_changed_is_drawn_anew_and_one_that_did_not_is_left_alone(burning):
    """The script compares ``data-state`` of the page that it fetches with its own."""
    mireille = signed_in(burning.mireille)

    def state():
        page = mireille.get(PAGE).content.decode()
        [found] = re.findall(r'id="due" data-state="(\w+)"', page)
        return found

    before = state()
    assert state() == before
    answered(ResponseClock.objects.get(lead__company="Soon GmbH"), MINUTE)
    assert state() != before


def test_nothing_to_answer_is_said(cast):
    assert b"Nothing is to be answered" in signed_in(cast.mireille).get(PAGE).content


def test_sixty_clocks_cost_as_many_queries_as_three(burning):
    client = signed_in(burning.mireille)
    few = queries(client, PAGE)
    for number in range(57):
        clock(burning.amina, number, f"Company {number}")
    assert queries(client, PAGE) == few <= 15

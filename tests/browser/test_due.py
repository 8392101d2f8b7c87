"""What managers watch is right, or says of when it is (SL2, DB2)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leaddistrib.models import ResponseClock
from leaddistrib.testing import LeadFactory
from tests.browser.conftest import DESKTOP
from tests.responses import answered, started

PAGE = "/leads/manage/due/"
MINUTE = timedelta(minutes=1)


def clock(rep, left: int, name: str) -> ResponseClock:
    at = timezone.now() - 60 * MINUTE
    lead = LeadFactory(owner=rep, company=name, received_at=at)
    return started(rep, at, minutes=60 + left, lead=lead)


def look(page: Page) -> None:
    """The page comes to the front again, and asks for its list."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.fixture
def page(company, serve, enter) -> Page:
    clock(company.amina, -20, "Late Ltd")
    clock(company.bruno, 10, "Soon GmbH")
    page: Page = enter(serve(), company.mireille, viewport=DESKTOP)
    page.goto(PAGE)
    expect(page.locator(".due-row")).to_have_count(2)
    return page


def test_a_manager_without_a_connection_reads_that_the_list_is_old(page):
    note = page.locator("[data-stale-note]")
    expect(note).to_be_hidden()
    page.context.set_offline(True)
    look(page)
    expect(note).to_be_visible()
    expect(note).to_contain_text("Not up to date.")
    expect(note.locator("time")).not_to_be_empty()
    page.context.set_offline(False)
    look(page)
    expect(note).to_be_hidden()


def test_a_manager_whose_session_is_over_is_led_to_sign_in(page):
    page.context.clear_cookies()
    look(page)
    expect(page).to_have_url(re.compile(r"/login/\?next=%2Fleads%2Fmanage%2Fdue%2F$"))


def test_the_keyboard_stays_where_it_was_and_the_navigation_counts_anew(page):
    count = page.locator(".manage-nav .count")
    expect(count).to_contain_text("1")
    assign = page.get_by_role("link", name="Assign Soon GmbH")
    assign.focus()
    answered(ResponseClock.objects.get(lead__company="Late Ltd"), MINUTE)
    look(page)
    expect(page.locator(".due-row")).to_have_count(1)
    expect(assign).to_be_focused()
    expect(count).to_have_count(0)

"""From the link in a message to the lead: look, sign in, confirm (NO2, NO3, UI1)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from leaddistrib.lifecycle.claiming import claim
from leaddistrib.models import Offer
from leaddistrib.notify.links import preview_token
from tests.browser.conftest import PHONE, leads

PASSWORD = "a-long-enough-password"


@pytest.fixture
def lead(company):
    return leads(company.race)[0]


def link(lead, rep) -> str:
    return f"/leads/preview/{preview_token(lead, rep, timezone.now())}/"


def offer(lead, rep) -> Offer:
    found: Offer = Offer.objects.get(lead=lead, rep=rep)
    return found


def sign_in(page: Page, rep) -> None:
    user = User.objects.get(pk=rep.user_id)
    user.set_password(PASSWORD)
    user.save()
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_preview_then_sign_in_then_claim(company, lead, serve, enter):
    page = enter(serve())
    page.goto(link(lead, company.amina))
    expect(page.get_by_role("heading", name="Boulangeries Lenoir")).to_be_visible()
    assert "+33140203040" not in page.content()
    page.get_by_role("link", name="Claim").click()
    sign_in(page, company.amina)
    expect(page.get_by_role("heading", name="Boulangeries Lenoir")).to_be_visible()
    lead.refresh_from_db()
    assert lead.owner is None  # a confirmation, not a claim
    page.locator("main button.claim").click()
    expect(page.get_by_text("+33140203040")).to_be_visible()
    lead.refresh_from_db()
    assert lead.owner == company.amina


def test_on_a_phone_that_is_signed_in_it_is_one_tap_and_a_confirmation(company, lead, serve, enter):
    page = enter(serve(), company.amina)
    page.goto(link(lead, company.amina))
    page.get_by_role("link", name="Claim").click()
    page.locator("main button.claim").click()
    expect(page.get_by_text("+33140203040")).to_be_visible()


def test_it_all_works_without_scripts(company, lead, serve, enter):
    page = enter(serve(), java_script_enabled=False)
    page.goto(link(lead, company.amina))
    page.get_by_role("link", name="Claim").click()
    sign_in(page, company.amina)
    page.locator("main button.claim").click()
    expect(page.get_by_text("+33140203040")).to_be_visible()


def test_whoever_was_too_late_learns_of_it_by_the_link(company, lead, serve, enter):
    claim(lead, company.bruno, via="page")
    page = enter(serve())
    page.goto(link(lead, company.amina))
    expect(page.get_by_text("A colleague has this lead.")).to_be_visible()
    expect(page.locator("main .claim")).to_have_count(0)
    assert "Bruno" not in page.content()


def test_a_program_that_opens_the_page_and_is_gone_has_seen_nothing(company, lead, serve, enter):
    page = enter(serve())
    page.clock.install()
    page.goto(link(lead, company.amina))
    expect(page.get_by_role("heading", name="Boulangeries Lenoir")).to_be_visible()
    page.clock.run_for(9_000)
    page.close()
    assert offer(lead, company.amina).seen_at is None


@pytest.mark.parametrize("sign", ["touch", "key", "while"])
def test_somebody_who_looks_at_it_has_seen_it(company, lead, serve, enter, sign):
    page = enter(serve(), has_touch=True)
    page.clock.install()
    page.goto(link(lead, company.amina))
    expect(page.get_by_role("heading", name="Boulangeries Lenoir")).to_be_visible()
    with page.expect_response("**/seen/") as told:
        if sign == "touch":
            page.get_by_role("heading", name="Details").tap()
        elif sign == "key":
            page.keyboard.press("Tab")
        else:
            page.clock.run_for(11_000)
    assert told.value.status == 204
    assert offer(lead, company.amina).seen_at is not None
    assert offer(lead, company.bruno).seen_at is None


def test_the_time_left_counts_down(company, lead, serve, enter):
    company.race.stale_minutes = 30
    company.race.save()
    page = enter(serve())
    page.clock.install()
    page.goto(link(lead, company.amina))
    left = page.locator(".goes-stale time")
    expect(left).to_contain_text("30 min")
    page.clock.run_for(timedelta(minutes=10).total_seconds() * 1000)
    expect(left).to_contain_text("20 min")


def test_the_moment_its_window_opens_a_lead_can_be_claimed(company, lead, serve, enter):
    Offer.objects.filter(lead=lead, rep=company.amina).update(
        opens_at=timezone.now() + timedelta(minutes=5), opened_at=None
    )
    page = enter(serve())
    page.clock.install()
    page.goto(link(lead, company.amina))
    expect(page.get_by_text("Opens for you in")).to_be_visible()
    expect(page.get_by_role("link", name="Claim")).to_be_hidden()
    page.clock.run_for(timedelta(minutes=5, seconds=2).total_seconds() * 1000)
    expect(page.get_by_role("link", name="Claim")).to_be_visible()
    expect(page.get_by_text("Opens for you in")).to_be_hidden()


@pytest.mark.parametrize("width", [320, PHONE["width"]])
def test_on_the_smallest_screens_nothing_is_cut_off_and_buttons_are_large(
    company, lead, serve, enter, width
):
    page = enter(serve(), viewport={"width": width, "height": 640})
    page.goto(link(lead, company.amina))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    button = page.get_by_role("link", name="Claim").bounding_box()
    assert button is not None
    assert button["height"] >= 48
    assert button["y"] + button["height"] <= 640

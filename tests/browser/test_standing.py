"""A rep in a race with limits: a refusal explains itself, and figures are right as they change
(GU4, GU5, GU7)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leaddistrib.lifecycle.claiming import claim
from leaddistrib.models import GuardrailPolicy, PriorityWindow
from leaddistrib.testing import LeadFactory
from tests.browser.conftest import DESKTOP, PHONE, leads

RACE = "/leads/me/race/"
ONLY_DAILY = {
    "daily_claims": 1,
    "hot_per_warm": None,
    "claims_per_assigned": None,
    "weekly_cold": None,
}


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_rep_at_the_daily_limit_reads_why_and_when_it_lifts(company, serve, enter, size):
    GuardrailPolicy.objects.create(**ONLY_DAILY)
    waiting = leads(company.race)
    assert claim(waiting[0], company.amina, via="page").result == "won"
    page = enter(serve(), company.amina, viewport=size, locale="en-GB")
    page.goto("/leads/pool/")
    page.locator(".lead .claim").first.click()
    page.locator("[data-claim-confirm]").click()
    refused = page.locator("[data-state=refused]")
    expect(refused).to_contain_text("Claims in races today: 1 of 1.")
    expect(refused).to_contain_text(re.compile(r"Until \d+/\d+/\d+ "))
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    dialog = page.get_by_role("dialog").bounding_box()
    assert dialog
    assert dialog["x"] >= 0
    assert dialog["x"] + dialog["width"] <= size["width"]


def test_the_card_counts_race_claims_down_without_reloading(company, serve, enter):
    GuardrailPolicy.objects.create(**ONLY_DAILY | {"daily_claims": 10})
    lead = LeadFactory(pool=company.race)
    address = serve()
    home, other = enter(address, company.amina), enter(address, company.amina)
    home.goto("/leads/")
    expect(home.locator("[data-connection=live]")).to_be_visible()
    expect(home.locator(".limits-race")).to_have_text("10 of 10 race claims left today")
    other.goto(f"/leads/lead/{lead.public_id}/claim/")
    other.click("main .claim")
    expect(home.locator(".limits-race")).to_have_text("9 of 10 race claims left today")
    home.get_by_role("link", name="Your place in the race").click()
    expect(home).to_have_url(re.compile(f"{RACE}$"))
    expect(home.get_by_text("9 of 10 race claims left")).to_be_visible()


def test_a_priority_window_counts_down(company, serve, enter):
    GuardrailPolicy.objects.create()
    now = timezone.now()
    PriorityWindow.objects.create(
        rep=company.amina,
        day=now.astimezone(company.amina.team.zone).date(),
        starts_at=now + timedelta(hours=2),
        ends_at=now + timedelta(hours=3),
    )
    page = enter(serve(), company.amina, locale="en-GB")
    page.goto(RACE)
    expect(page.get_by_text("It begins in 2 hr")).to_be_visible()
    expect(page.get_by_text("It is open now")).to_be_hidden()
    expect(page.get_by_text("It is over for today.")).to_be_hidden()


def test_a_limit_that_comes_near_is_said_in_the_pool_without_reloading(company, serve, enter):
    GuardrailPolicy.objects.create(**ONLY_DAILY | {"daily_claims": 2})
    lead, *_ = leads(company.race)
    address = serve()
    pool, other = enter(address, company.amina), enter(address, company.amina)
    pool.goto("/leads/pool/")
    expect(pool.locator("[data-connection=live]")).to_be_visible()
    expect(pool.locator("#limits-near")).to_be_hidden()
    other.goto(f"/leads/lead/{lead.public_id}/claim/")
    other.click("main .claim")
    expect(pool.locator("#limits-near")).to_contain_text("1 of 2 race claims left today.")
    expect(pool.locator("#limits-near")).to_be_visible()

"""A blind lead in a real browser: next to nothing of it before the claim, all of it after (GU2)."""

import re

from playwright.sync_api import expect

from leaddistrib.testing import LeadFactory
from tests.browser.conftest import claim_elsewhere


def test_a_blind_lead_is_claimed_and_shows_who_it_is(company, serve, enter):
    company.race.blind_percent = 100
    company.race.save()
    lead = LeadFactory(
        pool=company.race,
        company="Boulangeries Lenoir",
        lead_type="Demo request",
        country="FR",
        score=86,
        temperature="hot",
        contact_email="jeanne@example.com",
    )
    page = enter(serve(), company.amina)
    page.goto("/leads/pool/")
    expect(page.locator("[data-connection=live]")).to_be_visible()
    expect(page.get_by_role("heading", name="Blind lead")).to_be_visible()
    expect(page.locator(".lead").get_by_text("Demo request")).to_be_visible()
    page.goto("/leads/pool/?sort=score")
    expect(page.locator(".lead")).to_contain_text("Demo request")
    assert "Lenoir" not in page.content()
    assert "86" not in page.locator(".lead").inner_text()

    page.get_by_role("link", name="Claim Blind lead").click()
    expect(page.get_by_role("dialog", name="Blind lead")).to_be_visible()
    page.locator("[data-claim-confirm]").click()
    expect(page).to_have_url(re.compile(f"/leads/lead/{lead.public_id}/$"))
    expect(page.get_by_role("heading", name="Boulangeries Lenoir")).to_be_visible()
    expect(page.get_by_text("jeanne@example.com", exact=True)).to_be_visible()


def test_a_blind_lead_given_back_slides_in_and_stays_blind_for_the_others(company, serve, enter):
    company.race.blind_percent = 100
    company.race.save()
    lead = LeadFactory(pool=company.race, company="Boulangeries Lenoir", lead_type="Demo request")
    address = serve()
    bruno = claim_elsewhere(enter, address, company.bruno, lead)
    amina = enter(address, company.amina)
    amina.goto("/leads/pool/")
    expect(amina.locator("[data-connection=live]")).to_be_visible()
    bruno.get_by_role("link", name="Give this lead back").click()
    bruno.get_by_label("Why do you give it back?").fill("Outside my market")
    bruno.get_by_role("button", name="Give back").click()
    expect(amina.get_by_role("heading", name="Blind lead")).to_be_visible()
    expect(amina.locator(".lead").get_by_text("Demo request")).to_be_visible()
    assert "Lenoir" not in amina.content()

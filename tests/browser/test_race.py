"""Two reps race for a lead in real browsers (RA1, UI1, UI2)."""

import re

from playwright.sync_api import expect

from leaddistrib.models import Offer
from leaddistrib.testing import LeadFactory
from tests.browser.conftest import claim_elsewhere, leads


def test_one_wins_and_the_other_sees_who(company, serve, enter):
    lead = LeadFactory(
        pool=company.race, company="Boulangeries Lenoir", contact_email="jeanne@example.com"
    )
    address = serve()
    amina, bruno = enter(address, company.amina), enter(address, company.bruno)
    for page in (amina, bruno):
        page.goto("/leads/pool/")
        expect(page.locator("[data-connection=live]")).to_be_visible()
        page.get_by_role("link", name="Claim Boulangeries Lenoir").click()
        expect(page.get_by_role("dialog", name="Boulangeries Lenoir")).to_be_visible()

    bruno.locator("[data-claim-confirm]").click()
    expect(bruno).to_have_url(re.compile(f"/leads/lead/{lead.public_id}/$"))
    expect(bruno.get_by_text("This lead is yours.")).to_be_visible()
    expect(bruno.get_by_text("jeanne@example.com", exact=True)).to_be_visible()
    expect(bruno.get_by_role("button", name="E-mail")).to_be_visible()

    # The row says it at once, behind the question that is still open; so does the answer to it.
    expect(amina.locator(".lead-taken")).to_have_text("Taken by Bruno Marchetti")
    amina.locator("[data-claim-confirm]").click()
    expect(amina.get_by_role("alert").filter(visible=True)).to_contain_text(
        "Bruno Marchetti took it"
    )
    amina.get_by_role("button", name="Go on").click()
    expect(amina.locator(".lead")).to_have_count(0)
    expect(amina.get_by_text("All claimed")).to_be_visible()
    expect(amina.locator("[data-size-total]")).to_have_text("0")


def test_a_lead_taken_while_it_is_on_screen_raises_an_alert(company, serve, enter):
    lead = LeadFactory(pool=company.race, company="Kestrel Insurance")
    address = serve()
    amina = enter(address, company.amina)
    amina.goto(f"/leads/lead/{lead.public_id}/")
    expect(amina.locator("[data-connection=live]")).to_be_visible()
    claim_elsewhere(enter, address, company.bruno, lead)
    expect(
        amina.get_by_role("alert").filter(has_text="Bruno Marchetti took this lead.")
    ).to_be_visible()
    expect(amina.locator(".claim-bar .claim")).to_have_attribute("aria-disabled", "true")


def test_a_lead_given_back_slides_in(company, serve, enter):
    lead = LeadFactory(pool=company.race, company="Ateliers Brémond", city="Nantes", country="FR")
    address = serve()
    bruno = claim_elsewhere(enter, address, company.bruno, lead)
    amina = enter(address, company.amina)
    amina.goto("/leads/pool/")
    expect(amina.locator("[data-connection=live]")).to_be_visible()
    expect(amina.locator(".lead")).to_have_count(0)

    bruno.get_by_role("link", name="Give this lead back").click()
    bruno.get_by_label("Why do you give it back?").fill("Outside my market")
    bruno.get_by_role("button", name="Give back").click()
    row = amina.locator(".lead")
    expect(row).to_have_count(1)
    expect(row.get_by_role("link", name="Ateliers Brémond").first).to_be_visible()
    expect(row).to_contain_text("Nantes, France")
    expect(amina.locator("[data-size-total]")).to_have_text("1")


def test_a_lead_is_closed_after_a_question(company, serve, enter):
    lead = LeadFactory(owner=company.amina, company="Kestrel Insurance")
    page = enter(serve(), company.amina)
    page.goto(f"/leads/lead/{lead.public_id}/")
    page.get_by_role("link", name="Close").click()
    question = page.get_by_role("dialog", name="Kestrel Insurance")
    expect(question.get_by_role("link", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question).to_be_hidden()
    page.get_by_role("link", name="Close").click()
    question.get_by_label("What came of it?").fill("Became a customer")
    question.get_by_role("button", name="Close").click()
    expect(page.get_by_text("You closed Kestrel Insurance.")).to_be_visible()
    expect(page.locator("#own-leads .lead")).to_have_count(0)
    page.goto(f"/leads/lead/{lead.public_id}/")
    expect(page.get_by_text("You closed this lead.")).to_be_visible()
    expect(page.get_by_text("Became a customer")).to_be_visible()


def test_without_scripts_the_claim_still_works(company, serve, enter):
    lead = LeadFactory(
        pool=company.race, company="Halvorsen Logistics", contact_phone="+4755123456"
    )
    address = serve()
    page = enter(address, company.amina, java_script_enabled=False)
    page.goto("/leads/")
    page.get_by_role("link", name="See what is waiting").click()
    page.get_by_role("link", name="Claim Halvorsen").click()
    expect(page.get_by_role("heading", name="Halvorsen")).to_be_visible()
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("This lead is yours.")).to_be_visible()
    expect(page.get_by_text("+4755123456", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_visible()
    lead.refresh_from_db()
    assert lead.owner == company.amina


def test_a_refused_rep_reads_why_and_resumes(company, serve, enter):
    company.amina.paused = True
    company.amina.save()
    leads(company.race)
    page = enter(serve(), company.amina)
    page.goto("/leads/pool/")
    page.locator(".lead .claim").first.click()
    page.locator("[data-claim-confirm]").click()
    expect(page.locator("[data-refused-reasons]")).to_have_text(
        "You are paused. Resume to claim leads."
    )
    page.get_by_role("button", name="Close").click()

    page.goto("/leads/")
    page.get_by_role("switch", name="Available").click()
    expect(page.get_by_role("switch", name="Available")).to_be_checked()
    expect(page.locator("[data-reasons]")).to_be_hidden()


def test_what_changes_in_one_tab_shows_in_the_other(company, serve, enter):
    address = serve()
    page, other = enter(address, company.amina), enter(address, company.amina)
    for one in (page, other):
        one.goto("/leads/")
        expect(one.locator("[data-connection=live]")).to_be_visible()
    page.get_by_role("switch", name="Available").click()
    expect(other.get_by_role("switch", name="Available")).not_to_be_checked()
    expect(other.get_by_text("You are paused. Resume to claim leads.")).to_be_visible()

    page.get_by_role("switch", name="Available").click()
    lead = LeadFactory(pool=company.race, company="Kestrel Insurance")
    claim_elsewhere(enter, address, company.amina, lead)
    expect(other.locator("[data-me=open_leads]")).to_have_text("1")
    expect(
        other.locator("#own-leads").get_by_role("link", name="Kestrel Insurance")
    ).to_be_visible()


def test_a_row_on_screen_is_noted_as_seen(company, serve, enter):
    lead = LeadFactory(pool=company.race)
    offer = Offer.objects.get(lead=lead, rep=company.amina)
    page = enter(serve(), company.amina)
    page.goto("/leads/pool/")
    expect(page.locator("[data-connection=live]")).to_be_visible()
    for _ in range(200):
        offer.refresh_from_db()
        if offer.seen_at:
            break
        page.wait_for_timeout(50)
    assert offer.seen_at
    assert not Offer.objects.filter(rep=company.bruno, seen_at__isnull=False).exists()

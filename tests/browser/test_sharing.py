"""A shared pool in real browsers: who is at a lead, live, and whose it becomes (PO1, PO2)."""

import re

import pytest
from playwright.sync_api import Page, expect

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Lead, Pool
from leaddistrib.queries.cards import card
from leaddistrib.testing import LeadFactory, PoolFactory, publish_rules
from tests.browser.conftest import DESKTOP
from tests.browser.test_connection import Line, state, watched


@pytest.fixture
def shared(company):
    return PoolFactory(name="Inside sales", mode="shared", reps=[company.amina, company.bruno])


@pytest.fixture
def lead(shared):
    return LeadFactory(
        pool=shared, company="Boulangeries Lenoir", contact_phone="+33140203040", source="Website"
    )


def live(page: Page, path: str) -> Page:
    page.goto(path)
    expect(state(page, "live")).to_be_visible()
    return page


def reads(page: Page, text: str) -> None:
    """Somewhere on the page who is at the lead is said like this; what is hidden is not read."""
    said = page.locator(":is(.lead-working, .working-who):visible")
    expect(said).to_contain_text(text, use_inner_text=True)


def let_pass(page: Page, line: Line, minutes: int) -> None:
    """Time passes on the page's clock, and no message comes: by the server's, it is still now."""
    line.cut = True
    page.route("**/leads/snapshot/", lambda route: route.abort())
    page.clock.run_for(minutes * 60_000)


def at(lead: Lead) -> str:
    return f"/leads/lead/{lead.public_id}/"


def test_two_reps_see_each_other_at_work(company, lead, serve, enter):
    address = serve()
    amina, bruno = (live(enter(address, rep), at(lead)) for rep in (company.amina, company.bruno))
    overview = live(enter(address, company.bruno), "/leads/pool/")

    amina.get_by_role("button", name="I am on it").click()
    reads(amina, "You are on it for another 15")
    reads(bruno, "Amina Benali is on it for another 15")
    expect(bruno.get_by_role("button", name="I am on it")).to_be_hidden()
    expect(overview.locator(".lead-working")).to_contain_text("Amina Benali is on it")

    expect(state(amina, "live")).to_be_visible()
    amina.get_by_role("button", name="Leave it to the others").click()
    expect(bruno.get_by_text("Nobody is on it.")).to_be_visible()
    expect(overview.locator(".lead-working")).to_be_hidden()
    bruno.get_by_role("button", name="I am on it").click()
    reads(amina, "Bruno Marchetti is on it")


def test_who_begins_at_the_same_time_is_told_who_is_at_it(company, lead, serve, enter):
    """Bruno's page has not heard of it yet; his tap is answered with who and until when."""
    address = serve()
    amina = live(enter(address, company.amina), at(lead))
    bruno = enter(address, company.bruno)
    line = Line(bruno)
    line.lost = {"lead.updated"}
    live(bruno, at(lead))
    amina.get_by_role("button", name="I am on it").click()
    reads(amina, "You are on it")
    bruno.get_by_role("button", name="I am on it").click()
    expect(bruno.get_by_text(re.compile(r"Amina Benali is on it until \d\d:\d\d"))).to_be_visible()


def test_work_lapses_on_the_page_without_a_message(company, lead, serve, enter):
    """Its time is passed in the browser; nothing is sent, and nobody has to come back."""
    address = serve()
    amina = live(enter(address, company.amina), at(lead))
    amina.get_by_role("button", name="I am on it").click()
    reads(amina, "You are on it")
    pages = [enter(address, company.bruno) for _ in range(2)]
    for page, path in zip(pages, ("/leads/pool/", at(lead)), strict=True):
        line = watched(page, path)
        reads(page, "Amina Benali is on it for another 15")
        let_pass(page, line, minutes=10)
        reads(page, "Amina Benali is on it for another 5")
        let_pass(page, line, minutes=6)
        expect(page.get_by_text("Amina Benali is on it")).to_be_hidden()
    expect(pages[1].get_by_text("Nobody is on it.")).to_be_visible()
    expect(pages[1].get_by_role("button", name="I am on it")).to_be_visible()


def test_a_page_with_a_wrong_clock_still_counts_down_by_the_servers(company, lead, serve, enter):
    address = serve()
    amina = live(enter(address, company.amina), at(lead))
    amina.get_by_role("button", name="I am on it").click()
    reads(amina, "You are on it")
    bruno = enter(address, company.bruno)
    bruno.add_init_script("const real = Date.now; Date.now = () => real() + 20 * 60_000")
    live(bruno, "/leads/pool/")
    reads(bruno, "Amina Benali is on it for another 15")


def test_the_first_contact_owns_the_lead_and_the_other_sees_it_at_once(company, lead, serve, enter):
    address = serve()
    amina, bruno = (live(enter(address, rep), at(lead)) for rep in (company.amina, company.bruno))
    overview = live(enter(address, company.bruno), "/leads/pool/")
    for page in (amina, bruno):
        expect(page.get_by_text("+33140203040", exact=True)).to_be_visible()

    amina.get_by_label("Note (optional)").fill("Wants a demo")
    amina.get_by_role("button", name="I called").click()
    expect(amina.get_by_text("Noted. You were first: this lead is yours.")).to_be_visible()
    expect(amina.get_by_text("Wants a demo")).to_be_visible()

    expect(
        bruno.get_by_role("alert").filter(has_text="Amina Benali took this lead.")
    ).to_be_visible()
    expect(bruno.get_by_role("button", name="I called")).to_have_count(0)
    expect(bruno.get_by_role("link", name="+33140203040")).to_have_count(0)
    expect(overview.locator(".lead-taken")).to_have_text("Taken by Amina Benali")


def test_a_contact_with_a_lead_that_stays_shared_takes_it_from_nobody(
    company, shared, lead, serve, enter
):
    shared.ownership = Pool.Ownership.SHARED
    shared.save()
    address = serve()
    bruno = live(enter(address, company.bruno), at(lead))
    amina = enter(address, company.amina, java_script_enabled=False)
    amina.goto(at(lead))
    amina.get_by_role("button", name="I wrote").click()
    expect(amina.get_by_text("Noted.")).to_be_visible()
    expect(amina.get_by_text("Amina Benali sent an e-mail", exact=True)).to_be_visible()
    bruno.get_by_role("button", name="We met").click()
    expect(bruno.get_by_text("Bruno Marchetti met the contact", exact=True)).to_be_visible()
    expect(bruno.get_by_text("Amina Benali sent an e-mail", exact=True)).to_be_visible()


def test_a_lead_goes_stale_before_ones_eyes(company, serve, enter):
    company.queue.stale_minutes, company.queue.push_minutes = 30, 60
    company.queue.save()
    then = {"pool": "Trade fairs", "fallback": [{"push": "round_robin", "team": "Paris"}]}
    publish_rules([{"name": "Fairs", "when": {}, "then": then}])
    receive(clean({"company": "Kestrel Insurance"}))
    page = enter(serve(), company.amina)
    line = watched(page, "/leads/pool/")
    row = page.locator(".lead")
    expect(row).to_contain_text("Too long in 30 min")
    expect(row).to_contain_text("Passed on in 60 min")
    let_pass(page, line, minutes=31)
    expect(row.get_by_text("Waiting too long")).to_be_visible()
    expect(row).to_contain_text("Passed on in 2")  # 28 or 29 min


def test_a_narrowed_queue_stays_narrow_while_it_is_live(company, serve, enter):
    LeadFactory(pool=company.queue, company="Boulangeries Lenoir", country="FR", score=80)
    page = enter(serve(), company.amina, viewport=DESKTOP)
    line = Line(page)
    live(page, "/leads/pool/")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Country").select_option("FR")
    expect(page).to_have_url(re.compile(r"\?sort=newest&country=FR$"))
    expect(state(page, "live")).to_be_visible()
    for name, country in (("Halvorsen Logistics", "NO"), ("Ateliers Brémond", "FR")):
        opened = LeadFactory(pool=company.queue, company=name, country=country, score=38)
        company.queue.refresh_from_db()
        pool, version = str(company.queue.public_id), company.queue.version
        line.say(type="lead.opened", pool=pool, version=version, lead=card(opened))
    expect(page.locator(".lead-name")).to_have_text(["Ateliers Brémond", "Boulangeries Lenoir"])
    page.get_by_label("Score at least").fill("60")
    page.get_by_label("Score at least").press("Enter")
    expect(page).to_have_url(re.compile(r"country=FR&min_score=60$"))
    expect(page.locator(".lead-name")).to_have_text(["Boulangeries Lenoir"])

"""A lead is answered from its page in one tap: call or e-mail, logged (SL2, SL5)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leaddistrib.lifecycle import claim
from leaddistrib.models import Contact, MessageTemplate, ResponseClock, ResponsePolicy
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.browser.conftest import DESKTOP, claim_elsewhere
from tests.browser.test_connection import Line, state

PHONE_NUMBER = "+33140203040"


@pytest.fixture
def lead(company):
    """Amina claimed it, and has five minutes."""
    ResponsePolicy.objects.all().delete()
    ResponsePolicy.objects.create(name="Any", minutes=5)
    lead = LeadFactory(
        pool=company.race,
        company="Boulangeries Lenoir",
        contact_name="Jeanne Lenoir",
        contact_email="jeanne@lenoir.example",
        contact_phone=PHONE_NUMBER,
    )
    claim(lead, company.amina, via="page")
    return lead


def at(lead):
    return f"/leads/lead/{lead.public_id}/"


def opened(page: Page, lead) -> Page:
    page.goto(at(lead))
    expect(state(page, "live")).to_be_visible()
    return page


# Chromium's own question, whether a program may be opened, would lie over the page.
NO_TELEPHONE = """
window.called = [];
navigation.addEventListener("navigate", (event) => {
  if (!event.destination.url.startsWith("tel:")) return;
  called.push(event.destination.url);
  event.preventDefault();
});
"""


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def test_one_tap_calls_and_logs_the_call(company, lead, serve, enter):
    page = opened(enter(serve(), company.amina), lead)
    expect(page.get_by_text("Time left to answer: 5 min", exact=True)).to_be_visible()
    with page.expect_request(f"tel:{PHONE_NUMBER}"):
        button(page, "Call").click()
    expect(page.get_by_role("status").get_by_text("Noted.")).to_be_visible()
    expect(page.get_by_text("Amina Benali called", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile("Answered after .* in time"))).to_be_visible()
    expect(page.get_by_text("Time left to answer:")).to_be_hidden()
    assert Contact.objects.get().channel == "call"
    assert ResponseClock.objects.get().answered_at


def test_one_tap_opens_the_first_message_and_logs_it(company, lead, serve, enter):
    MessageTemplate.objects.create(name="Hello", subject="For {company}", body="Hi {contact_name},")
    MessageTemplate.objects.create(name="Second try", subject="Still there?", body="{rep_name}")
    page = opened(enter(serve(), company.amina), lead)
    with page.expect_request(lambda request: request.url.startswith("mailto:")) as asked:
        button(page, "E-mail Hello").click()
    link = "mailto:jeanne@lenoir.example?subject=For%20Boulangeries%20Lenoir&body=Hi%20Jeanne"
    assert asked.value.url.startswith(link)
    expect(page.get_by_text("Amina Benali sent an e-mail", exact=True)).to_be_visible()
    page.get_by_text("Another message").click()
    expect(button(page, "Second try Still there?")).to_be_visible()
    expect(button(page, "Empty e-mail")).to_be_visible()
    assert Contact.objects.get().channel == "email"


def test_an_impatient_thumb_calls_and_logs_once(company, lead, serve, enter):
    page = opened(enter(serve(), company.amina), lead)
    called: list[str] = []
    page.on(
        "request", lambda request: called.append(request.url) if "tel:" in request.url else None
    )
    button(page, "Call").dblclick()
    expect(page.get_by_text("Amina Benali called", exact=True)).to_have_count(1)
    assert called == [f"tel:{PHONE_NUMBER}"]
    assert Contact.objects.count() == 1


def test_without_scripts_the_tap_logs_and_shows_whom_to_call(company, lead, serve, enter):
    page = enter(serve(), company.amina, java_script_enabled=False)
    page.goto(at(lead))
    button(page, "Call").click()
    expect(page.get_by_text("Noted.")).to_be_visible()
    number = page.get_by_role("link", name=PHONE_NUMBER)
    expect(number).to_have_attribute("href", f"tel:{PHONE_NUMBER}")
    page.get_by_role("link", name="Back to the lead").click()
    expect(page.get_by_text("Amina Benali called", exact=True)).to_be_visible()
    assert Contact.objects.get().channel == "call"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_call_that_nobody_answered_is_still_to_be_answered(company, lead, serve, enter, scripts):
    page = enter(serve(), company.amina, java_script_enabled=scripts)
    page.add_init_script(NO_TELEPHONE)
    page.goto(at(lead))
    button(page, "Call").click()
    if not scripts:
        # In a tab of its own: without a telephone Chromium waits for the call in the first one.
        page = page.context.new_page()
        page.goto(at(lead))
    slip = page.locator(".slip")
    expect(slip).to_contain_text("Amina Benali called. You can take this back for another")
    expect(page.get_by_text("Time left to answer:")).to_be_hidden()
    for one in slip.get_by_role("button").all():
        box = one.bounding_box()
        assert box
        assert box["height"] >= 48
    with page.expect_response("**/contacts/undo/", timeout=30_000):
        slip.get_by_role("button", name="Nobody answered").click()
    expect(page.get_by_text("Time left to answer:")).to_be_visible()
    expect(page.get_by_text("1 attempt without an answer, the last at")).to_be_visible()
    expect(slip).to_have_count(0)
    assert not Contact.objects.exists()


def test_without_a_connection_the_call_goes_on_and_the_rep_reads_that_it_is_not_logged(
    company, lead, serve, enter
):
    page = enter(serve(), company.amina)
    page.add_init_script(NO_TELEPHONE)
    opened(page, lead)
    page.route("**/contacts/", lambda route: route.abort())
    button(page, "Call").click()
    said = page.get_by_role("alert").filter(has_text="this may not be logged")
    expect(said).to_be_visible()
    assert page.evaluate("called") == [f"tel:{PHONE_NUMBER}"]
    page.unroute("**/contacts/")
    page.wait_for_timeout(300)  # nothing was put off until there is a connection
    assert not Contact.objects.exists()
    button(page, "I called").click()
    expect(page.get_by_text("Amina Benali called", exact=True)).to_be_visible()


def test_who_comes_second_in_a_shared_pool_calls_nobody(company, serve, enter):
    shared = PoolFactory(name="Inside sales", mode="shared", reps=[company.amina, company.bruno])
    lead = LeadFactory(pool=shared, company="Kestrel", contact_phone=PHONE_NUMBER)
    address = serve()
    amina, bruno = enter(address, company.amina), enter(address, company.bruno)
    line = Line(bruno)
    line.lost = {"lead.taken"}  # his page has not heard of it yet
    opened(amina, lead)
    opened(bruno, lead)
    called: list[str] = []
    bruno.on(
        "request", lambda request: called.append(request.url) if "tel" in request.url else None
    )
    with amina.expect_request(f"tel:{PHONE_NUMBER}"):
        button(amina, "Call").click()
    expect(amina.get_by_text("You were first: this lead is yours.")).to_be_visible()
    expect(amina.get_by_role("link", name="Give this lead back")).to_be_visible()
    button(bruno, "Call").click()
    expect(bruno.get_by_role("alert").filter(has_text="Amina Benali took it")).to_be_visible()
    expect(button(bruno, "Call")).to_have_count(0)
    assert called == []


def test_the_countdown_runs_out_before_ones_eyes(company, lead, serve, enter):
    page = enter(serve(), company.amina)
    page.clock.install()
    line = Line(page)
    opened(page, lead)
    expect(page.get_by_text("Time left to answer: 5 min", exact=True)).to_be_visible()
    line.cut = True  # nothing is sent for it
    page.route("**/leads/snapshot/", lambda route: route.abort())
    page.clock.run_for(4 * 60_000 + 30_000)
    expect(page.get_by_text(re.compile(r"Time left to answer: \d+ sec"))).to_be_visible()
    page.clock.run_for(60_000)
    expect(page.get_by_text("Late It was to be answered by")).to_be_visible()
    expect(page.locator(".deadline.is-late")).to_be_visible()


def test_a_lead_becomes_late_on_the_home_page_and_stands_first(company, lead, serve, enter):
    now = timezone.now()
    LeadFactory(owner=company.amina, company="Newer", received_at=now)
    ResponseClock.objects.update(
        started_at=now - timedelta(minutes=5), due_at=now + timedelta(minutes=2)
    )
    page = enter(serve(), company.amina, viewport=DESKTOP)
    page.clock.install()
    page.goto("/leads/")
    expect(state(page, "live")).to_be_visible()
    first = page.locator("#own-leads .lead").first
    expect(first).to_contain_text("Boulangeries Lenoir")
    expect(first).to_contain_text(re.compile(r"Answer in \d min"))
    expect(first.get_by_text("Late", exact=True)).to_be_hidden()
    page.clock.run_for(3 * 60_000)
    expect(first.get_by_text("Late", exact=True)).to_be_visible()
    expect(first.get_by_text("Answer in")).to_be_hidden()


def test_what_was_being_noted_stays_when_the_page_changes(company, lead, serve, enter):
    """A call is logged in between; the note was for another contact."""
    page = opened(enter(serve(), company.amina), lead)
    page.get_by_label("Note (optional)").fill("Wants a demo")
    with page.expect_request(f"tel:{PHONE_NUMBER}"):
        button(page, "Call").click()
    expect(page.get_by_text("Amina Benali called", exact=True)).to_be_visible()
    expect(page.get_by_label("Note (optional)")).to_have_value("Wants a demo")


def test_enter_in_the_note_logs_nothing_and_asks_how(company, lead, serve, enter):
    page = opened(enter(serve(), company.amina), lead)
    page.locator("#contact-note").fill("Voicemail")
    page.locator("#contact-note").press("Enter")
    expect(page.get_by_text("Say how you were in touch.").locator("visible=true")).to_be_visible()
    expect(page.locator("#contact-note")).to_have_value("Voicemail")
    assert not Contact.objects.exists()


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 740}, DESKTOP])
def test_what_is_tapped_is_large_enough(company, lead, serve, enter, viewport):
    MessageTemplate.objects.create(name="Hello", subject="For {company}", body="Hi")
    page = opened(enter(serve(), company.amina, viewport=viewport), lead)
    page.get_by_text("Another message").click()
    shown = page.locator(".contact-ways .button, .contact-ways summary, .contact-kinds .button")
    assert shown.count() == 10
    for one in shown.all():
        box = one.bounding_box()
        assert box
        assert box["height"] >= 48
        assert box["width"] >= 48


def test_a_claimed_lead_can_be_called_at_once(company, serve, enter):
    lead = LeadFactory(pool=company.race, company="Kestrel", contact_phone=PHONE_NUMBER)
    page = claim_elsewhere(enter, serve(), company.amina, lead)
    expect(button(page, "Call")).to_be_visible()

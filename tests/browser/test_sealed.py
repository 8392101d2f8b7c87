"""Two reps claim on their phones while claims are collected, and learn what was decided (RA5)."""

import re

import pytest
from playwright.sync_api import Page, expect

from leaddistrib.lifecycle.awarding import award_due
from leaddistrib.models import Claim, Lead, Pool, Rep
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory

SECONDS = 10


@pytest.fixture
def contested(company, serve, enter):
    """Amina, of tier 1, and Bruno, of tier 2, have claimed the same lead: their pages, the lead."""
    for level, rep in enumerate((company.amina, company.bruno), start=1):
        Rep.objects.filter(pk=rep.pk).update(tier=level)
    Pool.objects.filter(pk=company.race.pk).update(
        award=Pool.Award.SEALED, sealed_by=Pool.SealedBy.TIER, sealed_seconds=SECONDS
    )
    lead = LeadFactory(pool=Pool.objects.get(pk=company.race.pk), company="Kestrel Insurance")
    address = serve()
    pages = [enter(address, rep, locale="en-GB") for rep in (company.bruno, company.amina)]
    for page in pages:
        page.clock.install()
        page.goto("/leads/pool/")
        page.evaluate("window.before = true")
        page.get_by_role("link", name="Claim Kestrel Insurance").click()
        page.locator("[data-claim-confirm]").click()
        status = page.get_by_role("status").filter(has_text="Your claim is in")
        expect(status).to_contain_text("collected for a few seconds, then it is decided")
    assert Claim.objects.filter(result="collected").count() == 2
    bruno, amina = pages
    return amina, bruno, lead


def seconds_go_by(*pages: Page) -> None:
    """They are over, a worker awards the lead, and pages ask what came of it."""
    now = clock.now()
    Lead.objects.update(collecting_until=now)
    assert award_due(now) == 1
    for page in pages:
        page.clock.fast_forward(1000 * (SECONDS + 1))


def test_one_learns_that_it_is_theirs_and_the_other_who_got_it(contested):
    amina, bruno, lead = contested

    seconds_go_by(amina, bruno)

    expect(amina).to_have_url(re.compile(f"/leads/lead/{lead.public_id}/$"))
    expect(amina.get_by_text("This lead is yours.")).to_be_visible()
    lost = bruno.locator("[data-state=lost]")
    expect(lost).to_contain_text("It went to Amina Benali.")
    assert bruno.evaluate("window.before"), "the page was not loaded again"
    lost.get_by_role("button", name="Go on").click()
    expect(lost).to_be_hidden()


def test_who_is_refused_when_it_is_decided_reads_why_also_on_the_leads_page(contested, company):
    amina, bruno, lead = contested
    Rep.objects.filter(pk=company.amina.pk).update(paused=True)

    seconds_go_by(amina, bruno)

    why = "You are paused. Resume to claim leads."
    expect(amina.locator("[data-refused-reasons]")).to_have_text(why)
    assert amina.evaluate("window.before"), "the page was not loaded again"
    expect(bruno.get_by_text("This lead is yours.")).to_be_visible()
    amina.goto(f"/leads/lead/{lead.public_id}/")
    own = amina.locator(".history .mine")
    expect(own).to_contain_text("Your claim was refused")
    expect(own).to_contain_text(why)

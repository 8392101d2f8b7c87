"""A pool without a list: a tap gives the next lead, and everybody's number is right (RA5, UI3)."""

import re

import pytest
from playwright.sync_api import expect

from leaddistrib.models import Pool
from leaddistrib.testing import LeadFactory
from tests.browser.conftest import DESKTOP, PHONE

SPREAD = 15_000
"""Milliseconds within which pages ask how many wait, at the very latest: they spread on purpose."""


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_tap_gives_the_best_lead_and_the_others_see_the_number_fall(company, serve, enter, size):
    Pool.objects.filter(pk=company.race.pk).update(award=Pool.Award.NEXT)
    for name, score in (("Kestrel Insurance", 91), ("Halvorsen Logistics", 40)):
        LeadFactory(pool=company.race, company=name, score=score)
    address = serve()
    amina = enter(address, company.amina, viewport=size)
    bruno = enter(address, company.bruno, viewport=size)
    own, others = (f"/leads/pool/?pool={company.race.public_id}", "/leads/pool/")
    for page, path in ((amina, own), (bruno, others)):
        page.goto(path)
        expect(page.locator("[data-connection=live]")).to_be_visible()
        expect(page.locator("[data-next] [data-size]")).to_have_text("2")
        expect(page.get_by_text("Kestrel Insurance")).to_have_count(0)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")

    amina.get_by_role("button", name="Next, please").click()
    expect(amina).to_have_url(re.compile("/leads/lead/"))
    expect(amina.get_by_role("heading", name="Kestrel Insurance")).to_be_visible()
    expect(bruno.locator("[data-next] [data-size]")).to_have_text("1", timeout=SPREAD)

    amina.go_back()
    amina.get_by_role("button", name="Next, please").click()
    expect(amina.get_by_role("heading", name="Halvorsen Logistics")).to_be_visible()
    expect(bruno.get_by_text("Nothing waits here.")).to_be_visible(timeout=SPREAD)
    expect(bruno.get_by_role("button", name="Next, please")).to_be_hidden()

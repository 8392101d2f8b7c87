"""A lead that opens later for one rep than for others (RA1)."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.testing import LeadFactory


def test_the_button_comes_by_itself_when_the_own_window_opens(company, serve, enter):
    address = serve()
    page, other = enter(address, company.amina), enter(address, company.bruno)
    lead = LeadFactory(company="Kestrel Insurance")
    with transaction.atomic():
        now = timezone.now()
        open_to_claims(lead, company.race, now, {company.amina.pk: now + timedelta(seconds=6)})

    page.goto("/leads/pool/")
    row = page.locator(f"[data-lead='{lead.public_id}']")
    expect(row.get_by_text("Opens for you in")).to_be_visible()
    expect(row.locator("[data-claim]")).to_be_hidden()
    other.goto("/leads/pool/")
    expect(other.locator(f"[data-lead='{lead.public_id}'] [data-claim]")).to_be_visible()

    expect(row.locator("[data-claim]")).to_be_visible(timeout=20_000)
    expect(row.get_by_text("Opens for you in")).to_be_hidden()
    page.goto(f"/leads/lead/{lead.public_id}/")
    expect(page.locator("[data-claim]")).to_be_visible()

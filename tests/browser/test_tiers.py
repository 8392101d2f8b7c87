"""A lead comes to each tier's pages when its time has come (TI1)."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import expect

from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.models import Lead
from leaddistrib.testing import LeadFactory
from tests.tiers import placed, tier_policy


@pytest.fixture
def work_off(process_environment, redis_url):
    """A worker does what is due."""

    def work() -> None:
        subprocess.run(
            [sys.executable, "manage.py", "leaddistrib_worker", "--once"],
            env={**process_environment, "REDIS_URL": redis_url},
            check=True,
            timeout=90,
        )

    return work


def test_a_lead_comes_to_the_second_tier_a_quarter_of_an_hour_later_without_a_reload(
    company, serve, enter, redis_url, work_off
):
    tier_policy(company.amina.team)
    placed(company.amina, 1)
    placed(company.bruno, 2)
    company.race.tiered = True
    company.race.save()
    address = serve(REDIS_URL=redis_url)
    first, second = enter(address, company.amina), enter(address, company.bruno)
    lead = LeadFactory(company="Kestrel Insurance")
    with transaction.atomic():
        open_to_claims(lead, company.race, timezone.now())

    row = f"[data-lead='{lead.public_id}']"
    for page in (first, second):
        page.goto("/leads/pool/")
        expect(page.locator("[data-connection='live']")).to_be_visible()
    expect(first.locator(row).locator("[data-claim]")).to_be_visible()
    expect(second.locator(row)).to_have_count(0)
    second.evaluate("window.before = true")

    # A quarter of an hour goes by: all that was written down is that much older.
    quarter = timedelta(minutes=15)
    Lead.objects.update(opens_at=F("opens_at") - quarter, all_at=F("all_at") - quarter)
    lead.offers.update(opens_at=F("opens_at") - quarter)
    work_off()

    expect(second.locator(row).locator("[data-claim]")).to_be_visible()
    assert second.evaluate("window.before"), "the page was not loaded again"

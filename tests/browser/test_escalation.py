"""A lead that is not answered goes on while both reps look on: the pages of both say so (SL3)."""

import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import EscalationStep, Rep, ResponseClock, ResponsePolicy
from leaddistrib.testing import LeadFactory, publish_rules
from tests.browser.conftest import DESKTOP
from tests.browser.test_connection import state


@pytest.fixture
def lead(company: SimpleNamespace):
    """Amina got it in turn; whom she does not call, another one of the team is to call."""
    ResponsePolicy.objects.all().delete()
    policy = ResponsePolicy.objects.create(name="Any", minutes=5)
    EscalationStep.objects.create(policy=policy, position=0, to="rules", after_minutes=5)
    publish_rules([{"name": "Paris", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}])
    Rep.objects.exclude(pk=company.amina.pk).update(paused=True)
    lead = receive(
        clean({"company": "Boulangeries Lenoir", "contact": {"phone": "+33140203040"}})
    ).lead
    Rep.objects.filter(pk=company.bruno.pk).update(paused=False)
    assert lead.owner == company.amina
    return lead


@pytest.fixture
def time_is_up(process_environment, redis_url):
    """Time is up for these leads, and a worker does what is due."""

    def pass_on(*leads) -> None:
        now = timezone.now()
        ResponseClock.objects.filter(lead__in=leads).update(
            started_at=now - timedelta(minutes=6), due_at=now - timedelta(minutes=1), next_at=now
        )
        subprocess.run(
            [sys.executable, "manage.py", "leaddistrib_worker", "--once"],
            env={**process_environment, "REDIS_URL": redis_url},
            check=True,
            timeout=90,
        )

    return pass_on


def live(page: Page, path: str) -> Page:
    page.goto(path)
    expect(state(page, "live")).to_be_visible()
    return page


def at(lead) -> str:
    return f"/leads/lead/{lead.public_id}/"


def own(page: Page):
    return page.locator("#own-leads .lead")


def test_both_reps_see_a_lead_go_from_one_to_the_other(
    company, lead, serve, enter, redis_url, time_is_up
):
    """Each has another lead besides: the number of what they hold is not all that tells."""
    LeadFactory(owner=company.amina, company="Kestrel Insurance")
    address = serve(REDIS_URL=redis_url)
    amina_home = live(enter(address, company.amina, viewport=DESKTOP), "/leads/")
    amina_lead = live(enter(address, company.amina), at(lead))
    bruno_home = live(enter(address, company.bruno), "/leads/")
    expect(own(amina_home)).to_have_count(2)
    expect(amina_lead.get_by_text("This lead is yours")).to_be_visible()
    expect(own(bruno_home)).to_have_count(0)

    time_is_up(lead)

    gone = amina_lead.get_by_role("alert").filter(has_text="You do not have this lead any more.")
    expect(gone).to_be_visible()
    expect(amina_lead.get_by_text("+33140203040")).to_have_count(0)
    expect(amina_lead.get_by_role("button", name="Call", exact=True)).to_have_count(0)
    expect(own(amina_home)).to_have_count(1)
    expect(own(amina_home)).to_contain_text("Kestrel Insurance")
    expect(own(bruno_home)).to_have_count(1)
    expect(own(bruno_home)).to_contain_text("Boulangeries Lenoir")
    expect(own(bruno_home)).to_contain_text("Answer in 5 min")

    own(bruno_home).get_by_role("link", name="Boulangeries Lenoir").click()
    expect(bruno_home.get_by_text("This lead is yours")).to_be_visible()
    expect(
        bruno_home.get_by_text("Passed on to Bruno Marchetti, because Amina Benali did not answer")
    ).to_be_visible()
    expect(bruno_home.get_by_text("Amina Benali did not answer in time")).to_be_visible()


def test_a_rep_who_loses_one_lead_and_gets_another_sees_both(
    company, lead, serve, enter, redis_url, time_is_up
):
    """As many as before, and not the same ones."""
    Rep.objects.filter(pk=company.amina.pk).update(paused=True)
    swapped = receive(clean({"company": "Halvorsen Logistics", "country": "NO"})).lead
    assert swapped.owner == company.bruno
    Rep.objects.filter(pk=company.amina.pk).update(paused=False)
    page = live(enter(serve(REDIS_URL=redis_url), company.amina), "/leads/")
    expect(own(page)).to_contain_text("Boulangeries Lenoir")
    time_is_up(swapped, lead)
    expect(own(page)).to_have_count(1)
    expect(own(page)).to_contain_text("Halvorsen Logistics")


def test_a_lead_that_comes_to_who_looks_at_it_shows_the_number_at_once(
    company, serve, enter, redis_url, time_is_up
):
    """It was claimed from Bruno's pool; his page says who has it, until it is his."""
    ResponsePolicy.objects.all().delete()
    policy = ResponsePolicy.objects.create(name="Any", minutes=5)
    EscalationStep.objects.create(policy=policy, position=0, to="backup", after_minutes=5)
    Rep.objects.filter(pk=company.amina.pk).update(backup=company.bruno)
    lead = LeadFactory(
        pool=company.race, company="Boulangeries Lenoir", contact_phone="+33140203040"
    )
    address = serve(REDIS_URL=redis_url)
    amina = enter(address, company.amina)
    amina.goto(f"{at(lead)}claim/")
    amina.click("main .claim")
    bruno = live(enter(address, company.bruno), at(lead))
    expect(bruno.get_by_text("Amina Benali has this lead.")).to_be_visible()

    time_is_up(lead)

    expect(bruno.get_by_text("This lead is yours")).to_be_visible()
    expect(bruno.get_by_role("button", name="Call", exact=True)).to_be_visible()
    expect(bruno.get_by_text("Time left to answer:")).to_be_visible()
    expect(amina.get_by_text("Bruno Marchetti has this lead.")).to_be_visible()
    expect(amina.get_by_role("button", name="Call", exact=True)).to_have_count(0)

"""Everybody can use the pages: WCAG 2.2 AA, small screens, zoom, touch (UI2, UI4)."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from leaddistrib.lifecycle import hand_over, log_contact, start
from leaddistrib.lifecycle.claiming import claim
from leaddistrib.lifecycle.closing import close
from leaddistrib.lifecycle.gateways import make_push_keys
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.receiving import receive
from leaddistrib.lifecycle.subscribing import subscribe
from leaddistrib.models import (
    Channel,
    Gateway,
    Lead,
    MessageTemplate,
    ResponseClock,
    ResponsePolicy,
)
from leaddistrib.notify.links import preview_token
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.browser.conftest import DESKTOP, INCOMING, fair_race, leads
from tests.notify.browsers import subscription
from tests.responses import answered, started

LOOKS = ["light", "dark"]


@pytest.fixture(params=["a_rep", "a_manager"])
def paths(request):
    """Every page with something on it, as (who, path)."""
    return request.getfixturevalue(f"pages_of_{request.param}")


@pytest.fixture
def pages_of_a_rep(company):
    waiting = leads(company.race)
    leads(owner=company.amina)
    ResponsePolicy.objects.all().delete()
    ResponsePolicy.objects.create(name="Any", minutes=5)
    for name in ("First contact", "Second try"):
        MessageTemplate.objects.create(name=name, subject="{company}", body="Hello {contact_name},")
    receive(clean(INCOMING))
    decided = Lead.objects.get(decisions__isnull=False)
    claim(waiting[1], company.amina, via="page")
    claim(waiting[2], company.bruno, via="page")
    claim(waiting[3], company.amina, via="page")
    now = timezone.now()
    ResponseClock.objects.filter(lead=waiting[3]).update(started_at=now, due_at=now, next_at=now)
    closed = leads(owner=company.amina)[0]
    close(closed, company.amina, reason="Became a customer")
    at = "/leads/lead/{}/".format
    shared = PoolFactory(name="Inside sales", mode="shared", reps=[company.amina, company.bruno])
    shared.stale_minutes = 0
    shared.save()
    free, worked = LeadFactory(pool=shared), LeadFactory(pool=shared)
    start(worked, company.bruno)
    log_contact(LeadFactory(pool=shared), company.amina, "call")
    part = f"/leads/pool/{shared.public_id}/contributions/"
    make_push_keys(Gateway.objects.create(channel=Channel.PUSH))
    subscribe(company.amina.user, subscription("phone"), device="Chrome, Android")
    fair_race(company)
    link = "/leads/preview/{}/".format
    now = timezone.now()
    return [
        (company.amina, f"/leads/pool/?pool={shared.public_id}&country=&company=o"),
        (company.amina, at(free.public_id)),
        (company.amina, at(worked.public_id)),
        (company.bruno, part),
        (company.mireille, f"{part}?rep={company.amina.public_id}&figure=contacts"),
        (None, "/accounts/login/"),
        (None, link(preview_token(waiting[0], company.amina, now))),
        (None, link(preview_token(waiting[1], company.amina, now))),
        (None, link(preview_token(waiting[2], company.amina, now))),
        (None, link("worthless")),
        (None, "/leads/offline/"),
        (company.amina, "/leads/me/notifications/"),
        (company.mireille, "/leads/me/notifications/"),
        (company.amina, "/leads/"),
        (company.amina, "/leads/pool/"),
        (company.amina, f"/leads/pool/?pool={company.queue.public_id}"),
        (company.amina, "/leads/pool/?all=1&sort=score"),
        (company.amina, "/leads/me/"),
        (company.amina, "/leads/me/race/"),
        (company.chloe, "/leads/me/race/"),
        (company.amina, at(waiting[0].public_id)),
        (company.amina, at(waiting[1].public_id)),
        (company.amina, at(waiting[2].public_id)),
        (company.amina, at(waiting[3].public_id)),
        (company.amina, at(closed.public_id)),
        (company.amina, at(waiting[0].public_id) + "claim/"),
        (company.amina, at(waiting[1].public_id) + "release/"),
        (company.amina, at(waiting[1].public_id) + "close/"),
        (company.chloe, "/leads/"),
        (company.chloe, "/leads/pool/"),
        (company.mireille, "/leads/"),
        (company.mireille, "/leads/manage/"),
        (company.mireille, at(decided.public_id)),
    ]


@pytest.fixture
def pages_of_a_manager(team):
    """Those on which a team is looked after, and a rep's own hours, as (who, path)."""
    waiting = Lead.objects.filter(status="waiting", country="FR").latest("pk")
    given = hand_over(team.chloe, actor=team.mireille, reason="Moves to Lyon")
    leave = f"/leads/manage/reps/{team.amina.public_id}/"
    answered(started(team.bruno, timezone.now() - timedelta(hours=1)), timedelta(minutes=4))
    for minutes in (5, 600):
        started(team.bruno, timezone.now() - timedelta(hours=1), minutes=minutes)
    return [
        (team.mireille, "/leads/manage/"),
        (team.mireille, "/leads/manage/reps/"),
        (team.mireille, leave),
        (team.mireille, f"{leave}?successor={team.bruno.public_id}"),
        (team.mireille, f"/leads/manage/reps/{team.chloe.public_id}/{given.id}/"),
        (team.mireille, f"/leads/manage/assign/?lead={waiting.public_id}"),
        (team.mireille, f"/leads/manage/credit/{team.bruno.leads.all()[0].public_id}/"),
        (team.mireille, f"/leads/lead/{waiting.public_id}/"),
        (team.mireille, "/leads/manage/distribution/"),
        (team.mireille, "/leads/manage/distribution/?by=source"),
        (team.mireille, f"/leads/manage/distribution/leads/?rep={team.bruno.public_id}"),
        (team.mireille, "/leads/manage/response/"),
        (team.mireille, "/leads/manage/response/?by=hour"),
        (team.mireille, "/leads/manage/response/leads/?by=rep&figure=answered"),
        (team.mireille, "/leads/manage/due/"),
        (team.mireille, "/leads/manage/waiting/"),
        (team.mireille, "/leads/manage/claim-speed/"),
        (team.mireille, "/leads/manage/claim-speed/given-back/"),
        (team.mireille, "/leads/manage/tiers/"),
        (team.mireille, "/leads/rules/"),
        (team.amina, "/leads/rules/"),
        (team.amina, "/leads/me/"),
        (team.amina, "/leads/me/hours/"),
    ]


def faults(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {fault['id']} {[node['html'] for node in fault['nodes']]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", LOOKS)
def test_axe_finds_no_serious_fault(paths, serve, enter, scheme):
    address, found = serve(), []
    for who, path in paths:
        page = enter(address, who, color_scheme=scheme, reduced_motion="reduce")
        page.goto(path)
        found += faults(page)
        page.context.close()
    assert found == []


@pytest.mark.parametrize("scheme", LOOKS)
def test_axe_finds_no_serious_fault_in_the_dialog(company, serve, enter, scheme):
    leads(company.race)
    page = enter(serve(), company.amina, color_scheme=scheme, reduced_motion="reduce")
    page.goto("/leads/pool/")
    page.locator(".lead .claim").first.click()
    assert faults(page) == []
    company.amina.paused = True
    company.amina.save()
    page.locator("[data-claim-confirm]").click()
    expect(page.locator("[data-state=refused]")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("scheme", LOOKS)
def test_axe_finds_no_serious_fault_in_the_question_about_closing(company, serve, enter, scheme):
    own = leads(owner=company.amina)[0]
    page = enter(serve(), company.amina, color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"/leads/lead/{own.public_id}/")
    page.locator("[data-ask-close]").click()
    expect(page.get_by_role("dialog", name="Boulangeries Lenoir")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("width", [320, 360, 640])
def test_no_page_scrolls_sideways(paths, serve, enter, width):
    """640 px is what 200 % zoom leaves of 1280."""
    address, wide = serve(), []
    for who, path in paths:
        page = enter(address, who, viewport={"width": width, "height": 740})
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path)
        page.context.close()
    assert wide == []


@pytest.mark.parametrize("size", [{"width": 320, "height": 740}, DESKTOP])
def test_what_is_tapped_is_large_enough(company, serve, enter, size):
    leads(company.race)
    page = enter(serve(), company.amina, viewport=size, reduced_motion="reduce")
    page.goto("/leads/pool/")
    for button in page.locator(".lead .claim").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 48
        assert box["width"] >= 48
    page.locator(".lead .claim").first.click()
    for button in page.locator("dialog .button:visible").all():
        assert button.bounding_box()["height"] >= 48


def test_a_claim_needs_only_a_keyboard(company, serve, enter):
    leads(company.race)
    page = enter(serve(), company.amina, viewport=DESKTOP)
    page.goto("/leads/pool/")
    first = page.locator(".lead .claim").first
    first.focus()
    page.keyboard.press("Enter")
    confirm = page.locator("[data-claim-confirm]")
    expect(confirm).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This lead is yours.")).to_be_visible()

"""`make screenshots`: every page at 360 px and 1280 px, light and dark, English and French.

Not part of the tests: they are pictures to look at. They land in var/screenshots/; the README's own
is docs/images/pool.png.
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from leaddistrib.lifecycle import log_contact, start
from leaddistrib.lifecycle.claiming import claim
from leaddistrib.lifecycle.closing import close
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.receiving import receive
from leaddistrib.management.prospects import prospect
from leaddistrib.management.seeding import seed_company
from leaddistrib.models import Lead, Pool, Rep
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.browser.conftest import DESKTOP, INCOMING, PHONE, claim_elsewhere, fair_race, leads

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "screenshots"
README_PICTURE = ROOT / "docs" / "images" / "pool.png"
LOOKS = [(size, scheme) for size in (PHONE, DESKTOP) for scheme in ("light", "dark")]


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shoot(
    enter: Callable[..., Page], serve: Callable[..., str], language: str
) -> Callable[..., None]:
    """``shoot(name, who, visit)``: ``visit`` brings a page to what is to be seen."""
    address = serve()

    def take(name: str, who: object, visit: Callable[[Page], None]) -> None:
        for size, scheme in LOOKS:
            page = enter(
                address,
                who,
                viewport=size,
                color_scheme=scheme,
                locale="fr-FR" if language == "fr" else "en-GB",
                reduced_motion="reduce",
            )
            visit(page)
            FOLDER.mkdir(parents=True, exist_ok=True)
            file = f"{name}-{size['width']}-{scheme}-{language}.png"
            page.screenshot(path=FOLDER / file, full_page="dialog" not in name)
            page.context.close()

    return take


def opening(path: str) -> Callable[[Page], None]:
    """Visit a page and wait until it is live."""

    def visit(page: Page) -> None:
        page.goto(path)
        if page.locator("[data-socket]").count():
            page.locator("[data-connection=live]").wait_for()

    return visit


def test_pages_of_a_rep(company: SimpleNamespace, shoot: Callable[..., None]) -> None:
    waiting, _ = leads(company.race), leads(owner=company.amina)
    LeadFactory(pool=company.queue, company="Fair visitor", score=55, temperature="warm")
    shoot("home", company.amina, opening("/leads/"))
    shoot("pool", company.amina, opening("/leads/pool/"))
    shoot("lead-preview", company.amina, opening(f"/leads/lead/{waiting[0].public_id}/"))

    def ask(page: Page) -> None:
        opening("/leads/pool/")(page)
        page.locator(".lead .claim").first.click()

    shoot("dialog-confirm", company.amina, ask)
    shoot(
        "claim-without-script", company.amina, opening(f"/leads/lead/{waiting[0].public_id}/claim/")
    )
    shoot("me", company.amina, opening("/leads/me/"))
    claim(waiting[1], company.amina, via="page")
    shoot("lead-own", company.amina, opening(f"/leads/lead/{waiting[1].public_id}/"))
    shoot("close", company.amina, opening(f"/leads/lead/{waiting[1].public_id}/close/"))

    def ask_to_close(page: Page) -> None:
        opening(f"/leads/lead/{waiting[1].public_id}/")(page)
        page.locator("[data-ask-close]").click()

    shoot("dialog-close", company.amina, ask_to_close)
    shoot("give-back", company.amina, opening(f"/leads/lead/{waiting[1].public_id}/release/"))
    claim(waiting[2], company.bruno, via="page")
    claim(waiting[2], company.amina, via="page")
    shoot("lead-lost", company.amina, opening(f"/leads/lead/{waiting[2].public_id}/"))
    close(waiting[1], company.amina, reason="Became a customer")
    shoot("lead-closed", company.amina, opening(f"/leads/lead/{waiting[1].public_id}/"))


def test_pools_of_each_mode(company: SimpleNamespace, shoot: Callable[..., None]) -> None:
    shared = PoolFactory(name="Inside sales", mode="shared", reps=[company.amina, company.bruno])
    for pool in (company.race, company.queue, shared):
        pool.stale_minutes, pool.push_minutes = 60, 240
        pool.save()
        for number, lead in enumerate(leads(pool)):
            opened = lead.opens_at - timedelta(minutes=29 * number)
            Lead.objects.filter(pk=lead.pk).update(
                opens_at=opened, retry_at=opened + timedelta(hours=4)
            )
    first, second, third, *_ = shared.leads.order_by("-opens_at")
    log_contact(third, company.bruno, "call")
    start(first, company.bruno)
    start(second, company.amina)
    for name, pool in (("race", company.race), ("queue", company.queue), ("shared", shared)):
        shoot(f"pool-{name}", company.amina, opening(f"/leads/pool/?pool={pool.public_id}"))
    narrowed = f"/leads/pool/?pool={company.queue.public_id}&country=FR&min_score=30"
    shoot("pool-narrowed", company.amina, opening(narrowed))
    shoot("lead-shared", company.amina, opening(f"/leads/lead/{first.public_id}/"))
    shoot("lead-shared-mine", company.amina, opening(f"/leads/lead/{second.public_id}/"))
    log_contact(second, company.amina, "meeting", note="Wants a demo on Friday")
    part = f"/leads/pool/{shared.public_id}/contributions/"
    shoot("contributions", company.mireille, opening(part))
    behind = f"{part}?rep={company.amina.public_id}&figure=contacts"
    shoot("contributions-behind", company.mireille, opening(behind))
    shoot("contributions-own", company.bruno, opening(part))


def test_answers_to_a_claim(company: SimpleNamespace, shoot: Callable[..., None]) -> None:
    def press(page: Page) -> None:
        opening("/leads/pool/")(page)
        page.locator(".lead .claim").first.click()
        lead = page.locator(".lead").first.get_attribute("data-lead")
        if not company.amina.paused:
            claim(Lead.objects.get(public_id=str(lead)), company.bruno, via="page")
        page.locator("[data-claim-confirm]").click()
        page.locator(":is([data-state=lost], [data-state=refused]):visible").wait_for()

    for _ in LOOKS:
        leads(company.race)
    shoot("dialog-lost", company.amina, press)
    company.amina.paused = True
    company.amina.save()
    shoot("dialog-refused", company.amina, press)
    shoot("pool-paused", company.amina, opening("/leads/pool/"))


def test_alerts(
    company: SimpleNamespace, shoot: Callable[..., None], enter: Callable[..., Page]
) -> None:
    def lose(page: Page) -> None:
        lead = LeadFactory(pool=company.race, company="Boulangeries Lenoir", score=86)
        opening(f"/leads/lead/{lead.public_id}/")(page)
        claim_elsewhere(enter, page.url, company.bruno, lead)
        page.locator("[data-lost]:not(:empty)").wait_for()

    def watch(page: Page) -> None:
        taken = leads(company.race)
        opening("/leads/pool/")(page)
        claim_elsewhere(enter, page.url, company.bruno, taken[-1])
        page.locator(".is-taken").wait_for()

    shoot("lead-taken-on-screen", company.amina, lose)
    shoot("pool-taken-on-screen", company.amina, watch)


def test_empty_pages(company: SimpleNamespace, shoot: Callable[..., None]) -> None:
    shoot("home-empty", company.amina, opening("/leads/"))
    shoot("pool-empty", company.amina, opening("/leads/pool/"))
    shoot("home-without-pool", company.chloe, opening("/leads/"))
    shoot("pool-without-pool", company.chloe, opening("/leads/pool/"))
    shoot("team-empty", company.mireille, opening("/leads/manage/"))


def test_pages_of_others(company: SimpleNamespace, shoot: Callable[..., None]) -> None:
    receive(clean(INCOMING))
    leads(company.race)
    leads(owner=company.amina)
    decided = Lead.objects.filter(decisions__isnull=False).get()
    shoot("home-manager", company.mireille, opening("/leads/"))
    shoot("team", company.mireille, opening("/leads/manage/"))
    shoot("lead-explained", company.mireille, opening(f"/leads/lead/{decided.public_id}/"))
    shoot("sign-in", None, opening("/leads/pool/"))

    def wrong(page: Page) -> None:
        page.goto("/accounts/login/")
        page.fill("#id_username", "amina")
        page.fill("#id_password", "wrong")
        page.keyboard.press("Enter")
        page.locator(".flash.error").wait_for()

    shoot("sign-in-wrong", None, wrong)


def test_place_in_the_race(company: SimpleNamespace, shoot: Callable[..., None]) -> None:
    shoot("race-without-rules", company.amina, opening("/leads/me/race/"))
    for lead in leads(company.race)[:3]:
        claim(lead, company.amina, via="page")
    fair_race(company)
    shoot("race", company.amina, opening("/leads/me/race/"))
    shoot("race-of-a-newcomer", company.chloe, opening("/leads/me/race/"))
    shoot("home-with-limits", company.amina, opening("/leads/"))


def test_errors(company: SimpleNamespace, shoot: Callable[..., None], language: str) -> None:
    """Served by the test client, because only it shows the error pages while DEBUG is on."""
    client = Client(headers={"accept-language": language})
    client.force_login(company.amina.user)
    body = client.get("/leads/nowhere/").content.decode()

    def missing(page: Page) -> None:
        page.route(
            "**/leads/nowhere/",
            lambda route: route.fulfill(status=200, content_type="text/html", body=body),
        )
        page.goto("/leads/nowhere/")

    shoot("not-here", None, missing)


def test_picture_for_the_readme(
    transactional_db: None, enter: Callable[..., Page], serve: Callable[..., str]
) -> None:
    """A race: one rep wins it on a phone, another sees by whom it was taken."""
    seed_company(reps=12, leads=40, seed=1)
    loser = Rep.objects.get(user__username="amina")
    winner = Rep.objects.filter(team__name="London Enterprise")[0]
    now = timezone.now()
    for number in range(60):
        came = now - timedelta(minutes=2 * (60 - number))
        receive(clean({**prospect(1, 1_000 + number), "received_at": came}))
    hot = Pool.objects.get(name="Hot leads")
    address = serve()
    desktop = enter(address, loser, viewport={"width": 848, "height": 664}, locale="en-GB")
    opening(f"/leads/pool/?pool={hot.public_id}")(desktop)
    fought_for = desktop.locator(".lead").nth(1).get_attribute("data-lead")
    lead = Lead.objects.get(public_id=str(fought_for))
    phone = claim_elsewhere(enter, address, winner, lead)
    desktop.locator(".is-taken").wait_for()
    phone.set_viewport_size({"width": 360, "height": 664})
    images = "".join(
        f'<img src="data:image/png;base64,{b64encode(page.screenshot()).decode()}">'
        for page in (desktop, phone)
    )
    frame = enter(address, viewport={"width": 1280, "height": 712})
    frame.set_content(
        "<style>body { display: flex; gap: 24px; margin: 24px; background: #dfe1e6 }"
        "img { border-radius: 12px; box-shadow: 0 2px 12px rgb(0 0 0 / .2) }</style>" + images
    )
    README_PICTURE.parent.mkdir(exist_ok=True)
    frame.screenshot(path=README_PICTURE)
    assert README_PICTURE.stat().st_size < 200_000

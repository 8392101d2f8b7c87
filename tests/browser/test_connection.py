"""Connections drop, messages get lost: the page says so, and is right again (UI3)."""

import json

from playwright.sync_api import Page, WebSocketRoute, expect

from leaddistrib.lifecycle.claiming import claim
from leaddistrib.testing import LeadFactory
from tests.browser.conftest import claim_elsewhere

SOCKET = "**/ws/leads/"


class Line:
    """The socket between a page and its server, which a test may cut or make lossy."""

    def __init__(self, page: Page) -> None:
        self.cut = False
        self.lost: set[str] = set()
        self.sent: list[dict] = []
        self._route: WebSocketRoute | None = None
        page.route_web_socket(SOCKET, self._open)

    def _open(self, route: WebSocketRoute) -> None:
        if self.cut:
            route.close(code=1013)
            return
        self._route = route
        server = route.connect_to_server()
        server.on_message(lambda text: self._pass(route, str(text)))
        route.on_message(lambda text: self._note(server, str(text)))

    def _pass(self, route: WebSocketRoute, text: str) -> None:
        if json.loads(text)["type"] not in self.lost and not self.cut:
            route.send(text)

    def _note(self, server: WebSocketRoute, text: str) -> None:
        self.sent.append(json.loads(text))
        server.send(text)

    def say(self, **message: object) -> None:
        """A message to the page, as if the server had sent it."""
        assert self._route
        self._route.send(json.dumps(message))

    def drop(self) -> None:
        assert self._route
        self.cut = True
        self._route.close(code=1013)


def state(page: Page, name: str):
    return page.locator(f"[data-connection={name}]")


def pass_time(page: Page, until: str) -> None:
    """Let the page's clock run in short stretches, so that what it waits for can come."""
    for _ in range(30):
        page.clock.run_for(2_000)
        page.wait_for_timeout(100)
        if state(page, until).is_visible():
            return
    raise AssertionError(f"The connection was never {until}.")


def test_after_a_cut_the_page_says_so_and_is_right_again(company, serve, enter):
    taken = LeadFactory(pool=company.race, company="Kestrel Insurance")
    LeadFactory(pool=company.race, company="Ateliers Brémond")
    page = enter(serve(), company.amina)
    line = Line(page)
    page.goto("/leads/pool/")
    expect(state(page, "live")).to_be_visible()
    line.drop()
    expect(state(page, "reconnecting")).to_be_visible()
    claim(taken, company.bruno, via="page")
    LeadFactory(pool=company.race, company="Halvorsen Logistics")
    line.cut = False
    expect(state(page, "live")).to_be_visible()
    expect(page.locator(".lead-name")).to_have_text(["Halvorsen Logistics", "Ateliers Brémond"])
    expect(page.locator("[data-size-total]")).to_have_text("2")


def test_without_sockets_the_page_polls_and_keeps_trying(company, serve, enter):
    lead = LeadFactory(pool=company.race, company="Kestrel Insurance")
    page = enter(serve(), company.amina)
    page.clock.install()
    line = Line(page)
    line.cut = True
    page.goto("/leads/pool/")
    pass_time(page, until="polling")
    expect(page.locator(".lead-name")).to_have_text(["Kestrel Insurance"])

    claim(lead, company.bruno, via="page")
    LeadFactory(pool=company.race, company="Halvorsen Logistics")
    page.clock.run_for(10_000)
    expect(page.locator(".lead-name")).to_have_text(["Halvorsen Logistics"])

    line.cut = False
    pass_time(page, until="live")


def test_a_lost_message_is_found_by_the_next_heartbeat(company, serve, enter):
    lead = LeadFactory(pool=company.race, company="Kestrel Insurance")
    address = serve()
    page = enter(address, company.amina)
    line = Line(page)
    line.lost = {"lead.taken"}
    page.goto("/leads/pool/")
    expect(state(page, "live")).to_be_visible()
    claim_elsewhere(enter, address, company.bruno, lead)
    company.race.refresh_from_db()
    pool = str(company.race.public_id)
    line.say(type="heartbeat", versions={pool: company.race.version})
    expect(page.locator(".lead")).to_have_count(0)
    assert {"type": "resync", "pool": pool} in line.sent


def test_a_gap_between_versions_asks_for_the_pool_again(company, serve, enter):
    address = serve()
    first, second = (LeadFactory(pool=company.race, company=name) for name in ("First", "Second"))
    page = enter(address, company.amina)
    line = Line(page)
    page.goto("/leads/pool/")
    expect(state(page, "live")).to_be_visible()
    line.lost = {"lead.taken"}
    claim_elsewhere(enter, address, company.bruno, first)
    line.lost = set()
    claim_elsewhere(enter, address, company.bruno, second)
    expect(page.locator(".lead")).to_have_count(0)
    assert {"type": "resync", "pool": str(company.race.public_id)} in line.sent


def test_a_silent_socket_counts_as_dead(company, serve, enter):
    page = enter(serve(), company.amina)
    page.clock.install()
    line = Line(page)
    page.goto("/leads/pool/")
    expect(state(page, "live")).to_be_visible()
    line.cut = True  # it stays open, and nothing comes through
    page.clock.run_for(44_000)
    expect(state(page, "live")).to_be_visible()
    page.clock.run_for(2_000)
    expect(state(page, "reconnecting")).to_be_visible()


def test_doubled_and_late_messages_change_nothing(company, serve, enter):
    lead = LeadFactory(pool=company.race, company="Kestrel Insurance")
    page = enter(serve(), company.amina)
    line = Line(page)
    page.goto("/leads/pool/")
    expect(state(page, "live")).to_be_visible()
    company.race.refresh_from_db()
    pool, version = str(company.race.public_id), company.race.version
    line.say(
        type="lead.taken", pool=pool, version=version, lead=str(lead.public_id), by="Bruno", at=None
    )
    line.say(type="me.changed", me={"open_leads": 7})
    page.goto("/leads/")
    expect(state(page, "live")).to_be_visible()
    line.say(type="me.changed", me={"open_leads": 7})
    expect(page.locator("[data-me=open_leads]")).to_have_text("7")
    expect(page.locator(f'[data-size="{pool}"]')).to_have_text("1")


def test_who_is_signed_out_elsewhere_is_told(company, serve, enter):
    page = enter(serve(), company.amina)
    page.goto("/leads/pool/")
    expect(state(page, "live")).to_be_visible()
    page.context.clear_cookies()
    line = Line(page)
    page.evaluate("() => dispatchEvent(new Event('offline'))")
    expect(state(page, "signed-out")).to_be_visible()
    assert line.sent == []

"""Connections drop, messages get lost: the page says so, and is right again (UI3)."""

import json
import re

import pytest
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

    def drop(self, code: int = 1013) -> None:
        assert self._route
        self.cut = True
        self._route.close(code=code)


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


def settled(page: Page, line: Line, mark: int) -> None:
    """Whatever was said on the line before has been dealt with: messages keep their order."""
    line.say(type="me.changed", me={"open_leads": mark})
    expect(page.locator("[data-me=open_leads]")).to_have_text(str(mark))


def watched(page: Page, path: str = "/leads/") -> Line:
    """A live page whose clock the test moves, and whose random pauses are half of the longest."""
    page.clock.install()
    page.add_init_script("Math.random = () => 0.5")
    line = Line(page)
    page.goto(path)
    expect(state(page, "live")).to_be_visible()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    return line


def test_a_lost_message_is_found_by_the_next_heartbeat(company, serve, enter):
    lead = LeadFactory(pool=company.race, company="Kestrel Insurance")
    address = serve()
    page = enter(address, company.amina)
    line = watched(page, "/leads/pool/")
    line.lost = {"lead.taken"}
    claim_elsewhere(enter, address, company.bruno, lead)
    company.race.refresh_from_db()
    pool = str(company.race.public_id)
    line.say(type="heartbeat", versions={pool: company.race.version})
    for _ in range(20):
        page.clock.run_for(500)
        page.wait_for_timeout(20)
        if page.locator(".lead").count() == 0:
            break
    expect(page.locator(".lead")).to_have_count(0)
    assert {"type": "resync", "pool": pool} in line.sent


def test_pages_spread_when_a_heartbeat_tells_of_many_changes(company, serve, enter):
    page = enter(serve(), company.amina)
    line = watched(page)
    pool = str(company.race.public_id)
    line.say(type="heartbeat", versions={pool: 500})
    settled(page, line, 1)
    page.clock.run_for(2_400)
    settled(page, line, 2)
    assert line.sent == []
    page.clock.run_for(200)
    settled(page, line, 3)
    assert line.sent == [{"type": "resync", "pool": pool}]


def test_a_gap_between_versions_asks_for_the_pool_again_after_a_second(company, serve, enter):
    address = serve()
    first, second = (LeadFactory(pool=company.race, company=name) for name in ("First", "Second"))
    page = enter(address, company.amina)
    line = watched(page)
    size = page.locator(f'[data-size="{company.race.public_id}"]')
    line.lost = {"lead.taken"}
    claim_elsewhere(enter, address, company.bruno, first)
    claim_elsewhere(enter, address, company.bruno, second)
    company.race.refresh_from_db()
    pool, version = str(company.race.public_id), company.race.version
    taken = {"type": "lead.taken", "pool": pool, "by": "Bruno", "at": None}
    line.say(**taken, version=version, lead=str(second.public_id))
    settled(page, line, 1)
    page.clock.run_for(900)
    settled(page, line, 2)
    assert line.sent == []
    page.clock.run_for(200)
    expect(size).to_have_text("0")
    assert line.sent == [{"type": "resync", "pool": pool}]


def test_messages_that_overtook_each_other_are_put_in_order(company, serve, enter):
    page = enter(serve(), company.amina)
    line = watched(page)
    company.race.refresh_from_db()
    pool, version = str(company.race.public_id), company.race.version
    size = page.locator(f'[data-size="{pool}"]')
    lead = "0d3c5dbe-8a1c-4a53-9a43-7e0f3c4f2a11"
    line.say(type="lead.taken", pool=pool, version=version + 2, lead=lead, by="Bruno", at=None)
    line.say(type="lead.opened", pool=pool, version=version + 1, lead={"id": lead})
    settled(page, line, 1)
    expect(size).to_have_text("0")
    page.clock.run_for(5_000)
    settled(page, line, 2)
    assert line.sent == []
    # What comes next continues from there, so nothing was skipped.
    line.say(type="lead.opened", pool=pool, version=version + 3, lead={"id": lead})
    expect(size).to_have_text("1")


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


def test_who_is_signed_out_elsewhere_is_sent_to_sign_in(company, serve, enter):
    page = enter(serve(), company.amina)
    page.goto("/leads/pool/?sort=score")
    expect(state(page, "live")).to_be_visible()
    page.context.clear_cookies()
    line = Line(page)
    page.evaluate("() => dispatchEvent(new Event('offline'))")
    expect(page).to_have_url(
        re.compile(r"/accounts/login/\?next=%2Fleads%2Fpool%2F%3Fsort%3Dscore$")
    )
    assert line.sent == []


def test_who_is_no_rep_any_more_is_told_and_not_reconnected(company, serve, enter):
    page = enter(serve(), company.amina)
    line = watched(page)
    line.drop(code=4403)
    expect(page.get_by_text("No longer a rep")).to_be_visible()
    line.cut = False
    page.clock.run_for(180_000)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.clock.run_for(180_000)
    expect(state(page, "stopped")).to_be_visible()


@pytest.mark.parametrize(("code", "patience"), [(4429, 90_000), (1008, 45_000), (1009, 45_000)])
def test_where_the_next_try_would_fare_no_better_the_page_polls_and_waits(
    company, serve, enter, code, patience
):
    page = enter(serve(), company.amina)
    line = watched(page, "/leads/pool/")
    line.drop(code=code)
    expect(state(page, "polling")).to_be_visible()
    LeadFactory(pool=company.race, company="Halvorsen Logistics")
    line.cut = False
    page.clock.run_for(10_000)
    expect(page.locator(".lead-name")).to_have_text(["Halvorsen Logistics"])
    page.clock.run_for(patience - 11_000)
    expect(state(page, "polling")).to_be_visible()
    page.clock.run_for(2_000)
    expect(state(page, "live")).to_be_visible()


def test_an_old_socket_is_renewed_without_a_word(company, serve, enter):
    page = enter(serve(), company.amina)
    line = watched(page)
    line.drop(code=1012)
    line.cut = False
    expect(state(page, "live")).to_be_visible()
    LeadFactory(owner=company.amina)
    page.clock.run_for(1_100)
    expect(page.locator("[data-me=open_leads]")).to_have_text("1")
    expect(state(page, "live")).to_be_visible()

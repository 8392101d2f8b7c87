"""Without a connection the app says so, shows what it last knew, and does nothing later (UI2)."""

import re

import pytest
from playwright.sync_api import Page, expect

from leaddistrib.models import Claim
from tests.browser.conftest import leads
from tests.browser.phones import STAND_IN, until

POOL = "/leads/pool/"


@pytest.fixture
def address(serve) -> str:
    found: str = serve()
    return found


@pytest.fixture
def phone(company, address, enter) -> Page:
    """Amina's phone, with the app's worker at work and the pool on screen."""
    leads(company.race)
    page: Page = enter(address, company.amina)
    page.add_init_script(STAND_IN)
    page.goto(POOL)
    ready(page)
    return page


def ready(page: Page) -> None:
    """The worker rules over the page, and has kept what it shows."""
    until(page, lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    page.reload()
    if page.url.endswith(POOL):
        until(page, lambda: kept(page))


def go(page: Page, path: str) -> None:
    page.evaluate("(path) => { location.href = path; }", path)


def kept(page: Page) -> bool:
    found: bool = page.evaluate("caches.match('/leads/pool/', { ignoreVary: true }).then(Boolean)")
    return found


def test_the_last_known_pool_is_shown_and_marked_as_such(phone):
    phone.context.set_offline(True)
    go(phone, POOL)
    note = phone.locator("[data-kept-note]")
    expect(note).to_be_visible()
    expect(note).to_contain_text("No connection.")
    expect(note.locator("time")).not_to_be_empty()
    expect(phone.get_by_role("link", name="Boulangeries Lenoir").first).to_be_visible()


def test_nothing_of_a_person_is_in_what_a_phone_keeps(phone):
    """The pool shows previews; pages that show more are kept by nobody."""
    phone.get_by_role("link", name="Boulangeries Lenoir").first.click()
    expect(phone.get_by_role("heading", name="Boulangeries Lenoir")).to_be_visible()
    texts = phone.evaluate(
        """async () => {
          const found = {};
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const asked of await cache.keys()) {
              found[asked.url] = await (await cache.match(asked, { ignoreVary: true })).text();
            }
          }
          return found;
        }"""
    )
    [pool] = [text for url, text in texts.items() if url.endswith(POOL)]
    assert "Boulangeries Lenoir" in pool
    assert not [url for url in texts if "/leads/lead/" in url]
    for text in texts.values():
        assert not re.search(r"Jeanne|jeanne\.moreau|140203040", text)


def test_the_mark_goes_when_the_pool_is_right_again(phone):
    phone.context.set_offline(True)
    go(phone, POOL)
    expect(phone.locator("[data-kept-note]")).to_be_visible()
    phone.context.set_offline(False)
    phone.reload()
    expect(phone.locator("[data-kept-note]")).to_be_hidden()
    expect(phone.locator("[data-connection=live]")).to_be_visible()


def test_a_page_that_was_not_kept_is_said_to_need_a_connection(phone):
    phone.context.set_offline(True)
    go(phone, "/leads/me/")
    expect(phone.get_by_role("heading", name="No connection")).to_be_visible()
    expect(phone.get_by_text("This page needs a connection")).to_be_visible()
    expect(phone.get_by_text("Nothing was sent")).to_be_hidden()
    phone.get_by_role("link", name="The pool as you last saw it").click()
    expect(phone.locator("[data-kept-note]")).to_be_visible()


def test_a_page_comes_by_itself_once_there_is_a_connection(phone):
    phone.context.set_offline(True)
    go(phone, "/leads/me/")
    expect(phone.get_by_role("heading", name="No connection")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.get_by_role("heading", name="Amina Benali")).to_be_visible()


def test_a_claim_made_offline_is_refused_and_never_sent_later(company, phone):
    phone.locator(".lead .claim").first.click()
    phone.context.set_offline(True)
    phone.get_by_role("dialog").get_by_role("button", name="Claim").click()
    expect(
        phone.get_by_text("You are offline. Nothing was sent, and nothing will be sent later.")
    ).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.locator("[data-connection=live]")).to_be_visible(timeout=30_000)
    phone.reload()
    expect(phone.locator("[data-connection=live]")).to_be_visible()
    assert not Claim.objects.exists()


def test_a_form_sent_offline_is_refused_and_never_sent_later(company, phone):
    phone.goto("/leads/me/")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Français").click()
    expect(phone.get_by_role("alert")).to_contain_text("nothing will be sent later")
    phone.context.set_offline(False)
    phone.wait_for_timeout(500)
    expect(phone.get_by_role("alert")).to_be_visible()  # it does not try again by itself either
    company.amina.refresh_from_db()
    assert company.amina.language == ""


def test_an_answer_that_was_lost_is_said_to_be_unknown(phone):
    """The form may have arrived, so nobody says that it did not."""
    phone.goto("/leads/me/")
    phone.context.route("**/leads/me/", lambda route: route.abort())
    phone.get_by_role("button", name="Français").click()
    # The page has both notices, until its script knows which of them is true.
    expect(phone.get_by_text("may have arrived all the same")).to_be_visible()
    expect(phone.get_by_text("Nothing was sent")).to_be_hidden()


def sign_out(phone: Page) -> None:
    phone.goto("/leads/me/")
    phone.get_by_role("button", name="Sign out").click()
    expect(phone.get_by_role("heading", name="Sign in")).to_be_visible()


def subscribed(phone: Page) -> bool:
    found: bool = phone.evaluate("localStorage.getItem('push-stand-in') !== null")
    return found


def test_signing_out_leaves_nothing_on_the_phone(phone):
    phone.evaluate("localStorage.setItem('push-stand-in', '[1]')")
    assert kept(phone)
    sign_out(phone)
    assert not kept(phone)
    assert not subscribed(phone)
    phone.context.set_offline(True)
    go(phone, POOL)
    expect(phone.get_by_role("heading", name="No connection")).to_be_visible()
    assert "Boulangeries Lenoir" not in phone.content()


def test_the_next_user_of_a_browser_finds_nothing_of_the_former(company, phone, address, enter):
    """Amina's session ended without a word; Bruno signs in."""
    phone.evaluate("localStorage.setItem('push-stand-in', '[1]')")
    other = enter(address, company.bruno)
    phone.context.clear_cookies()
    phone.context.add_cookies(other.context.cookies())
    phone.goto("/leads/me/")
    expect(phone.get_by_role("heading", name="Bruno Marchetti")).to_be_visible()
    until(phone, lambda: not kept(phone) and not subscribed(phone))


BROKEN_CACHE = """
  const { delete: remove } = CacheStorage.prototype;
  CacheStorage.prototype.delete = async function (name) {
    if (localStorage.getItem("cache-fails-once")) {
      localStorage.removeItem("cache-fails-once");
      throw new Error("The disk does not answer.");
    }
    return remove.call(this, name);
  };
"""


@pytest.mark.parametrize("broken", ["push", "cache"])
def test_what_signing_out_could_not_clean_is_cleaned_for_the_next_user(
    company, phone, address, enter, broken
):
    phone.add_init_script(BROKEN_CACHE)
    phone.evaluate("localStorage.setItem('push-stand-in', '[1]')")
    phone.evaluate("(name) => localStorage.setItem(name, 'yes')", f"{broken}-fails-once")
    sign_out(phone)
    assert (kept(phone), subscribed(phone)) == (broken == "cache", broken == "push")
    phone.context.add_cookies(enter(address, company.bruno).context.cookies())
    phone.goto("/leads/me/")
    expect(phone.get_by_role("heading", name="Bruno Marchetti")).to_be_visible()
    until(phone, lambda: not kept(phone) and not subscribed(phone))


def test_a_phone_without_room_for_the_pool_shows_it_all_the_same(phone):
    [worker] = phone.context.service_workers
    worker.evaluate(
        """() => {
          Cache.prototype.put = async () => { throw new DOMException("", "QuotaExceededError"); };
        }"""
    )
    phone.evaluate("caches.delete('leads-kept')")
    phone.reload()
    expect(phone.get_by_role("link", name="Boulangeries Lenoir").first).to_be_visible()
    assert not kept(phone)


def test_a_part_of_the_pool_is_not_kept_as_all_of_it(phone):
    phone.goto(f"{POOL}?company=kestrel")
    expect(phone.get_by_role("link", name="Boulangeries Lenoir")).to_have_count(0)
    phone.context.set_offline(True)
    go(phone, POOL)
    expect(phone.locator("[data-kept-note]")).to_be_visible()
    expect(phone.get_by_role("link", name="Boulangeries Lenoir").first).to_be_visible()


def test_a_pool_of_more_than_a_day_ago_is_neither_shown_nor_offered(phone):
    phone.evaluate(
        """async () => {
          const cache = await caches.open("leads-kept");
          const old = await cache.match("/leads/pool/", { ignoreVary: true });
          const headers = new Headers(old.headers);
          headers.set("X-Kept-At", new Date(Date.now() - 25 * 3600 * 1000).toISOString());
          await cache.put("/leads/pool/", new Response(await old.blob(), { headers }));
        }"""
    )
    phone.context.set_offline(True)
    for path in ("/leads/me/", POOL):
        go(phone, path)
        expect(phone.get_by_role("heading", name="No connection")).to_be_visible()
        expect(phone.get_by_role("link", name="The pool as you last saw it")).to_be_hidden()


def test_the_offline_page_is_in_the_language_of_its_reader(company, address, enter):
    company.amina.language = "fr"
    company.amina.save()
    page = enter(address, company.amina)
    page.goto("/leads/me/")
    ready(page)
    page.context.set_offline(True)
    go(page, "/leads/rules/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")

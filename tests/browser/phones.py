"""A phone in a test: what it says of itself, and a push service that it can subscribe to."""

import json
from collections.abc import Callable

from playwright.sync_api import Page

from tests.notify.browsers import subscription

PIXEL = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36"
)

# What it gave is kept as long as the browser keeps its own.
STAND_IN = """
  const given = GIVEN;
  const made = (key) => ({
    ...given,
    options: { userVisibleOnly: true, applicationServerKey: Uint8Array.from(key).buffer },
    toJSON: () => given,
    unsubscribe: async () => {
      if (localStorage.getItem("push-fails-once")) {
        localStorage.removeItem("push-fails-once");
        throw new Error("The push service does not answer.");
      }
      localStorage.removeItem("push-stand-in");
      return true;
    },
  });
  PushManager.prototype.subscribe = async ({ applicationServerKey: key }) => {
    localStorage.setItem("push-stand-in", JSON.stringify(Array.from(key)));
    return made(key);
  };
  PushManager.prototype.getSubscription = async () => {
    const key = JSON.parse(localStorage.getItem("push-stand-in"));
    return key && made(key);
  };
""".replace("GIVEN", json.dumps(subscription("phone")))


def until(page: Page, holds: Callable[[], object]) -> None:
    """Wait for what no page shows: in a worker, in a cache, in the database."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It never came to that.")

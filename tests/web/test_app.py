"""The pages can be installed on a phone, and know what to show offline (UI2)."""

import json
import re
import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.web.conftest import signed_in

HOME = "/leads/"


def file(address: str) -> bytes:
    return Path(str(finders.find(address.removeprefix("/static/")))).read_bytes()


def app(client: Client, **headers: str) -> dict:
    """What the service worker is told of this site."""
    text = client.get("/leads/sw.js", headers=headers).content.decode()
    told: dict = json.loads(re.fullmatch(r"const APP = (.+);\nimportScripts\(.+\);\n", text)[1])  # type: ignore[index]
    return told


def test_a_phone_is_offered_to_install_the_pages(cast):
    html = signed_in(cast.amina).get(HOME).content.decode()
    [address] = re.findall(r'<link rel="manifest" href="([^"]+)"', html)
    answer = Client().get(address)
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = answer.json()
    assert manifest["display"] == "standalone"
    assert manifest["start_url"] == manifest["scope"] == HOME
    kinds = {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]}
    assert kinds == {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}


def test_each_icon_has_the_size_that_it_is_said_to_have():
    manifest = Client().get("/leads/app.webmanifest").json()
    icons = [(icon["src"], icon["sizes"]) for icon in manifest["icons"]]
    icons += [
        (app(Client())["badge"], "96x96"),
        ("/static/leaddistrib/icon-apple-180.png", "180x180"),
    ]
    for address, sizes in icons:
        data = file(address)
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert "{}x{}".format(*struct.unpack(">II", data[16:24])) == sizes


def test_the_app_speaks_the_readers_language():
    french = {"Accept-Language": "fr"}
    assert Client().get("/leads/app.webmanifest", headers=french).json()["lang"] == "fr"
    told = app(Client(), **french)
    assert told["language"] == "fr"
    # Another version: browsers replace the worker, and with it what it says offline.
    assert told["version"] != app(Client())["version"]


def test_the_worker_rules_over_the_pages_and_is_asked_for_anew_each_time():
    answer = Client().get("/leads/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Service-Worker-Allowed"] == HOME
    assert "no-cache" in answer["Cache-Control"]
    assert "importScripts(" in answer.content.decode()


def test_all_that_is_shown_offline_is_there(cast):
    told = app(Client())
    for address in (*told["assets"], told["icon"], told["badge"]):
        assert file(address)
    html = signed_in(cast.amina).get("/leads/pool/").content.decode()
    html += Client().get(told["offline"]).content.decode()
    needed = set(re.findall(r'(?:<script[^>]* src|rel="stylesheet" href)="([^"]+)"', html))
    assert needed <= set(told["assets"])


def test_the_worker_knows_nobody_and_neither_does_the_offline_page(cast):
    stranger, amina = Client(), signed_in(cast.amina)
    assert app(stranger) == app(amina)
    for client in (stranger, amina):
        answer = client.get("/leads/offline/")
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert "amina" not in answer.content.decode().lower()


def test_the_offline_page_swallows_nothing_that_was_to_be_said(cast):
    """The worker fetches it beside other pages, and keeps it for whoever comes next."""
    amina = signed_in(cast.amina)
    amina.post("/leads/me/notifications/", {"push": "on"})
    assert "Your settings are saved." not in amina.get("/leads/offline/").content.decode()
    assert "Your settings are saved." in amina.get(HOME).content.decode()


def test_the_offline_page_says_that_nothing_is_sent_later():
    html = Client().get("/leads/offline/").content.decode()
    assert "Nothing was sent, and nothing will be sent later." in html


def test_users_of_one_browser_are_told_apart_and_not_named(cast):
    def key(who) -> str:
        [found] = re.findall(r'data-user="([^"]+)"', signed_in(who).get(HOME).content.decode())
        return str(found)

    assert key(cast.amina) == key(cast.amina) != key(cast.bruno)
    assert "amina" not in key(cast.amina)


@pytest.mark.parametrize("address", ["/leads/app.webmanifest", "/leads/sw.js", "/leads/offline/"])
def test_the_app_costs_no_query(address, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert Client().get(address).status_code == 200
        assert Client().post(address).status_code == 405

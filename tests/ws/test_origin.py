"""Only our own pages open a socket: any other site's page would bring the rep's cookies along."""

import pytest

from tests.ws.conftest import HOST, ORIGIN, Socket


async def answer(**headers: str) -> str:
    socket = Socket(**headers)
    said = await socket.open()
    if said == "websocket.accept":
        assert await socket.end() == 4401  # nobody is signed in
    await socket.wait(timeout=5)
    return said


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        f"http://{HOST}",
        f"{ORIGIN}:8443",
        f"{ORIGIN}.evil.example.com",
        f"https://evil.example.com/{HOST}",
        f"{ORIGIN}/leads/",
        f"https://{HOST}@evil.example.com",
        f"https://evil.example.com@{HOST}",
        HOST,
        f"https://{HOST}:port",
        "null",
    ],
)
async def test_a_foreign_page_is_refused(site, origin):
    assert await answer(origin=origin) == "websocket.close"


async def test_a_program_without_an_origin_is_asked_for_its_session(site, transactional_db):
    assert await answer(origin="") == "websocket.accept"
    own = {"host": "evil.example.com", "origin": ""}
    assert await answer(**own) == "websocket.close"


@pytest.mark.parametrize("origin", [ORIGIN, f"{ORIGIN}:443"])
async def test_the_sites_own_page_is_let_in(site, transactional_db, origin):
    assert await answer(origin=origin) == "websocket.accept"


async def test_the_port_belongs_to_the_host(site, transactional_db):
    own = {"scheme": "ws", "host": f"{HOST}:8000"}
    assert await answer(origin=f"http://{HOST}:8000", **own) == "websocket.accept"
    assert await answer(origin=f"http://{HOST}", **own) == "websocket.close"


async def test_two_origins_are_none(site):
    socket = Socket()
    socket.scope["headers"].append((b"origin", b"https://evil.example.com"))
    assert await socket.open() == "websocket.close"
    await socket.wait(timeout=5)


async def test_an_origin_that_the_host_allows_is_let_in(site, transactional_db, settings):
    settings.LEADDISTRIB = {"SOCKET_ORIGINS": ["https://crm.example.com"]}
    assert await answer(origin="https://crm.example.com") == "websocket.accept"
    assert await answer(origin="http://crm.example.com") == "websocket.close"


async def test_a_host_that_is_not_ours_is_refused_even_if_the_origin_agrees(site):
    """A name that somebody else points at this server."""
    own = {"host": "evil.example.com", "origin": "https://evil.example.com"}
    assert await answer(**own) == "websocket.close"

"""Who may sit at a socket, and for how long."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone

from leaddistrib.testing import LeadFactory, PoolFactory, UserFactory
from leaddistrib.ws import consumers
from tests.ws.conftest import Socket, cookie_of, elsewhere


async def test_nobody_is_asked_to_sign_in(transactional_db, connect):
    assert await (await connect()).end() == 4401


@pytest.mark.parametrize("cookie", ["sessionid=made-up", "sessionid=", "other=1"])
async def test_a_made_up_session_is_nobody(transactional_db, connect, cookie):
    assert await (await connect(cookie=cookie)).end() == 4401


async def test_oscar_who_is_no_rep_hears_nothing(transactional_db, connect):
    oscar = await elsewhere(UserFactory, username="oscar")
    socket = await connect(cookie=await elsewhere(cookie_of, oscar))
    assert await socket.end() == 4403


async def signs_out(rep):
    await elsewhere(Session.objects.all().delete)


async def session_expires(rep):
    past = timezone.now() - timedelta(seconds=1)
    await elsewhere(Session.objects.update, expire_date=past)


async def is_deactivated(rep):
    rep.user.is_active = False
    await elsewhere(rep.user.save)


async def changes_password(rep):
    rep.user.set_password("another")
    await elsewhere(rep.user.save)


async def leaves_the_team(rep):
    rep.active = False
    await elsewhere(rep.save)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (signs_out, 4401),
        (session_expires, 4401),
        (is_deactivated, 4401),
        (changes_password, 4401),
        (leaves_the_team, 4403),
    ],
)
async def test_an_open_socket_ends_when_its_rep(cast, connect, settings, event, code):
    settings.LEADDISTRIB = {"HEARTBEAT_SECONDS": 0.05}
    amina = await connect(cast.amina)
    await amina.hear("snapshot")
    await event(cast.amina)
    assert await amina.end() == code


async def test_it_is_looked_at_again_on_each_message_too(cast, connect):
    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    await signs_out(cast.amina)
    await socket.say({"type": "resync", "pool": str(cast.pool.public_id)})
    assert await socket.end() == 4401


async def test_a_new_secret_key_signs_nobody_out(cast, connect, settings):
    """A socket cannot set the cookie that renews a session: it must leave the session alone."""
    cookie = await elsewhere(cookie_of, cast.amina.user)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    socket = await connect(cookie=cookie)
    await socket.hear("snapshot")
    key = cookie.partition("=")[2]
    assert await elsewhere(Session.objects.filter(pk=key).exists)


async def test_a_rep_who_changes_pools_hears_the_new_one_and_no_longer_the_old(
    cast, connect, settings
):
    settings.LEADDISTRIB = {"HEARTBEAT_SECONDS": 0.05}
    socket = await connect(cast.amina)
    before = await socket.hear("snapshot")
    await elsewhere(cast.amina.pools.set, [cast.other])
    after = await socket.hear("snapshot")
    assert [pool["name"] for pool in after["pools"]] == ["Lyon"]
    assert after["epoch"] != before["epoch"]
    await elsewhere(LeadFactory, pool=cast.pool)
    lead = await elsewhere(LeadFactory, pool=cast.other)
    assert (await socket.hear("lead.opened"))["lead"]["id"] == str(lead.public_id)


async def test_a_sixth_socket_is_too_many_until_one_is_closed(cast, connect):
    five = [await connect(cast.amina) for _ in range(5)]
    for socket in five:
        await socket.hear("snapshot")
    assert await (await connect(cast.amina)).end() == 4429
    bruno = await connect(cast.bruno)
    await bruno.hear("snapshot")
    await five[0].leave()
    again = await connect(cast.amina)
    await again.hear("snapshot")


async def test_an_old_socket_is_renewed(cast, connect, settings):
    settings.LEADDISTRIB = {"SOCKET_MAX_SECONDS": 0}
    socket = await connect(cast.amina)
    assert await socket.end() == 1012


async def test_without_the_database_the_page_is_asked_to_come_back(cast, connect, monkeypatch):
    def away(session_key):
        raise OperationalError("the server closed the connection")

    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    monkeypatch.setattr(consumers, "look", away)
    await socket.say({"type": "seen", "leads": []})
    assert await socket.end() == 1013


async def test_a_rep_without_pools_is_welcome(cast, connect):
    await elsewhere(cast.amina.pools.clear)
    await elsewhere(PoolFactory)
    socket = await connect(cast.amina)
    assert (await socket.hear("snapshot"))["pools"] == []


async def test_the_page_speaks_the_reps_language_and_otherwise_the_browsers(cast, connect):
    cast.amina.language, cast.amina.paused = "fr", True
    await elsewhere(cast.amina.save)
    cast.bruno.paused = True
    await elsewhere(cast.bruno.save)
    reasons = []
    for rep, headers in (
        (cast.amina, {"accept_language": "en"}),
        (cast.bruno, {"accept_language": "fr-CA,fr;q=0.9"}),
        (cast.bruno, {"accept_language": "en"}),
    ):
        socket: Socket = await connect(rep, **headers)
        reasons.append((await socket.hear("snapshot"))["me"]["reasons"][0]["message"])
    assert reasons[0] == reasons[1]
    assert reasons[2] == "You are paused. Resume to claim leads."

"""What a page hears while it is open (RA1, UI3)."""

import asyncio

import pytest
from channels.layers import get_channel_layer
from django.db import OperationalError, transaction
from django.utils import translation

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import claim, release, route
from leaddistrib.lifecycle.availability import set_paused
from leaddistrib.models import Pool
from leaddistrib.queries import refusing
from leaddistrib.queries.snapshot import versions
from leaddistrib.testing import LeadFactory, publish_rules
from leaddistrib.ws import consumers, heartbeat, rendering
from leaddistrib.ws.consumers import leads_consumer
from tests.ws.conftest import Socket, cookie_of, elsewhere


async def test_first_of_all_a_page_gets_everything_it_shows(cast, connect):
    lead = await elsewhere(LeadFactory, company="Café Zoé", pool=cast.pool)
    socket = await connect(cast.amina)
    message = await socket.hear()
    assert message["type"] == "snapshot"
    assert [pool["name"] for pool in message["pools"]] == ["Paris"]
    [shown] = message["pools"][0]["leads"]
    assert (shown["id"], shown["company"]) == (str(lead.public_id), "Café Zoé")
    assert message["me"]["name"] == "Amina"


async def test_rivals_see_who_won_at_once(cast, connect):
    amina, bruno = await connect(cast.amina), await connect(cast.bruno)
    for socket in (amina, bruno):
        await socket.hear("snapshot")
    lead = await elsewhere(LeadFactory, pool=cast.pool)
    for socket in (amina, bruno):
        opened = await socket.hear()
        assert (opened["type"], opened["lead"]["id"]) == ("lead.opened", str(lead.public_id))
    await elsewhere(claim, lead, cast.amina, via="page")
    taken = await bruno.hear()
    assert (taken["type"], taken["lead"]) == ("lead.taken", str(lead.public_id))
    assert taken["by"] == "Amina"
    assert taken["version"] == opened["version"] + 1


async def test_other_pools_are_none_of_a_reps_business(cast, connect):
    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    await elsewhere(LeadFactory, pool=cast.other)
    lead = await elsewhere(LeadFactory, pool=cast.pool)
    assert (await socket.hear())["lead"]["id"] == str(lead.public_id)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_lead_that_opens_while_the_snapshot_is_taken_is_not_missed(
    cast, connect, monkeypatch, when
):
    def whole(*args):
        if when == "before":
            LeadFactory(pool=cast.pool)
        text = rendering_whole(*args)
        if when == "after":
            LeadFactory(pool=cast.pool)
        return text

    rendering_whole = rendering.whole
    monkeypatch.setattr(rendering, "whole", whole)
    socket = await connect(cast.amina)
    [pool] = (await socket.hear())["pools"]
    opened = await socket.hear("lead.opened")
    assert (len(pool["leads"]), opened["version"] - pool["version"]) == (
        (1, 0) if when == "before" else (0, 1)
    )


async def test_a_winner_sees_the_new_limits_in_all_own_pages(cast, connect):
    cast.amina.capacity, cast.amina.language = 1, "fr"
    await elsewhere(cast.amina.save)
    phone, desk = await connect(cast.amina), await connect(cast.amina)
    rival = await connect(cast.bruno)
    for page in (phone, desk, rival):
        await page.hear("snapshot")
    lead = await elsewhere(LeadFactory, pool=cast.pool)
    await elsewhere(claim, lead, cast.amina, via="page")
    for page in (phone, desk):
        me = (await page.hear("me.changed"))["me"]
        assert (me["open_leads"], me["capacity"], me["may_claim"]) == (1, 1, False)
        assert [reason["code"] for reason in me["reasons"]] == ["at_capacity"]
    await elsewhere(release, lead, cast.amina, reason="wrong region")
    me = (await phone.hear("me.changed"))["me"]
    assert (me["open_leads"], me["may_claim"], me["reasons"]) == (0, True, [])
    await elsewhere(claim, lead, cast.bruno, via="page")
    heard = [(await rival.hear())["type"] for _ in range(5)]
    assert sorted(heard) == [
        "lead.opened",
        "lead.opened",
        "lead.taken",
        "lead.taken",
        "me.changed",
    ]


async def test_a_pushed_lead_shows_up_in_its_owners_pages(cast, connect):
    push = {"push": "round_robin", "team": cast.chloe.team.name}
    await elsewhere(publish_rules, [{"name": "All", "when": {}, "then": push}])

    def comes_in():
        with transaction.atomic():
            route([LeadFactory()])

    socket = await connect(cast.chloe)
    await socket.hear("snapshot")
    await elsewhere(comes_in)
    assert (await socket.hear("me.changed"))["me"]["open_leads"] == 1


async def test_a_heartbeat_tells_the_versions_of_the_own_pools(cast, connect, settings):
    settings.LEADDISTRIB = {"HEARTBEAT_SECONDS": 0.05}
    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    # Changed behind everybody's back: a message that got lost.
    await elsewhere(Pool.objects.filter(pk=cast.pool.pk).update, version=42)
    for _ in range(3):  # one may have been read just before the change
        beat = await socket.hear("heartbeat")
        assert set(beat["versions"]) == {str(cast.pool.public_id)}
        if beat["versions"][str(cast.pool.public_id)] == 42:
            break
    assert beat["versions"] == {str(cast.pool.public_id): 42}


async def test_versions_are_read_once_for_all_sockets(site, settings, monkeypatch):
    reads = []

    def counted():
        reads.append(1)
        return {"paris": 7}

    monkeypatch.setattr(heartbeat, "versions", counted)
    settings.LEADDISTRIB = {"HEARTBEAT_SECONDS": 0.05}
    beats = await asyncio.gather(*(heartbeat.next_beat() for _ in range(500)))
    assert len(reads) == 1
    texts = {beat.text(frozenset(["paris", "gone"])) for beat in beats}
    assert texts == {'{"type":"heartbeat","versions":{"paris":7}}'}


async def test_heartbeats_go_on_after_the_database_was_away(cast, connect, settings, monkeypatch):
    answers = [OperationalError("away"), {"read": "again"}]

    def next_answer():
        answer = answers.pop(0) if answers else {}
        if isinstance(answer, Exception):
            raise answer
        return versions()

    monkeypatch.setattr(heartbeat, "versions", next_answer)
    settings.LEADDISTRIB = {"HEARTBEAT_SECONDS": 0.05}
    socket = await connect(cast.amina)
    await socket.hear("heartbeat")
    assert answers == []


async def test_a_socket_that_ends_leaves_nothing_in_the_layer(cast, connect):
    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    assert get_channel_layer().groups
    await socket.leave()
    assert not get_channel_layer().groups
    assert not get_channel_layer().channels


class StuckReader:
    """A client that takes the snapshot and nothing after it, not even the end."""

    def __init__(self, cookie: str) -> None:
        self.scope = Socket(cookie).scope
        self.took: list[str] = []
        self.left: list[dict] = []
        self.comes = [{"type": "websocket.connect"}]

    async def receive(self) -> dict:
        return self.comes.pop() if self.comes else await asyncio.Future()

    async def send(self, message: dict) -> None:
        if len(self.took) == 2:
            self.left.append(message)
            await asyncio.Future()
        self.took.append(message["type"])

    async def sits_down(self) -> asyncio.Task:
        serving = asyncio.create_task(leads_consumer(self.scope, self.receive, self.send))
        async with asyncio.timeout(5):
            while len(self.took) < 2:
                await asyncio.sleep(0.01)
        assert self.took == ["websocket.accept", "websocket.send"]
        return serving


async def test_a_reader_that_takes_nothing_loses_the_socket(cast, site, monkeypatch):
    monkeypatch.setattr(consumers, "SEND_SECONDS", 0.05)
    reader = StuckReader(await elsewhere(cookie_of, cast.amina.user))
    serving = await reader.sits_down()
    await elsewhere(LeadFactory, pool=cast.pool)
    async with asyncio.timeout(5):
        await serving
    assert reader.left[-1] == {"type": "websocket.close", "code": 1013}


async def test_what_waits_for_a_slow_reader_is_bounded(cast, site, monkeypatch):
    monkeypatch.setattr(consumers, "BACKLOG", 5)
    reader = StuckReader(await elsewhere(cookie_of, cast.amina.user))
    serving = await reader.sits_down()
    for _ in range(5):
        await elsewhere(LeadFactory, pool=cast.pool)
    assert not serving.done()
    for _ in range(3):  # the one being sent, the five that wait, and one too many
        await elsewhere(LeadFactory, pool=cast.pool)
    async with asyncio.timeout(5):
        await serving
    assert reader.left[-1] == {"type": "websocket.close", "code": 1013}


async def test_a_rep_whom_the_manager_pauses_reads_it_in_the_own_language(cast, connect):
    cast.amina.language = "fr"
    await elsewhere(cast.amina.save)
    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    await elsewhere(set_paused, cast.amina, True)
    me = (await socket.hear("me.changed"))["me"]
    assert (me["paused"], me["may_claim"]) == (True, False)
    with translation.override("fr"):
        assert me["reasons"][0]["message"] == refusing.refusal("paused", {})


async def test_a_seen_that_meets_a_busy_database_is_one_measurement_less(
    cast, connect, monkeypatch
):
    def busy(rep, leads):
        raise Busy("locked")

    monkeypatch.setattr(consumers, "mark_seen", busy)
    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    await socket.say({"type": "seen", "leads": []})
    await socket.say({"type": "resync", "pool": str(cast.pool.public_id)})
    assert (await socket.hear())["type"] == "snapshot"

"""What a page may say, and what happens to everything else."""

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.models import Claim, Lead, Offer
from leaddistrib.testing import LeadFactory
from leaddistrib.ws.closing import Closing, Code
from leaddistrib.ws.commands import Allowance, Resync, Seen, parse
from tests.ws.conftest import elsewhere


def refused(frame: dict) -> Code | None:
    with pytest.raises(Closing) as closing:
        parse(frame)
    return closing.value.code


def test_the_two_commands():
    lead, pool = uuid4(), uuid4()
    assert parse({"text": json.dumps({"type": "seen", "leads": [str(lead)]})}) == Seen((lead,))
    assert parse({"text": json.dumps({"type": "seen", "leads": []})}) == Seen(())
    assert parse({"text": json.dumps({"type": "resync", "pool": str(pool)})}) == Resync(pool)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "claim", "lead": str(uuid4())},
        {"type": "seen"},
        {"type": "seen", "leads": "all"},
        {"type": "seen", "leads": [1]},
        {"type": "seen", "leads": ["x"]},
        {"type": "seen", "leads": [], "rep": 1},
        {"type": "resync", "pool": None},
        {"type": "resync", "pool": {"id": str(uuid4())}},
        {"type": "snapshot"},
        [],
        None,
        "seen",
    ],
)
def test_everything_else_is_refused(message):
    assert refused({"text": json.dumps(message)}) == Code.REFUSED


@pytest.mark.parametrize("text", ["", "{", "[" * 8000, '{"type": "seen", "leads": [NaN]}', "\x00"])
def test_what_is_not_json_is_refused(text):
    assert refused({"text": text}) == Code.REFUSED


def test_binary_frames_are_refused():
    assert refused({"bytes": b"{}"}) == Code.REFUSED
    assert refused({"text": None, "bytes": b"{}"}) == Code.REFUSED


def test_a_frame_is_measured_in_bytes():
    assert refused({"text": "é" * 4097}) == Code.TOO_BIG
    assert refused({"text": "é" * 4096}) == Code.REFUSED


leaves = st.none() | st.booleans() | st.floats() | st.text() | st.integers() | st.uuids().map(str)
documents = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
near_misses = st.fixed_dictionaries(
    {"type": st.sampled_from(["seen", "resync"]) | documents},
    optional={"leads": documents, "pool": documents, "more": documents},
)


@given(documents | near_misses)
def test_no_message_breaks_the_parser(message):
    try:
        command = parse({"text": json.dumps(message)})
    except Closing:
        return
    assert isinstance(command, Seen | Resync)


def test_twenty_messages_a_second_and_no_more():
    now = 0.0
    allowance = Allowance(clock=lambda: now)
    for _ in range(20):
        allowance.spend()
    now += 0.5
    for _ in range(10):
        allowance.spend()
    with pytest.raises(Closing):
        allowance.spend()


def test_a_quiet_page_saves_up_no_more_than_a_second():
    now = 0.0
    allowance = Allowance(clock=lambda: now)
    now += 3600
    for _ in range(20):
        allowance.spend()
    with pytest.raises(Closing):
        allowance.spend()


async def test_a_claim_by_socket_ends_it_and_claims_nothing(cast, connect):
    lead = await elsewhere(LeadFactory, pool=cast.pool)
    socket = await connect(cast.amina)
    await socket.say({"type": "claim", "lead": str(lead.public_id)})
    assert await socket.end() == 1008
    assert not await elsewhere(Claim.objects.exists)
    assert (await elsewhere(Lead.objects.get)).owner_id is None


async def test_a_flood_of_messages_ends_the_socket(cast, connect, settings):
    settings.LEADDISTRIB = {"SOCKET_MESSAGES_PER_SECOND": 0.001}
    socket = await connect(cast.amina)
    await socket.say({"type": "seen", "leads": []})
    assert await socket.end() == 1008


async def test_what_is_seen_is_noted_once_and_only_for_the_rep_who_was_told(cast, connect):
    lead = await elsewhere(LeadFactory, pool=cast.pool)
    elsewhere_waiting = await elsewhere(LeadFactory, pool=cast.other)
    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    named = [str(one) for one in (lead.public_id, elsewhere_waiting.public_id, uuid4())]

    async def seen_by() -> dict:
        await socket.say({"type": "seen", "leads": named})
        await socket.say({"type": "resync", "pool": str(cast.pool.public_id)})
        await socket.hear("snapshot")  # answered after the message before it was dealt with
        rows = Offer.objects.filter(seen_at__isnull=False).values_list("rep", "seen_at")
        return dict(await elsewhere(list, rows))

    first = await seen_by()
    assert list(first) == [cast.amina.pk]
    assert await seen_by() == first


async def test_resync_answers_with_that_pool_in_the_same_epoch(cast, connect):
    await elsewhere(cast.other.reps.add, cast.amina)
    socket = await connect(cast.amina)
    whole = await socket.hear("snapshot")
    assert [pool["name"] for pool in whole["pools"]] == ["Lyon", "Paris"]
    await socket.say({"type": "resync", "pool": str(cast.pool.public_id)})
    part = await socket.hear("snapshot")
    assert [pool["name"] for pool in part["pools"]] == ["Paris"]
    assert (part["epoch"], part["me"]) == (whole["epoch"], whole["me"])


@pytest.mark.parametrize("foreign", [True, False])
async def test_a_foreign_pool_and_a_missing_one_answer_alike(cast, connect, foreign):
    socket = await connect(cast.amina)
    await socket.hear("snapshot")
    pool = cast.other.public_id if foreign else uuid4()
    await socket.say({"type": "resync", "pool": str(pool)})
    assert (await socket.hear("snapshot"))["pools"] == []

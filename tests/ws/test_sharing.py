"""What members of a shared pool hear of each other (PO1, PO2)."""

from leaddistrib.events.messages import stamp
from leaddistrib.lifecycle import close, log_contact, start, stop
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.ws.conftest import elsewhere


async def shared_lead(cast):
    pool = await elsewhere(PoolFactory, mode="shared", reps=[cast.amina, cast.bruno])
    return await elsewhere(LeadFactory, pool=pool)


async def test_members_hear_who_begins_and_ends_to_work_with_the_pools_next_version(cast, connect):
    lead = await shared_lead(cast)
    bruno = await connect(cast.bruno)
    shown = {pool["id"]: pool for pool in (await bruno.hear("snapshot"))["pools"]}
    version = shown[str(lead.pool.public_id)]["version"]
    until = (await elsewhere(start, lead, cast.amina)).until
    begun = await bruno.hear()
    assert (begun["type"], begun["version"]) == ("lead.updated", version + 1)
    assert begun["lead"]["working"] == {"by": "Amina", "until": stamp(until)}
    await elsewhere(stop, lead, cast.amina)
    ended = await bruno.hear()
    assert (ended["version"], ended["lead"]["working"]) == (version + 2, None)


async def test_a_snapshot_says_who_works_and_what_time_it_is(cast, connect):
    lead = await shared_lead(cast)
    await elsewhere(start, lead, cast.amina)
    bruno = await connect(cast.bruno)
    snapshot = await bruno.hear("snapshot")
    cards = [card for pool in snapshot["pools"] for card in pool["leads"]]
    assert [card["working"]["by"] for card in cards] == ["Amina"]
    assert snapshot["now"] < cards[0]["working"]["until"]


async def test_a_first_contact_is_heard_as_taken_and_a_closed_lead_as_withdrawn(cast, connect):
    first, second = await shared_lead(cast), await shared_lead(cast)
    bruno = await connect(cast.bruno)
    await bruno.hear("snapshot")
    await elsewhere(log_contact, first, cast.amina, "call")
    taken = await bruno.hear()
    assert (taken["type"], taken["lead"], taken["by"]) == (
        "lead.taken",
        str(first.public_id),
        "Amina",
    )
    await elsewhere(close, second, cast.amina)
    gone = await bruno.hear()
    assert (gone["type"], gone["lead"]) == ("lead.withdrawn", str(second.public_id))


async def test_who_is_of_another_pool_hears_nothing_of_it(cast, connect):
    lead = await shared_lead(cast)
    chloe = await connect(cast.chloe)
    await chloe.hear("snapshot")
    await elsewhere(start, lead, cast.amina)
    other = await elsewhere(LeadFactory, pool=cast.other)
    assert (await chloe.hear())["lead"]["id"] == str(other.public_id)

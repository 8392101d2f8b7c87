"""What a page hears while it is open (RA1, UI3)."""

from leaddistrib.lifecycle import claim
from leaddistrib.testing import LeadFactory
from tests.ws.conftest import elsewhere


async def test_first_of_all_a_page_gets_everything_it_shows(cast, connect):
    lead = await elsewhere(LeadFactory, company="Café Zoé", pool=cast.pool)
    socket = await connect(cast.amina)
    message = await socket.hear()
    assert message["type"] == "snapshot"
    assert [pool["name"] for pool in message["pools"]] == ["Paris"]
    assert [one["id"] for one in message["pools"][0]["leads"]] == [str(lead.public_id)]
    assert message["me"]["name"] == "Amina"


async def test_rivals_see_who_won_at_once(cast, connect):
    amina, bruno = await connect(cast.amina), await connect(cast.bruno)
    for socket in (amina, bruno):
        await socket.hear()
    lead = await elsewhere(LeadFactory, pool=cast.pool)
    for socket in (amina, bruno):
        opened = await socket.hear()
        assert (opened["type"], opened["lead"]["id"]) == ("lead.opened", str(lead.public_id))
    await elsewhere(claim, lead, cast.amina, via="page")
    taken = await bruno.hear()
    assert (taken["type"], taken["lead"], taken["by"]) == (
        "lead.taken",
        str(lead.public_id),
        "Amina",
    )
    assert taken["version"] == opened["version"] + 1

"""Pages hear of a lead when it opens for their rep, and not before (TI1)."""

from datetime import timedelta

from django.utils import timezone

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.opening import tell_due
from leaddistrib.testing import LeadFactory, TeamFactory, clock_at
from tests.tiers import placed, tier_policy
from tests.ws.conftest import elsewhere


def tiers(cast):
    """Amina is in the highest tier, Bruno in the next one."""
    paris = TeamFactory(name="Paris")
    tier_policy(paris)
    for level, rep in enumerate((cast.amina, cast.bruno), start=1):
        rep.team = paris
        rep.save()
        placed(rep, level)
    cast.pool.tiered = True
    cast.pool.save()


def opened(pool, moment):
    with clock_at(moment):
        return LeadFactory(company="Kestrel Insurance", pool=pool)


def tell_at(moment):
    with clock_at(moment):
        return tell_due(moment)


async def test_a_page_hears_of_a_lead_in_the_own_wave_and_of_the_version_alone_before(
    cast, connect
):
    await elsewhere(tiers, cast)
    start = timezone.now() - timedelta(minutes=15)  # for Bruno it opens as the test runs
    amina, bruno = await connect(cast.amina), await connect(cast.bruno)
    for socket in (amina, bruno):
        await socket.hear("snapshot")

    lead = await elsewhere(opened, cast.pool, start)
    shown = await amina.hear()
    assert (shown["type"], shown["lead"]["company"]) == ("lead.opened", "Kestrel Insurance")
    assert await bruno.hear() == {
        "type": "pool.changed",
        "pool": str(cast.pool.public_id),
        "version": shown["version"],
    }

    assert await elsewhere(tell_at, start + timedelta(minutes=15)) == 1
    opening = await bruno.hear()
    assert (opening["type"], opening["lead"]["id"]) == ("lead.opened", str(lead.public_id))
    assert opening["version"] == shown["version"] + 1
    assert (await amina.hear())["type"] == "pool.changed"

    assert (await elsewhere(claim, lead, cast.bruno, via="page")).result == "won"
    taken = await amina.hear()
    assert (taken["type"], taken["by"]) == ("lead.taken", "Bruno")


async def test_a_snapshot_leaves_out_what_has_not_opened_for_the_rep(cast, connect):
    await elsewhere(tiers, cast)
    await elsewhere(opened, cast.pool, timezone.now())
    sizes = []
    for rep in (cast.amina, cast.bruno):
        [pool] = (await (await connect(rep)).hear("snapshot"))["pools"]
        sizes.append((pool["size"], len(pool["leads"]), pool["version"]))
    assert sizes == [(1, 1, 1), (0, 0, 1)]

"""No message of the socket says anything of the person behind a lead (IG4)."""

import asyncio
import json

from leaddistrib.events.messages import Message
from leaddistrib.lifecycle import claim, close, log_contact, release, start
from leaddistrib.lifecycle.availability import set_paused
from leaddistrib.lifecycle.outcomes import record_outcome
from leaddistrib.lifecycle.recycling import recycle
from leaddistrib.models import Lead
from leaddistrib.testing import LeadFactory, PoolFactory, TeamFactory
from tests.tiers import placed, tier_policy
from tests.ws.conftest import elsewhere

PERSONAL = {
    "contact_name": "CANARY-NAME",
    "contact_email": "canary-mail@example.com",
    "contact_phone": "+33199000000",
    "postal_code": "CANARY-POSTAL",
    "source_system": "CANARY-SYSTEM",
    "attributes": {"CANARY-KEY": "CANARY-VALUE"},
}
KINDS = {kind.type for kind in Message.__subclasses__()}


def by_tier(cast):
    """A pool whose leads open for Amina before they do for Bruno."""
    paris = TeamFactory(name="Paris")
    tier_policy(paris)
    for level, rep in enumerate((cast.amina, cast.bruno), start=1):
        rep.team = paris
        rep.save()
        placed(rep, level)
    return PoolFactory(tiered=True, reps=[cast.amina, cast.bruno])


def everything_happens(cast, shared, tiered):
    """What Bruno hears of each kind: colleagues open, work, take and close leads, his own limits
    change, a lead that he lost opens for him later than for others, and one that is not for him
    yet opens for Amina."""
    LeadFactory(pool=tiered, company="Lenoir", **PERSONAL)
    opened, withdrawn = (LeadFactory(pool=shared, company="Lenoir", **PERSONAL) for _ in range(2))
    start(opened, cast.amina)
    log_contact(opened, cast.amina, "call", note="CANARY-NOTE")
    close(withdrawn, cast.amina, reason="CANARY-REASON")
    claim(LeadFactory(pool=cast.pool, company="Lenoir", **PERSONAL), cast.bruno, via="page")
    lost = Lead.objects.get(owner=cast.bruno)
    record_outcome(lost, "lost", rep=cast.bruno, by=cast.bruno.user, reason="CANARY-REASON")
    recycle([Lead.objects.get(pk=lost.pk)], cast.pool, by=None, reason="CANARY-REASON")
    set_paused(cast.bruno, True)


async def test_a_canary_in_every_personal_field_is_in_no_message(cast, connect, settings):
    settings.LEADDISTRIB = {"HEARTBEAT_SECONDS": 0.05}
    shared = await elsewhere(PoolFactory, mode="shared", reps=[cast.amina, cast.bruno])
    await elsewhere(LeadFactory, pool=shared, **PERSONAL)
    tiered = await elsewhere(by_tier, cast)
    bruno = await connect(cast.bruno)
    await elsewhere(everything_happens, cast, shared, tiered)
    texts: list[str] = []
    kinds: set[str] = set()
    told: set[str] = set()
    async with asyncio.timeout(30):
        while kinds != KINDS or not {"windows", "paused"} <= told:
            texts.append((await bruno.receive_output(timeout=30))["text"])
            message = json.loads(texts[-1])
            kinds.add(message["type"])
            told |= set(message.get("me", ())) if message["type"] == "me.changed" else set()
    assert any("Lenoir" in text for text in texts)
    for text in texts:
        assert "canary" not in text.lower()
        assert "199000000" not in text


def blind_leads_come_and_go(cast):
    """Two blind leads open; Amina takes one, and gives it back."""
    cast.pool.blind_percent = 100
    cast.pool.save()
    for score, temperature in ((713, "hot"), (1, "cold")):
        named = dict.fromkeys(("company", "contact_title", "city", "source"), "CANARY")
        lead = LeadFactory(
            pool=cast.pool, score=score, temperature=temperature, **{**PERSONAL, **named}
        )
    claim(lead, cast.amina, via="page")
    lead.refresh_from_db()
    release(lead, cast.amina, reason="CANARY-REASON")


async def test_of_a_blind_lead_no_message_says_what_it_is_nor_is_longer_for_it(cast, connect):
    bruno = await connect(cast.bruno)
    await elsewhere(blind_leads_come_and_go, cast)
    opened: list[dict] = []
    async with asyncio.timeout(30):
        while len(opened) < 3:
            text = (await bruno.receive_output(timeout=30))["text"]
            assert "canary" not in text.lower()
            message = json.loads(text)
            if message["type"] == "lead.opened":
                opened.append(message["lead"])
    assert all(lead["blind"] and lead["score"] is lead["temperature"] is None for lead in opened)
    assert len({len(json.dumps(lead)) for lead in opened}) == 1
    again = await connect(cast.bruno)
    snapshot = json.dumps(await again.hear("snapshot"))
    assert "canary" not in snapshot.lower()
    assert snapshot.count('"blind": true') == 2

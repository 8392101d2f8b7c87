"""No message of the socket says anything of the person behind a lead (IG4)."""

import asyncio
import json

from leaddistrib.events.messages import Message
from leaddistrib.lifecycle import claim, close, log_contact, start
from leaddistrib.lifecycle.availability import set_paused
from leaddistrib.lifecycle.outcomes import record_outcome
from leaddistrib.lifecycle.recycling import recycle
from leaddistrib.models import Lead
from leaddistrib.testing import LeadFactory, PoolFactory
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


def everything_happens(cast, shared):
    """What Bruno hears of each kind: colleagues open, work, take and close leads, his own limits
    change, and a lead that he lost opens for him later than for others."""
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
    bruno = await connect(cast.bruno)
    await elsewhere(everything_happens, cast, shared)
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

"""A rep's own limits, as a page shows them beside the CLAIM buttons (GU7).

In two steps, because who publishes a change does not know in which language it is read: plain data
that crosses the channel layer, and its sentences.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leaddistrib.engine.facts import RepFacts
from leaddistrib.events.messages import stamp
from leaddistrib.queries import refusing
from leaddistrib.queries.inbox import standing_by


def limits(facts: RepFacts, moment: datetime) -> dict[str, Any]:
    """Where the rep stands at ``moment``, with the reasons against any claim by their codes; and
    ``races_left`` of ``races`` claims today, where that is limited. No query."""
    own = standing_by(facts, moment)
    today = own.remaining.today
    return {
        "open_leads": own.open_leads,
        "capacity": own.capacity,
        "paused": own.paused,
        "may_claim": own.may_claim,
        "reasons": [
            {"code": one.code, "params": dict(one.params), "lifts_at": stamp(one.lifts_at)}
            for one in own.refusals
        ],
        **({"races_left": today.left, "races": today.limit} if today else {}),
    }


def in_words(limits: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a page: each reason a sentence in the active language."""
    reasons = [
        {
            "code": reason["code"],
            "message": refusing.refusal(reason["code"], reason["params"]),
            "lifts_at": reason["lifts_at"],
        }
        for reason in limits["reasons"]
    ]
    return {**limits, "reasons": reasons}

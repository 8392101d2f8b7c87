"""A waiting lead as every member of its pool sees it in a list: the preview, cut to size."""

from typing import Any

from leaddistrib.events.messages import cut, stamp
from leaddistrib.models import Lead
from leaddistrib.policy import View, policy

FIELDS = {
    "company": "company",
    "title": "contact_title",
    "source": "source",
    "city": "city",
    "score": "score",
    "temperature": "temperature",
    "size": "size_band",
    "country": "country",
}
"""Names in a card, and the fields behind them."""

BYTES = {"company": 60, "title": 40, "source": 30, "city": 30}
"""Bytes that each free text may take."""


def card(lead: Lead) -> dict[str, Any]:
    """What a race message and a snapshot say of ``lead``. A field that the policy keeps from a
    preview is null."""
    disclosed = policy().fields(View.PREVIEW)
    shown: dict[str, Any] = {
        name: getattr(lead, field) if field in disclosed else None for name, field in FIELDS.items()
    }
    for name, limit in BYTES.items():
        if shown[name]:
            shown[name] = cut(shown[name], limit)
    return {
        "id": str(lead.public_id),
        **shown,
        "received_at": stamp(lead.received_at),
        "opens_at": stamp(lead.opens_at),
    }

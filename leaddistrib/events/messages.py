"""What pages are told: one class for each message of the socket, with nothing else in it.

A message is at most 500 bytes, so that a race reaches a phone on a poor connection: long texts
are cut by bytes, and the page fetches the whole lead when it is opened.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from leaddistrib.models import Lead

CUT = {"company": 70, "title": 40, "source": 30, "city": 30}
"""Bytes of UTF-8 that each free text may take in a card."""


def card(lead: Lead) -> dict[str, Any]:
    """A waiting lead as every member of its pool sees it in a list: the preview, cut to size."""
    texts = {
        "company": lead.company,
        "title": lead.contact_title,
        "source": lead.source,
        "city": lead.city,
    }
    return {
        "id": str(lead.public_id),
        **{name: _cut(text, CUT[name]) for name, text in texts.items()},
        "score": lead.score,
        "temperature": lead.temperature,
        "size": lead.size_band,
        "country": lead.country,
        "received_at": stamp(lead.received_at),
        "opens_at": stamp(lead.opens_at),
    }


def stamp(moment: datetime | None) -> str | None:
    """A time as the socket and the API write it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _cut(text: str, limit: int) -> str:
    if len(text.encode()) <= limit:
        return text
    return text.encode()[: limit - 3].decode(errors="ignore") + "…"


@dataclass(frozen=True, slots=True)
class Message:
    """Base: ``text`` is what goes over the wire."""

    type: ClassVar[str]

    @property
    def text(self) -> str:
        return json.dumps(
            {"type": self.type, **asdict(self)}, ensure_ascii=False, separators=(",", ":")
        )


@dataclass(frozen=True, slots=True)
class LeadOpened(Message):
    type: ClassVar[str] = "lead.opened"
    pool: str
    version: int
    lead: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LeadTaken(Message):
    type: ClassVar[str] = "lead.taken"
    pool: str
    version: int
    lead: str
    by: str
    at: str | None


@dataclass(frozen=True, slots=True)
class LeadWithdrawn(Message):
    type: ClassVar[str] = "lead.withdrawn"
    pool: str
    version: int
    lead: str


@dataclass(frozen=True, slots=True)
class LeadUpdated(Message):
    type: ClassVar[str] = "lead.updated"
    pool: str
    version: int
    lead: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MeChanged(Message):
    """Something about the rep changed (limits, own leads): the page asks for the new figures."""

    type: ClassVar[str] = "me.changed"
    me: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heartbeat(Message):
    """The version of each pool: a page that is behind fetches the snapshot."""

    type: ClassVar[str] = "heartbeat"
    versions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot(Message):
    """Everything the page shows. ``epoch`` names the connection it belongs to."""

    type: ClassVar[str] = "snapshot"
    epoch: str
    pools: list[dict[str, Any]]
    me: dict[str, Any]

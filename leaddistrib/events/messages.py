"""What pages are told: one class for each message of the socket, with nothing else in it.

A message about one lead in a race is at most SIZE bytes, so that it reaches a phone on a poor
connection: free texts are cut by bytes, and the page fetches the whole lead when it is opened.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

SIZE = 500
"""Bytes that a race message may take."""

NAME = 100
"""Bytes that the name of a rep may take in one."""


def stamp(moment: datetime | None) -> str | None:
    """A time as the socket and the API write it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def cut(text: str, limit: int) -> str:
    """``text``, shortened until it takes at most ``limit`` bytes on the wire (UTF-8, as JSON)."""
    if _bytes(text) <= limit:
        return text
    limit -= _bytes("…")
    for end, character in enumerate(text):
        limit -= _bytes(character)
        if limit < 0:
            return text[:end] + "…"
    raise AssertionError("A text is as long as its characters together.")


def _bytes(text: str) -> int:
    return len(rendered(text).encode()) - 2  # the quotes


def rendered(value: object) -> str:
    """``value`` as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Message:
    """Base: ``text`` is what goes over the wire."""

    type: ClassVar[str]

    @property
    def text(self) -> str:
        return rendered({"type": self.type, **asdict(self)})


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
class PoolChanged(Message):
    """Something that is none of the reader's business changed in the pool: its version, and no
    more."""

    type: ClassVar[str] = "pool.changed"
    pool: str
    version: int


@dataclass(frozen=True, slots=True)
class MeChanged(Message):
    """The rep's own limits have changed: as ``me`` of the snapshot, without the name.

    The first reasons, which decide, as far as they fit.
    """

    type: ClassVar[str] = "me.changed"
    me: dict[str, Any]

    @property
    def text(self) -> str:
        limits = {name: value for name, value in self.me.items() if name != "name"}
        reasons = limits.get("reasons", [])
        for count in range(len(reasons), -1, -1):
            text = rendered({"type": self.type, "me": {**limits, "reasons": reasons[:count]}})
            if len(text.encode()) <= SIZE:
                break
        return text


@dataclass(frozen=True, slots=True)
class WindowsChanged(Message):
    """When some leads open for the rep alone: the part of ``me`` that says so, and nothing else."""

    type: ClassVar[str] = "me.changed"
    LEADS: ClassVar[int] = 7
    """Leads that one message has room for within SIZE."""
    me: dict[str, dict[str, str | None]]


@dataclass(frozen=True, slots=True)
class Heartbeat(Message):
    """The version of each pool: a page that is behind fetches the snapshot."""

    type: ClassVar[str] = "heartbeat"
    versions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot(Message):
    """Everything the page shows. ``epoch`` names the connection it belongs to; ``now`` is the
    database's time, by which the page tells what is over."""

    type: ClassVar[str] = "snapshot"
    epoch: str
    now: str | None
    pools: list[dict[str, Any]]
    me: dict[str, Any]

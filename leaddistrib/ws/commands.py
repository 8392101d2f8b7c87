"""What a client may say on a socket: two things. A claim is not among them, because a socket may
replay an old tap when it reconnects."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from leaddistrib import conf
from leaddistrib.ws.closing import Closing, Code


@dataclass(frozen=True, slots=True)
class Seen:
    """These leads are on the rep's screen (RA3)."""

    leads: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Resync:
    """The page missed something of this pool."""

    pool: UUID


def parse(frame: dict[str, Any]) -> Seen | Resync:
    """The command in a WebSocket frame, as ASGI hands it over.

    Raises:
        Closing: TOO_BIG over SOCKET_MAX_BYTES, REFUSED for everything that is not a command.
    """
    text = frame.get("text")
    if text is None:
        raise Closing(Code.REFUSED)
    if len(text.encode()) > conf.settings.SOCKET_MAX_BYTES:
        raise Closing(Code.TOO_BIG)
    try:
        match json.loads(text):
            case {"type": "seen", "leads": [*leads], **rest} if not rest:
                return Seen(tuple(_uuid(lead) for lead in leads))
            case {"type": "resync", "pool": pool, **rest} if not rest:
                return Resync(_uuid(pool))
    except (ValueError, RecursionError):
        pass  # not JSON, or not the name of anything
    raise Closing(Code.REFUSED)


def _uuid(name: object) -> UUID:
    if not isinstance(name, str):
        raise ValueError(name)
    return UUID(name)


class Allowance:
    """SOCKET_MESSAGES_PER_SECOND, as a bucket that holds one second's worth."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._filled_at = clock()
        self._left = float(conf.settings.SOCKET_MESSAGES_PER_SECOND)

    def spend(self) -> None:
        """Take one message.

        Raises:
            Closing: REFUSED when they come faster than the setting allows.
        """
        rate = float(conf.settings.SOCKET_MESSAGES_PER_SECOND)
        now = self._clock()
        self._left = min(rate, self._left + (now - self._filled_at) * rate) - 1
        self._filled_at = now
        if self._left < 0:
            raise Closing(Code.REFUSED)

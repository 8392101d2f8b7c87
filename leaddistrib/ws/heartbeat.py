"""The versions of all pools, read once in each interval for all sockets of the process."""

import asyncio
import logging
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from django.db import Error as DatabaseError

from leaddistrib import conf
from leaddistrib.events.messages import Heartbeat
from leaddistrib.queries.snapshot import versions
from leaddistrib.ws.database import in_database

log = logging.getLogger(__name__)


class Beat:
    """One heartbeat, rendered once for each set of pools that somebody listens to."""

    def __init__(self, by_pool: Mapping[str, int]) -> None:
        self._versions = by_pool
        self._texts: dict[frozenset[str], str] = {}

    def text(self, pools: frozenset[str]) -> str:
        """The message for a socket that hears these pools (public ids)."""
        if pools not in self._texts:
            heard = {pool: self._versions[pool] for pool in pools if pool in self._versions}
            self._texts[pools] = Heartbeat(heard).text
        return self._texts[pools]


_coming: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[Beat]] = WeakKeyDictionary()


async def next_beat() -> Beat:
    """Wait for the heartbeat that is under way, or start one: within HEARTBEAT_SECONDS.

    All who wait share one task and one query, and all hear it at the same time. When nobody waits
    any more, no further one is started.
    """
    loop = asyncio.get_running_loop()
    coming = _coming.get(loop)
    if coming is None or coming.done():
        coming = _coming[loop] = loop.create_task(_beat())
    return await asyncio.shield(coming)


async def _beat() -> Beat:
    while True:
        await asyncio.sleep(conf.settings.HEARTBEAT_SECONDS)
        try:
            return Beat(await in_database(versions))
        except DatabaseError:  # a page that hears nothing for a while polls
            log.exception("No heartbeat: the versions of pools could not be read")

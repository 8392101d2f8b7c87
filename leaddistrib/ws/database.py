"""Database work of sockets: in a few threads of its own, whose connections are given back.

Not in the thread that asgiref shares among all synchronous code of the event loop: a thousand
sockets that come back at once would stand in one line with every page.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4
"""Each may hold one database connection."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="leaddistrib-socket")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``function`` in a thread that may use the database, and wait for what it returns."""
    job = partial(_run, partial(function, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads, job)


def _run(job: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return job()
    finally:
        close_old_connections()

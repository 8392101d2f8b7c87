"""Where threads of a control meet, so that what goes wrong is no matter of luck."""

import threading
from collections.abc import Callable
from typing import Any

MEET = 5
"""Threads that wait for each other between a read and a write; the crew of a control has as many.
"""
PATIENCE = 60  # seconds, for a busy machine: nobody waits so long where all is well
_meeting = threading.Barrier(MEET, timeout=PATIENCE)
_met = threading.local()


def meet_once() -> None:
    """Wait until all threads have read what they are about to act on."""
    if not getattr(_met, "done", False):
        _met.done = True
        _meeting.wait()


def meet_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def read_and_wait(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        meet_once()
        return found

    return read_and_wait

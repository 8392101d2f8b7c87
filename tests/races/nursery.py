"""Forks crews from one process in which Django is ready and nothing is connected: to start each of
them anew takes longer than most races do."""

from collections.abc import Mapping
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from unittest.mock import patch

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.races.crew"])


def born(environment: Mapping[str, str]) -> tuple[ForkServerProcess, Connection]:
    """A crew that waits for its plan, and the line to it. The ``environment`` of the first one is
    that of all: a run has one database."""
    with patch.dict("os.environ", environment):
        forkserver.ensure_running()
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_work, args=(theirs,))
    process.start()
    theirs.close()
    return process, ours


def _work(tests: Connection) -> None:
    from tests.races import crew  # it was read there, and must not be where the tests are

    crew.main(tests)

"""The demo's web server, due work and rivals: in one process, or each in its own."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvicorn
from channels.routing import get_default_application
from django.conf import settings
from django.db import InterfaceError, OperationalError

from leaddistrib.jobs.due import DueWork
from leaddistrib.management.processes import Process, environment, manage
from leaddistrib.management.rivals import Rivals, in_thread, leads_come_in

log = logging.getLogger("leaddistrib.demo")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY = 0.5  # seconds between two looks for due work
NO_RIVALS = "--no-rivals"
NO_MAIL = {"EMAIL_URL": "dummymail://"}  # nobody is to be written to


class _Server(uvicorn.Server):
    """uvicorn, stopped by whoever runs it: signals are not only its own here."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def together(
    listening: socket.socket, seed: int, rivals: bool, ready: Callable[[], None]
) -> None:
    """Web server, due work and rivals on one event loop, until a signal says stop.

    One process, because the in-memory channel layer reaches no other: a claim by a rival must
    reach the pages that the web server serves. ``ready`` is called once the site answers.
    """
    server = _Server(
        uvicorn.Config(
            get_default_application(),
            lifespan="off",
            log_level="warning",
            timeout_graceful_shutdown=1,  # seconds that open sockets get to close
        )
    )
    async with asyncio.TaskGroup() as group:
        web = group.create_task(server.serve(sockets=[listening]))
        others = [group.create_task(_due_work())]
        others += [group.create_task(work) for work in _played(seed, rivals)]

        def stop() -> None:
            server.should_exit = True
            for other in others:
                other.cancel()

        _on_signals(stop)
        while not server.started and not web.done():
            await asyncio.sleep(0.01)
        ready()


async def play(seed: int, rivals: bool) -> None:
    """Leads and rivals alone, until a signal says stop."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in _played(seed, rivals)]

        def stop() -> None:
            for task in tasks:
                task.cancel()

        _on_signals(stop)


def apart(host: str, port: int, seed: int, rivals: bool, ready: Callable[[], None]) -> int:
    """Web server, worker and rivals as processes of their own, which hear each other by Redis,
    until a signal says stop or one of them ends; returns the exit status."""
    stopping: list[int] = []
    for number in SIGNALS:
        signal.signal(number, lambda number, frame: stopping.append(number))
    module, _, name = settings.ASGI_APPLICATION.rpartition(".")
    uvicorn_command = [sys.executable, "-m", "uvicorn", f"{module}:{name}", "--log-level=warning"]
    commands = [
        [*uvicorn_command, f"--host={host}", f"--port={port}", "--timeout-graceful-shutdown=1"],
        manage("leaddistrib_worker", "--verbosity=0"),
        manage(
            "leaddistrib_demo", "--only-play", f"--seed={seed}", *([] if rivals else [NO_RIVALS])
        ),
    ]
    processes = [Process(command, environment(**NO_MAIL)) for command in commands]
    answered = False
    while not stopping and all(process.returncode is None for process in processes):
        if not answered and _answers(host, port):
            answered = True
            ready()
        time.sleep(0.1)
    for process in processes:
        process.ask_to_stop()
    for process in processes:
        process.wait()
    return 0 if stopping else 1


def _answers(host: str, port: int) -> bool:
    with socket.socket(_family(host)) as probe:
        return probe.connect_ex((host, port)) == 0


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        OSError: somebody else does, or the host is not this machine.
    """
    listening = socket.socket(_family(host))
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _on_signals(stop: Callable[[], None]) -> None:
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _played(seed: int, rivals: bool) -> list[Coroutine[Any, Any, None]]:
    return [leads_come_in(seed), Rivals().race()] if rivals else [leads_come_in(seed)]


async def _due_work() -> None:
    work = DueWork()
    while True:
        try:
            await in_thread(work.handle)
        except (OperationalError, InterfaceError) as error:
            log.warning("Due work waits for the database: %s", error)
        await asyncio.sleep(LOOK_EVERY)

"""Processes that a command starts beside itself, and stops again."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

STOP_SECONDS = 10


class Process:
    """A program in a process group of its own, so that Ctrl-C reaches only whoever started it."""

    def __init__(self, command: Sequence[str], environment: dict[str, str] | None = None) -> None:
        self.command = list(command)
        self.popen = subprocess.Popen(  # noqa: S603 - our own programs
            self.command, env=environment, process_group=0
        )

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        return self.popen.poll()

    def ask_to_stop(self) -> None:
        """SIGTERM to the program, which stops what it started itself."""
        if self.returncode is None:
            self.popen.terminate()

    def wait(self, seconds: float = STOP_SECONDS) -> None:
        """Wait until it has stopped, then see that nothing of its group is left."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group, now."""
        with contextlib.suppress(ProcessLookupError):  # nobody of it is left
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


def manage(*arguments: str) -> list[str]:
    """The command line of a management command of this project, run as this one is."""
    return [sys.executable, "-m", "django", *arguments]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment for another one: it finds the same project and settings."""
    path = os.pathsep.join(folder for folder in sys.path if folder)
    return {**os.environ, "PYTHONPATH": path, **changes}

"""Throw-away PostgreSQL and Redis servers for one test run.

A server is a folder and a port, chosen before anything runs; the process that first needs it
starts it, under a lock on the folder, so that pytest-xdist's workers share one. Nothing is
durable here (fsync is off): the folder goes when the run ends.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30


class MissingServiceError(Exception):
    """A server's program is not installed, or the server did not start."""


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, while_runs: subprocess.Popen[bytes] | None = None) -> bool:
    """True as soon as somebody listens on the port.

    False after START_SECONDS, or when the process that should listen has ended.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if while_runs is not None and while_runs.poll() is not None:
            return False
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.02)
    return False


def find_program(*names: str, folders: Sequence[Path] = ()) -> str:
    """The path of the first program found on PATH or in one of the folders.

    Raises MissingServiceError if there is none.
    """
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
    for name in names:
        if program := shutil.which(name, path=path):
            return program
    raise MissingServiceError(f"{' or '.join(names)} is not installed: see `make test-services`.")


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class PostgreSQL:
    """A PostgreSQL cluster of its own. As root it runs as an unprivileged user, as it must."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.data = folder / "postgresql"

    @property
    def url(self) -> str:
        """The address in the form of DATABASE_URL."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/leaddistrib"

    def start(self) -> None:
        """Make the cluster if there is none, and start it if nobody has."""
        with _lock(self.folder):
            if not self.data.exists():
                self.data.mkdir()
                if os.geteuid() == 0:
                    shutil.chown(self.data, self._user())
                self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
            if (self.data / "postmaster.pid").exists():
                return
            options = (
                f"-p {self.port} -h 127.0.0.1 -k '' -c fsync=off -c synchronous_commit=off"
                " -c full_page_writes=off -c max_connections=300 -c timezone=UTC"
            )
            log = self.data / "server.log"
            self._run("pg_ctl", "start", "--wait", "-s", "-l", str(log), "-o", options)

    def stop(self) -> None:
        """Stop the server, whatever is connected; no answer is awaited from clients."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--wait", "-s", "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        command = [find_program(program, folders=folders), "-D", str(self.data), *arguments]
        user = self._user() if os.geteuid() == 0 else None
        groups: list[str | int] | None = [] if user else None
        # Output to a file: the server inherits it, and a pipe would never be closed.
        with (self.folder / "postgresql.out").open("a+") as out:
            result = subprocess.run(
                command,
                stdout=out,
                stderr=out,
                cwd="/",
                check=False,
                user=user,
                extra_groups=groups,
            )
            if result.returncode:
                out.seek(0)
                raise MissingServiceError(f"{program} failed: {out.read()[-2000:]}")

    @staticmethod
    def _user() -> str:
        passwd = Path("/etc/passwd").read_text()
        return "postgres" if "\npostgres:" in passwd else "nobody"


class Redis:
    """A Redis server of its own, in memory only."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.pidfile = folder / "redis.pid"

    @property
    def url(self) -> str:
        """The address in the form of REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server if nobody has."""
        with _lock(self.folder):
            if self.pidfile.exists():
                return
            command = [find_program("redis-server"), "--port", str(self.port)]
            command += ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
            command += ["--daemonize", "yes", "--pidfile", str(self.pidfile)]
            command += ["--dir", str(self.folder), "--logfile", str(self.folder / "redis.log")]
            subprocess.run(command, check=True)
            if not wait_for_port(self.port):
                log = (self.folder / "redis.log").read_text()
                raise MissingServiceError(f"redis-server did not start: {log[-2000:]}")

    def stop(self) -> None:
        """Stop the server and wait until its port is free."""
        if not self.pidfile.exists():
            return
        os.kill(int(self.pidfile.read_text()), 15)
        deadline = time.monotonic() + START_SECONDS
        while self.pidfile.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

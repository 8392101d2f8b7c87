"""Fixtures for every test: the database's server, Redis, Chromium and a web server."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests import plugin
from tests.services import find_program, free_port, wait_for_port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's event loop stays on, and asyncio tests cannot share it."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start PostgreSQL, or give SQLite a file, so that several processes can share it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        name = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.sqlite3"
        database["TEST"]["NAME"] = str(Path(os.environ[plugin.FOLDER]) / name)
    elif database["PORT"] == plugin.postgresql().port:
        plugin.postgresql().start()


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The address of a running Redis server: REDIS_URL, or this run's own."""
    if url := os.environ.get("REDIS_URL"):
        return url
    server = plugin.redis()
    server.start()
    return server.url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that is installed on this machine; CHROMIUM names another one."""
    if named := os.environ.get("CHROMIUM"):
        return named
    return find_program("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def base_url() -> None:
    """Replaces pytest-playwright's own, which pytest 9 warns of. Tests use full addresses."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict, chromium_path: str) -> dict:
    """pytest-playwright's browser is the machine's Chromium; root cannot use its sandbox."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": chromium_path, "args": arguments}


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """The environment for a process of its own that works on this test's database.

    For uvicorn, `manage.py` commands and rivals in race tests. Add ``"REDIS_URL": redis_url``
    where several processes must hear each other.
    """
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        login = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
        url = f"postgresql://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}


@pytest.fixture
def serve(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts the site in a process of its own, on this test's database.

    ``serve()`` gives its address, such as http://127.0.0.1:41327; keyword arguments are added
    to its environment: two servers that hear each other are two calls of
    ``serve(REDIS_URL=redis_url)``. What they wrote is shown if the test fails.
    """
    servers: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "servers.log"

    def start(**environment: str) -> str:
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)]
        with log.open("ab") as out:
            server = subprocess.Popen(
                command, env={**process_environment, **environment}, stdout=out, stderr=out
            )
        servers.append(server)
        assert wait_for_port(port, while_runs=server), log.read_text()
        return f"http://127.0.0.1:{port}"

    yield start
    for server in servers:
        server.terminate()
    for server in servers:
        server.wait(timeout=20)
    sys.stdout.write(log.read_text() if log.exists() else "")

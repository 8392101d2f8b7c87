"""How a test run gets its database, its Redis and its settings.

``pytest --database=postgresql`` (the default) or ``--database=sqlite`` chooses the database of
the whole run. DATABASE_URL and REDIS_URL, if set, name servers that are already there;
otherwise throw-away ones are started when the first test needs them. This is a plugin rather
than a conftest because Django's settings are read before any conftest is.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.services import PostgreSQL, Redis, free_port

FOLDER = "LEADDISTRIB_TEST_FOLDER"
POSTGRESQL_PORT = "LEADDISTRIB_TEST_POSTGRESQL_PORT"
REDIS_PORT = "LEADDISTRIB_TEST_REDIS_PORT"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["postgresql", "sqlite"],
        default=os.environ.get("TEST_DATABASE", "postgresql"),
        help="the database of this run; ignored if DATABASE_URL is set",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Put the addresses into the environment, just before Django's settings are read.

    Workers of pytest-xdist inherit it, and so do processes that tests start.
    """
    if FOLDER not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="leaddistrib-tests-"))
        folder.chmod(0o755)  # PostgreSQL's user must reach its own folder in there
        os.environ[FOLDER] = str(folder)
        os.environ[POSTGRESQL_PORT] = str(free_port())
        os.environ[REDIS_PORT] = str(free_port())
        early_config.add_cleanup(lambda: _clean_up(folder))
        # Being told to end is as good as Ctrl-C: otherwise the servers would be left running.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = (
            postgresql().url
            if early_config.known_args_namespace.database == "postgresql"
            else f"sqlite:///{os.environ[FOLDER]}/app.sqlite3"
        )
    os.environ.setdefault("DEBUG", "1")  # no HTTPS, and static files without collectstatic
    os.environ.setdefault("SECRET_KEY", "for-tests-only")
    # Playwright's synchronous API runs an event loop in the thread that also sets up the data.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    return (yield)


def postgresql() -> PostgreSQL:
    """This run's own PostgreSQL server, whether or not it has been started."""
    return PostgreSQL(Path(os.environ[FOLDER]), int(os.environ[POSTGRESQL_PORT]))


def redis() -> Redis:
    """This run's own Redis server, whether or not it has been started."""
    return Redis(Path(os.environ[FOLDER]), int(os.environ[REDIS_PORT]))


def _clean_up(folder: Path) -> None:
    postgresql().stop()
    redis().stop()
    shutil.rmtree(folder, ignore_errors=True)
    for name in (FOLDER, POSTGRESQL_PORT, REDIS_PORT):
        os.environ.pop(name, None)

"""A wrong configuration stops whatever is started, with its id and a hint."""

import subprocess
import sys
from pathlib import Path

import pytest

from leaddistrib.startup import CANNOT_START, refuse_wrong_configuration
from tests.services import free_port

DEFERRED = 'DATABASES["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"'
NO_CSRF = 'MIDDLEWARE = [name for name in MIDDLEWARE if "Csrf" not in name]'
SOUND = ""

UVICORN = ("-m", "uvicorn", "config.asgi:application")
COMMANDS = {
    "check": ("manage.py", "check"),
    "worker": ("manage.py", "leaddistrib_worker", "--once"),
    "demo": ("manage.py", "leaddistrib_demo"),
    "uvicorn": UVICORN,
    "wsgi": ("-c", "import config.wsgi"),
}


def run(change: str, command: tuple[str, ...], folder: Path, **environment: str):
    """Start a command with the host's settings and one change to them."""
    (folder / "changed.py").write_text(f"from config.settings import *\n{change}\n")
    return subprocess.run(
        [sys.executable, *command],
        env={
            "PATH": "/usr/bin:/bin",
            "DEBUG": "1",
            "DATABASE_URL": f"sqlite:///{folder}/app.sqlite3",
            "PYTHONPATH": f"{folder}:{Path.cwd()}",
            "DJANGO_SETTINGS_MODULE": "changed",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", list(COMMANDS))
def test_sqlite_that_is_not_immediate_starts_nothing(name, tmp_path):
    command = (*COMMANDS[name], f"--port={free_port()}") if name == "demo" else COMMANDS[name]
    ended = run(DEFERRED, command, tmp_path)
    assert ended.returncode == (CANNOT_START if name in ("uvicorn", "wsgi") else 1)
    assert "leaddistrib.E001" in ended.stderr
    assert "HINT" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["check", "uvicorn"])
def test_missing_middleware_starts_nothing(name, tmp_path):
    ended = run(NO_CSRF, COMMANDS[name], tmp_path)
    assert ended.returncode != 0
    assert "django.middleware.csrf.CsrfViewMiddleware is missing" in ended.stderr


@pytest.mark.parametrize(("workers", "concurrency"), [((), "2"), (("--workers", "2"), "1")])
def test_several_web_processes_without_redis_stop_instead_of_dying_for_ever(
    workers, concurrency, tmp_path
):
    command = (*UVICORN, f"--port={free_port()}", *workers)
    ended = run(SOUND, command, tmp_path, WEB_CONCURRENCY=concurrency, REDIS_URL="")
    assert "leaddistrib.E006" in ended.stderr
    assert "stopping the parent process" in ended.stderr


def test_a_sound_configuration_is_not_refused(capsys):
    refuse_wrong_configuration()
    assert capsys.readouterr().err == ""


def test_a_silenced_check_does_not_stop_the_web_server(settings, capsys):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "locale" not in name]
    with pytest.raises(SystemExit) as refused:
        refuse_wrong_configuration()
    assert refused.value.code == CANNOT_START
    assert "leaddistrib.E008" in capsys.readouterr().err
    settings.SILENCED_SYSTEM_CHECKS = ["leaddistrib.E008"]
    refuse_wrong_configuration()

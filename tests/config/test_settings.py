"""The host project refuses to run unsafely, and tells why."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SECRET_KEY": "kept-between-restarts-" + "z9!Qw_7Rt4-" * 5,
    "ALLOWED_HOSTS": "leads.example.com",
    "DATABASE_URL": "postgresql://nobody@localhost/none",
    "REDIS_URL": "redis://localhost",
    "SITE_URL": "https://leads.example.com",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with nothing of the tests' own settings in its environment."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def setting(expression: str, **environment: str) -> str:
    """A setting's value, or whatever expression of settings and environment."""
    code = f"from django.conf import settings; print(settings.{expression})"
    result = manage("shell", "--no-imports", "-c", code, **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_production_does_not_start_without_a_secret_key():
    result = manage("check")
    assert result.returncode != 0
    assert "ImproperlyConfigured: SECRET_KEY is not set." in result.stderr


def test_production_settings_pass_every_deployment_check():
    result = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert result.returncode == 0, result.stderr


def test_development_needs_nothing_but_debug():
    result = manage("check", DEBUG="1")
    assert result.returncode == 0, result.stderr


def test_sqlite_takes_its_write_lock_when_a_transaction_starts():
    options = setting("DATABASES['default']['OPTIONS']", DEBUG="1")
    assert "'transaction_mode': 'IMMEDIATE'" in options
    assert "journal_mode=WAL" in options


def test_django_q_does_not_hand_a_slow_task_to_a_second_worker():
    margin = (
        "Q_CLUSTER['retry'] - settings.Q_CLUSTER['timeout']"
        " * (1 + settings.Q_CLUSTER['queue_limit'] / settings.Q_CLUSTER['workers'])"
    )
    assert float(setting(margin, DEBUG="1")) > 0


def test_sockets_go_through_redis_when_there_is_one():
    backend = "CHANNEL_LAYERS['default']['BACKEND']"
    assert setting(backend, DEBUG="1").endswith("InMemoryChannelLayer")
    assert setting(backend, DEBUG="1", REDIS_URL="redis://localhost").endswith(
        "RedisPubSubChannelLayer"
    )

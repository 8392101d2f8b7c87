"""A wrong configuration is refused at start, with an id and a hint."""

import copy
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections

from leaddistrib import checks
from leaddistrib.testing import RepFactory

SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;",
        "timeout": 20,
    },
}
POSTGRESQL = {"ENGINE": "django.db.backends.postgresql"}


@pytest.fixture
def database(monkeypatch):
    """Pretends that the default database is set up so."""

    def set_up(**settings):
        connection = connections["default"]
        given = {**copy.deepcopy(connection.settings_dict), "ATOMIC_REQUESTS": False, **settings}
        monkeypatch.setattr(connection, "settings_dict", given)
        return [message.id for message in checks.database()]

    return set_up


def ids(check):
    return [message.id for message in check()]


def without(option):
    return {**SQLITE, "OPTIONS": {k: v for k, v in SQLITE["OPTIONS"].items() if k != option}}


@pytest.mark.django_db  # Django asks SQLite whether it knows JSON
def test_our_own_configuration_is_right():
    assert [m for m in run_checks() if str(m.id).startswith("leaddistrib")] == []


def test_both_databases_are_right_as_recommended(database):
    assert database(**SQLITE) == database(**POSTGRESQL) == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (without("transaction_mode"), ["leaddistrib.E001"]),
        (without("init_command"), ["leaddistrib.W001"]),
        (without("timeout"), ["leaddistrib.W002"]),
        ({"ENGINE": "django.db.backends.mysql"}, ["leaddistrib.E002"]),
        ({**POSTGRESQL, "ATOMIC_REQUESTS": True}, ["leaddistrib.E003"]),
        ({**SQLITE, "ATOMIC_REQUESTS": True}, ["leaddistrib.E003"]),
    ],
)
def test_a_database_that_claims_cannot_rely_on_is_refused(database, settings, expected):
    assert database(**settings) == expected


@pytest.mark.django_db  # as above
def test_the_database_is_checked_at_every_start_not_only_by_migrate(database):
    """Django leaves checks with the tag "database" out unless it is asked for them."""
    database(**without("transaction_mode"))

    with pytest.raises(SystemCheckError, match=r"leaddistrib\.E001"):
        call_command("check")


def test_local_times_are_refused(settings, database):
    settings.USE_TZ = False

    assert database(**SQLITE) == ["leaddistrib.E004"]


@pytest.mark.parametrize(
    ("layers", "processes", "expected"),
    [
        ({}, "1", ["leaddistrib.E005"]),
        ({"default": {"BACKEND": checks.IN_MEMORY}}, "1", []),
        ({"default": {"BACKEND": checks.IN_MEMORY}}, "4", ["leaddistrib.E006"]),
        ({"default": {"BACKEND": checks.IN_MEMORY}}, "many", []),
        (
            {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}},
            "4",
            ["leaddistrib.W003"],
        ),
        ({"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}, "4", []),
    ],
)
def test_pages_must_be_able_to_hear(settings, monkeypatch, layers, processes, expected):
    settings.CHANNEL_LAYERS = layers
    monkeypatch.setenv("WEB_CONCURRENCY", processes)

    assert ids(checks.channel_layer) == expected


@pytest.mark.parametrize("name", checks.REQUIRED_MIDDLEWARE)
def test_missing_middleware_is_named(settings, name):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != name]

    [message] = checks.installation()
    assert message.id == "leaddistrib.E008"
    assert name in message.msg


def test_reps_who_chose_a_language_keep_it_on_every_page(settings):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "LanguageMiddleware" not in one]

    [message] = checks.installation()
    assert message.id == "leaddistrib.W004"
    assert not message.is_serious()
    assert "after AuthenticationMiddleware" in str(message.hint)


def test_a_missing_app_is_named(settings):
    settings.INSTALLED_APPS = [one for one in settings.INSTALLED_APPS if one != "django_q"]

    [message] = checks.installation()
    assert message.id == "leaddistrib.E007"
    assert "django_q" in message.msg


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"CAPACITY": 10, "LOCK_TIMEOUT": 2, "SOCKET_ORIGINS": ["https://a.example"]}, []),
        ({"COLOUR": "blue"}, ["leaddistrib.E009"]),
        ({"CAPACITY": "50"}, ["leaddistrib.E010"]),
        ({"CAPACITY": True}, ["leaddistrib.E010"]),
        ({"CAPACITY": 0}, ["leaddistrib.E010"]),
        ({"LOCK_TIMEOUT": -1.0}, ["leaddistrib.E010"]),
        ({"LOCK_TIMEOUT": 0}, ["leaddistrib.E010"]),
        ({"WARM_SCORE": 0}, []),
        (["CAPACITY"], ["leaddistrib.E010"]),
        ({"POLICY": "nowhere.Policy"}, ["leaddistrib.E011"]),
        ({"POLICY": "Policy"}, ["leaddistrib.E011"]),
        ({"POLICY": 5}, ["leaddistrib.E010", "leaddistrib.E011"]),
    ],
)
def test_settings_are_known_and_of_their_kind(settings, given, expected):
    settings.LEADDISTRIB = given

    assert ids(checks.settings) == expected


@pytest.mark.parametrize(
    ("url", "debug", "expected"),
    [
        ("https://leads.example.com", False, []),
        ("http://10.0.0.7:8000/", False, []),
        ("", True, []),
        ("", False, ["leaddistrib.W006"]),
        ("leads.example.com", False, ["leaddistrib.W006"]),
        ("https://example.com/leads/", False, ["leaddistrib.W006"]),
    ],
)
def test_messages_need_to_know_where_the_site_is(settings, url, debug, expected):
    settings.DEBUG, settings.LEADDISTRIB = debug, {"SITE_URL": url}
    assert ids(checks.site) == expected


@pytest.mark.django_db
def test_packages_are_missed_once_somebody_needs_them(monkeypatch):
    monkeypatch.setattr(checks, "find_spec", lambda name: None)

    def found(databases):
        return [message.id for message in checks.optional_packages(databases=databases)]

    rep = RepFactory()
    assert found(["default"]) == []
    rep.holiday_region = "FR"
    rep.save()
    assert found(["default"]) == ["leaddistrib.W005"]
    assert found(None) == []  # where the database may not be asked

    monkeypatch.undo()
    assert found(["default"]) == []

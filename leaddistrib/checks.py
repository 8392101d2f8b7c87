"""Refuses a wrong configuration at start, with an id and a hint (docs/settings.md lists them)."""

import os
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError, connections
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from leaddistrib import conf
from leaddistrib.models import Calendar, Rep
from leaddistrib.queries import fields

SQLITE = "django.db.backends.sqlite3"
IN_MEMORY = "channels.layers.InMemoryChannelLayer"
REQUIRED_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
LANGUAGE_MIDDLEWARE = "leaddistrib.web.middleware.LanguageMiddleware"
REQUIRED_APPS = (
    "channels",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "django_q",
    "django.contrib.auth",
    "django.contrib.staticfiles",
)
MAY_BE_ZERO = ("HOT_SCORE", "WARM_SCORE", "IDEMPOTENCY_DAYS")


# Without Tags.database: Django leaves such checks out at start. This one opens no connection.
@register("leaddistrib")
def database(**kwargs: Any) -> Iterable[CheckMessage]:
    """Claims rely on how the default database begins its transactions and keeps time."""
    options = connections["default"].settings_dict
    engine = options["ENGINE"]
    if engine == SQLITE:
        given = options.get("OPTIONS") or {}
        if given.get("transaction_mode") != "IMMEDIATE":
            yield Error(
                "SQLite must begin its transactions as IMMEDIATE: otherwise most of several "
                "claims at once fail with “database is locked”.",
                hint='Set DATABASES["default"]["OPTIONS"]["transaction_mode"] = "IMMEDIATE".',
                id="leaddistrib.E001",
            )
        if "journal_mode=wal" not in str(given.get("init_command", "")).replace(" ", "").lower():
            yield checks.Warning(
                "SQLite without its write-ahead log: readers wait for every claim.",
                hint='Set OPTIONS["init_command"] = "PRAGMA journal_mode=WAL;".',
                id="leaddistrib.W001",
            )
        if float(given.get("timeout", 5)) < 20:
            yield checks.Warning(
                "SQLite gives up waiting for its lock early.",
                hint='Set OPTIONS["timeout"] = 20 (seconds).',
                id="leaddistrib.W002",
            )
    elif not engine.endswith(("postgresql", "postgis")):
        yield Error(
            f"leaddistrib runs on PostgreSQL and SQLite, not on {engine}.",
            hint="Set DATABASE_URL to a PostgreSQL or SQLite database.",
            id="leaddistrib.E002",
        )
    if options.get("ATOMIC_REQUESTS"):
        yield Error(
            "ATOMIC_REQUESTS holds every lock of a claim until the whole page is rendered.",
            hint='Remove ATOMIC_REQUESTS from DATABASES["default"].',
            id="leaddistrib.E003",
        )
    if not django_settings.USE_TZ:
        yield Error("Times must be aware.", hint="Set USE_TZ = True.", id="leaddistrib.E004")


@register("leaddistrib")
def channel_layer(**kwargs: Any) -> Iterable[CheckMessage]:
    """Pages hear of claims through the channel layer."""
    layer = getattr(django_settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", "")
    if not layer:
        yield Error(
            "There is no channel layer: pages would not hear of claims.",
            hint='Set CHANNEL_LAYERS["default"]; docs/installing.md has one to copy.',
            id="leaddistrib.E005",
        )
    elif layer == IN_MEMORY and web_processes() > 1:
        yield Error(
            "The in-memory channel layer works within one process, and the web server is asked for "
            f"{web_processes()}: reps on one process would not see the claims made on another.",
            hint="Set REDIS_URL, or WEB_CONCURRENCY=1 and no --workers.",
            id="leaddistrib.E006",
        )
    elif layer == "channels_redis.core.RedisChannelLayer":
        yield checks.Warning(
            "channels_redis' core layer drops messages without a word when a reader is slow.",
            hint='Use "channels_redis.pubsub.RedisPubSubChannelLayer".',
            id="leaddistrib.W003",
        )


def web_processes() -> int:
    """How many web processes uvicorn or gunicorn are asked to start on this machine.

    Their children still have the server's own command line.
    """
    asked = os.environ.get("WEB_CONCURRENCY", "1")
    if {"uvicorn", "gunicorn"}.intersection(Path(sys.argv[0]).parts):
        parser = ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("--workers", "-w", default=asked)
        asked = parser.parse_known_args(sys.argv[1:])[0].workers
    return int(asked) if asked.isdigit() else 1


@register("leaddistrib")
def installation(**kwargs: Any) -> Iterable[CheckMessage]:
    """Apps and middleware that pages and API rely on."""
    for app in REQUIRED_APPS:
        if not apps.is_installed(app):
            yield Error(
                f"{app} is missing from INSTALLED_APPS.",
                hint=f'Add "{app}" to INSTALLED_APPS.',
                id="leaddistrib.E007",
            )
    for middleware in REQUIRED_MIDDLEWARE:
        if middleware not in django_settings.MIDDLEWARE:
            yield Error(
                f"{middleware} is missing from MIDDLEWARE.",
                hint=f'Add "{middleware}" to MIDDLEWARE, in the order that Django documents.',
                id="leaddistrib.E008",
            )
    if LANGUAGE_MIDDLEWARE not in django_settings.MIDDLEWARE:
        yield checks.Warning(
            "The language that reps choose for themselves holds on the pages of leaddistrib only, "
            "not where they sign in or out, nor on the error pages.",
            hint=f'Add "{LANGUAGE_MIDDLEWARE}" to MIDDLEWARE, after AuthenticationMiddleware.',
            id="leaddistrib.W004",
        )


@register("leaddistrib")
def site(**kwargs: Any) -> Iterable[CheckMessage]:
    """Links in messages lead here."""
    given = str(conf.settings.SITE_URL)
    if not (django_settings.DEBUG or re.fullmatch(r"https?://[^/?#]+/?", given)):
        yield checks.Warning(
            "Messages have no links that lead here: SITE_URL is missing, or no address.",
            hint='Set LEADDISTRIB["SITE_URL"], such as "https://leads.example.com".',
            id="leaddistrib.W006",
        )


@register("leaddistrib")
def optional_packages(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterable[CheckMessage]:
    """What reps have entered can be read. Asked only where the database may be asked: by
    ``check --database default`` and by the worker, which reads the calendars."""
    if "default" not in (databases or ()):
        return
    used: dict[str, QuerySet[Any]] = {
        "holidays": Rep.objects.filter(active=True).exclude(holiday_region=""),
        "icalendar": Calendar.objects.all(),
        "recurring_ical_events": Calendar.objects.all(),
    }
    missing = [name for name in used if find_spec(name) is None]
    try:
        needed = [name for name in missing if used[name].exists()]
    except DatabaseError:
        return  # before the first migration nobody has entered anything
    if needed:
        yield checks.Warning(
            f"Reps keep public holidays or calendars, but {', '.join(needed)} cannot be imported: "
            "leads are handed out on holidays, and calendars are not read.",
            hint='Install "leaddistrib[calendar]".',
            id="leaddistrib.W005",
        )


@register("leaddistrib")
def settings(**kwargs: Any) -> Iterable[CheckMessage]:
    """Every key of LEADDISTRIB is known, and of the kind that its default is."""
    given = getattr(django_settings, "LEADDISTRIB", {})
    if not isinstance(given, Mapping):
        yield Error(
            f"LEADDISTRIB is {given!r}.",
            hint='Make it a dict, such as LEADDISTRIB = {"CAPACITY": 50}.',
            id="leaddistrib.E010",
        )
        return
    for name, value in given.items():
        if name not in conf.Settings.DEFAULTS:
            yield Error(
                f"LEADDISTRIB has no setting {name}.",
                hint=f"Known are: {', '.join(sorted(conf.Settings.DEFAULTS))}.",
                id="leaddistrib.E009",
            )
            continue
        if name == "FIELDS":  # a dict, or the path of one: looked at below
            continue
        default = conf.Settings.DEFAULTS[name]
        kinds = {int: (int,), float: (int, float), tuple: (tuple, list)}.get(
            type(default), (type(default),)
        )
        if not isinstance(value, kinds) or isinstance(value, bool):
            yield Error(
                f"LEADDISTRIB[{name!r}] is {value!r}.",
                hint=f"Give it the kind of value that the default has: {default!r}.",
                id="leaddistrib.E010",
            )
        elif isinstance(value, int | float) and (value < 0 or not (value or name in MAY_BE_ZERO)):
            yield Error(
                f"LEADDISTRIB[{name!r}] is {value!r}.",
                hint=f"Give it a number above zero, such as the default: {default!r}.",
                id="leaddistrib.E010",
            )
    if not re.fullmatch("[A-Z]{3}", str(conf.settings.CURRENCY)):
        yield Error(
            f"LEADDISTRIB['CURRENCY'] is {conf.settings.CURRENCY!r}.",
            hint='Give it the ISO 4217 code of a currency, such as "EUR".',
            id="leaddistrib.E010",
        )
    for fault in fields.faults():
        yield Error(
            f"LEADDISTRIB['FIELDS']: {fault}",
            hint='Such as {"attributes.plan": {"label": _("Plan"), "kind": "text"}}.',
            id="leaddistrib.E012",
        )
    try:
        import_string(conf.settings.POLICY)
    except (ImportError, AttributeError) as error:
        yield Error(
            f"LEADDISTRIB['POLICY'] cannot be imported: {error}",
            hint='Name a subclass of leaddistrib.policy.Policy, as "package.module.Class".',
            id="leaddistrib.E011",
        )

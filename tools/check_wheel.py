"""Checks that the installed package is complete, and starts without the extras.

Argument: the package's source folder. Run by the Python of a fresh virtualenv.
"""

import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

import leaddistrib

source = Path(sys.argv[1])
installed = Path(leaddistrib.__file__).parent
if source == installed:
    sys.exit("The sources were imported, not the installed package.")

expected = {
    path.relative_to(source)
    for folder in ("templates", "static", "locale", "migrations", "management")
    for path in (source / folder).rglob("*")
    if path.is_file() and path.suffix != ".pyc"
}
missing = sorted(str(path) for path in expected if not (installed / path).exists())
if missing:
    sys.exit("Not in the wheel: " + ", ".join(missing))
for suffix in (".html", ".css", ".js", ".mo"):
    if not any(path.suffix == suffix for path in expected):
        sys.exit(f"The package has no {suffix} file at all.")

settings.configure(
    INSTALLED_APPS=[
        "leaddistrib",
        "channels",
        "rest_framework",
        "rest_framework.authtoken",
        "django_filters",
        "django_q",
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "leaddistrib.web.middleware.LanguageMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "check.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL;",
                "timeout": 20,
            },
        }
    },
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    Q_CLUSTER={"orm": "default", "timeout": 60, "retry": 180},
    LEADDISTRIB={"SITE_URL": "https://leads.example.com"},
    ROOT_URLCONF="leaddistrib.urls",
    STATIC_URL="static/",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)
sys.stdout.write(f"The wheel is complete: {len(expected)} files beside the code, and it starts.\n")

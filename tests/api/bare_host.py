# ruff: noqa: E402 - settings come before what reads them
"""Another project, with REST settings of its own; run by a test.

Prints what the API answers there, one line for each call. As argument: "with" or "without"
drf-spectacular.
"""

import sys

DESCRIBED = sys.argv[1] == "with"
if not DESCRIBED:
    # As if it were not installed: an import of it fails.
    sys.modules["drf_spectacular"] = None  # type: ignore[assignment]

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="for-tests-only",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="config_of_the_host",
    STATIC_URL="static/",
    TEMPLATES=[
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
    ],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": ":memory:",
            "OPTIONS": {"transaction_mode": "IMMEDIATE"},
        }
    },
    INSTALLED_APPS=[
        "leaddistrib",
        "channels",
        "rest_framework",
        "rest_framework.authtoken",
        "django_filters",
        "django_q",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        *(["drf_spectacular", "drf_spectacular_sidecar"] if DESCRIBED else []),
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    # Nothing of this may reach leaddistrib's API.
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.StaticHTMLRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
        "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
        "DEFAULT_THROTTLE_RATES": {"anon": "1/day"},
        "EXCEPTION_HANDLER": "no.such.handler",
        "TEST_REQUEST_DEFAULT_FORMAT": "json",
        "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from types import ModuleType

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.urls import include, path
from rest_framework.test import APIClient

urls = ModuleType("config_of_the_host")
urls.urlpatterns = [path("crm/", include("leaddistrib.api.urls"))]  # type: ignore[attr-defined]
sys.modules["config_of_the_host"] = urls

call_command("migrate", verbosity=0)
sara = get_user_model().objects.create_superuser("sara")
client = APIClient()


def show(response) -> None:
    sys.stdout.write(f"{response.status_code} {response.content.decode()}\n")


show(client.get("/crm/leads/"))
client.force_login(sara)
show(client.get("/crm/leads/"))
show(client.post("/crm/leads/", {"source": "website", "company": "Lenoir"}))
show(client.get("/crm/leads/?status=lost"))
show(client.get("/crm/schema/"))
show(client.get("/crm/docs/"))

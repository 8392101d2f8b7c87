"""Settings of the host project, safe for production unless DEBUG says otherwise.

Read from the environment:

========================  ===========================================================
SECRET_KEY                required unless DEBUG is on
SECRET_KEY_FALLBACKS      former keys, separated by commas, that still open what they sealed
ALLOWED_HOSTS             host names, separated by commas; required unless DEBUG is on
CSRF_TRUSTED_ORIGINS      extra origins, such as https://leads.example.com
DATABASE_URL              default: SQLite in db.sqlite3 beside manage.py
REDIS_URL                 default: none; then one web process only
DEBUG                     default: off
EMAIL_URL                 such as smtp+tls://user:password@mail.example.com:587; default:
                          smtp://localhost, and with DEBUG no mail at all
SITE_URL                  where the site is found, for links in messages, such as
                          https://leads.example.com
DATABASE_POOL             PostgreSQL connections of one process at most; 0, the default
                          outside config.asgi, keeps one for each thread instead
========================  ===========================================================
"""

from pathlib import Path

import django
import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env.bool("DEBUG", default=False)

# Development has a well-known key, so that sessions outlive a restart. Production has none to
# fall back on: a guessable key there would let anybody sign a session.
SECRET_KEY = env.str("SECRET_KEY", default="for-development-only" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it to a long random value that stays the same between"
        " restarts, or set DEBUG=1 for development."
    )
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "leaddistrib",
    "channels",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "django_q",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "leaddistrib.web.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "leaddistrib.web.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction starts. With SQLite's default, two
    # claims that both read first and then write fail at once with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;",
        "timeout": 20,
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    if pool := env.int("DATABASE_POOL", default=0):
        DATABASES["default"]["OPTIONS"] = {"pool": {"max_size": pool, "timeout": 10}}
    else:
        DATABASES["default"]["CONN_MAX_AGE"] = 60

# --- Sockets and jobs ----------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
CHANNEL_LAYERS = {
    "default": (
        {
            # The other Redis layer drops messages without a word when a reader falls behind.
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "leaddistrib"},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

Q_CLUSTER = {
    "name": "leaddistrib",
    "orm": "default",  # at least once: a task survives the death of its worker
    "workers": 2,
    "queue_limit": 2,  # a prefetched task waits while its retry clock runs
    "timeout": 60,
    "retry": 180,  # must exceed timeout × (1 + queue_limit / workers), or slow tasks run twice
    "max_attempts": 5,  # otherwise a failing task is retried for ever
    "catch_up": False,  # missed periods are found by the jobs themselves, each once
    "poll": 1,
    "save_limit": 1000,
    "label": "Background tasks",
}

# --- Signing in and sessions ---------------------------------------------------------------

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/leads/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# A rep's phone stays signed in, so that claiming from a notification is one tap.
SESSION_COOKIE_AGE = 30 * 24 * 60 * 60

# --- HTTPS: everything but development -----------------------------------------------------

# Behind a proxy, uvicorn takes the scheme from X-Forwarded-Proto of the addresses named by
# --forwarded-allow-ips, so that Django need not trust that header from everybody.
SECURE_SSL_REDIRECT = not DEBUG
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG

# --- Mail ----------------------------------------------------------------------------------

mail = env.email_url("EMAIL_URL", default="dummymail://" if DEBUG else "smtp://localhost")
if mail["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
    mail["EMAIL_TIMEOUT"] = 15  # seconds; otherwise a mail server that hangs is waited for for ever
if django.VERSION < (6, 1):
    vars().update(mail)
else:  # Django has mailers then, and warns of the EMAIL_ settings
    options = {
        "EMAIL_HOST": "host",
        "EMAIL_PORT": "port",
        "EMAIL_HOST_USER": "username",
        "EMAIL_HOST_PASSWORD": "password",
        "EMAIL_USE_TLS": "use_tls",
        "EMAIL_USE_SSL": "use_ssl",
        "EMAIL_FILE_PATH": "file_path",
        "EMAIL_TIMEOUT": "timeout",
    }
    MAILERS = {
        "default": {
            "BACKEND": mail["EMAIL_BACKEND"],
            "OPTIONS": {option: mail[name] for name, option in options.items() if mail.get(name)},
        }
    }

# --- Languages and time --------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files --------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Straight from the source folders in development. Read here, because tests turn DEBUG off later.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

# --- REST API ------------------------------------------------------------------------------

# Rates are counted by the address of the connection, which uvicorn takes from X-Forwarded-For of
# the proxies named by --forwarded-allow-ips. NUM_PROXIES here is for servers that do not.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lead distribution",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- The app -------------------------------------------------------------------------------

LEADDISTRIB: dict[str, object] = {
    "SITE_URL": env.str("SITE_URL", default="http://127.0.0.1:8000" if DEBUG else ""),
}

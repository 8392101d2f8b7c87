"""Settings: one dict ``LEADDISTRIB`` in the host project, read at access time so that tests and
hosts may change it. Each key is described in docs/settings.md."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings


class Settings:
    """``conf.settings.KEY`` is the host's value, or the default below."""

    DEFAULTS: Mapping[str, Any] = {
        # Open leads a new rep may hold before push and claim pass over them (PU2).
        "CAPACITY": 50,
        # Seconds that a claim waits for a row lock on PostgreSQL before it is tried again.
        "LOCK_TIMEOUT": 3.0,
        # Seconds between two heartbeats of a socket, and its longest life.
        "HEARTBEAT_SECONDS": 20,
        "SOCKET_MAX_SECONDS": 11 * 3600,
        # What a client may do on a socket: sockets a user, messages a second, bytes a message.
        "SOCKETS_PER_USER": 5,
        "SOCKET_MESSAGES_PER_SECOND": 20,
        "SOCKET_MAX_BYTES": 8192,
        # Origins (scheme://host[:port]) that may open a socket, beside the page's own.
        "SOCKET_ORIGINS": (),
        # Paths that the Content-Security-Policy of the pages does not hold for.
        "CSP_EXEMPT": ("/admin/", "/leads/api/"),
        # API calls a user may make: for reading, for claims, for intake (a webhook, too); and
        # calls to webhooks that an address may make without a good signature.
        "API_RATES": {
            "default": "600/min",
            "claim": "120/min",
            "intake": "1200/min",
            "unsigned": "60/min",
        },
        # Lowest scores of a hot and of a warm lead (IN5).
        "HOT_SCORE": 80,
        "WARM_SCORE": 40,
        # Currency of a lead's expected value where it names none (ISO 4217).
        "CURRENCY": "EUR",
        # Region that a phone number without a country is read in (ISO 3166-1), "" for none.
        "PHONE_REGION": "",
        # Days that an Idempotency-Key is remembered (IN2).
        "IDEMPOTENCY_DAYS": 30,
        # Largest file (bytes), most rows and longest cell (characters) that an import takes.
        "IMPORT_MAX_BYTES": 50 * 1024 * 1024,
        "IMPORT_MAX_ROWS": 200_000,
        "IMPORT_MAX_CELL": 10_000,
        # Tries that an outgoing message gets before it is a dead letter (NO4).
        "OUTBOX_MAX_ATTEMPTS": 8,
        # More fields that rules may ask about, by name ("attributes.plan"): label, kind, choices;
        # or the dotted path of such a mapping (RU1).
        "FIELDS": {},
        # Hosts that calendars may be read from; empty: any on the public internet (PU2).
        "CALENDAR_HOSTS": (),
        # Largest calendar (bytes) that is read.
        "CALENDAR_MAX_BYTES": 10 * 1024 * 1024,
        # Hosts of one's own network that may be asked, over plain http too, although their
        # addresses are private.
        "INTERNAL_HOSTS": (),
        # Hosts of push services: a browser says itself where it is reached (NO1).
        "PUSH_HOSTS": (
            "fcm.googleapis.com",
            "jmt17.google.com",
            ".push.services.mozilla.com",
            ".push.apple.com",
            ".notify.windows.com",
        ),
        # Hosts that take text messages, Slack's calls and posts to rooms of Teams; empty: any on
        # the public internet (NO1).
        "SMS_HOSTS": (),
        "SLACK_HOSTS": ("slack.com",),
        "TEAMS_HOSTS": (".logic.azure.com", ".api.powerplatform.com"),
        # Where the site is found (scheme://host), for links in messages.
        "SITE_URL": "",
        # Hours that a link to a preview is good: 24 at most (NO2).
        "PREVIEW_HOURS": 24,
        # Class whose methods a host overrides to change who sees what.
        "POLICY": "leaddistrib.policy.Policy",
    }

    def __getattr__(self, name: str) -> Any:
        try:
            default = self.DEFAULTS[name]
        except KeyError:
            raise AttributeError(f"leaddistrib has no setting {name}") from None
        given: Mapping[str, Any] = getattr(django_settings, "LEADDISTRIB", {})
        return given.get(name, default)


settings = Settings()

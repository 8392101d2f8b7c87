"""The request that asks for a socket."""

from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.utils.translation import get_language_from_request

from leaddistrib import conf

DEFAULT_PORTS = {"http": 80, "https": 443}


class Handshake:
    """What the opening request says, read by Django's own rules for hosts, schemes and cookies."""

    def __init__(self, scope: dict[str, Any]) -> None:
        # Behind a proxy that ends TLS, uvicorn makes it "wss" from X-Forwarded-Proto.
        scheme = "https" if scope.get("scheme") in ("wss", "https") else "http"
        self._request = ASGIRequest({**scope, "method": "GET", "scheme": scheme}, BytesIO())
        self._origins = [value for name, value in scope["headers"] if name == b"origin"]

    @property
    def session_key(self) -> str | None:
        return self._request.COOKIES.get(django_settings.SESSION_COOKIE_NAME)

    @property
    def language(self) -> str:
        """The browser's language: its language cookie, then Accept-Language."""
        return get_language_from_request(self._request)

    def is_from_our_page(self) -> bool:
        """Whether the Origin is this very host, or one of SOCKET_ORIGINS (security 2).

        Scheme, host and port are compared. Browsers send cookies along with a socket that any site
        opens, and always say which site it was. No Origin is no browser: a program that has the
        cookie was given it, and is let in.
        """
        if not self._origins:
            return self._is_our_host()
        if len(self._origins) > 1:
            return False
        origin = _origin(self._origins[0].decode("latin-1"))
        return origin is not None and origin in self._allowed()

    def _is_our_host(self) -> bool:
        try:
            self._request.get_host()
        except DisallowedHost:  # Django has logged it
            return False
        return True

    def _allowed(self) -> set[tuple[str, str, int] | None]:
        allowed = {_origin(address) for address in conf.settings.SOCKET_ORIGINS}
        if self._is_our_host():
            allowed.add(_origin(f"{self._request.scheme}://{self._request.get_host()}"))
        return allowed


def _origin(address: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address that has nothing else; None if it is not one."""
    try:
        parts = urlsplit(address)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
    except (KeyError, ValueError):
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port

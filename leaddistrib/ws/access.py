"""Who sits at a socket, and what they may hear: looked at again and again while it is open."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings as django_settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    load_backend,
)
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import get_supported_language_variant

from leaddistrib.models import Pool, Rep
from leaddistrib.policy import policy
from leaddistrib.queries.membership import pools_of
from leaddistrib.ws.closing import Closing, Code


@dataclass(frozen=True, slots=True)
class Access:
    """The rep at a socket and the pools whose messages it gets."""

    rep: Rep
    pools: frozenset[Pool]

    @property
    def pool_ids(self) -> frozenset[str]:
        """The pools by the names that pages know."""
        return frozenset(str(pool.public_id) for pool in self.pools)


def look(session_key: str | None) -> Access:
    """What the session allows now. Four queries.

    Raises:
        Closing: SIGNED_OUT if nobody active is signed in (any more), NOT_A_REP for somebody else.
    """
    user = _user(session_key)
    if user is None:
        raise Closing(Code.SIGNED_OUT)
    rep = policy().rep(user)
    if rep is None:
        raise Closing(Code.NOT_A_REP)
    return Access(rep, frozenset(pools_of(rep)))


def language_of(rep: Rep, browser: str) -> str:
    """The rep's own language if the site speaks it, otherwise the browser's."""
    try:
        return get_supported_language_variant(rep.language)
    except LookupError:
        return browser


def _user(session_key: str | None) -> AbstractUser | None:
    """The active user of a session; changes nothing.

    Django's own get_user() renews a session signed with a former SECRET_KEY, or ends it. A socket
    cannot set the cookie that this takes, so it would sign the user out.
    """
    if not session_key:
        return None
    session: SessionBase = import_module(django_settings.SESSION_ENGINE).SessionStore(session_key)
    backend = session.get(BACKEND_SESSION_KEY, "")
    if SESSION_KEY not in session or backend not in django_settings.AUTHENTICATION_BACKENDS:
        return None
    user_id = get_user_model()._meta.pk.to_python(session[SESSION_KEY])
    user: AbstractUser | None = load_backend(backend).get_user(user_id)
    if user is None or not user.is_active:
        return None
    signed = session.get(HASH_SESSION_KEY, "")
    valid = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return user if any(constant_time_compare(signed, one) for one in valid) else None

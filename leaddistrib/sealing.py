"""Secrets at rest: what the database holds cannot be read without the site's SECRET_KEY.

``SECRET_KEY_FALLBACKS`` still open what they sealed, so that the key can be changed; what is sealed
is sealed with the present one. Nothing sealed is ever shown again or logged.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from leaddistrib.errors import SealBroken

PURPOSE = b"leaddistrib.sealing"
"""Makes our keys others than those that Django and its apps derive from the same SECRET_KEY."""


def seal(secret: str) -> bytes:
    """``secret`` as it may be kept."""
    return _fernet().encrypt(secret.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """The secret that ``seal`` was given.

    Raises:
        SealBroken: it was sealed with a key that the site no longer has, or it was tampered with.
    """
    try:
        return _fernet().decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        raise SealBroken(
            "A secret was kept with a SECRET_KEY that is neither the present one nor among "
            "SECRET_KEY_FALLBACKS."
        ) from error


def _fernet() -> MultiFernet:
    return _made_from((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _made_from(keys: tuple[str | bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    whole = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(whole.derive(key.encode() if isinstance(key, str) else key))

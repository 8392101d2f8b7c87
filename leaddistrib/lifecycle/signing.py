"""How a call is signed: HMAC-SHA256 over its time, a point and its body (IN1).

docs/webhooks.md shows senders the same in Python and with openssl.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(seconds=300)
"""How far the sender's clock may be from ours, and how long a call may be on its way."""

PREFIX = "sha256="
TIMESTAMP = re.compile(r"[0-9]{1,11}")
SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")


def new_secret() -> str:
    """A secret of 256 random bits."""
    return "whsec_" + secrets.token_urlsafe(32)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature as 64 hexadecimal digits; ``timestamp`` as it stands in the header."""
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def is_timely(timestamp: str, moment: datetime) -> bool:
    """Whether a call of ``timestamp`` (Unix seconds) may come in at ``moment``."""
    if not TIMESTAMP.fullmatch(timestamp):
        return False
    sent = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(timestamp))
    return abs(moment - sent) <= TOLERANCE


def matching(signature: str, timestamp: str, body: bytes, keys: Iterable[str]) -> str:
    """The signature's digits if it was made with one of ``keys``, else "".

    Every key is tried, and compared in constant time: how long it takes says nothing of how much
    of a guess was right.
    """
    given = SIGNATURE.fullmatch(signature)
    digits = given[1].lower() if given else ""
    found = False
    for key in keys:
        found |= hmac.compare_digest(sign(key, timestamp, body), digits)
    return digits if found else ""

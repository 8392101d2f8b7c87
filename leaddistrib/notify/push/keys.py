"""The key pair by which push services know this site (VAPID, RFC 8292).

The private one is kept sealed with the provider; browsers are given the public one when they
subscribe, and take messages from nobody else.
"""

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from leaddistrib.models import Channel, Gateway
from leaddistrib.notify.gateways import gateway, secrets_of

PRIVATE = "private_key"
CURVE = ec.SECP256R1()


def new_private_key() -> str:
    """A private key: 32 bytes, as base64url without padding."""
    number = ec.generate_private_key(CURVE).private_numbers().private_value
    return encoded(number.to_bytes(32, "big"))


def public_key() -> str:
    """What browsers subscribe with (``applicationServerKey``), as base64url without padding; ""
    while push is not set up or not active. One query."""
    one = gateway(Channel.PUSH)
    return public_of(one) if one else ""


def public_of(one: Gateway) -> str:
    """The public key of push's provider; "" if it has none yet, or one that cannot be opened."""
    private = secrets_of(one).get(PRIVATE, "")
    return _public(private) if private else ""


def _public(private: str) -> str:
    key = ec.derive_private_key(int.from_bytes(decoded(private), "big"), CURVE)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return encoded(point)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes of base64url, padded or not.

    Raises:
        ValueError: it is none.
    """
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", True)

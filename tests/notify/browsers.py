"""What a browser gives when its user lets a site push to it."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from leaddistrib.notify.push.keys import CURVE, encoded

POINT = (
    ec.derive_private_key(7, CURVE)
    .public_key()
    .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
)


def subscription(name: str) -> dict[str, Any]:
    """As ``JSON.stringify(subscription)`` writes it, of a browser that is reached by ``name``."""
    return {
        "endpoint": f"https://fcm.googleapis.com/fcm/send/{name}",
        "expirationTime": None,
        "keys": {"p256dh": encoded(POINT), "auth": encoded(b"0123456789abcdef")},
    }

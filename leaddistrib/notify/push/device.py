"""One browser, and how a message gets there: encrypted for it alone, by its push service.

The service carries what it cannot read (RFC 8291), and knows who sends it by a signature (VAPID,
RFC 8292). Endpoint and keys come from a browser, so from anybody: only known push services are
asked (setting PUSH_HOSTS).
"""

import json
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from leaddistrib import conf
from leaddistrib.errors import SealBroken
from leaddistrib.models import PushSubscription
from leaddistrib.notify.errors import NoDevice, NotSetUp
from leaddistrib.notify.posting import accepted, post
from leaddistrib.notify.push.keys import CURVE, decoded
from leaddistrib.sealing import unseal

try:
    import http_ece
    from py_vapid import Vapid02, VapidException
except ImportError:  # the extra [push] is not installed
    http_ece = None

MOST_DEVICES = 10
"""Browsers of one user that are pushed to, each by a request of its own: the newest ones."""

KEPT = timedelta(hours=4)
"""How long a push service keeps a message for a device that is off: later it is no news."""

SIGNED_FOR = 12 * 3600
"""Seconds that our signature is good; services take 24 hours at most."""

RENEWED = 3600
"""Seconds for which the same signature is used: making one costs more than all else here."""


@dataclass(frozen=True, slots=True)
class Device:
    """A browser as it subscribed: where it is reached, and the keys that only it can answer to."""

    pk: int
    endpoint: str
    key: bytes
    auth: bytes

    @classmethod
    def of(cls, subscription: PushSubscription) -> Self | None:
        """The device of a row; None if it was sealed with a former SECRET_KEY, or is none."""
        try:
            given = json.loads(unseal(subscription.secret))
            keys = given["keys"]
            return cls(
                subscription.pk, given["endpoint"], decoded(keys["p256dh"]), decoded(keys["auth"])
            )
        except (SealBroken, ValueError, LookupError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who we are: the private key, and whom a push service may write to. A message of the same
    ``topic`` (32 characters of base64url) takes the place of one that still waits for the device,
    for as long as it is ``kept``."""

    private: str
    mail: str
    urgent: bool
    topic: str
    kept: timedelta = KEPT


def is_installed() -> bool:
    """Whether the packages of the extra [push] are there."""
    return http_ece is not None


def push(device: Device, sender: Sender, content: bytes) -> None:
    """Hand ``content`` to the push service of ``device``.

    Raises:
        NoDevice: the browser unsubscribed, or its keys are none.
        NotSetUp: the packages are missing, or the service does not take our signature.
        Later, Refused: as ``posting.accepted`` says.
    """
    if http_ece is None:
        raise NotSetUp("no_library")
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(int(sender.kept.total_seconds())),
        "Urgency": "high" if sender.urgent else "normal",
        "Topic": sender.topic,
        "Authorization": _signature(device, sender),
    }
    sealed = encrypted(device, content, ec.generate_private_key(CURVE), os.urandom(16))
    answer = post(device.endpoint, sealed, headers, hosts=conf.settings.PUSH_HOSTS)
    if answer.status in (404, 410):
        raise NoDevice("device_gone")
    accepted(answer)


def encrypted(
    device: Device, content: bytes, own: ec.EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    """``content`` for ``device`` alone (RFC 8291). ``own`` and ``salt`` (16 bytes) are for this one
    message.

    Raises:
        NoDevice: its keys are none.
    """
    try:
        sealed: bytes = http_ece.encrypt(
            content,
            salt=salt,
            private_key=own,
            dh=device.key,
            auth_secret=device.auth,
            version="aes128gcm",
        )
    except (ValueError, http_ece.ECEException) as error:
        raise NoDevice("device_gone") from error  # no point on the curve: nobody can read there
    return sealed


def _signature(device: Device, sender: Sender) -> str:
    parts = urlsplit(device.endpoint)
    turn = int(time.time()) // RENEWED
    return _signed(f"{parts.scheme}://{parts.netloc}", sender.private, sender.mail, turn)


@lru_cache(maxsize=64)
def _signed(audience: str, private: str, mail: str, turn: int) -> str:
    claims = {"aud": audience, "exp": turn * RENEWED + SIGNED_FOR, "sub": f"mailto:{mail}"}
    try:
        key = Vapid02.from_raw(private.encode())
        signature: str = key.sign(claims)["Authorization"]
    except (ValueError, VapidException) as error:
        raise NotSetUp("no_credentials") from error
    return signature

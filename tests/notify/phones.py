"""A browser that takes push notifications: it subscribes, and reads what only it can read."""

import json

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from leaddistrib.lifecycle.subscribing import fingerprint
from leaddistrib.models import PushSubscription
from leaddistrib.notify.push.keys import CURVE, encoded
from leaddistrib.sealing import seal

AUTH = b"0123456789abcdef"


class Phone:
    """Subscribed at ``endpoint``, for ``rep``."""

    def __init__(self, rep, endpoint: str, key: str = "") -> None:
        self.private = ec.generate_private_key(CURVE)
        point = self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": key or encoded(point), "auth": encoded(AUTH)}
        self.row = PushSubscription.objects.create(
            user=rep.user,
            fingerprint=fingerprint(endpoint),
            secret=seal(json.dumps({"endpoint": endpoint, "keys": keys})),
            created_at=timezone.now(),
        )

    def read(self, body: bytes) -> dict:
        """The notification in what the push service was handed."""
        opened = http_ece.decrypt(
            body, private_key=self.private, auth_secret=AUTH, version="aes128gcm"
        )
        notification: dict = json.loads(opened)
        return notification

    @property
    def known(self) -> bool:
        """Whether the site still pushes to it."""
        return PushSubscription.objects.filter(pk=self.row.pk).exists()

"""Reps with phones, for a measurement: a team of them, each with a device at a stand-in."""

import json
import time
from threading import Lock
from typing import Any

from tests.notify.standin import Call, Provider, Reply


class Arrivals:
    """Behaviour of a stand-in that takes everything at once, and keeps when what came."""

    def __init__(self) -> None:
        self.at: list[tuple[float, str]] = []
        self._lock = Lock()

    def __call__(self, provider: Provider, call: Call) -> Reply:
        with self._lock:
            self.at.append((time.time(), call.headers.get("topic", call.path)))
        return Reply(201)


def reps(number: int, host: str = "") -> list[Any]:
    """So many reps of one team; with ``host`` each has a device there, and none gets mail."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from django.contrib.auth import get_user_model

    from leaddistrib.models import Gateway, NotificationSettings, PushSubscription, Rep, Team
    from leaddistrib.notify.gateways import sealed
    from leaddistrib.notify.push.keys import CURVE, PRIVATE, encoded, new_private_key
    from leaddistrib.queries import clock
    from leaddistrib.sealing import seal

    team, user = Team.objects.create(name="Paris"), get_user_model()
    users = user.objects.bulk_create(user(username=f"rep-{n}") for n in range(number))
    made = Rep.objects.bulk_create(Rep(user=one, team=team, capacity=10**6) for one in users)
    NotificationSettings.objects.bulk_create(
        NotificationSettings(user=one, email=False) for one in users
    )
    if not host:
        return made
    Gateway.objects.create(
        channel="push", sender="ops@example.com", secrets=sealed({PRIVATE: new_private_key()})
    )
    point = ec.generate_private_key(CURVE).public_key()
    keys = {
        "p256dh": encoded(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        "auth": encoded(bytes(16)),
    }
    PushSubscription.objects.bulk_create(
        PushSubscription(
            user=one,
            fingerprint=str(one.pk),
            secret=seal(json.dumps({"endpoint": f"http://{host}/push/{one.pk}", "keys": keys})),
            created_at=clock.now(),
        )
        for one in users
    )
    return made

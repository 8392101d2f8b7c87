"""Who is told by which ways: browsers that take push notifications, settings, links (NO1, NO4)."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, time
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from django.contrib.auth.models import AbstractUser

from leaddistrib import conf
from leaddistrib.errors import NoSubscription
from leaddistrib.fetching import NotFetched, check_address
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import NotificationSettings, OutboxMessage, PushSubscription
from leaddistrib.notify.push.device import MOST_DEVICES
from leaddistrib.notify.telling import tell_users
from leaddistrib.queries import clock
from leaddistrib.sealing import seal

AUTH_BYTES = 16


def fingerprint(endpoint: str) -> str:
    """What a browser is known by: nobody can tell its address from it."""
    return sha256(endpoint.encode()).hexdigest()


@act(durable=False)
def subscribe(user: AbstractUser, given: object, *, device: str) -> PushSubscription:
    """Push notifications for ``user`` go to a browser, too. ``given`` is its subscription as
    JavaScript writes it; ``device`` is what its user sees it called by.

    One browser is one subscription: whoever subscribed it last is told there, nobody else. Of
    more than MOST_DEVICES, the one that was subscribed first goes.

    Raises:
        NoSubscription: it is none, or its push service is not among PUSH_HOSTS.
        Busy: the database was locked through every retry; nothing was written.
    """
    secret = _checked(given)
    moment = clock.now()
    kept, _ = PushSubscription.objects.update_or_create(
        fingerprint=fingerprint(secret["endpoint"]),
        defaults={"user_id": user.pk, "secret": seal(json.dumps(secret)), "device": device[:100]},
        create_defaults={
            "user_id": user.pk,
            "secret": seal(json.dumps(secret)),
            "device": device[:100],
            "created_at": moment,
        },
    )
    own = PushSubscription.objects.filter(user=user.pk).exclude(pk=kept.pk)
    surplus = own.order_by("-created_at", "-pk").values_list("pk", flat=True)[MOST_DEVICES - 1 :]
    PushSubscription.objects.filter(pk__in=list(surplus)).delete()
    return kept


@act(durable=False)
def renew(user: AbstractUser, endpoint: str, given: object) -> bool:
    """A browser of ``user`` that was reached at ``endpoint`` is reached as ``given`` says now.
    Whether it was: only who had the old address may give a new one.

    Raises:
        NoSubscription: as ``subscribe``.
        Busy: the database was locked through every retry; nothing was written.
    """
    secret = _checked(given)
    old = PushSubscription.objects.filter(user=user.pk, fingerprint=fingerprint(endpoint)).first()
    if old is None:
        return False
    old.fingerprint = fingerprint(secret["endpoint"])
    old.secret = seal(json.dumps(secret))
    PushSubscription.objects.filter(fingerprint=old.fingerprint).exclude(pk=old.pk).delete()
    old.save(update_fields=("fingerprint", "secret"))
    return True


@act(durable=False)
def unsubscribe(user: AbstractUser, device: int) -> bool:
    """No push notification goes to one browser of ``user`` any more. Whether it was there.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    deleted, _ = PushSubscription.objects.filter(user=user.pk, pk=device).delete()
    return bool(deleted)


@act(durable=False)
def set_ways(
    user: AbstractUser,
    *,
    push: bool,
    email: bool,
    sms: bool,
    slack: bool,
    phone: str,
    quiet_from: time | None,
    quiet_until: time | None,
) -> NotificationSettings:
    """How ``user`` wants to be told. ``phone`` in E.164, or ""; quiet hours in the user's own time
    zone, both ends or none.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    return _save(
        user,
        push=push,
        email=email,
        sms=sms,
        slack=slack,
        phone=phone,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
    )


@act(durable=False)
def revoke_links(user: AbstractUser) -> datetime:
    """No link to a preview that ``user`` was sent until now is good any more; returns since when.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    moment = clock.now()
    _save(user, links_revoked_at=moment)
    return moment


@act(durable=False)
def send_test(user: AbstractUser) -> set[str]:
    """Write a test message to ``user`` by every way that is set up, one a minute at most; returns
    the channels of this minute's.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    moment = clock.now()
    event = f"channel.test:{int(moment.timestamp()) // 60 * 60}"
    tell_users([user.pk], event, moment)
    written = OutboxMessage.objects.filter(event=event, recipient=user.pk)
    return set(written.values_list("channel", flat=True))


def _save(user: AbstractUser, **values: Any) -> NotificationSettings:
    kept, _ = NotificationSettings.objects.update_or_create(user_id=user.pk, defaults=values)
    return kept


def _checked(given: object) -> dict[str, Any]:
    """What is kept of a subscription: its address and keys, and nothing else that was sent.

    Raises:
        NoSubscription: as ``subscribe``.
    """
    if not isinstance(given, Mapping) or not isinstance(given.get("keys"), Mapping):
        raise NoSubscription("A subscription has an endpoint and keys.")
    endpoint, keys = str(given.get("endpoint", "")), given["keys"]
    try:
        check_address(endpoint, hosts=conf.settings.PUSH_HOSTS)
    except NotFetched as error:
        raise NoSubscription(f"The push service is not allowed: {error.code}.") from error
    p256dh, auth = str(keys.get("p256dh", "")), str(keys.get("auth", ""))
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _decoded(p256dh))
        whole = len(_decoded(auth)) == AUTH_BYTES
    except ValueError as error:
        raise NoSubscription("The keys of the subscription are none.") from error
    if not whole:
        raise NoSubscription("The keys of the subscription are none.")
    return {"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""Push notifications to browsers, on phones and desktops (Web Push, RFC 8030).

A user has as many devices as browsers that subscribed; a message has arrived when one of them has
it. Whoever is gone (404, 410) is forgotten.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from leaddistrib.models import Channel, OutboxMessage, PushSubscription
from leaddistrib.notify.channels import Receipt
from leaddistrib.notify.errors import Later, NoDevice, NotSent, NotSetUp
from leaddistrib.notify.gateways import set_up
from leaddistrib.notify.kinds import Kind, Loaded
from leaddistrib.notify.push.device import Device, Sender, push
from leaddistrib.notify.push.keys import PRIVATE
from leaddistrib.notify.push.payload import payload

MOST_DEVICES = 10
"""Newest devices of one user that are pushed to: each takes a request of its own."""

REMEMBERED = timedelta(hours=1)
"""How exactly it is kept when a device was last reached: a row is not written for every message."""

TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to all devices of a user, side by side: one that hangs delays no other."""

    devices: Sequence[Device]
    sender: Sender
    content: bytes

    def send(self) -> Receipt:
        with ThreadPoolExecutor(len(self.devices)) as pool:
            problems = list(pool.map(self._push, self.devices))
        gone = tuple(
            device.pk
            for device, problem in zip(self.devices, problems, strict=True)
            if isinstance(problem, NoDevice)
        )
        if None in problems:
            return Receipt(TAKEN, gone)
        raise _worst([one for one in problems if one is not None], gone)

    def _push(self, device: Device) -> NotSent | None:
        try:
            push(device, self.sender, self.content)
        except NotSent as problem:
            return problem
        return None


def prepare(message: OutboxMessage, kind: Kind, loaded: Loaded) -> Notification:
    """The message to each device of its recipient. Two queries beside the text's.

    Raises:
        NoDevice: no browser is subscribed.
        NotSetUp: the site has no keys.
    """
    gateway, secrets = set_up(Channel.PUSH, PRIVATE)
    subscriptions = PushSubscription.objects.filter(user=message.recipient_id)[:MOST_DEVICES]
    devices = [device for one in subscriptions if (device := Device.of(one)) is not None]
    if not devices:
        raise NoDevice("no_device")
    sender = Sender(secrets[PRIVATE], gateway.sender, urgent=kind.urgent, topic=message.event)
    return Notification(devices, sender, payload(message, kind, loaded))


def settle(message: OutboxMessage, receipt: Receipt) -> None:
    """Forget devices that are gone, and note that the others were reached."""
    own = PushSubscription.objects.filter(user=message.recipient_id)
    if receipt.gone:
        own.filter(pk__in=receipt.gone).delete()
    if receipt.reference:
        moment = timezone.now()
        lately = Q(used_at__gt=moment - REMEMBERED)
        own.exclude(lately).update(used_at=moment)


def _worst(problems: Sequence[NotSent], gone: tuple[int, ...]) -> NotSent:
    """What became of a message that no device has: what another try may mend comes first."""
    for kind in (NotSetUp, Later):
        for problem in problems:
            if isinstance(problem, kind):
                problem.gone = gone
                return problem
    left = [problem for problem in problems if not isinstance(problem, NoDevice)]
    first = left[0] if left else NoDevice("no_device")
    first.gone = gone
    return first

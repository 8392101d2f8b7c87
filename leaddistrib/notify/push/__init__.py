"""Push notifications to browsers, on phones and desktops (Web Push, RFC 8030).

A user has as many devices as browsers that subscribed; a message has arrived when one of them has
it. Whoever is gone (404, 410) is forgotten.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from leaddistrib.models import Channel, OutboxMessage, PushSubscription
from leaddistrib.notify.channels import Receipt, leased_at
from leaddistrib.notify.errors import Later, NoDevice, NotSent, NotSetUp
from leaddistrib.notify.gateways import set_up
from leaddistrib.notify.kinds import Kind, Loaded
from leaddistrib.notify.push.device import KEPT, MOST_DEVICES, Device, Sender, push
from leaddistrib.notify.push.keys import PRIVATE
from leaddistrib.notify.push.payload import payload, tag

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
        answers = list(zip(self.devices, problems, strict=True))
        gone = tuple(device.pk for device, problem in answers if isinstance(problem, NoDevice))
        reached = tuple(device.pk for device, problem in answers if problem is None)
        if reached:
            return Receipt(TAKEN, gone, reached)
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
    sender = Sender(
        secrets[PRIVATE],
        gateway.sender,
        urgent=kind.urgent,
        topic=tag(message),
        kept=_kept(message, loaded),
    )
    return Notification(devices, sender, payload(message, kind, loaded))


def settle(message: OutboxMessage, receipt: Receipt) -> None:
    """Forget devices that are gone, and note when the others were reached."""
    own = PushSubscription.objects.filter(user=message.recipient_id)
    if receipt.gone:
        own.filter(pk__in=receipt.gone).delete()
    if receipt.reached:
        moment = leased_at(message)
        lately = Q(used_at__gt=moment - REMEMBERED)
        own.filter(pk__in=receipt.reached).exclude(lately).update(used_at=moment)


def _kept(message: OutboxMessage, loaded: Loaded) -> timedelta:
    """How long a device that is off finds it when it comes on: not longer than until what it tells
    of is over, the deadline to answer or the time until which a lead is open."""
    now = leased_at(message)
    ends: list[datetime] = [at for name in ("due_at", "closes_at") if (at := loaded.get(name))]
    return min([KEPT, *(at - now for at in ends if at > now)])


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

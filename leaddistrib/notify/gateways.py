"""The providers of channels as they are set up: read, and opened for a channel to use."""

import json
from collections.abc import Mapping

from leaddistrib.errors import SealBroken
from leaddistrib.models import Channel, Gateway
from leaddistrib.notify.errors import NotSetUp
from leaddistrib.sealing import seal, unseal


def gateway(channel: Channel) -> Gateway | None:
    """The provider of ``channel``, if there is one in use."""
    return Gateway.objects.filter(channel=channel, active=True).first()


def set_up(channel: Channel, *needed: str) -> tuple[Gateway, dict[str, str]]:
    """The provider of ``channel`` with its secrets, those ``needed`` being there.

    Raises:
        NotSetUp: there is none, or a secret is missing or was sealed with a former SECRET_KEY.
    """
    one = gateway(channel)
    if one is None:
        raise NotSetUp("no_provider")
    secrets = secrets_of(one)
    if any(not secrets.get(name) for name in needed):
        raise NotSetUp("no_credentials")
    return one, secrets


def secrets_of(one: Gateway) -> dict[str, str]:
    """What is sealed with a provider, by name; nothing if it cannot be opened any more."""
    if not one.secrets:
        return {}
    try:
        opened: dict[str, str] = json.loads(unseal(one.secrets))
    except SealBroken:
        return {}
    return opened


def sealed(secrets: Mapping[str, str]) -> bytes:
    """``secrets`` as a provider keeps them."""
    return seal(json.dumps(dict(secrets)))

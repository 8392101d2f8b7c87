"""Providers are set up: their secrets, push's keys, and a message to see whether it all works."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.contrib.auth.models import AbstractBaseUser

from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Channel, Gateway, OutboxMessage, PushSubscription, TeamChat
from leaddistrib.notify.gateways import sealed, secrets_of
from leaddistrib.notify.push.keys import PRIVATE, new_private_key
from leaddistrib.notify.telling import tell_chat
from leaddistrib.queries import clock
from leaddistrib.sealing import seal


def keep_secrets(gateway: Gateway, given: Mapping[str, str]) -> None:
    """Seal those of ``given`` that are not empty into ``gateway``; what it holds else stays. Not
    saved."""
    known = {**secrets_of(gateway), **{name: value for name, value in given.items() if value}}
    gateway.secrets = sealed(known) if known else None


def keep_address(chat: TeamChat, address: str) -> None:
    """Seal the address of a room into ``chat``, and keep its host to be shown. Not saved."""
    chat.secret, chat.host = seal(address), urlsplit(address).hostname or ""


@act(durable=False)
def make_push_keys(gateway: Gateway, *, actor: AbstractBaseUser | None = None) -> int:
    """Give push a new pair of keys; returns how many browsers are forgotten by it: they take
    messages from the former pair alone, and subscribe again when their users say so."""
    locked = Gateway.objects.select_for_update(no_key=True).get(pk=gateway.pk)
    keep_secrets(locked, {PRIVATE: new_private_key()})
    attributed(locked, actor, "new keys").save(update_fields=("secrets",))
    gone: int = PushSubscription.objects.all().delete()[0]
    return gone


@act(durable=False)
def send_test_by(channel: Channel, user: AbstractBaseUser) -> OutboxMessage:
    """A test message by ``channel`` alone, to ``user``. It goes like any other, so also by what
    they chose and by their quiet hours; its row says what came of it."""
    moment = clock.now()
    return OutboxMessage.objects.create(
        event=f"channel.test:{int(moment.timestamp() * 1000)}",
        recipient_id=user.pk,
        channel=channel,
        created_at=moment,
        due_at=moment,
    )


@act(durable=False)
def send_test_to_chat(chat: TeamChat) -> OutboxMessage:
    """A test message into a room."""
    moment = clock.now()
    event = f"channel.test:{int(moment.timestamp() * 1000)}"
    tell_chat(chat, event, moment)
    return OutboxMessage.objects.get(event=event, chat=chat)

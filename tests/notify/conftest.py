"""Amina of Paris has a lead; providers are stand-ins on this machine."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from leaddistrib import fetching
from leaddistrib.lifecycle.gateways import keep_secrets, make_push_keys
from leaddistrib.models import (
    Channel,
    Decision,
    Gateway,
    NotificationSettings,
    OutboxMessage,
    Rule,
    RuleSet,
    RuleStep,
    TeamChat,
)
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory
from tests.notify.standin import Behaviour, Provider, provider, well

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LENOIR: dict[str, Any] = {
    "company": "Lenoir",
    "size_band": "enterprise",
    "contact_title": "Head of IT",
    "contact_name": "Ana Lenoir",
    "contact_email": "ana@lenoir.example",
    "contact_phone": "+33123456789",
    "source": "website",
    "score": 87,
    "temperature": "hot",
}


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def amina(db):
    return RepFactory(user__username="amina", team=TeamFactory(name="Paris"))


@pytest.fixture
def lead(amina):
    return LeadFactory(owner=amina, **LENOIR)


@pytest.fixture
def stand_in(settings) -> Iterator[Callable[..., Provider]]:
    """``stand_in(behaviour)`` is a provider that behaves like that; the settings allow it."""
    with ExitStack() as running:

        def start(behaviour: Behaviour = well) -> Provider:
            made = running.enter_context(provider(behaviour))
            settings.LEADDISTRIB = made.settings
            return made

        yield start


@pytest.fixture
def hasty(monkeypatch):
    """Nobody waits long for an answer."""
    monkeypatch.setattr(fetching, "TIMEOUT", 0.3)


def set_up(channel: Channel, address: str = "", sender: str = "", **secrets: str) -> Gateway:
    """The provider of a channel; push gets keys of its own."""
    gateway = Gateway(channel=channel, address=address, sender=sender)
    keep_secrets(gateway, secrets)
    gateway.save()
    if channel == Channel.PUSH:
        make_push_keys(gateway)
        gateway.refresh_from_db()
    return gateway


def goes_on(lead):
    """``lead``, whose rule goes on with another step when its pool passes it on."""
    rule = Rule.objects.create(
        ruleset=RuleSet.objects.create(version=1), position=1, name="All leads"
    )
    for position, where in enumerate(({"pool": lead.pool}, {"push": "account_owner"}), start=1):
        RuleStep.objects.create(rule=rule, position=position, **where)
    Decision.objects.create(
        lead=lead,
        ruleset=rule.ruleset,
        rule=rule,
        method=Decision.Method.RACE,
        pool=lead.pool,
        explanation={},
        decided_at=NOON,
    )
    lead.retry_at = clock.now()
    lead.save()
    return lead


def wants(rep, **settings) -> NotificationSettings:
    """How a rep wants to be told."""
    return NotificationSettings.objects.create(user=rep.user, **settings)


def write(channel: Channel, event: str = "", *, rep=None, chat: TeamChat | None = None, lead=None):
    """A message that is due now."""
    now = clock.now()
    return OutboxMessage.objects.create(
        event=event or f"lead.assigned:{lead.pk}",
        channel=channel,
        recipient=rep and rep.user,
        chat=chat,
        lead=lead,
        created_at=now,
        due_at=now,
    )


def send(message: OutboxMessage) -> OutboxMessage:
    """Have what is due sent, and see what became of ``message``."""
    deliver(clock.now(), message.channel)
    message.refresh_from_db()
    return message

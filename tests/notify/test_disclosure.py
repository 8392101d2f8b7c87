"""Messages tell of a lead what a preview shows, alerts nothing at all; rows keep ids (IG4, NO4)."""

import pytest
from django.core import mail
from django.db import transaction
from django.forms.models import model_to_dict

from leaddistrib.lifecycle.reassigning import assign_by_hand
from leaddistrib.lifecycle.routing import route
from leaddistrib.models import Alert, Lead, OutboxMessage
from leaddistrib.notify.kinds import KINDS
from leaddistrib.notify.outbox import deliver
from leaddistrib.notify.telling import tell_users
from leaddistrib.queries import clock
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    UserFactory,
    publish_rules,
)
from tests.api.conftest import PERSONAL
from tests.api.test_disclosure import canaries

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paris():
    """Amina of Paris, whose manager is Mireille; what finds nobody waits in “Everyone”."""
    team = TeamFactory(name="Paris")
    team.managers.add(UserFactory(username="mireille"))
    PoolFactory(name="Everyone", mode="queue", teams=[team])
    amina = RepFactory(user__username="amina", team=team)
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
    publish_rules([{"name": "In turn", "when": {}, "then": then}])
    return amina


def heard() -> str:
    """All that was sent, and all that was kept to be sent."""
    assert OutboxMessage.objects.exists()
    deliver(clock.now())
    assert not OutboxMessage.objects.filter(sent_at=None).exists()
    mails = [f"{one.subject}\n{one.body}\n{one.extra_headers}" for one in mail.outbox]
    rows = [model_to_dict(row) for row in OutboxMessage.objects.all()]
    alerts = [model_to_dict(row) for row in Alert.objects.all()]
    return "\n".join([*mails, str(rows), str(alerts)])


def found() -> set[str]:
    everything = heard().lower()
    return {canary for canary in canaries() if canary.lower() in everything}


def singing(**where) -> Lead:
    lead = LeadFactory(company="Fournil", **where)
    Lead.objects.filter(pk=lead.pk).update(**PERSONAL)
    lead.refresh_from_db()
    return lead


def test_the_mail_about_a_lead_shows_no_more_than_a_preview(paris):
    lead = singing()
    with transaction.atomic():
        route([lead])

    assert found() == set()
    assert "Fournil" in mail.outbox[0].body


def test_the_mail_about_a_lead_given_by_hand_keeps_the_reason_to_the_page(paris):
    mireille = UserFactory(first_name="Mireille")
    assign_by_hand([singing()], paris, reason="CANARY-NAME asked for her", actor=mireille)

    assert found() == set()


def test_the_mail_about_an_alert_says_nothing_of_the_leads(paris):
    paris.paused = True
    paris.save()
    lead = singing()
    with transaction.atomic():
        route([lead])

    assert found() == set()
    assert "Fournil" not in heard()
    assert Alert.objects.get().kind == Alert.Kind.NOBODY_AVAILABLE


def test_every_kind_of_message_is_looked_at_here():
    """A new kind needs a canary of its own."""
    assert set(KINDS) == {"lead.assigned", "alert.opened", "rules.review"}


def test_the_mail_about_reviews_says_nothing_of_leads(paris):
    singing(owner=paris)
    tell_users([paris.user.pk], "rules.review:2026-03-02", clock.now())

    assert found() == set()
    assert mail.outbox[0].to == [paris.user.email]

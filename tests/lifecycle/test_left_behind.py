"""Leads of a rep who is not active any more are nobody's, and somebody is told (PU10)."""

from datetime import timedelta

import pytest
from django.core import mail

from leaddistrib.lifecycle import hand_over
from leaddistrib.lifecycle.alerting import close_alerts
from leaddistrib.lifecycle.left_behind import UNDER_WAY, look_for_left_behind
from leaddistrib.models import Alert, HandOver, OutboxMessage, Rep
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(hours=1)


@pytest.fixture
def gone(cast):
    """Amina is not active any more; Mireille manages her team."""
    cast.mireille = UserFactory(username="mireille", email="mireille@example.com")
    cast.paris.managers.add(cast.mireille)
    Rep.objects.filter(pk=cast.amina.pk).update(active=False)
    return cast


def test_her_manager_is_told_once_of_what_she_left_behind(gone):
    for _ in range(3):
        LeadFactory(owner=gone.amina)

    assert look_for_left_behind(clock.now()) == 1
    assert look_for_left_behind(clock.now()) == 0

    [alert] = Alert.objects.all()
    assert (alert.kind, alert.detail["rep"]) == ("left_behind", "amina")
    assert OutboxMessage.objects.get().recipient == gone.mireille
    deliver(clock.now())
    [sent] = mail.outbox
    assert "hand" in sent.body
    assert "A rep who is not active still has leads" in sent.subject


def test_a_closed_account_is_as_good_as_gone(gone):
    LeadFactory(owner=gone.bruno)
    gone.bruno.user.is_active = False
    gone.bruno.user.save()

    look_for_left_behind(clock.now())

    assert Alert.objects.get().detail["rep"] == "bruno"


def test_the_alert_is_over_when_nothing_is_left(gone):
    LeadFactory(owner=gone.amina)
    look_for_left_behind(clock.now())
    assert close_alerts(clock.now()) == 0

    hand_over(gone.amina, actor=gone.mireille, reason="She left")

    assert close_alerts(clock.now()) == 1
    assert look_for_left_behind(clock.now()) == 0


def test_nothing_is_said_while_it_is_being_handed_over_unless_that_was_cut_off(gone):
    LeadFactory(owner=gone.amina)
    now = clock.now()
    HandOver.objects.create(rep=gone.amina, at=now, reason="She left", retired=True)

    assert look_for_left_behind(now + UNDER_WAY / 2) == 0
    assert look_for_left_behind(now + UNDER_WAY + LATER) == 1


def test_who_left_with_nothing_open_and_who_is_there_are_no_alert(gone):
    LeadFactory(owner=gone.bruno)
    assert look_for_left_behind(clock.now()) == 0

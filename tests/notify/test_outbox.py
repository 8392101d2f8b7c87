"""Messages to people: kept with what caused them, sent once, never lost (NO4)."""

import smtplib
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction

from leaddistrib.lifecycle import receive, release
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import OutboxMessage
from leaddistrib.notify import email, outbox
from leaddistrib.notify.outbox import LEASE, backoff, deliver
from leaddistrib.testing import RepFactory, TeamFactory, clock_at, publish_rules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def cast(settings, transactional_db):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    paris = TeamFactory(name="Paris")
    for name in ("amina", "bruno"):
        RepFactory(user__username=name, team=paris)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )


def push(company="Acme"):
    with clock_at(NOON):
        return receive(clean({"company": company})).lead


@pytest.fixture
def broken_server(monkeypatch):
    """A mail server that refuses; what it was asked to send is kept."""
    asked = []

    def refuse(message, template, loaded):
        asked.append(message.pk)
        raise smtplib.SMTPServerDisconnected("try later")

    monkeypatch.setattr(email, "send", refuse)
    return asked


def test_a_rep_who_was_pushed_a_lead_gets_one_mail(cast):
    push()

    assert (deliver(NOON), deliver(NOON)) == (1, 0)

    [sent] = mail.outbox
    assert sent.to == ["amina@example.com"]
    assert "Acme" in sent.subject
    message = OutboxMessage.objects.get()
    assert (message.attempts, message.dead_at, message.last_error) == (1, None, "")
    assert message.sent_at is not None


def test_the_mail_is_in_the_language_of_the_rep(cast):
    lead = push()
    lead.owner.language = "fr"
    lead.owner.save()

    deliver(NOON)

    assert mail.outbox[0].to == ["amina@example.com"]


def test_an_assignment_that_is_undone_leaves_no_message(cast):
    with transaction.atomic():
        push()
        transaction.set_rollback(True)

    assert not OutboxMessage.objects.exists()


def test_a_message_that_is_no_longer_true_is_dropped(cast):
    lead = push()
    with clock_at(NOON + HOUR):
        release(lead, lead.owner, reason="I know them")

    deliver(NOON + HOUR)

    assert [sent.to for sent in mail.outbox] == [["bruno@example.com"]]
    old = OutboxMessage.objects.get(recipient__username="amina")
    assert old.dropped_at is not None
    assert (old.sent_at, old.last_error) == (None, "not_theirs")


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": ""}])
def test_nobody_writes_to_a_closed_account_or_without_an_address(cast, change):
    user = push().owner.user
    type(user).objects.filter(pk=user.pk).update(**change)

    deliver(NOON)

    assert mail.outbox == []
    assert OutboxMessage.objects.get().dropped_at is not None


def test_a_refused_message_is_tried_again_after_a_while(cast, broken_server):
    push()

    deliver(NOON)

    message = OutboxMessage.objects.get()
    assert timedelta(seconds=22) < message.due_at - NOON < timedelta(seconds=39)
    assert (message.attempts, message.last_error) == (1, "try later")
    assert deliver(NOON + timedelta(seconds=20)) == 0
    assert deliver(message.due_at) == 1


def test_after_the_last_attempt_it_is_a_dead_letter(cast, broken_server, settings):
    settings.LEADDISTRIB = {"OUTBOX_MAX_ATTEMPTS": 3}
    push()
    moment = NOON
    for _ in range(5):
        deliver(moment)
        moment += 2 * HOUR

    message = OutboxMessage.objects.get()
    assert (len(broken_server), message.attempts) == (3, 3)
    assert message.dead_at is not None


def test_one_poisonous_message_holds_up_no_other(cast):
    user = push().owner.user
    type(user).objects.filter(pk=user.pk).update(email="amina@ex ample\n.com")
    push("Globex")

    assert deliver(NOON) == 2

    assert [sent.to for sent in mail.outbox] == [["bruno@example.com"]]
    assert OutboxMessage.objects.get(sent_at=None).attempts == 1


def test_a_message_whose_sender_always_dies_ends_as_a_dead_letter(cast, settings):
    settings.LEADDISTRIB = {"OUTBOX_MAX_ATTEMPTS": 2}
    push()
    OutboxMessage.objects.update(attempts=2)

    deliver(NOON)

    assert mail.outbox == []
    assert OutboxMessage.objects.get().dead_at is not None


def test_a_worker_that_died_gives_its_message_back_after_the_lease(cast):
    push()
    outbox._lease(NOON, NOON + LEASE)  # and then it dies

    assert deliver(NOON + LEASE - timedelta(microseconds=1)) == 0
    assert deliver(NOON + LEASE) == 1
    assert len(mail.outbox) == 1


def test_who_lost_the_lease_no_longer_marks_the_message(cast, broken_server, monkeypatch):
    """Bruno's worker sends it while Amina's hangs; her late failure must not have it sent again."""
    push()
    late = outbox._lease(NOON, NOON + LEASE)
    assert late is not None
    OutboxMessage.objects.update(attempts=2, sent_at=NOON + LEASE)

    outbox._deliver(late, NOON + 2 * LEASE)

    message = OutboxMessage.objects.get()
    assert message.sent_at == NOON + LEASE
    assert message.last_error == ""


def test_two_workers_never_lease_the_same_message(cast):
    """The second does not even wait for the first on PostgreSQL; on SQLite it comes after it."""
    first, second = push(), push("Globex")
    leased = []

    def other_worker():
        leased.append(outbox._lease(NOON, NOON + LEASE))
        connection.close()

    worker = threading.Thread(target=other_worker)
    if connection.vendor == "postgresql":
        with transaction.atomic():
            leased.append(outbox._lease(NOON, NOON + LEASE))
            worker.start()
            worker.join(timeout=20)
    else:
        leased.append(outbox._lease(NOON, NOON + LEASE))
        worker.start()
        worker.join(timeout=20)

    assert [message and message.lead for message in leased] == [first, second]


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 30), (2, 60), (5, 480), (8, 3600)])
def test_the_wait_doubles_up_to_an_hour(attempts, seconds):
    waits = [backoff(attempts).total_seconds() for _ in range(200)]

    assert min(waits) >= 0.75 * seconds
    assert max(waits) <= 1.25 * seconds
    assert len(set(waits)) > 1

"""Messages to people: kept with what caused them, sent once, never lost (NO4)."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import OperationalError, connection, transaction

from leaddistrib.lifecycle import claim, receive, release
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Assignment, OutboxMessage, Rep, Team, TeamChat
from leaddistrib.notify import marking, outbox
from leaddistrib.notify.channels import LEASE, Receipt
from leaddistrib.notify.errors import Later, NoDevice, NotSetUp, Refused
from leaddistrib.notify.outbox import WIDTH, backoff, deliver
from leaddistrib.notify.telling import tell_chat
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    clock_at,
    publish_rules,
)
from tests.notify.carrier import replace_channels, taken

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PATIENCE = 20


@pytest.fixture
def cast(settings, transactional_db):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    paris = TeamFactory(name="Paris")
    for name in ("amina", "bruno"):
        RepFactory(user__username=name, team=paris)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )


@pytest.fixture
def carriers(monkeypatch):
    return replace_channels(monkeypatch)


@pytest.fixture
def email(carriers):
    """The e-mail channel, by which reps are told of their leads."""
    return carriers["email"]


def push(company="Acme"):
    with clock_at(NOON):
        return receive(clean({"company": company})).lead


def messages(number, rep, channel="email"):
    """Due messages about leads of ``rep``."""
    return OutboxMessage.objects.bulk_create(
        OutboxMessage(
            event=f"lead.assigned:{number}",
            recipient=rep.user,
            channel=channel,
            lead=LeadFactory(company=f"Company {number}", owner=rep),
            created_at=NOON,
            due_at=NOON,
        )
        for number in range(number)
    )


def lease(number=1):
    return outbox._lease(NOON, None, number)


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

    assert mail.outbox[0].subject.startswith("Nouveau")


def test_a_time_zone_that_this_machine_does_not_know_keeps_no_mail_back(cast):
    push()
    Rep.objects.update(time_zone="Mars/Olympus")

    deliver(NOON)

    assert len(mail.outbox) == 1


def test_what_a_provider_calls_the_message_is_kept_and_what_it_learned_settled(cast, email):
    push()

    deliver(NOON)

    message = OutboxMessage.objects.get()
    assert message.reference == f"provider-{message.pk}"
    assert email.settled == [(message.pk, Receipt(message.reference))]


def test_the_owner_counts_as_told_when_the_first_provider_took_it(cast, email):
    lead = push()

    email.fails_with(Later("answered", 503))
    deliver(NOON)
    assert Assignment.objects.get().told_at is None

    email.answer = taken
    later = NOON + HOUR
    deliver(later)
    told = Assignment.objects.get(lead=lead).told_at
    assert told is not None
    assert later <= told < later + HOUR


def test_an_assignment_that_is_undone_leaves_no_message(cast):
    with transaction.atomic():
        push()
        transaction.set_rollback(True)

    assert not OutboxMessage.objects.exists()


def test_a_message_that_is_no_longer_true_is_dropped(cast, email):
    lead = push()
    with clock_at(NOON + HOUR):
        release(lead, lead.owner, reason="I know them")

    deliver(NOON + HOUR)

    assert [sent.recipient.username for sent in email.handed] == ["bruno"]
    old = OutboxMessage.objects.get(recipient__username="amina")
    assert old.dropped_at is not None
    assert (old.sent_at, old.last_error) == (None, "not_theirs")


@pytest.mark.parametrize(
    ("change", "code"), [({"is_active": False}, "account_closed"), ({"email": ""}, "no_address")]
)
def test_nobody_writes_to_a_closed_account_or_without_an_address(cast, change, code):
    user = push().owner.user
    type(user).objects.filter(pk=user.pk).update(**change)

    deliver(NOON)

    assert mail.outbox == []
    message = OutboxMessage.objects.get()
    assert message.dropped_at is not None
    assert message.last_error == code


def test_a_message_that_this_version_knows_nothing_of_is_dropped(cast, email):
    push()
    OutboxMessage.objects.update(event="lead.sung:1")

    deliver(NOON)

    assert email.handed == []
    assert OutboxMessage.objects.get().last_error == "unknown_kind"


def test_a_message_that_was_not_taken_is_tried_again_after_a_while(cast, email):
    push()
    email.fails_with(Later("answered", 503))

    deliver(NOON)

    message = OutboxMessage.objects.get()
    assert timedelta(seconds=22) < message.due_at - NOON < timedelta(seconds=39)
    assert (message.attempts, message.last_error) == (1, "answered: 503")
    assert deliver(NOON + timedelta(seconds=20)) == 0
    assert deliver(message.due_at) == 1


def test_a_provider_that_says_when_is_asked_again_then_and_not_sooner(cast, email):
    push()
    email.fails_with(Later("answered", 429, after=10 * HOUR))

    deliver(NOON)

    message = OutboxMessage.objects.get()
    assert 10 * HOUR <= message.due_at - NOON < 13 * HOUR


def test_after_the_last_attempt_it_is_a_dead_letter(cast, email, settings):
    settings.LEADDISTRIB = {"OUTBOX_MAX_ATTEMPTS": 3}
    email.fails_with(NotSetUp("credentials_refused", 401))
    push()
    moment = NOON
    for _ in range(5):
        deliver(moment)
        moment += 2 * HOUR

    message = OutboxMessage.objects.get()
    assert (len(email.handed), message.attempts) == (3, 3)
    assert message.dead_at is not None


def test_what_will_never_be_taken_is_a_dead_letter_at_once(cast, email):
    push()
    email.fails_with(Refused("answered", 550))

    deliver(NOON)
    deliver(NOON + HOUR)

    message = OutboxMessage.objects.get()
    assert message.dead_at is not None
    assert (len(email.handed), message.last_error) == (1, "answered: 550")


def test_one_poisonous_message_holds_up_no_other(cast, email, caplog):
    """What a library says may name an address or a key: its words are neither kept nor logged."""
    address = "https://rooms.example/SECRET"

    def poison(message):
        if message.recipient.username == "amina":
            raise ValueError(address)
        return taken(message)

    email.answer = poison
    push()
    push("Globex")

    assert deliver(NOON) == 2

    message = OutboxMessage.objects.get(sent_at=None)
    assert (message.attempts, message.last_error) == (1, "unexpected: ValueError")
    assert "SECRET" not in caplog.text
    assert "in poison" in caplog.text


def test_what_cannot_be_prepared_is_tried_again_like_what_cannot_be_sent(cast, email, monkeypatch):
    def unprepared(message, kind, loaded):
        raise KeyError("template")

    monkeypatch.setattr(email, "prepare", unprepared)
    push()

    deliver(NOON)

    message = OutboxMessage.objects.get()
    assert (message.last_error, message.dead_at) == ("unexpected: KeyError", None)
    assert message.due_at > NOON


def test_a_receipt_that_cannot_be_settled_leaves_the_message_sent(cast, email, monkeypatch):
    def unsettled(message, receipt):
        raise KeyError("device")

    monkeypatch.setattr(email, "settle", unsettled)
    push()

    deliver(NOON)

    assert OutboxMessage.objects.get().sent_at is not None


def test_devices_that_are_gone_are_settled_although_nothing_was_sent(cast, email):
    push()
    email.fails_with(NoDevice("no_device", gone=(7,)))

    deliver(NOON)

    message = OutboxMessage.objects.get()
    assert email.settled == [(message.pk, Receipt(gone=(7,)))]
    assert message.dropped_at is not None
    assert message.last_error == "no_device"


def test_a_message_whose_sender_always_dies_ends_as_a_dead_letter(cast, email, settings):
    settings.LEADDISTRIB = {"OUTBOX_MAX_ATTEMPTS": 2}
    push()
    OutboxMessage.objects.update(attempts=2)

    deliver(NOON)

    assert email.handed == []
    message = OutboxMessage.objects.get()
    assert message.dead_at is not None
    assert message.last_error == "sender_stopped"


def test_a_worker_that_died_gives_its_message_back_after_the_lease(cast, email):
    push()
    lease()  # and then it dies

    assert deliver(NOON + LEASE - timedelta(seconds=1)) == 0
    assert deliver(NOON + LEASE) == 1
    assert len(email.handed) == 1


def test_who_lost_the_lease_no_longer_marks_the_message(cast):
    """Bruno's worker sent it while Amina's hung; her late failure must not have it sent again."""
    push()
    [late] = lease()
    OutboxMessage.objects.update(attempts=2, sent_at=NOON + LEASE)

    marking.mark(late, due_at=NOON, last_error="answered: 503")
    marking.mark_sent(late, NOON + 2 * LEASE, "another")

    message = OutboxMessage.objects.get()
    assert message.sent_at == NOON + LEASE
    assert (message.last_error, message.reference) == ("", "")
    assert Assignment.objects.get().told_at is None


def test_what_was_sent_is_marked_although_the_database_went_away_meanwhile(
    cast, email, monkeypatch
):
    push()
    tries = []

    def away(message, **outcome):
        tries.append(outcome)
        if len(tries) < 3:
            raise OperationalError("the connection is closed")
        return mark_it(message, **outcome)

    mark_it = marking._mark
    monkeypatch.setattr(marking, "_mark", away)
    monkeypatch.setattr(marking, "PAUSE", 0.0)

    deliver(NOON)

    assert len(email.handed) == 1
    assert OutboxMessage.objects.get().sent_at is not None


def test_while_rooms_cannot_be_reached_what_changes_their_posts_waits_and_is_no_failure(
    cast, carriers
):
    """Teams asks for five minutes; meanwhile Amina takes the lead. Nobody has to look after it."""
    paris = Team.objects.get()
    TeamChat.objects.create(team=paris, channel="teams", name="Sales", secret=b"sealed")
    carriers["teams"].fails_with(Later("answered", 429, after=timedelta(minutes=5)))
    with clock_at(NOON):
        lead = LeadFactory(pool=PoolFactory(mode="race", teams=[paris]))
        deliver(NOON, "teams")
        claim(lead, Rep.objects.get(user__username="amina"), via="page")
    post, taken = OutboxMessage.objects.filter(channel="teams").order_by("pk")

    for minutes in range(5):
        deliver(NOON + minutes * MINUTE, "teams")
    taken.refresh_from_db()
    assert (taken.attempts, taken.due_at, taken.dead_at) == (0, post.due_at, None)

    for _ in range(2):
        deliver(NOON + 10 * MINUTE, "teams")
    codes = OutboxMessage.objects.filter(channel="teams", dead_at=None).values_list("last_error")
    assert [code for (code,) in codes.order_by("pk")] == ["not_open", "never_posted"]


def test_a_room_can_be_tried_before_it_is_used(cast, carriers):
    """An admin sends a test to a room that is not in use yet; leads are not posted there."""
    unused = {"team": Team.objects.get(), "active": False, "secret": b"sealed"}
    room = TeamChat.objects.create(channel="teams", name="Sales", **unused)
    for event in ("channel.test:1", "lead.offered:1:1"):
        tell_chat(room, event, NOON, lead=LeadFactory() if "offered" in event else None)

    deliver(NOON, "teams")

    assert carriers["teams"].events == ["channel.test:1"]
    assert OutboxMessage.objects.get(event="lead.offered:1:1").last_error == "chat_closed"


def test_a_mark_that_fails_for_good_costs_no_other_message_its_own(cast, email, monkeypatch):
    """The database is away twice for longer than is waited for it: two go out again, not all."""
    for company in ("Acme", "Globex", "Initech", "Umbrella"):
        push(company)
    tries = []

    def away(message, **outcome):
        tries.append(message)
        if len(tries) < 3:
            raise OperationalError("the connection is closed")
        return mark_it(message, **outcome)

    mark_it = marking._mark
    monkeypatch.setattr(marking, "_mark", away)
    monkeypatch.setattr(marking, "PATIENCE", 0)

    with pytest.raises(OperationalError):
        deliver(NOON)

    assert len(email.handed) == 4
    assert OutboxMessage.objects.filter(sent_at=None).count() == 2


def test_two_workers_never_lease_the_same_message(cast):
    """The second does not even wait for the first on PostgreSQL; on SQLite it comes after it."""
    first, second = push(), push("Globex")
    leased = []

    def other_worker():
        leased.extend(lease())
        connection.close()

    worker = threading.Thread(target=other_worker)
    if connection.vendor == "postgresql":
        with transaction.atomic():
            leased.extend(lease())
            worker.start()
            worker.join(timeout=20)
    else:
        leased.extend(lease())
        worker.start()
        worker.join(timeout=20)

    assert [message.lead for message in leased] == [first, second]


def test_nothing_that_is_due_costs_one_query_and_no_transaction(cast, django_assert_num_queries):
    """A worker asks five times a second; on SQLite a transaction would lock everybody out."""
    with django_assert_num_queries(1):
        assert deliver(NOON, "push") == 0


def test_messages_are_sent_side_by_side(cast, email):
    """As many as a worker sends at once meet at the provider: one after the other never would."""
    everybody = threading.Barrier(WIDTH["email"], timeout=PATIENCE)

    def meet(message):
        everybody.wait()
        return taken(message)

    email.answer = meet
    messages(WIDTH["email"], RepFactory(user__username="chloe"))

    assert deliver(NOON, "email") == WIDTH["email"]
    assert not OutboxMessage.objects.filter(sent_at=None).exists()


def test_each_is_marked_as_soon_as_it_was_sent_and_the_next_follows_it(cast, email):
    """One recipient's server hangs: all the others' messages go out meanwhile."""
    rep = RepFactory(user__username="chloe")
    slow, *others = messages(12, rep)
    others_gone = threading.Event()

    def hang(message):
        if message.pk == slow.pk:
            assert others_gone.wait(PATIENCE)
        elif len(email.handed) == 1 + len(others):
            others_gone.set()
        return taken(message)

    email.answer = hang

    assert deliver(NOON, "email") == 12
    assert not OutboxMessage.objects.filter(sent_at=None).exists()


def test_a_channel_sends_its_own_messages_only(cast, carriers):
    rep = RepFactory(user__username="chloe")
    messages(2, rep)
    messages(1, rep, channel="push")

    assert deliver(NOON, "push") == 1
    assert (len(carriers["push"].handed), carriers["email"].handed) == (1, [])


def test_who_is_told_to_stop_ends_with_what_is_in_hand(cast, email):
    """The others wait for another worker, who need not wait for a lease."""
    messages(10, RepFactory(user__username="chloe"))

    handled = deliver(NOON, "email", stopping=lambda: bool(email.handed))

    assert handled == len(email.handed) == WIDTH["email"]
    assert not OutboxMessage.objects.filter(sent_at=None, attempts__gt=0).exists()
    assert deliver(NOON, "email") == 10 - handled


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 30), (2, 60), (5, 480), (8, 3600)])
def test_the_wait_doubles_up_to_an_hour(attempts, seconds):
    waits = [backoff(attempts).total_seconds() for _ in range(200)]

    assert min(waits) >= 0.75 * seconds
    assert max(waits) <= 1.25 * seconds
    assert len(set(waits)) > 1

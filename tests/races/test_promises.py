"""The judge of what workers promise is judged: it says what is wrong, and nothing where all is
well. No process runs here; what workers would have done is written down."""

import pytest

from leaddistrib.lifecycle import receive, release
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Channel, Gateway, OutboxMessage, PushSubscription
from leaddistrib.notify.outbox import WIDTH
from leaddistrib.queries import clock
from leaddistrib.testing import publish_rules
from tests.notify.standin import well
from tests.races.promises import GAP, Diary, Taken, broken, path_of, topic_of

pytestmark = pytest.mark.django_db

DIED = 100.0
"""When the worker "17" was killed; "18" lives on."""


@pytest.fixture
def diary():
    return Diary(well, deaths={"17": DIED})


@pytest.fixture
def told(hire, diary):
    """``told(3)``: so many reps got a lead each, and were told of it by a worker that lives."""

    def tell(number):
        Gateway.objects.create(channel="push")
        for rep in hire(number, capacity=1):
            PushSubscription.objects.create(
                user=rep.user, fingerprint=str(rep.pk), secret=b"", created_at=clock.now()
            )
        then = {"push": "round_robin", "team": "Paris"}
        publish_rules([{"name": "In turn", "when": {}, "then": then}])
        for n in range(number):
            receive(clean({"company": f"Company {n}"}))
        messages = list(OutboxMessage.objects.filter(channel=Channel.PUSH).order_by("pk"))
        assert len(messages) == number
        OutboxMessage.objects.update(sent_at=clock.now())
        for message in messages:
            taken(diary, message, DIED + 2 * GAP, "18")
        return messages

    return tell


def taken(diary, message, moment, worker):
    path, topic = path_of(message.recipient_id), topic_of(message.event)
    diary.taken.append(Taken(moment, path, topic, worker))


def test_all_is_well_when_everybody_was_told_once(diary, told):
    told(3)

    assert broken(diary) == []


def test_what_a_worker_died_with_may_go_out_again(diary, told):
    [message] = told(1)
    taken(diary, message, DIED - 1, "17")

    assert broken(diary) == []


def test_what_a_worker_sent_long_before_it_died_may_not(diary, told):
    [message] = told(1)
    taken(diary, message, DIED - GAP - 1, "17")

    assert broken(diary) == [f"{message.event} went out 2 times, and who had it did not die"]


def test_the_death_of_one_worker_excuses_no_other(diary, told):
    [message] = told(1)
    taken(diary, message, DIED - 1, "18")

    assert broken(diary) == [f"{message.event} went out 2 times, and who had it did not die"]


def test_nobody_dies_with_more_in_hand_than_goes_out_side_by_side(diary, told):
    width = WIDTH[Channel.PUSH]
    messages = told(width + 1)
    for message in messages[:width]:
        taken(diary, message, DIED, "17")
    assert broken(diary) == []

    taken(diary, messages[width], DIED, "17")

    assert broken(diary) == [f"of what one worker sent, {width + 1} messages went out again"]


def test_a_message_that_was_marked_and_never_taken_is_lost(diary, told):
    first, _second = told(2)
    diary.taken = diary.taken[1:]

    assert broken(diary) == [f"{first.event} counts as sent, and nobody has it"]


def test_a_message_that_was_true_may_not_be_dropped(diary, told):
    first, _second = told(2)
    diary.taken = diary.taken[1:]
    OutboxMessage.objects.filter(pk=first.pk).update(
        sent_at=None, dropped_at=clock.now(), last_error="not_theirs"
    )

    assert broken(diary) == [f"{first.event} was dropped as not_theirs, and it was true"]


def test_who_gave_a_lead_back_before_the_message_went_need_not_be_told(diary, told):
    first, _second = told(2)
    diary.taken = diary.taken[1:]
    release(first.lead, first.recipient.rep, reason="A competitor")
    OutboxMessage.objects.filter(pk=first.pk).update(
        sent_at=None, dropped_at=clock.now(), last_error="not_theirs"
    )

    assert broken(diary) == []


def test_nobody_may_be_told_of_what_is_in_no_row(diary, told):
    told(1)
    diary.taken.append(Taken(DIED, "/push/1", topic_of("lead.assigned:0"), "18"))

    assert broken(diary) == ["somebody at /push/1 was told of something that is in no row"]

"""Workers are killed, providers fail, clocks are wrong: what is due is done all the same, once
(NO4, OP2, SL3)."""

import re
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from leaddistrib.jobs.schedules import JOBS
from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.models import JobRun, Lead, LogEntry, Offer, OutboxMessage, Pool, Rep
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory
from tests.management.waiting import eventually
from tests.notify.standin import failing, status
from tests.races.at_work import (
    LEASE,
    PATIENCE,
    Both,
    database_gone,
    fall_due,
    less_left,
    slices,
    taken_by,
    to_be_sent,
)
from tests.races.promises import broken, overdue, unsent

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


def test_kills_and_a_failing_provider_lose_nothing_and_repeat_nothing(
    service, leads, workers, on_sqlite, dice
):
    """Twenty `kill -9` over 1,000 notifications and 1,000 deadlines, while three of ten requests
    fail. On SQLite, where writes follow each other, five over a tenth of that."""
    number, kills = (100, 5) if on_sqlite else (1000, 20)
    clocks, diary = leads(number, number), service.diary
    diary.answer = failing(0.3, how=status(503, retry_after="1"))
    messages = to_be_sent()
    pairs = zip(slices(clocks, kills), slices(messages, kills), strict=True)
    at_work = [workers.start(service.settings) for _ in range(2)]
    for deadlines, news in pairs:
        enough = len(diary.taken) + len(news) // 4
        fall_due(deadlines, news)
        assert eventually(partial(taken_by, diary, enough), PATIENCE)
        at_work.append(workers.start(service.settings))
        workers.kill(at_work.pop(dice.randrange(2)), diary)

    while left := overdue(clocks) + unsent():  # as long as it goes on, however slowly
        assert eventually(partial(less_left, clocks, left), PATIENCE), left
    found = broken(diary)
    assert found == [], Counter(re.sub(r"\d+", "#", one) for one in found)
    assert len(diary.deaths) == kills
    assert LogEntry.objects.filter(event=LogEntry.Event.LAPSED).count() == number
    assert set(messages) <= set(
        OutboxMessage.objects.filter(sent_at__isnull=False).values_list("pk", flat=True)
    )


def test_workers_whose_database_sessions_are_cut_do_everything_once(
    service, leads, workers, on_sqlite
):
    """A server that restarts, or an admin who ends sessions: nobody dies, so nothing goes out
    twice. On SQLite there is no session to be cut: there the file is locked meanwhile."""
    number, times = (20, 2) if on_sqlite else (100, 5)
    clocks, diary = leads(number, number), service.diary
    messages = to_be_sent()
    for _ in range(2):
        workers.start(service.settings, lease=2 * LEASE)
    for some in zip(slices(clocks, times), slices(messages, times), strict=True):
        enough = len(diary.taken) + len(some[1]) // 4
        fall_due(*some)
        assert eventually(partial(taken_by, diary, enough), PATIENCE)
        with database_gone(on_sqlite):
            service.server.wait_for_call(timeout=1)

    while left := overdue(clocks) + unsent():
        assert eventually(partial(less_left, clocks, left), PATIENCE), left
    found = broken(diary)
    assert found == [], Counter(re.sub(r"\d+", "#", one) for one in found)
    assert all(process.poll() is None for process in workers.processes)
    cut = [log for log in workers.logs if "database=unreachable" in log.read_text()]
    assert bool(cut) is not on_sqlite


def test_a_message_that_was_in_hand_when_its_worker_died_is_sent_by_the_next(
    service, leads, workers
):
    leads(1, 0)
    fall_due([], to_be_sent())

    workers.died(workers.start(service.settings, "dies_before_sending"), service.diary)
    assert service.diary.taken == []
    OutboxMessage.objects.update(due_at=clock.now())  # the lease is over
    workers.start(service.settings)

    assert eventually(lambda: not unsent(), PATIENCE)
    assert broken(service.diary) == []
    assert len(service.diary.taken) == 1


def test_a_worker_that_dies_between_send_and_mark_leaves_the_one_double_there_is(
    service, leads, workers
):
    leads(1, 0)
    fall_due([], to_be_sent())

    workers.died(workers.start(service.settings, "dies_after_sending"), service.diary)
    OutboxMessage.objects.update(due_at=clock.now())  # the lease is over
    workers.start(service.settings)

    assert eventually(lambda: not unsent(), PATIENCE)
    assert broken(service.diary) == []
    assert len(service.diary.taken) == 2


def test_a_worker_that_marks_first_loses_what_it_had_in_hand(service, leads, workers):
    leads(1, 0)
    fall_due([], to_be_sent())

    died = workers.start(service.settings, "marks_first", "dies_before_sending")
    workers.died(died, service.diary)

    [fault] = broken(service.diary)
    assert fault.endswith("counts as sent, and nobody has it")


@pytest.mark.parametrize("fault", ["", "no_lease"])
def test_without_the_lease_two_workers_send_the_same_message(service, leads, workers, fault):
    service.diary.answer = Both()
    leads(1, 0)
    faults = [fault] if fault else []
    for _ in range(2):
        workers.start(service.settings, *faults)
    assert eventually(lambda: all("started" in log.read_text() for log in workers.logs), PATIENCE)
    fall_due([], to_be_sent())

    assert eventually(lambda: not unsent(), PATIENCE)
    found = broken(service.diary)
    if fault:
        assert [one for one in found if re.search(r"went out \d+ times", one)], found
    else:
        assert found == []


def test_who_gets_a_lead_is_written_to_although_its_worker_died_at_once(service, leads, workers):
    clocks = leads(0, 1)
    fall_due(clocks, [])

    workers.died(workers.start(service.settings, "dies_after_handing_on"), service.diary)
    workers.start(service.settings)

    assert eventually(lambda: not overdue(clocks) and not unsent(), PATIENCE)
    assert broken(service.diary) == []
    assert len(service.diary.taken) == 2  # who has it now, and who lost it


def test_messages_that_are_not_in_the_transaction_are_never_written(service, leads, workers):
    clocks = leads(0, 1)
    fall_due(clocks, [])

    faults = "messages_after_commit", "dies_in_between"
    workers.died(workers.start(service.settings, *faults), service.diary)

    found = broken(service.diary)
    assert [one for one in found if "was never written to about lead.assigned" in one], found


def test_without_django_q2_three_workers_with_wrong_clocks_do_everything_once(
    service, leads, phones, workers, on_sqlite
):
    """Messages, deadlines, windows, waiting leads and periodic jobs. Two of the machines are ten
    minutes off; what is due says the database. On SQLite the machine's clock is the database's."""
    number = 20 if on_sqlite else 100
    clocks = leads(number, number)
    messages = to_be_sent()
    pool = Pool.objects.create(name="Everyone")
    pool.teams.add(phones[0].team)
    now = clock.now()
    soon = [_waits(pool, {phones[0]: now, phones[1]: now + 5 * MINUTE}) for _ in range(number)]
    nobody = LeadFactory(company="Waits for somebody")
    with transaction.atomic():
        open_to_claims(nobody, Pool.objects.create(name="Queue", mode="queue"), now)
    Lead.objects.filter(pk=nobody.pk).update(retry_at=now)
    half = slice(0, number // 2)

    periods = _periods()
    for ahead in (0,) if on_sqlite else (0, -600, 600):
        workers.start(service.settings, ahead=ahead)
    fall_due(clocks[half], messages[half])

    def over() -> bool:
        opened = Offer.objects.filter(rep=phones[0], opened_at=None).exists()
        routed = Lead.objects.filter(pk=nobody.pk, owner__isnull=False).exists()
        due = OutboxMessage.objects.filter(due_at__lte=clock.now() + MINUTE, sent_at=None)
        jobs = _done() >= periods
        idle = not overdue(clocks[half]) and not due.filter(dropped_at=None).exists()
        return not opened and routed and jobs and idle

    assert eventually(over, PATIENCE), workers.logs
    assert overdue(clocks) == number - number // 2, "what is due in a day is not done today"
    assert not Offer.objects.filter(rep=phones[1]).exclude(opened_at=None).exists()
    assert (
        Offer.objects.filter(rep=phones[0], lead__in=soon).exclude(opened_at=None).count() == number
    )
    assert {len(taken) for taken in service.diary.messages().values()} == {1}
    assert _done() <= periods | _periods()  # the next period may have begun meanwhile


def _periods() -> set[tuple[str, str]]:
    """Each job's latest period."""
    return {(job.name, job.latest(clock.now()).isoformat()) for job in JOBS}


def _done() -> set[tuple[str, str]]:
    return set(JobRun.objects.filter(finished_at__isnull=False).values_list("job", "period"))


def _waits(pool: Pool, opens: dict[Rep, Any]) -> Lead:
    """A lead of a minute ago, which opens for these reps at their own times."""
    lead = LeadFactory()
    with transaction.atomic():
        later = {rep.pk: moment for rep, moment in opens.items()}
        open_to_claims(lead, pool, clock.now() - MINUTE, later)
    return lead

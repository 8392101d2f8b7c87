"""Workers are killed, providers fail, clocks are wrong: what is due is done all the same, once
(NO4, OP2, SL3)."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from leaddistrib.jobs.schedules import JOBS
from leaddistrib.lifecycle import receive_many
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.models import (
    EscalationStep,
    Gateway,
    JobRun,
    Lead,
    LogEntry,
    NotificationSettings,
    Offer,
    OutboxMessage,
    Pool,
    PushSubscription,
    Rep,
    ResponseClock,
    ResponsePolicy,
)
from leaddistrib.notify.gateways import sealed
from leaddistrib.notify.push.keys import CURVE, PRIVATE, encoded, new_private_key
from leaddistrib.queries import clock
from leaddistrib.sealing import seal
from leaddistrib.testing import LeadFactory, clock_at, publish_rules
from tests.management.waiting import eventually
from tests.notify.standin import Call, Provider, Reply, failing, provider, status, well
from tests.races.promises import Diary, broken, overdue, path_of, unsent

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PATIENCE = 180  # seconds, for a busy machine
LEASE = 20  # seconds: longer than a busy machine takes over what is in hand


@pytest.fixture
def service() -> Iterator[SimpleNamespace]:
    """A push service, and its diary of what it took."""
    diary = Diary(well)
    with provider(diary) as server:
        yield SimpleNamespace(server=server, diary=diary, settings=server.settings)


@pytest.fixture
def phones(service: SimpleNamespace, hire: Callable[..., list[Rep]]) -> list[Rep]:
    """Ten reps of Paris, who are pushed to and get no mail."""
    reps = hire(10, capacity=10**6)
    Gateway.objects.create(
        channel="push", sender="ops@example.com", secrets=sealed({PRIVATE: new_private_key()})
    )
    point = ec.generate_private_key(CURVE).public_key()
    keys = {
        "p256dh": encoded(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        "auth": encoded(b"sixteen bytes it"),
    }
    for rep in reps:
        device = {"endpoint": service.server.url(path_of(rep.user_id)), "keys": keys}
        PushSubscription.objects.create(
            user=rep.user,
            fingerprint=str(rep.pk),
            secret=seal(json.dumps(device)),
            created_at=clock.now(),
        )
        NotificationSettings.objects.create(user=rep.user, email=False)
    return reps


@pytest.fixture
def leads(phones: list[Rep]) -> Callable[[int, int], list[int]]:
    """``leads(1000, 1000)``: an hour ago so many leads were pushed to reps, who are not told yet,
    and so many others, of which they were told and did nothing. Nothing is due before ``fall_due``.
    Returns the clocks."""
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    ResponsePolicy.objects.all().delete()  # those that a new site begins with
    policy = ResponsePolicy.objects.create(name="Demos", lead_type="demo_request", minutes=5)
    EscalationStep.objects.create(policy=policy, position=1, to="rules", after_minutes=5)

    def come_in(told: int, unanswered: int) -> list[int]:
        with clock_at(clock.now() - HOUR):
            for number, lead_type in ((told, "referral"), (unanswered, "demo_request")):
                receive_many(
                    [clean({"company": f"C {n}", "lead_type": lead_type}) for n in range(number)]
                )
        never = clock.now() + timedelta(days=1)
        OutboxMessage.objects.filter(lead__lead_type="demo_request").update(
            dropped_at=clock.now(), last_error="told before"
        )
        OutboxMessage.objects.update(due_at=never)
        ResponseClock.objects.update(next_at=never)
        return list(ResponseClock.objects.order_by("pk").values_list("pk", flat=True))

    return come_in


def fall_due(clocks: list[int], messages: list[int]) -> None:
    """These deadlines and messages are due now."""
    moment = clock.now()
    ResponseClock.objects.filter(pk__in=clocks, lapsed_at=None).update(next_at=moment)
    OutboxMessage.objects.filter(pk__in=messages, attempts=0).update(due_at=moment)


class Workers:
    """Workers in processes of their own, and what they log."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment, self.folder = environment, folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.logs: list[Path] = []

    def start(self, settings: dict[str, object], *faults: str, ahead: int = 0, lease: int = LEASE):
        plan = {
            "settings": {**settings, "OUTBOX_MAX_ATTEMPTS": 40},
            "lease": lease,
            "ahead": ahead,
            "faults": faults,
        }
        self.logs.append(self.folder / f"worker{len(self.logs)}.log")
        with self.logs[-1].open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.races.worker", json.dumps(plan)],
                env=self.environment,
                stdout=out,
                stderr=out,
            )
        self.processes.append(process)
        return process

    def kill(self, process: "subprocess.Popen[bytes]", diary: Diary) -> None:
        process.kill()
        process.wait()
        diary.kills.append(monotonic())

    def died(self, process: "subprocess.Popen[bytes]", diary: Diary) -> None:
        """Wait until it has killed itself, as its faults have it."""
        assert process.wait(timeout=PATIENCE) == -9, self.logs[-1].read_text()
        diary.kills.append(monotonic())


@pytest.fixture
def workers(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Workers]:
    running = Workers(process_environment, tmp_path)
    yield running
    for process in running.processes:
        process.terminate()
    for process in running.processes:
        process.wait(timeout=60)
    for log in running.logs:
        sys.stdout.write(log.read_text()[-4000:])


def slices(rows: list[int], number: int) -> list[list[int]]:
    return [rows[start::number] for start in range(number)]


def to_be_sent() -> list[int]:
    return list(OutboxMessage.objects.filter(dropped_at=None).values_list("pk", flat=True))


def taken_by(diary: Diary, number: int) -> bool:
    return len(diary.taken) >= number


def less_left(clocks: list[int], number: int) -> bool:
    return overdue(clocks) + unsent() < number


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
    assert len(diary.kills) == kills
    assert LogEntry.objects.filter(event=LogEntry.Event.LAPSED).count() == number
    assert len(diary.times()) >= 2 * number


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


class Both:
    """Answers when two calls are there: what two workers do, they do at the same time."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, server: Provider, call: Call) -> Reply | None:
        self.calls += 1
        if self.calls >= 2:
            server.released.set()
        server.released.wait(5)
        return well(server, call)


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
        assert [one for one in found if re.search(r"went out \d+ times, and nobody died", one)], (
            found
        )
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

    for ahead in (0,) if on_sqlite else (0, -600, 600):
        workers.start(service.settings, ahead=ahead)
    fall_due(clocks[half], messages[half])

    def over() -> bool:
        opened = Offer.objects.filter(rep=phones[0], opened_at=None).exists()
        routed = Lead.objects.filter(pk=nobody.pk, owner__isnull=False).exists()
        due = OutboxMessage.objects.filter(due_at__lte=clock.now() + MINUTE, sent_at=None)
        jobs = JobRun.objects.filter(finished_at__isnull=False).count() == len(JOBS)
        idle = not overdue(clocks[half]) and not due.filter(dropped_at=None).exists()
        return not opened and routed and jobs and idle

    assert eventually(over, PATIENCE), workers.logs
    assert overdue(clocks) == number - number // 2, "what is due in a day is not done today"
    assert not Offer.objects.filter(rep=phones[1]).exclude(opened_at=None).exists()
    assert (
        Offer.objects.filter(rep=phones[0], lead__in=soon).exclude(opened_at=None).count() == number
    )
    times = service.diary.times()
    assert {len(taken) for taken in times.values()} == {1}
    assert JobRun.objects.count() == len(JOBS)


def _waits(pool: Pool, opens: dict[Rep, Any]) -> Lead:
    """A lead of a minute ago, which opens for these reps at their own times."""
    lead = LeadFactory()
    with transaction.atomic():
        later = {rep.pk: moment for rep, moment in opens.items()}
        open_to_claims(lead, pool, clock.now() - MINUTE, later)
    return lead

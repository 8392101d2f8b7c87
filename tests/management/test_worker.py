"""The worker sends what is due, stops when it is told to, and survives what it depends on."""

import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from django_q.models import Schedule

from leaddistrib.jobs.due import LANES, DueWork, Lane, Work
from leaddistrib.jobs.schedules import JOBS
from leaddistrib.management import cluster
from leaddistrib.management.commands import leaddistrib_worker
from leaddistrib.models import Channel, JobRun, OutboxMessage
from leaddistrib.notify.outbox import WIDTH
from leaddistrib.testing import LeadFactory, RepFactory
from tests.management.waiting import eventually
from tests.notify.carrier import replace_channels, taken

PATIENCE = 90  # seconds, for a busy machine


@pytest.fixture
def messages() -> Callable[[int], None]:
    """Writes due messages, each about a lead of its own."""

    def write(number: int) -> None:
        amina = RepFactory(user__username="amina", capacity=number)
        now = timezone.now()
        for index in range(number):
            OutboxMessage.objects.create(
                event=f"lead.assigned:{index}",
                recipient=amina.user,
                channel="email",
                lead=LeadFactory(company=f"Company {index:03}", owner=amina),
                created_at=now,
                due_at=now,
            )

    return write


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The command's log handlers go when the test ends."""
    logger = logging.getLogger("leaddistrib")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers, logger.level = handlers, level


class Worker:
    """A worker in a process of its own, and what it logs."""

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "leaddistrib_worker", *arguments],
                env=environment,
                stdout=out,
                stderr=out,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=30)

    def clusters(self) -> list[int]:
        """The process groups of the clusters it started, oldest first."""
        return [int(pid) for pid in re.findall(r"cluster=started pid=(\d+)", self.said)]


@pytest.fixture
def start(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def run(*arguments: str, **environment: str) -> Worker:
        log = tmp_path / f"worker{len(workers)}.log"
        workers.append(Worker({**process_environment, **environment}, log, *arguments))
        return workers[-1]

    yield run
    for worker in workers:
        if worker.process.poll() is None:
            worker.stop()
        sys.stdout.write(worker.said)


def unsent() -> int:
    return OutboxMessage.objects.filter(sent_at=None).count()


@pytest.mark.django_db
def test_once_does_all_that_is_due_and_ends(messages, mailoutbox):
    messages(3)
    call_command("leaddistrib_worker", "--once", verbosity=0)
    assert len(mailoutbox) == 3
    assert unsent() == 0
    assert JobRun.objects.filter(finished_at__isnull=False).count() == len(JOBS)
    call_command("leaddistrib_worker", "--once", verbosity=0)
    assert len(mailoutbox) == 3


@pytest.mark.django_db
def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_its_colleagues(messages, mailoutbox):
    messages(10)
    work = DueWork(stopping=lambda: bool(mailoutbox))
    assert work.handle() == len(mailoutbox) == WIDTH[Channel.EMAIL]
    colleague = DueWork()
    assert colleague.handle() >= 6  # at once: nothing is leased to the one that stopped
    assert len(mailoutbox) == 10


def test_two_workers_send_each_message_once(start, messages, tmp_path):
    messages(40)
    mail = tmp_path / "mail"
    mail.mkdir()
    workers = [start("--no-cluster", EMAIL_URL=f"filemail:///{mail}") for _ in range(2)]
    assert eventually(lambda: unsent() == 0, PATIENCE)
    assert [worker.stop() for worker in workers] == [0, 0]
    sent = "".join(path.read_text() for path in mail.iterdir())
    companies = re.findall(r"^Subject:.*(Company \d+)", sent, re.MULTILINE)
    assert sorted(companies) == [f"Company {index:03}" for index in range(40)]
    assert all("worker=stopped" in worker.said for worker in workers)
    assert JobRun.objects.count() == len(JOBS)  # each job once, although two asked


def test_ctrl_c_stops_worker_and_cluster_together(start):
    worker = start()
    assert eventually(lambda: "running." in worker.said, PATIENCE)
    assert Schedule.objects.filter(name="leaddistrib.jobs.tasks.wake").count() == 1
    worker.process.send_signal(signal.SIGINT)
    assert worker.process.wait(timeout=30) == 0
    assert "Traceback" not in worker.said
    [group] = worker.clusters()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_a_cluster_that_dies_is_started_again(start):
    worker = start()
    assert eventually(worker.clusters, PATIENCE)
    os.killpg(worker.clusters()[0], signal.SIGKILL)
    assert eventually(lambda: len(worker.clusters()) == 2, PATIENCE)
    assert worker.stop() == 0


class Frozen:
    """A process that looks alive, whatever happens."""

    def __init__(self, *command: object) -> None:
        self.returncode = None
        self.popen = self
        self.pid = 0

    def kill(self) -> None:
        pass


def test_a_cluster_that_is_alive_and_silent_is_started_again(monkeypatch):
    wakes: list[datetime] = []
    monkeypatch.setattr(cluster, "Process", Frozen)
    monkeypatch.setattr(cluster, "last_wake", lambda: wakes[-1] if wakes else None)
    began = datetime(2026, 1, 31, 12, tzinfo=UTC)
    minute = timedelta(minutes=1)
    looked_after = cluster.Cluster(began)
    first = looked_after.process

    wakes.append(began + 4 * minute)
    looked_after.look_after(began + 8 * minute)
    assert looked_after.process is first  # silent for four minutes only

    looked_after.look_after(began + 10 * minute)
    assert looked_after.process is not first
    second = looked_after.process
    looked_after.look_after(began + 11 * minute)
    assert looked_after.process is second  # it gets its time to be heard of


def told_to_stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def lanes(monkeypatch) -> Callable[..., None]:
    """Gives the worker in this process these lanes, each with one kind of work, and no others."""

    def give(**works: Callable[..., int]) -> None:
        given = [
            Lane(name, (Work(name, do),), pause=0.01, patience=PATIENCE if name != "slow" else 0.01)
            for name, do in works.items()
        ]
        monkeypatch.setattr(leaddistrib_worker, "LANES", given)

    return give


def test_the_worker_outlives_a_database_that_goes_away(transactional_db, lanes, caplog):
    turns: list[int] = []

    def leads(moment: datetime) -> int:
        turns.append(len(turns))
        if len(turns) == 1:
            raise OperationalError("the connection is closed")
        told_to_stop()
        return 0

    lanes(leads=leads)
    run_until_told_to_stop()
    assert len(turns) == 2
    assert "database=unreachable" in caplog.text


def run_until_told_to_stop() -> None:
    """The worker in this process, whose signals are restored."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    try:
        call_command("leaddistrib_worker", "--no-cluster", verbosity=0)
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@pytest.mark.usefixtures("transactional_db")
def test_leads_do_not_wait_for_a_dry_run_or_a_calendar(lanes):
    in_hand, tried = threading.Event(), threading.Event()
    waited: list[bool] = []

    def calendar(moment: datetime) -> int:
        if not waited:
            in_hand.set()
            waited.append(tried.wait(PATIENCE))
            told_to_stop()
        return 0

    def lead(moment: datetime) -> int:
        if in_hand.is_set():
            tried.set()
        return 0

    lanes(calendars=calendar, leads=lead)
    run_until_told_to_stop()

    assert waited == [True]


@pytest.mark.usefixtures("transactional_db")
def test_a_provider_that_hangs_holds_up_its_own_channel_only(monkeypatch):
    """Push is stuck with its first message until the mails behind it are gone."""
    carriers = replace_channels(monkeypatch)
    mails = 3 * WIDTH[Channel.EMAIL]
    mails_gone = threading.Event()
    waited: list[bool] = []

    def hang(message):
        waited.append(mails_gone.wait(PATIENCE))
        told_to_stop()
        return taken(message)

    def send(message):
        if len(carriers["email"].handed) == mails:
            mails_gone.set()
        return taken(message)

    carriers["push"].answer, carriers["email"].answer = hang, send
    now = timezone.now()
    amina = RepFactory(user__username="amina", capacity=mails + 1)
    for index, channel in enumerate(["push", *["email"] * mails]):
        OutboxMessage.objects.create(
            event=f"lead.assigned:{index}",
            recipient=amina.user,
            channel=channel,
            lead=LeadFactory(owner=amina),
            created_at=now,
            due_at=now,
        )
    channels = [lane for lane in LANES if lane.name in ("push", "email")]
    monkeypatch.setattr(leaddistrib_worker, "LANES", channels)
    run_until_told_to_stop()

    assert waited == [True]
    assert unsent() == 0, "what was in hand when it was told to stop was sent and marked"


@pytest.mark.usefixtures("transactional_db")
def test_a_worker_that_is_told_to_stop_does_not_wait_for_a_slow_calendar(lanes):
    answered = threading.Event()
    seen: list[str] = []

    def calendar(moment: datetime) -> int:
        told_to_stop()
        answered.wait(PATIENCE)
        seen.append("answered")
        return 1

    lanes(slow=calendar)
    run_until_told_to_stop()

    assert seen == []
    [slow] = [thread for thread in threading.enumerate() if thread.name == "slow"]
    answered.set()
    slow.join(PATIENCE)
    assert seen == ["answered"], "the piece in hand is finished, and no other is begun"


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_one_of_whose_threads_broke_off_says_so_to_whoever_started_it(monkeypatch, lanes):
    def broken(self: DueWork) -> int:
        if self.kinds[0].name == "calendars":
            raise MemoryError
        return 0

    def nothing(moment: datetime) -> int:
        return 0

    lanes(calendars=nothing, leads=nothing)
    monkeypatch.setattr(DueWork, "handle", broken)
    with pytest.raises(CommandError, match="calendars"):
        run_until_told_to_stop()


def test_what_is_to_be_done_within_a_second_shares_its_thread_with_nothing_else():
    alone = {lane.name for lane in LANES if len(lane.kinds) == 1}
    assert {"leads", "windows", "awards", "clocks", *Channel.values} <= alone
    prompt = {lane.name for lane in LANES if lane.pause <= 0.2}
    assert {"windows", "awards", "clocks", *Channel.values} <= prompt

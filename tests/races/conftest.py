"""Races between several real processes, on whichever database the run is for."""

import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from leaddistrib.lifecycle import receive_many
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.opening import tell
from leaddistrib.models import (
    Assignment,
    Claim,
    EscalationStep,
    Gateway,
    Lead,
    NotificationSettings,
    OutboxMessage,
    Pool,
    PushSubscription,
    Rep,
    ResponseClock,
    ResponsePolicy,
    Team,
)
from leaddistrib.notify.gateways import sealed
from leaddistrib.notify.push.keys import CURVE, PRIVATE, encoded, new_private_key
from leaddistrib.queries import clock
from leaddistrib.sealing import seal
from leaddistrib.testing import clock_at, publish_rules
from tests.notify.standin import provider, well
from tests.races.at_work import Workers
from tests.races.history import History
from tests.races.nursery import born
from tests.races.promises import BESIDE_THE_POINT, Diary, path_of

Session = Sequence[Sequence[Any]]
Race = Callable[..., History]


@pytest.fixture
def on_sqlite() -> bool:
    """Writes follow each other there: races are run with fewer attempts."""
    return connection.vendor == "sqlite"


@pytest.fixture
def dice() -> random.Random:
    """Chance that falls the same way in every run."""
    return random.Random(7)


@pytest.fixture
def hire() -> Callable[..., list[Rep]]:
    """``hire(200, capacity=3)`` makes a team of so many reps, quickly: nobody signs in."""

    def reps(number: int, *, team: str = "Paris", capacity: int = 50) -> list[Rep]:
        own, _ = Team.objects.get_or_create(name=team)
        users = get_user_model().objects.bulk_create(
            get_user_model()(username=f"{team}-{n}", password="!") for n in range(number)
        )
        return Rep.objects.bulk_create(Rep(user=u, team=own, capacity=capacity) for u in users)

    return reps


@pytest.fixture
def open_leads() -> Callable[..., list[Lead]]:
    """``open_leads(200, team)`` puts so many leads into a race that everybody in ``team`` is in."""

    def waiting(number: int, team: Team | None) -> list[Lead]:
        pool, _ = Pool.objects.get_or_create(name="Everyone")
        pool.teams.set([team] if team else [])
        now = clock.now()
        with transaction.atomic():
            leads = Lead.objects.bulk_create(
                Lead(
                    company=f"Company {n}",
                    status=Lead.Status.WAITING,
                    pool=pool,
                    period=1,
                    opens_at=now,
                    received_at=now,
                )
                for n in range(number)
            )
            tell(leads, now)
        return leads

    return waiting


@pytest.fixture
def race(process_environment: dict[str, str]) -> Race:
    """``race(sessions, processes=4, faults=[…])`` lets the sessions act at once.

    Each session is a thread in one of the processes, all of which start on one signal. Returns
    what everybody was answered.
    """

    def run(
        sessions: Iterable[Session], *, processes: int = 4, faults: Sequence[str] = ()
    ) -> History:
        everybody = list(sessions)
        crews = [born(process_environment) for _ in range(min(processes, len(everybody)))]
        history = History()
        try:
            for number, (_, crew) in enumerate(crews):
                crew.send((everybody[number :: len(crews)], list(faults)))
            for _, crew in crews:
                assert crew.recv() == "ready"
            for _, crew in crews:
                crew.send("go")
            for _, crew in crews:
                history.add(*crew.recv())
        finally:
            for process, crew in crews:
                crew.close()
                process.join()
        return history

    return run


@pytest.fixture
def without_constraints() -> Iterator[None]:
    """The constraints behind the condition are dropped for one test."""
    dropped = [
        (model, constraint)
        for model in (Assignment, Claim)
        for constraint in model._meta.constraints
        if constraint.name in (Assignment.ONE_OPEN, "leaddistrib_one_win_a_period")
    ]
    assert len(dropped) == 2
    for model, constraint in dropped:
        with connection.schema_editor() as editor:
            editor.remove_constraint(model, constraint)
    yield
    Claim.objects.all().delete()
    Assignment.objects.all().delete()
    for model, constraint in dropped:
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)


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
    """``leads(1000, 1000)``: two hours ago so many leads were pushed to reps, who are not told yet,
    and so many others, of which they were told and did nothing. Nothing is due before ``fall_due``.
    Returns the clocks."""
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    ResponsePolicy.objects.all().delete()  # those that a new site begins with
    # Whoever gets a lead next has an hour, too: longer than any machine takes over a test.
    policy = ResponsePolicy.objects.create(name="Demos", lead_type="demo_request", minutes=60)
    EscalationStep.objects.create(policy=policy, position=1, to="rules", after_minutes=60)

    def come_in(told: int, unanswered: int) -> list[int]:
        with clock_at(clock.now() - timedelta(hours=2)):
            for number, lead_type in ((told, "referral"), (unanswered, "demo_request")):
                receive_many(
                    [clean({"company": f"C {n}", "lead_type": lead_type}) for n in range(number)]
                )
        never = clock.now() + timedelta(days=1)
        OutboxMessage.objects.filter(lead__lead_type="demo_request").update(
            dropped_at=clock.now(), last_error=BESIDE_THE_POINT
        )
        OutboxMessage.objects.update(due_at=never)
        ResponseClock.objects.update(next_at=never)
        return list(ResponseClock.objects.order_by("pk").values_list("pk", flat=True))

    return come_in


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

"""Races between several real processes, on whichever database the run is for."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from leaddistrib.lifecycle.opening import tell
from leaddistrib.models import Lead, Pool, Rep, Team
from leaddistrib.queries import clock
from tests.races.history import History

Session = Sequence[Sequence[Any]]
Race = Callable[..., History]

CREW = [sys.executable, "-m", "tests.races.crew"]


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
        crews = [
            subprocess.Popen(
                CREW,
                env=process_environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(min(processes, len(everybody)))
        ]
        history = History()
        try:
            for number, crew in enumerate(crews):
                plan = {"sessions": everybody[number :: len(crews)], "faults": list(faults)}
                _say(crew, json.dumps(plan))
            for crew in crews:
                assert _hear(crew) == "ready\n"
            for crew in crews:
                _say(crew, "go")
            for crew in crews:
                history.add(_hear(crew))
        finally:
            for crew in crews:
                crew.communicate()
        return history

    return run


def _say(crew: "subprocess.Popen[str]", line: str) -> None:
    assert crew.stdin is not None
    crew.stdin.write(line + "\n")
    crew.stdin.flush()


def _hear(crew: "subprocess.Popen[str]") -> str:
    assert crew.stdout is not None
    return crew.stdout.readline()

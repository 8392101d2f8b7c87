"""The demo as a newcomer meets it: it answers, rivals race, Ctrl-C stops it."""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from leaddistrib.management.commands.leaddistrib_demo import LEADS
from leaddistrib.models import Claim, Lead, Rep
from leaddistrib.queries import clock
from leaddistrib.queries.consistency import findings
from leaddistrib.testing import RepFactory
from tests.management.waiting import eventually
from tests.services import free_port

PATIENCE = 90  # seconds; on a quiet machine the demo answers after 10, and a rival wins after 15


class Demo:
    """A running demo, in a process of its own."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "leaddistrib_demo", f"--port={self.port}"],
                env=environment,
                stdout=out,
                stderr=out,
            )

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/accounts/login/") as page:
                return bool(page.status == 200)
        except OSError:
            return False

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=15)

    @property
    def said(self) -> str:
        return self.log.read_text()


@pytest.fixture
def start(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    demos: list[Demo] = []

    def run(**environment: str) -> Demo:
        demo = Demo({**process_environment, **environment}, tmp_path / f"demo{len(demos)}.log")
        demos.append(demo)
        return demo

    yield run
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(timeout=15)
        sys.stdout.write(demo.said)


def rivals_won() -> bool:
    return Claim.objects.filter(result=Claim.Result.WON, via="demo").exists()


def test_the_demo_comes_alive_and_goes_on_where_it_stopped(start):
    demo = start(REDIS_URL="")
    assert eventually(demo.answers, PATIENCE)
    assert eventually(lambda: "amina" in demo.said, seconds=5)
    assert eventually(rivals_won, PATIENCE)
    assert eventually(lambda: Lead.objects.count() > LEADS, PATIENCE)
    assert authenticate(username="amina", password="demo")
    assert demo.stop() == 0
    assert "Traceback" not in demo.said
    assert [finding.code for finding in findings(clock.now())] == []

    before = Lead.objects.count()
    again = start(REDIS_URL="")
    assert eventually(again.answers, PATIENCE)
    assert eventually(lambda: Lead.objects.count() > before, PATIENCE)
    assert again.stop() == 0


def test_with_redis_web_worker_and_rivals_are_processes_that_stop_together(start, redis_url):
    demo = start(REDIS_URL=redis_url)
    assert eventually(demo.answers, PATIENCE)
    assert eventually(rivals_won, PATIENCE)
    children = Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children").read_text()
    assert len(children.split()) == 3
    assert demo.stop() == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children.split())
    assert "Traceback" not in demo.said


def test_a_port_in_use_is_said_before_anything_is_done(transactional_db, settings):
    settings.DEBUG = True
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            call_command("leaddistrib_demo", f"--port={port}")
    assert not Rep.objects.exists()


def test_the_demo_does_not_run_in_production(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="runs in development only"):
        call_command("leaddistrib_demo")


def test_the_demo_does_not_mix_with_a_real_company(transactional_db, settings):
    settings.DEBUG = True
    oscar = RepFactory(user__username="oscar")
    with pytest.raises(CommandError, match="does not mix"):
        call_command("leaddistrib_demo", f"--port={free_port()}", verbosity=0)
    assert list(Rep.objects.all()) == [oscar]

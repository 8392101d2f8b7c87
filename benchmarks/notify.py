"""How long from a lead's coming in to fifty phones? Ours beside bare requests of the same number.

    python -m benchmarks.notify [--leads 40] [--reps 50] [--workers 1]

A lead is posted to the API of a web process, the rules open it to a race, a worker pushes it to
each rep's phone. The time runs from before the POST until a stand-in push service has a request;
"last" is until it has all of them. Leads come one after the other, at moments that have nothing to
do with the worker's looks at the outbox.

"bare" sends as many requests of the same size to the same stand-in, sixteen at a time, from threads
that are there already: no lead, no rules, no database, no encryption. The two take turns.
PostgreSQL is a throw-away server with its own defaults for durability (fsync on). The exit status
is 1 when p95, of each phone or of the last one, is over 1 s.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from random import Random

from benchmarks._database import database
from benchmarks._figures import Aim, show
from benchmarks._phones import Arrivals, reps
from tests.notify.standin import Provider, provider
from tests.services import free_port, wait_for_port

AIM = 1.0  # second, at p95
WIDTH = 16
SIZE = 700  # bytes of a pushed message, encrypted


def company(number: int, host: str) -> str:
    """Reps with phones in one race, and the token of a program that sends leads."""
    from django.contrib.auth.models import Permission, User
    from rest_framework.authtoken.models import Token

    from leaddistrib.lifecycle import publish
    from leaddistrib.models import Pool

    pool = Pool.objects.create(name="Everyone")
    pool.reps.set(reps(number, host))
    publish([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    sender = User.objects.create(username="website")
    sender.user_permissions.set(Permission.objects.filter(codename="add_lead"))
    token: str = Token.objects.create(user=sender).key
    return token


@contextmanager
def processes(settings: dict[str, object], workers: int) -> Iterator[int]:
    """A web process and workers, which may ask the stand-in; the web's port."""
    port = free_port()
    environment = {**os.environ, "BENCHMARK_SETTINGS": json.dumps(settings)}
    site = ["-m", "uvicorn", "config.asgi:application", "--log-level", "warning"]
    worker = ["-m", "benchmarks._notify_worker"]
    commands = [[*site, "--port", str(port)], *([worker] * workers)]
    running = [subprocess.Popen([sys.executable, *one], env=environment) for one in commands]
    try:
        assert wait_for_port(port, while_runs=running[0]), "the web process did not start"
        yield port
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def post_lead(port: int, token: str, number: int) -> float:
    """Post a lead; returns when that began."""
    body = json.dumps({"source": "website", "company": f"Company {number}", "score": 80})
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.time()
    connection.request("POST", "/leads/api/v1/leads/", body, headers)
    answer = connection.getresponse()
    assert answer.status == 201, answer.read()
    connection.close()
    return began


def bare(server: Provider, arrivals: Arrivals, number: int, threads: ThreadPoolExecutor) -> float:
    """As many requests, sixteen at a time; returns when that began."""
    port = int(server.host.split(":")[1])

    def one(index: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", f"/bare/{index}", bytes(SIZE), {"TTL": "60"})
        connection.getresponse().read()
        connection.close()

    began = time.time()
    list(threads.map(one, range(number)))
    return began


def all_of(arrivals: Arrivals, number: int) -> list[float]:
    """When the next ``number`` requests came, at most a minute from now."""
    deadline = time.monotonic() + 60
    while len(arrivals.at) < number and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(arrivals.at) == number, f"{len(arrivals.at)} of {number} came"
    came = [moment for moment, _topic in arrivals.at]
    arrivals.at.clear()
    return came


def measure(leads: int, number: int, workers: int) -> bool:
    """Print what was measured; returns whether it is within the aim."""
    arrivals, chance = Arrivals(), Random(7)
    times: dict[str, list[float]] = {
        "each phone": [],
        "last phone": [],
        "bare": [],
        "bare last": [],
    }
    with ExitStack() as stack:
        server = stack.enter_context(provider(arrivals))
        token = company(number, server.host)
        port = stack.enter_context(processes(server.settings, workers))
        threads = stack.enter_context(ThreadPoolExecutor(WIDTH))
        for index in range(-3, leads):
            for name, began, came in (
                ("each phone", post_lead(port, token, index), all_of(arrivals, number)),
                ("bare", bare(server, arrivals, number, threads), all_of(arrivals, number)),
            ):
                if index >= 0:  # the first ones start processes, connections and caches
                    times[name] += [moment - began for moment in came]
                    last = "last phone" if name == "each phone" else "bare last"
                    times[last].append(max(came) - began)
            time.sleep(chance.uniform(0.1, 0.5))
    print(f"{leads} leads for {number} reps each, {workers} workers")
    show("bare, each", times["bare"], times["bare"])
    show("bare, last", times["bare last"], times["bare last"])
    return all(
        [
            show("each phone", times["each phone"], times["bare"], Aim("p95", AIM, leads * number)),
            show("last phone", times["last phone"], times["bare last"], Aim("p95", AIM, leads)),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=40)
    parser.add_argument("--reps", type=int, default=50)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with database("postgresql"):
        met = measure(given.leads, given.reps, given.workers)
    sys.exit(not met)


if __name__ == "__main__":
    main()

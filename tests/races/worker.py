"""A worker in a process of its own, for the tests of outages: the real command, no cluster.

``python -m tests.races.worker PLAN`` with a plan in JSON: ``settings`` (for LEADDISTRIB), ``lease``
(seconds after which colleagues take up what a worker had in hand), ``ahead`` (seconds by which
this machine's clock is wrong) and ``faults`` (see ``worker_faults.py``).
"""

import json
import sys
from datetime import UTC, datetime, timedelta

import django

django.setup()

import time_machine  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from leaddistrib.lifecycle import firing, retrying  # noqa: E402
from leaddistrib.notify import outbox  # noqa: E402
from tests.races.worker_faults import FAULTS  # noqa: E402

settings.DEBUG = False  # it keeps every query of every thread


def main() -> None:
    plan = json.loads(sys.argv[1])
    settings.LEADDISTRIB = settings.LEADDISTRIB | plan["settings"]
    outbox.LEASE = firing.LEASE = retrying.LEASE = timedelta(seconds=plan["lease"])
    for fault in plan["faults"]:
        FAULTS[fault]()
    if plan["ahead"]:
        wrong = datetime.now(UTC) + timedelta(seconds=plan["ahead"])
        time_machine.travel(wrong, tick=True).start()
    call_command("leaddistrib_worker", "--no-cluster")


if __name__ == "__main__":
    main()

"""A worker in a process of its own, for the tests of outages: the real command, no cluster.

``python -m tests.races.worker PLAN`` with a plan in JSON: ``settings`` (for LEADDISTRIB), ``lease``
(seconds after which colleagues take up what a worker had in hand), ``ahead`` (seconds by which
this machine's clock is wrong) and ``faults`` (see ``worker_faults.py``).
"""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import django

django.setup()

import time_machine  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from leaddistrib.lifecycle import firing, retrying  # noqa: E402
from leaddistrib.notify import channels  # noqa: E402
from leaddistrib.notify.push import device as real_device  # noqa: E402
from tests.races.promises import WORKER  # noqa: E402
from tests.races.worker_faults import FAULTS  # noqa: E402

settings.DEBUG = False  # it keeps every query of every thread

# Names are replaced in them that they only import.
device: Any = real_device


def say_who_sends() -> None:
    """Each request names this process, so that a message that goes out twice has two senders."""
    post = device.post

    def signed(url: str, body: bytes, headers: Mapping[str, str], **more: Any) -> Any:
        return post(url, body, {**headers, WORKER: str(os.getpid())}, **more)

    device.post = signed


def main() -> None:
    plan = json.loads(sys.argv[1])
    settings.LEADDISTRIB = settings.LEADDISTRIB | plan["settings"]
    channels.LEASE = firing.LEASE = retrying.LEASE = timedelta(seconds=plan["lease"])
    for fault in plan["faults"]:
        FAULTS[fault]()
    if plan["ahead"]:
        wrong = datetime.now(UTC) + timedelta(seconds=plan["ahead"])
        time_machine.travel(wrong, tick=True).start()
    say_who_sends()
    call_command("leaddistrib_worker", "--no-cluster")


if __name__ == "__main__":
    main()

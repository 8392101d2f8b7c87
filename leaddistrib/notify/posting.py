"""Handing something to a provider over HTTP, and what its answer means for the message (NO4).

Through ``fetching``: to allowed hosts and public addresses only, in bounded time, redirected
nowhere. What goes wrong is told by its kind and status: addresses and bodies may hold secrets.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from django.utils import timezone

from leaddistrib.fetching import Answer, NotFetched, fetch
from leaddistrib.notify.errors import Later, NotSent, NotSetUp, Refused

MOST_BYTES = 64 * 1024
"""Of an answer: providers say in a few words what came of it."""

LONGEST_WAIT = timedelta(hours=6)
"""Whatever a provider asks for: it may mean another day by its broken clock."""

FOR_EVER = {"not_https", "host_not_allowed", "address_not_allowed"}
SECONDS = re.compile(r"[0-9]{1,9}")


def post(url: str, body: bytes, headers: Mapping[str, str], *, hosts: Iterable[str] = ()) -> Answer:
    """The provider's answer, whatever its status. ``hosts``: which are allowed; none: any public.

    Raises:
        Refused: the address may not be asked.
        Later: nobody answered properly.
    """
    try:
        return fetch(
            url, method="POST", body=body, headers=headers, hosts=hosts, max_bytes=MOST_BYTES
        )
    except NotFetched as error:
        kind = Refused if error.code in FOR_EVER else Later
        raise kind(error.code) from None  # what caused it may name the address


def accepted(answer: Answer) -> Answer:
    """``answer``, if it says that the message was taken.

    Raises:
        NotSetUp: 401 or 403: our credentials are not good there.
        Later: 408, 425, 429 or 5xx, with the wait that was asked for.
        Refused: any other status.
    """
    problem = objection(answer)
    if problem is not None:
        raise problem
    return answer


def objection(answer: Answer) -> NotSent | None:
    """What an answer's status says against the message; None if it was taken."""
    status = answer.status
    if 200 <= status < 300:
        return None
    if status in (401, 403):
        return NotSetUp("credentials_refused", status)
    if status in (408, 425, 429) or status >= 500:
        return Later("answered", status, after=wait_asked_for(answer, timezone.now()))
    return Refused("answered", status)


def wait_asked_for(answer: Answer, moment: datetime) -> timedelta | None:
    """What ``Retry-After`` asks for at ``moment``, as seconds or as a date; None if it asks for
    nothing that can be understood."""
    asked = answer.headers.get("retry-after", "").strip()
    if SECONDS.fullmatch(asked):
        return min(timedelta(seconds=int(asked)), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None  # no zone: a date of nowhere
    return min(max(until - moment, timedelta()), LONGEST_WAIT)

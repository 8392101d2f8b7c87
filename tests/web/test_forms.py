"""Who may send what to which page: a table with a row for each that takes something (IG4)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from leaddistrib.models import Lead
from leaddistrib.testing import LeadFactory
from leaddistrib.web.overseeing import as_it_is
from tests.notify.browsers import subscription
from tests.web.conftest import signed_in
from tests.web.routes import ENDPOINT, NAMED, address
from tests.web.test_pages import ROLES, SEEN

# What each of ROLES gets for Amina's lead, or whatever else is hers: "+" is, something was written.
SENT = {
    "claim": "302 302+ 404 404 404 404 302",  # Bruno's claim came too late, which is kept
    "contacts": "302+ 302 404 404 404 404 302",
    "contact-undo": "302 302 404 404 404 404 302",  # there is nothing to take back
    "attempts": "302+ 302 404 404 404 404 302",
    "working": "302 302 404 404 404 404 302",  # the lead is shared by nobody
    "release": "302+ 302 404 404 404 404 302",
    "close": "302+ 302 404 404 404 404 302",
    "outcome": "302+ 302 404 302+ 302+ 404 302",
    "outcome-undo": "302 302 404 302 302 404 302",  # there is nothing to undo
    "survey": "404 404 404 404 404 404 404",  # the link says who may answer, and this is none
    # The link shows who sends it, whoever is signed in.
    "preview-seen": "204+ 204+ 204+ 204+ 204+ 204+ 204+",
    "receipt-delivered": "204+ 204+ 204+ 204+ 204+ 204+ 204+",
    "receipt-seen": "204+ 204+ 204+ 204+ 204+ 204+ 204+",
    "rule-review": "404 404 404 302+ 302+ 404 302",
    "me": "302+ 302+ 302+ 302 302 302 302",
    "booking": "302+ 302+ 302+ 403 403 403 302",
    "availability": "302+ 302+ 302+ 403 403 403 302",
    "time-off": "302+ 302+ 302+ 403 403 403 302",
    "time-off-change": "302+ 404 404 403 403 403 302",
    "time-off-remove": "302+ 404 404 403 403 403 302",
    "hours": "302+ 302+ 302+ 403 403 403 302",
    "cover": "302+ 302+ 302+ 403 403 403 302",
    "calendar": "302+ 302+ 302+ 403 403 403 302",
    "calendar-remove": "302 302 302 403 403 403 302",  # nobody has one
    "notifications": "302+ 302+ 302+ 302+ 302+ 302+ 302",
    "push-subscribe": "204+ 204+ 204+ 204+ 204+ 204+ 302",
    "push-renew": "204+ 404 404 404 404 404 302",
    "push-unsubscribe": "302+ 302 302 302 302 302 302",
    "links-revoke": "302+ 302+ 302+ 302+ 302+ 302+ 302",
    "slack-untie": "302+ 302 302 302 302 302 302",
    "slack-link": "404 404 404 404 404 404 302",  # the link says whose account it is
    "notifications-test": "302+ 302+ 302+ 302+ 302+ 302+ 302",
    "recycle": "403 403 403 302+ 302+ 403 302",
    "assign": "403 403 403 302+ 302+ 403 302",
    "credit": "403 403 403 302 302 403 302",  # it took no turn
    "leave": "403 403 403 302+ 302+ 403 302",
    "handed-over": "403 403 403 302+ 302+ 403 302",
}
SOON = (timezone.localdate() + timedelta(days=30)).isoformat()
DAYS = {"first": SOON, "last": SOON, "reason": "Wedding"}
BODIES: Mapping[str, Mapping[str, str]] = {
    "contacts": {"channel": "call"},
    "contact-undo": {"contact": "1"},
    "attempts": {"channel": "call"},
    "release": {"reason": "Not my market"},
    "outcome": {"stage": "qualified"},
    "me": {"language": "fr"},
    "booking": {"booking_url": "https://calendar.example/amina"},
    "availability": {"paused": "1"},
    "time-off": DAYS,
    "time-off-change": DAYS,
    "cover": {"taper_days": "0"},
    "calendar": {"url": "https://calendar.example/amina.ics"},
    "notifications": {"push": "on"},
    "credit": {"reason": "duplicate"},
    "leave": {"reason": "Moves to Lyon"},
}
# As the scripts of the pages send it.
DOCUMENTS: Mapping[str, Mapping[str, Any]] = {
    "push-subscribe": subscription("phone"),
    "push-renew": {"endpoint": ENDPOINT, "subscription": subscription("phone")},
}


def answer_to(
    client: Client, name: str, asked: str, cast: SimpleNamespace, lead: Lead
) -> HttpResponse:
    """The answer to what the page itself would send."""
    if name in DOCUMENTS:
        return client.post(asked, json.dumps(DOCUMENTS[name]), "application/json")  # type: ignore[return-value]
    body: Mapping[str, object] = BODIES.get(name, {})
    if name in NAMED:
        whither = {"to": cast.bruno.public_id, "pool": cast.pool.public_id}
        body = {**whither, "seen": as_it_is(lead), "reason": "She knows them"}
    return client.post(asked, body)  # type: ignore[return-value]


@contextmanager
def written() -> Iterator[list[str]]:
    """The statements that change a row of ours, as they come."""
    found: list[str] = []

    def look(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> object:
        answer = execute(sql, params, many, context)
        ours = re.match(r'(INSERT|UPDATE|DELETE)\b.*? "leaddistrib_', sql)
        # SQLite counts what was inserted once it is read, and an insert without a row is none.
        if ours and (ours[1] == "INSERT" or context["cursor"].rowcount):
            found.append(sql)
        return answer

    with connection.execute_wrapper(look):
        yield found


@pytest.mark.parametrize("name", SENT)
def test_each_role_changes_what_is_its_own_only(cast, name):
    lead = LeadFactory(pool=cast.pool, owner=cast.amina)
    lead.refresh_from_db()
    asked = address(name, cast, lead)
    answers = []
    for role in ROLES:
        client = signed_in(getattr(cast, role)) if role else Client()
        before = transaction.savepoint()
        with written() as found:
            status = answer_to(client, name, asked, cast, lead).status_code
        transaction.savepoint_rollback(before)
        answers.append(f"{status}+" if found else str(status))
    assert " ".join(answers) == SENT[name]


@pytest.mark.parametrize("name", SEEN)
def test_both_tables_together_name_all_that_a_page_takes(cast, name):
    lead = LeadFactory(pool=cast.pool, owner=cast.amina)
    takes = set(Client().put(address(name, cast, lead))["Allow"].split(", "))
    told = {"GET", "HEAD"} if SEEN[name] != (405,) * len(ROLES) else set()
    assert takes == told | ({"POST"} if name in SENT else set())

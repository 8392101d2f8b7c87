"""Who may send what to which page: a table with a row for each that takes something (IG4)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle import log_contact, record_outcome
from leaddistrib.lifecycle.calendars import set_calendar
from leaddistrib.lifecycle.crediting import charge_turns
from leaddistrib.models import Lead, Pool, Satisfaction
from leaddistrib.notify.links import slack_link_token, survey_token
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
    "contact-undo": "302+ 302 404 404 404 404 302",
    "attempts": "302+ 302 404 404 404 404 302",
    "working": "302+ 302+ 404 404 404 404 302",  # the lead is shared by the two
    "next": "302+ 302+ 404 403 403 403 302",  # another lead waits for the two
    "release": "302+ 302 404 404 404 404 302",
    "close": "302+ 302 404 404 404 404 302",
    "outcome": "302+ 302 404 302+ 302+ 404 302",
    "outcome-undo": "302+ 302 404 302+ 302+ 404 302",
    # The link shows who sends it, whoever is signed in.
    "survey": "200+ 200+ 200+ 200+ 200+ 200+ 200+",
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
    "calendar-remove": "302+ 302 302 403 403 403 302",
    "notifications": "302+ 302+ 302+ 302+ 302+ 302+ 302",
    "push-subscribe": "204+ 204+ 204+ 204+ 204+ 204+ 302",
    "push-renew": "204+ 404 404 404 404 404 302",
    "push-unsubscribe": "302+ 302 302 302 302 302 302",
    "links-revoke": "302+ 302+ 302+ 302+ 302+ 302+ 302",
    "slack-untie": "302+ 302 302 302 302 302 302",
    "slack-link": "302+ 302+ 302+ 302+ 302+ 302+ 302",  # whoever signs in says whose account it is
    "notifications-test": "302+ 302+ 302+ 302+ 302+ 302+ 302",
    "recycle": "403 403 403 302+ 302+ 403 302",
    "assign": "403 403 403 302+ 302+ 403 302",
    "credit": "403 403 403 302+ 302+ 403 302",
    "onboarding-rep": "403 403 403 302+ 302+ 403 302",
    "leave": "403 403 403 302+ 302+ 403 302",
    "handed-over": "403 403 403 302+ 302+ 403 302",
}
SOON = (timezone.localdate() + timedelta(days=30)).isoformat()
DAYS = {"first": SOON, "last": SOON, "reason": "Wedding"}
BODIES: Mapping[str, Mapping[str, str]] = {
    "contacts": {"channel": "call"},
    "attempts": {"channel": "call"},
    "next": {"key": "0b0f6c0e-6f0c-4d58-9a3c-1f6f4f0a7a51"},
    "release": {"reason": "Not my market"},
    "outcome": {"stage": "qualified"},
    "survey": {"score": "4"},
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
    "onboarding-rep": {"act": "hold", "reason": "Was ill"},
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
    if name == "contact-undo":
        body = {"contact": lead.contacts.values_list("pk", flat=True).last() or 1}
    if name == "outcome-undo":
        body = {"outcome": lead.outcomes.values_list("pk", flat=True).last() or 1}
    if name in NAMED:
        whither = {"to": cast.bruno.public_id, "pool": cast.pool.public_id}
        body = {**whither, "seen": as_it_is(lead), "reason": "She knows them"}
    return client.post(asked, body)  # type: ignore[return-value]


def made(name: str, cast: SimpleNamespace, lead: Lead) -> str:
    """Amina's, for what can be taken back once it is there only; and the address."""
    match name:
        case "contact-undo":
            log_contact(lead, cast.amina, "call")
        case "outcome-undo":
            record_outcome(lead, "qualified", rep=cast.amina, by=cast.amina.user)
        case "working":
            Pool.objects.filter(pk=cast.pool.pk).update(mode=Pool.Mode.SHARED)
            Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.WAITING, owner=None)
        case "next":
            Pool.objects.filter(pk=cast.pool.pk).update(award=Pool.Award.NEXT)
            LeadFactory(pool=cast.pool)
        case "calendar-remove":
            set_calendar(cast.amina, "https://calendar.example/amina.ics", busy_counts=False)
        case "credit":
            cast.paris.count_manual = True
            cast.amina.team = cast.paris
            charge_turns([lead], cast.amina, timezone.now())
        case "survey":
            asked = Satisfaction.objects.create(lead=lead, rep=cast.amina, asked_at=timezone.now())
            return reverse("leaddistrib:survey", args=[survey_token(asked)])
        case "slack-link":
            return reverse("leaddistrib:slack-link", args=[slack_link_token("U0NEW")])
    return address(name, cast, lead)


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
    asked = made(name, cast, lead)
    answers = []
    for role in ROLES:
        client = signed_in(getattr(cast, role)) if role else Client()
        before = connection.savepoint()
        assert before
        with written() as found:
            status = answer_to(client, name, asked, cast, lead).status_code
        connection.savepoint_rollback(before)
        answers.append(f"{status}+" if found else str(status))
    assert " ".join(answers) == SENT[name]


@pytest.mark.parametrize("name", SEEN)
def test_both_tables_together_name_all_that_a_page_takes(cast, name):
    lead = LeadFactory(pool=cast.pool, owner=cast.amina)
    takes = set(Client().put(address(name, cast, lead))["Allow"].split(", "))
    told = {"GET", "HEAD"} if SEEN[name] != (405,) * len(ROLES) else set()
    assert takes == told | ({"POST"} if name in SENT else set())

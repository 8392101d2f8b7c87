"""Why a lead went to another: the reps it passed by find it, and read why (RU5, IG4)."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.receiving import receive
from leaddistrib.models import Decision, Lead, TimeOff
from leaddistrib.queries import passing
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    PoolFactory,
    clock_at,
    publish_rules,
)
from tests.web.conftest import signed_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def page(name: str, *args: object) -> str:
    return reverse(f"leaddistrib:{name}", args=args)


@pytest.fixture(autouse=True)
def noon():
    with clock_at(NOON):
        yield


@pytest.fixture
def rules(cast: SimpleNamespace) -> None:
    """Leads of France go to Paris in turn, all others to London."""
    publish_rules(
        [
            {
                "name": "France",
                "when": {"field": "country", "op": "eq", "value": "FR"},
                "then": {"push": "round_robin", "team": "Paris"},
            },
            {"name": "Rest", "when": {}, "then": {"push": "round_robin", "team": "London"}},
        ]
    )


def arrive(company: str = "Lenoir") -> Lead:
    """A lead from France, of a person of its own."""
    email = f"jeanne@{company.lower().replace(' ', '-')}.example"
    given = {"company": company, "country": "FR", "contact.name": "Jeanne", "contact.email": email}
    return receive(clean(given)).lead


def away(rep, days: int = 2) -> None:
    TimeOff.objects.create(rep=rep, starts_at=NOON - timedelta(1), ends_at=NOON + timedelta(days))


def test_amina_on_leave_finds_the_lead_that_bruno_got_and_reads_why(cast, rules):
    away(cast.amina)
    lead = arrive()
    assert lead.owner == cast.bruno
    client = signed_in(cast.amina)
    assert page("passed") in client.get(page("home")).content.decode()
    listed = client.get(page("passed")).content.decode()
    assert page("lead", lead.public_id) in listed
    assert "gave this lead to Bruno, whose turn it was. You were on leave." in listed
    shown = client.get(page("lead", lead.public_id))
    assert shown.status_code == 200
    told = shown.content.decode()
    assert "You were on leave." in told
    assert "Lenoir" in told
    assert "Jeanne" not in told + listed
    assert "jeanne@" not in told + listed
    assert page("claim", lead.public_id) not in told


def test_she_can_reach_for_nothing_that_passed_her_by(cast, rules):
    away(cast.amina)
    lead = arrive()
    client = signed_in(cast.amina)
    for name in ("claim", "release", "close"):
        assert client.get(page(name, lead.public_id)).status_code == 404


def test_each_reason_is_said_for_itself(cast, rules):
    cast.amina.paused = True
    cast.amina.save()
    arrive("One")
    cast.amina.paused, cast.amina.capacity = False, 1
    cast.amina.save()
    LeadFactory(owner=cast.amina)
    arrive("Two")
    cast.amina.capacity = 50
    cast.amina.save()
    others = {
        lead.company for lead in (arrive("Three"), arrive("Four")) if lead.owner == cast.bruno
    }
    rows = signed_in(cast.amina).get(page("passed")).context["rows"]
    assert {row["company"]: row["sentence"].partition(". ")[2] for row in rows} == {
        "One": "You were paused.",
        "Two": "You were at capacity (open leads: 1 of 1).",
        **dict.fromkeys(others, "1 rep was before you in turn."),
    }
    assert len(others) == 1


def test_david_of_another_team_finds_neither_list_nor_page(cast, rules):
    lead = arrive()
    client = signed_in(cast.david)
    assert client.get(page("passed")).context["rows"] == []
    assert client.get(page("lead", lead.public_id)).status_code == 404


def test_the_winner_and_who_gave_it_back_do_not_find_it_there(cast, rules):
    cast.amina.paused = True
    cast.amina.save()
    arrive()
    assert signed_in(cast.bruno).get(page("passed")).context["rows"] == []
    assert len(signed_in(cast.amina).get(page("passed")).context["rows"]) == 1


def test_a_lead_that_went_on_by_hand_says_why_it_passed_her_by(cast, rules):
    """The latest decision asked nobody: what concerns her is the one before."""
    away(cast.amina)
    lead = arrive()
    Decision.objects.create(
        lead=lead,
        method="manual",
        owner=cast.david,
        decided_at=NOON,
        explanation={"rule": None, "misses": [], "steps": [], "by": "Mireille", "reason": "Secret"},
    )
    Lead.objects.filter(pk=lead.pk).update(owner=cast.david)
    told = signed_in(cast.amina).get(page("lead", lead.public_id)).content.decode()
    assert "You were on leave." in told
    assert "David has this lead." in told
    assert "Secret" not in told


def test_a_lead_that_waits_where_she_may_claim_it_has_not_passed_her_by(cast):
    push = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": cast.pool.name}]}
    publish_rules([{"name": "All", "when": {}, "then": push}])
    away(cast.amina)
    away(cast.bruno)
    lead = arrive()
    assert lead.pool == cast.pool
    client = signed_in(cast.amina)
    assert client.get(page("passed")).context["rows"] == []
    told = client.get(page("lead", lead.public_id)).content.decode()
    assert "You were on leave." in told


def test_a_lead_that_waits_for_others_is_not_seen_through_the_rules(cast):
    """Premium is David's: what opens there is for nobody else until one of them has it."""
    premium = PoolFactory(name="Premium", reps=[cast.david])
    push = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Premium"}]}
    publish_rules([{"name": "All", "when": {}, "then": push}])
    away(cast.amina)
    away(cast.bruno)
    lead = arrive()
    assert lead.pool == premium
    client = signed_in(cast.amina)
    api = reverse("leaddistrib:api-lead", args=[lead.public_id])
    assert client.get(page("passed")).context["rows"] == []
    for address in (page("lead", lead.public_id), api):
        assert client.get(address).status_code == 404

    Lead.objects.filter(pk=lead.pk).update(status="owned", owner=cast.david)
    assert [row["company"] for row in client.get(page("passed")).context["rows"]] == ["Lenoir"]
    told = client.get(page("lead", lead.public_id)).content.decode()
    assert "David has this lead." in told


def test_old_leads_are_left_out_of_the_list_and_keep_their_page(cast, rules):
    away(cast.amina)
    lead = arrive()
    Lead.objects.filter(pk=lead.pk).update(received_at=NOON - timedelta(days=31))
    client = signed_in(cast.amina)
    assert client.get(page("passed")).context["rows"] == []
    assert client.get(page("lead", lead.public_id)).status_code == 200


def test_a_list_that_does_not_go_back_as_far_as_it_says_tells_since_when(cast, rules, monkeypatch):
    """Only so many decisions are read, whomever they are about."""
    monkeypatch.setattr(passing, "LOOKED_THROUGH", 2)
    away(cast.amina)
    for company, days in (("Newest", 1), ("Older", 2)):
        lead = arrive(company)
        Lead.objects.filter(pk=lead.pk).update(received_at=NOON - timedelta(days=days))
    client = signed_in(cast.amina)
    assert "So many leads came in" not in client.get(page("passed")).content.decode()

    lead = arrive("Oldest")
    Lead.objects.filter(pk=lead.pk).update(received_at=NOON - timedelta(days=3))
    answer = client.get(page("passed"))
    assert {row["company"] for row in answer.context["rows"]} == {"Newest", "Older"}
    told = answer.content.decode()
    assert "So many leads came in that this list goes back no further than to" in told
    assert 'data-moment datetime="2026-02-28T12:00:00+00:00"' in told


def test_a_backup_of_another_team_finds_what_went_to_somebody_else(cast):
    """Steps that go by territory or account may ask anybody, and are asked of everybody."""
    owner = {"push": "account_owner", "fallback": [{"push": "round_robin", "team": "Paris"}]}
    publish_rules([{"name": "All", "when": {}, "then": owner}])
    AccountFactory(name="Lenoir", domain="lenoir.example", owner=cast.amina)
    cast.amina.backup = cast.david
    cast.amina.save()
    away(cast.amina)
    cast.david.paused = True
    cast.david.save()
    assert arrive().owner == cast.bruno
    [row] = signed_in(cast.david).get(page("passed")).context["rows"]
    assert row["sentence"].endswith("You were paused.")


def test_many_leads_are_paged_and_cost_no_more_queries(cast, rules):
    away(cast.amina)
    cast.bruno.capacity = 100
    cast.bruno.save()
    client = signed_in(cast.amina)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(page("passed"))
        return len(found)

    for number in range(3):
        arrive(f"Company {number}")
    client.get(page("passed"))  # the session learns the language at the first visit
    few = queries()
    for number in range(49):
        arrive(f"Other {number}")
    assert queries() <= few <= 16
    rows = client.get(page("passed")).context["rows"]
    assert (len(rows), rows[0]["company"]) == (50, "Other 48")
    assert len(client.get(page("passed"), {"page": 2}).context["rows"]) == 2


def test_a_manager_who_is_no_rep_has_no_such_list(cast):
    assert signed_in(cast.mireille).get(page("passed")).status_code == 403


# --- The whole trace


def test_a_manager_reads_turns_loads_and_when_a_reason_ends(cast, rules):
    arrive("First")
    away(cast.amina)
    lead = arrive()
    told = signed_in(cast.mireille).get(page("lead", lead.public_id)).content.decode()
    assert "virtual time in turns: 0" in told
    assert 'until <time data-moment datetime="2026-03-04T' in told


def test_a_manager_reads_why_nobody_was_looked_at_and_who_stands_in(cast):
    publish_rules(
        [
            {
                "name": "All",
                "when": {},
                "then": {
                    "push": "account_owner",
                    "fallback": [{"push": "least_loaded", "team": "Paris"}],
                },
            }
        ]
    )
    lead = arrive()
    told = signed_in(cast.mireille).get(page("lead", lead.public_id)).content.decode()
    assert "Nobody looks after its account, or it has none" in told
    assert "open leads: 0 of 50" in told


def test_a_manager_reads_the_trace_in_french(cast, rules):
    arrive("First")
    away(cast.amina)
    lead = arrive()
    client = signed_in(cast.mireille)
    told = client.get(page("lead", lead.public_id), headers={"Accept-Language": "fr"})
    trace = told.content.decode().partition('class="trace-step"')[2].partition("</div>")[0]
    assert "jusqu’au <time" in trace
    assert "temps virtuel, en tours\u00a0: 0" in trace
    assert not re.search(r">[^<]*\b(until|virtual time|in turn|on leave|took it)\b", trace)


@pytest.mark.parametrize(
    ("language", "until"), [("en", "until 03/04/2026"), ("fr", "jusqu’au 04/03/2026")]
)
def test_the_admin_writes_when_a_reason_ends_as_people_write_it(cast, rules, language, until):
    away(cast.amina)
    address = reverse("admin:leaddistrib_lead_change", args=[arrive().pk])
    answer = signed_in(cast.admin).get(address, headers={"Accept-Language": language})
    told = answer.content.decode()
    assert until in told
    assert "2026-03-04T" not in told

"""leaddistrib_check finds what does not agree, says how to mend it, and changes nothing (OP3)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.crediting import credit_turn
from leaddistrib.lifecycle.recycling import recycle
from leaddistrib.lifecycle.routing import route
from leaddistrib.models import (
    Alert,
    Assignment,
    Claim,
    JobRun,
    Lead,
    NotificationSettings,
    Offer,
    OutboxMessage,
    Pool,
    Rotation,
    Seat,
    Turn,
)
from leaddistrib.queries.consistency import EXAMPLES, findings
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def found() -> dict[str, int]:
    """The findings an hour from now: code and count."""
    return {finding.code: finding.count for finding in findings(timezone.now() + HOUR)}


def check(*arguments: str) -> tuple[int, str]:
    """Exit status and output of the command."""
    out = StringIO()
    try:
        call_command("leaddistrib_check", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def unprotected() -> Iterator[None]:
    """The database without the constraints that make the worst impossible, as after a restore."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX leaddistrib_one_open_assignment")
        cursor.execute("DROP INDEX leaddistrib_one_win_a_period")
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        else:
            cursor.execute(
                "ALTER TABLE leaddistrib_lead DROP CONSTRAINT leaddistrib_lead_owner_or_queue"
            )
    yield
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


@pytest.fixture
def amina():
    return RepFactory(user__username="amina", team=TeamFactory(name="Paris"))


@pytest.fixture
def bruno(amina):
    return RepFactory(user__username="bruno", team=amina.team)


@pytest.fixture
def pool(amina, bruno):
    """Of reps who get no mail: no worker runs here that would send it."""
    NotificationSettings.objects.bulk_create(
        NotificationSettings(user=rep.user, email=False) for rep in (amina, bruno)
    )
    return PoolFactory(name="Everyone", reps=[amina, bruno])


@pytest.fixture
def pushed(amina, bruno):
    """Three leads that went through the rules, in turn, to Amina and Bruno."""
    publish_rules(
        [
            {
                "name": "Paris first",
                "when": {"field": "country", "op": "eq", "value": "FR"},
                "then": {"push": "round_robin", "team": "Paris"},
            },
            {"name": "All", "when": {}, "then": {"push": "round_robin", "team": "Paris"}},
        ]
    )
    leads = [Lead(company=f"Company {number}", received_at=timezone.now()) for number in range(3)]
    route(leads)
    OutboxMessage.objects.update(sent_at=timezone.now())
    return leads


@pytest.fixture
def raced(pool, amina, bruno):
    """A lead that Amina and Bruno raced for, and Amina won."""
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    lead = Lead(company="Thornbury Foods", received_at=timezone.now())
    route([lead])
    assert claim(lead, amina, via="test").result == "won"
    assert claim(lead, bruno, via="test").result == "lost"
    lead.refresh_from_db()
    return lead


def test_nothing_is_found_in_a_sound_database(pushed, raced):
    assert check() == (0, "Nothing found.\n")


def test_nothing_is_found_in_an_empty_database():
    assert check("--json") == (0, '{\n  "findings": []\n}\n')


def test_a_finding_is_said_with_its_leads_and_how_to_mend_it(raced):
    Assignment.objects.filter(lead=raced).update(rep=RepFactory())
    status, said = check()
    assert status == 1
    assert "[owner_differs]" in said
    assert str(raced.public_id) in said
    assert "To mend it: The winning claim" in said


def test_programs_get_the_same_as_json(raced):
    Offer.objects.update(closed_at=None)
    status, said = check("--json")
    [finding] = json.loads(said)["findings"]
    assert status == 1
    assert (finding["code"], finding["count"]) == ("open_offers", 2)
    assert set(finding) == {"code", "message", "remedy", "count", "examples"}


def test_a_lead_that_was_received_and_not_routed_is_listed_after_a_minute():
    LeadFactory()
    assert list(findings(timezone.now())) == []
    [finding] = findings(timezone.now() + timedelta(minutes=2))
    assert finding.code == "unrouted"
    assert "--no-route are kept like this on purpose" in finding.remedy


def test_many_findings_of_one_kind_are_counted_and_the_first_ones_named():
    for _ in range(EXAMPLES + 3):
        LeadFactory()
    Lead.objects.update(created_at=timezone.now() - HOUR)
    status, said = check()
    assert status == 1
    assert f": {EXAMPLES + 3} [unrouted]" in said
    assert "    and 3 more\n" in said


def test_a_lead_without_owner_or_queue(unprotected, pushed):
    Lead.objects.filter(pk=pushed[0].pk).update(owner=None)
    Lead.objects.filter(pk=pushed[1].pk).update(status="waiting", owner=None)
    assert found()["no_owner_or_queue"] == 2


def test_an_owner_of_a_lead_that_waits(unprotected, raced):
    Lead.objects.update(status="waiting")
    assert found()["owner_of_unowned"] == 1


def test_a_lead_with_two_owners(unprotected, raced, bruno):
    Assignment.objects.create(lead=raced, rep=bruno, method="push", started_at=timezone.now())
    assert found() == {"two_owners": 1, "owner_differs": 1}


def test_an_owner_without_an_open_assignment(pushed):
    Assignment.objects.filter(lead=pushed[0]).delete()
    assert found() == {"owner_without_assignment": 1}


def test_an_open_assignment_of_a_closed_lead(pushed):
    Lead.objects.filter(pk=pushed[0].pk).update(status="closed")
    assert found() == {"assignment_without_owner": 1}


def test_offers_of_an_earlier_opening_are_not_open(pool, raced):
    Assignment.objects.update(ended_at=timezone.now(), end="released")
    Lead.objects.update(status="waiting", owner=None, period=2)
    Offer.objects.update(closed_at=None)
    Pool.objects.update(version=9)
    assert found() == {"open_offers": 2, "clock_runs_on": 1}


def test_a_lead_that_waits_without_an_explanation(pool):
    LeadFactory(pool=pool)
    assert found() == {"no_explanation": 1}


def test_history_that_has_another_chance_needs_no_decision(pool):
    lost = LeadFactory(status="closed")
    recycle([lost], pool, by=None, reason="A year later")
    assert found() == {}


def test_a_claim_that_won_and_assigned_nothing(raced):
    Assignment.objects.update(method="push")
    assert found() == {"win_without_assignment": 1}


def test_an_assignment_by_claim_that_no_claim_won(raced):
    Claim.objects.filter(result="won").delete()
    assert found() == {"assignment_without_win": 1}


@pytest.mark.parametrize(
    "change", [{"turns": 7}, {"last_turn": 9}, {"virtual_time": 1}, {"credit": 5}]
)
def test_a_seat_that_does_not_agree_with_the_ledger(pushed, change):
    Seat.objects.filter(rep__user__username="amina").update(**change)
    [finding] = findings(timezone.now())
    assert (finding.code, finding.examples) == ("seat_differs", ("amina",))


@pytest.mark.parametrize("change", [{"turns": 7}, {"virtual_time": 5}])
def test_a_rotation_that_does_not_agree_with_the_ledger(pushed, change):
    Rotation.objects.update(**change)
    [finding] = findings(timezone.now())
    assert (finding.code, finding.examples) == ("rotation_differs", ("Paris",))


def test_a_credit_that_gives_back_another_amount_than_the_turn_took(pushed):
    credit_turn(pushed[0], reason="invalid")
    assert found() == {}
    Turn.objects.filter(kind="credit").update(finish=5)
    assert found() == {"credit_differs": 1, "seat_differs": 1}


def test_a_lead_that_nobody_tried_again(pool, raced):
    lead = LeadFactory(pool=pool)
    Lead.objects.filter(pk=lead.pk).update(retry_at=timezone.now() - HOUR)
    assert found()["retry_overdue"] == 1


def test_a_lead_that_waits_in_the_safety_net_and_nobody_was_told(pool):
    """Nobody has published rules yet, which an alert says; somebody closed it by hand."""
    route([Lead(company="Thornbury Foods", received_at=timezone.now())])
    assert found() == {}
    Alert.objects.update(closed_at=timezone.now())
    assert found() == {"unattended": 1}


def test_a_gap_in_the_ledger(pushed):
    Turn.objects.filter(number=2).delete()
    assert "rotation_differs" in found()


def test_who_is_not_active_any_more_and_still_has_open_leads(pushed, amina):
    amina.active = False
    amina.save()
    [finding] = findings(timezone.now())
    assert (finding.code, finding.examples) == ("left_behind", ("amina",))
    assert "Hand over what is open" in finding.remedy


def test_a_pool_whose_version_went_back(raced):
    Pool.objects.filter(name="Everyone").update(version=1)
    assert found() == {"pool_version": 1}


def test_messages_that_are_late_and_messages_that_were_given_up(pushed):
    late, dead, _ = OutboxMessage.objects.order_by("pk")
    OutboxMessage.objects.filter(pk=late.pk).update(sent_at=None)
    OutboxMessage.objects.filter(pk=dead.pk).update(sent_at=None, dead_at=timezone.now())
    assert found() == {"message_overdue": 1, "message_dead": 1}


def test_a_job_that_began_and_did_not_end():
    JobRun.objects.create(job="digest", period="2026-01-31", started_at=timezone.now() - 2 * HOUR)
    [finding] = findings(timezone.now() + HOUR)
    assert (finding.code, finding.examples) == ("job_unfinished", ("digest",))


def test_the_number_of_queries_does_not_grow_with_the_leads(
    pushed, raced, django_assert_max_num_queries
):
    with django_assert_max_num_queries(28):
        assert list(findings(timezone.now())) == []

"""What the database itself refuses, however it is written to."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from leaddistrib.models import (
    Account,
    Assignment,
    Claim,
    Decision,
    IdempotencyKey,
    JobRun,
    Lead,
    LogEntry,
    Offer,
    OutboxMessage,
    Pool,
    Rep,
    Rotation,
    Rule,
    RuleSet,
    RuleStep,
    Seat,
    TimeOff,
    Turn,
)
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def amina(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return RepFactory(user__username="amina")


@pytest.fixture
def lead():
    return LeadFactory()


def refused(name, write):
    """The write is refused by this constraint; SQLite names columns for the unique ones."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        write()
    assert name in str(error.value) or "UNIQUE constraint failed" in str(error.value)


def twice(name, write):
    write()
    refused(name, write)


@pytest.mark.parametrize(
    "place",
    [
        {"status": "owned"},
        {"status": "waiting"},
        {"status": "waiting", "opens_at": NOON},
    ],
)
def test_a_lead_is_owned_by_a_rep_or_waits_in_a_pool(lead, place):
    refused("lead_owner_or_queue", lambda: Lead.objects.filter(pk=lead.pk).update(**place))


def test_a_waiting_lead_has_no_owner(lead, amina):
    place = {"status": "waiting", "opens_at": NOON, "pool": PoolFactory(), "owner": amina}
    refused("lead_owner_or_queue", lambda: Lead.objects.filter(pk=lead.pk).update(**place))


def test_a_lead_that_was_only_received_has_no_owner(lead, amina):
    refused("lead_owner_or_queue", lambda: Lead.objects.filter(pk=lead.pk).update(owner=amina))


def test_a_waiting_lead_opens_at_some_time(lead):
    place = {"status": "waiting", "pool": PoolFactory()}
    refused("lead_owner_or_queue", lambda: Lead.objects.filter(pk=lead.pk).update(**place))


def test_one_lead_for_each_external_id_of_a_system():
    LeadFactory(source_system="crm", external_id="1")
    LeadFactory(source_system="erp", external_id="1")
    refused("lead_external_id", lambda: LeadFactory(source_system="crm", external_id="1"))
    assert LeadFactory(source_system="crm").pk != LeadFactory(source_system="crm").pk


def test_one_open_assignment_for_each_lead(lead, amina):
    other = RepFactory()

    def hold(rep):
        Assignment.objects.create(lead=lead, rep=rep, method="push", started_at=NOON)

    hold(amina)
    refused(Assignment.ONE_OPEN, lambda: hold(other))
    Assignment.objects.update(ended_at=NOON, end="released")
    hold(other)


@pytest.mark.parametrize(
    "end",
    [
        {"ended_at": NOON},
        {"end": "released"},
        {"ended_at": NOON - timedelta(microseconds=1), "end": "released"},
    ],
)
def test_an_assignment_ends_after_it_starts_and_says_how(lead, amina, end):
    refused(
        "assignment_end",
        lambda: Assignment.objects.create(
            lead=lead, rep=amina, method="push", started_at=NOON, **end
        ),
    )


def test_one_win_in_each_period(lead, amina):
    def claims(rep, period, result):
        Claim.objects.create(
            lead=lead, rep=rep, period=period, result=result, via="page", claimed_at=NOON
        )

    claims(amina, 1, "won")
    claims(amina, 1, "lost")
    claims(amina, 2, "won")
    refused("one_win_a_period", lambda: claims(RepFactory(), 1, "won"))


def test_one_offer_for_each_rep_and_period(lead, amina):
    twice(
        "offer_once_a_period",
        lambda: Offer.objects.create(lead=lead, rep=amina, period=1, opens_at=NOON),
    )


def test_one_pool_is_the_safety_net():
    twice("pool_one_safety_net", lambda: PoolFactory(is_safety_net=True))


def test_a_pool_has_a_known_mode():
    refused("pool_mode", lambda: PoolFactory(mode="auction"))


def test_one_version_is_published_and_has_its_date():
    RuleSet.objects.create(version=1, status="published", published_at=NOON)
    refused(
        "one_published_ruleset",
        lambda: RuleSet.objects.create(version=2, status="published", published_at=NOON),
    )
    refused("published_has_date", lambda: RuleSet.objects.update(published_at=None))
    refused("version", lambda: RuleSet.objects.create(version=1))


def test_a_step_is_a_push_to_a_team_or_a_pool():
    ruleset = RuleSet.objects.create(version=1)
    rule = Rule.objects.create(ruleset=ruleset, position=1, name="All")
    team, pool = TeamFactory(), PoolFactory()
    for wrong in (
        {},
        {"push": "round_robin"},
        {"team": team},
        {"push": "round_robin", "pool": pool},
        {"push": "round_robin", "team": team, "pool": pool},
    ):
        refused(
            "step_team_or_pool",
            lambda wrong=wrong: RuleStep.objects.create(rule=rule, position=0, **wrong),
        )
    twice("step_position", lambda: RuleStep.objects.create(rule=rule, position=0, pool=pool))
    refused("rule_position", lambda: Rule.objects.create(ruleset=ruleset, position=1, name="Other"))


def test_a_decision_names_an_owner_or_a_pool(lead, amina):
    ruleset = RuleSet.objects.create(version=1)
    for wrong in (
        {"method": "push"},
        {"method": "race"},
        {"method": "queue", "owner": amina, "pool": PoolFactory()},
        {"method": "auction", "owner": amina},
    ):
        refused(
            "decision_owner_or_pool",
            lambda wrong=wrong: Decision.objects.create(
                lead=lead, ruleset=ruleset, explanation={}, decided_at=NOON, **wrong
            ),
        )


def test_a_turn_has_its_own_number_and_moves_time_on(lead, amina):
    rotation = Rotation.objects.create(team=amina.team)
    seat = Seat.objects.create(rotation=rotation, rep=amina)

    def take(number, start, finish):
        Turn.objects.create(
            rotation=rotation,
            seat=seat,
            number=number,
            lead=lead,
            start=start,
            finish=finish,
            taken_at=NOON,
        )

    take(1, 0, 1)
    refused("turn_number", lambda: take(1, 1, 2))
    refused("turn_forward", lambda: take(2, 1, 1))
    refused("seat_rep", lambda: Seat.objects.create(rotation=rotation, rep=amina))
    refused("team_id", lambda: Rotation.objects.create(team=amina.team))


def test_a_rep_has_room_for_one_lead_at_least(amina):
    refused("rep_capacity", lambda: Rep.objects.update(capacity=0))


def test_a_rep_has_a_weight_above_nothing(amina):
    refused("rep_weight", lambda: Rep.objects.update(weight=0))


def test_time_off_ends_after_it_starts(amina):
    refused(
        "timeoff_order", lambda: TimeOff.objects.create(rep=amina, starts_at=NOON, ends_at=NOON)
    )


def test_a_message_is_written_once(amina):
    twice(
        "outbox_once",
        lambda: OutboxMessage.objects.create(
            event="lead.assigned:1",
            recipient=amina.user,
            channel="email",
            created_at=NOON,
            due_at=NOON,
        ),
    )


def test_what_is_unique_by_name():
    twice(
        "job_period", lambda: JobRun.objects.create(job="tiers", period="2026-W10", started_at=NOON)
    )
    twice(
        "idempotency_key",
        lambda: IdempotencyKey.objects.create(
            scope="api", key="1", fingerprint="f", created_at=NOON
        ),
    )
    twice("account_domain", lambda: Account.objects.create(name="Acme", domain="acme.example"))
    twice("name", lambda: Pool.objects.create(name="Everyone"))


def test_the_log_cannot_be_changed(lead):
    entry = LogEntry.objects.create(lead=lead, event="lead.received", at=NOON)
    entry.event = "lead.assigned"

    with pytest.raises(TypeError, match="append-only"):
        entry.save()

"""What needs somebody is told once, to those who can do something about it (PU4)."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.alerting import close_alerts, open_alert, subject_of
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Alert, Calendar, Decision, Lead, OutboxMessage, Rule, RuleSet
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries import clock
from leaddistrib.queries.alerts import number_of_leads, waiting_for
from leaddistrib.sealing import seal
from leaddistrib.testing import LeadFactory, PoolFactory, UserFactory, publish_rules
from tests.tiers import placed, tier_policy

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOBODY = Alert.Kind.NOBODY_AVAILABLE
NOT_CLAIMED = Alert.Kind.NOT_CLAIMED


@pytest.fixture
def house(cast):
    """Mireille manages Paris; Sacha is a superuser; the rule pushes to Paris, then to the pool."""
    cast.mireille = UserFactory(username="mireille", email="mireille@example.com")
    cast.paris.managers.add(cast.mireille)
    cast.sacha = UserFactory(username="sacha", email="sacha@example.com", is_superuser=True)
    ruleset = RuleSet.objects.create(version=1)
    cast.rule = Rule.objects.create(ruleset=ruleset, position=1, name="Demos")
    return cast


def waiting(house, rule=None, pool=None, opened=NOON):
    lead = LeadFactory(pool=pool or house.pool)
    Lead.objects.filter(pk=lead.pk).update(opens_at=opened)
    Decision.objects.create(
        lead=lead,
        ruleset=house.rule.ruleset,
        rule=rule or house.rule,
        method="queue",
        pool=lead.pool,
        explanation={},
        decided_at=opened,
    )
    return lead


def raised(house, kind=NOBODY, **given):
    subject = subject_of(house.rule, house.pool)
    given = {"rule": house.rule, "pool": house.pool, "teams": [house.paris.pk], **given}
    with transaction.atomic():
        return open_alert(kind, subject, moment=NOON, **given)


def test_managers_of_the_teams_are_told_once_however_many_leads_find_nobody(house):
    first, second = raised(house), raised(house)

    assert first == second
    [message] = OutboxMessage.objects.all()
    assert (message.recipient, message.lead) == (house.mireille, None)
    deliver(NOON)
    [sent] = mail.outbox
    assert sent.to == ["mireille@example.com"]
    assert "Demos" in sent.body
    assert "Everyone" in sent.body


@pytest.mark.parametrize(
    ("level", "push_minutes", "alerts"), [(3, None, 1), (3, 30, 0), (2, None, 0), (None, None, 0)]
)
def test_leads_that_wait_where_no_tier_sees_them_are_told_of(house, level, push_minutes, alerts):
    """Chloé is the only member of a premium pool; leads that are passed on wait for somebody."""
    tier_policy()
    placed(house.chloe, level)
    PoolFactory(name="Premium", premium=True, reps=[house.chloe], push_minutes=push_minutes)
    publish_rules([{"name": "Big ones", "when": {}, "then": {"pool": "Premium"}}])
    lead = receive(clean({"company": "Lenoir"})).lead

    found = Alert.objects.filter(closed_at=None, kind=NOBODY)
    assert list(found.values_list("pool__name", flat=True)) == ["Premium"] * alerts
    assert close_alerts(clock.now()) == 0
    Lead.objects.filter(pk=lead.pk).update(status="owned", pool=None, owner=house.chloe)
    assert close_alerts(clock.now()) == alerts


def test_without_a_manager_superusers_are_told(house):
    raised(house, teams=[house.lyon])

    assert [one.recipient for one in OutboxMessage.objects.all()] == [house.sacha]


def test_a_manager_whose_account_is_closed_is_nobody_to_tell(house):
    house.mireille.is_active = False
    house.mireille.save()
    raised(house)

    assert [one.recipient for one in OutboxMessage.objects.all()] == [house.sacha]


def test_a_manager_who_is_a_rep_is_written_to_in_the_own_language(house, settings):
    house.amina.language = "fr"
    house.amina.save()
    house.paris.managers.set([house.amina.user])
    raised(house)

    deliver(NOON)

    [sent] = mail.outbox
    assert sent.to == [house.amina.user.email]


def test_an_alert_stays_while_a_lead_waits_and_closes_by_itself(house):
    lead = waiting(house)
    alert = raised(house)

    assert close_alerts(NOON) == 0
    lead.status, lead.owner = Lead.Status.OWNED, house.amina
    lead.save()

    assert close_alerts(NOON + MINUTE) == 1
    alert.refresh_from_db()
    assert alert.closed_at == NOON + MINUTE


def test_an_alert_that_is_over_may_open_again_and_is_told_again(house):
    raised(house)
    close_alerts(NOON)
    raised(house)

    assert Alert.objects.count() == 2
    assert OutboxMessage.objects.count() == 2


def test_a_mail_about_an_alert_that_is_over_is_not_sent(house):
    raised(house)
    close_alerts(NOON)

    deliver(NOON)

    assert mail.outbox == []
    assert OutboxMessage.objects.get().dropped_at is not None


def test_leads_of_other_rules_and_pools_do_not_keep_an_alert_open(house):
    other = Rule.objects.create(ruleset=house.rule.ruleset, position=2, name="Others")
    waiting(house, rule=other)
    waiting(house, pool=PoolFactory(name="Lyon"))
    raised(house)

    assert close_alerts(NOON) == 1


def test_the_same_rule_in_a_newer_version_is_the_same_subject(house):
    newer = RuleSet.objects.create(version=2)
    successor = Rule.objects.create(ruleset=newer, position=1, name="Demos", key=house.rule.key)
    waiting(house, rule=successor)
    raised(house)

    assert subject_of(successor, house.pool) == subject_of(house.rule, house.pool)
    assert close_alerts(NOON) == 0


def test_leads_that_nobody_took_count_once_they_waited_long_enough(house):
    house.pool.push_minutes = 30
    house.pool.save()
    late, young = waiting(house), waiting(house, opened=NOON + 20 * MINUTE)
    alert = raised(house, NOT_CLAIMED)

    assert set(waiting_for(alert, NOON + 40 * MINUTE)) == {late}
    assert number_of_leads([alert], NOON + 40 * MINUTE) == {alert.pk: 1}
    assert number_of_leads([alert], NOON + 50 * MINUTE) == {alert.pk: 2}
    assert set(waiting_for(alert, NOON + 50 * MINUTE)) == {late, young}


def test_counting_the_leads_of_many_alerts_takes_one_query(house, django_assert_num_queries):
    alerts = [raised(house), raised(house, NOT_CLAIMED)]
    waiting(house)

    with django_assert_num_queries(1):
        assert number_of_leads(alerts, NOON) == {alerts[0].pk: 1, alerts[1].pk: 0}


def test_an_alert_about_a_calendar_closes_when_it_can_be_read_again(house):
    calendar = Calendar.objects.create(
        rep=house.amina, address=seal("https://calendar.example/a.ics"), problem="unreachable"
    )
    with transaction.atomic():
        open_alert(Alert.Kind.CALENDAR, f"calendar:{calendar.pk}", moment=NOON)

    assert close_alerts(NOON) == 0
    calendar.problem = ""
    calendar.save()
    assert close_alerts(NOON) == 1


def test_an_alert_about_the_calendar_of_a_rep_who_left_is_over(house):
    """Nobody reads it any more, so it would stay for good."""
    calendar = Calendar.objects.create(
        rep=house.amina, address=seal("https://calendar.example/a.ics"), problem="unreachable"
    )
    with transaction.atomic():
        open_alert(Alert.Kind.CALENDAR, f"calendar:{calendar.pk}", moment=NOON)
    assert close_alerts(NOON) == 0

    house.amina.active = False
    house.amina.save()

    assert close_alerts(NOON) == 1


def test_leads_that_come_before_any_rules_are_an_alert_until_rules_are_published(cast):
    sacha = UserFactory(username="sacha", email="sacha@example.com", is_superuser=True)
    leads = [receive(clean({"company": f"Company {number}"})).lead for number in range(2)]

    alert = Alert.objects.get()
    assert (alert.kind, alert.pool) == (Alert.Kind.NO_RULES, leads[0].pool)
    assert number_of_leads([alert], NOON) == {alert.pk: 2}
    deliver(clock.now())
    [sent] = mail.outbox
    assert sent.to == [sacha.email]
    assert "no rules say where they go" in sent.body
    assert close_alerts(NOON) == 0

    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    assert close_alerts(NOON) == 1


@pytest.mark.django_db(transaction=True)
def test_an_alert_does_not_close_while_a_lead_is_being_added_to_it(house):
    """Between the route's look at the open alert and its commit, a worker finds no lead yet."""
    if connection.vendor == "sqlite":  # writers follow each other there
        return
    raised(house)
    closed = []

    def worker():
        closed.append(close_alerts(NOON))
        connection.close()

    with transaction.atomic():
        raised(house)
        waiting(house)
        thread = threading.Thread(target=worker)
        thread.start()
        thread.join(timeout=20)

    assert closed == [0]
    assert Alert.objects.get().closed_at is None

"""What should have been done by now is found: messages, windows, clocks, leads past their SLA, and
sums that do not agree with the log (OP3, SL3)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leaddistrib.models import (
    Alert,
    LogEntry,
    Offer,
    OutboxMessage,
    ResponseClock,
    ResponseRollup,
)
from leaddistrib.queries.consistency import findings
from leaddistrib.queries.duework import CHECKS
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory
from tests.responses import answered, lapsed, started

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def amina(db):
    return RepFactory(user__username="amina", user__password=None, team=TeamFactory(name="Paris"))


def found(after=timedelta()):
    """The findings in a while: code and count."""
    return {one.code: one.count for one in findings(timezone.now() + after)}


def clock_of(amina, **fields):
    """A clock of ten minutes that began an hour ago, as ``fields`` say it stands."""
    clock = started(amina, timezone.now() - HOUR, minutes=10)
    ResponseClock.objects.filter(pk=clock.pk).update(**fields)
    clock.refresh_from_db()
    return clock


def test_a_lead_that_is_answered_in_time_or_late_or_still_runs_is_well(amina):
    answered(started(amina, timezone.now() - HOUR), MINUTE)
    started(amina, timezone.now())
    assert found(MINUTE) == {}


def test_a_clock_that_nobody_looked_at(amina):
    clock = clock_of(amina)
    assert found() == {"clock_overdue": 1, "past_sla": 1}
    finding = next(one for one in findings(timezone.now()) if one.code == "clock_overdue")
    assert finding.examples == (str(clock.lead.public_id),)
    assert "leaddistrib_worker" in finding.remedy


def test_a_lead_past_its_sla_that_nobody_will_look_at_again(amina):
    clock = lapsed(clock_of(amina), gone=False)
    ResponseClock.objects.update(next_at=None)
    assert found() == {"past_sla": 1}
    ResponseClock.objects.update(next_at=timezone.now() + MINUTE)
    assert found() == {}, "others are asked in a minute"
    answered(clock, 20 * MINUTE)
    assert found() == {}


def test_a_lead_for_which_nobody_is_left_and_whose_managers_were_not_told(amina):
    lapsed(clock_of(amina), gone=False)
    ResponseClock.objects.update(next_at=None, stuck_at=timezone.now() - 20 * MINUTE)
    assert found() == {"past_sla": 1}
    alert = Alert.objects.create(
        kind=Alert.Kind.UNANSWERED, subject=f"team:{amina.team_id}", opened_at=timezone.now()
    )
    assert found() == {}
    Alert.objects.filter(pk=alert.pk).update(subject="team:0")
    assert found() == {"past_sla": 1}
    amina.team = None
    amina.save()
    Alert.objects.filter(pk=alert.pk).update(subject="team:")
    assert found() == {}


def test_a_clock_that_runs_on_for_a_lead_of_somebody_else(amina):
    bruno = RepFactory(user__username="bruno", user__password=None)
    clock = started(amina, timezone.now())
    clock.lead.owner = bruno
    clock.lead.save()
    assert found()["clock_runs_on"] == 1


def test_a_rep_who_was_not_told_that_a_lead_opened_for_them(amina):
    pool = PoolFactory(name="Everyone", reps=[amina])
    lead = LeadFactory(pool=pool)
    Offer.objects.filter(lead=lead).update(opened_at=None, opens_at=timezone.now() - HOUR)
    assert found()["window_overdue"] == 1
    Offer.objects.filter(lead=lead).update(opens_at=timezone.now() + HOUR)
    assert "window_overdue" not in found()


def test_a_message_that_is_put_off_again_and_again(amina):
    now = timezone.now()
    OutboxMessage.objects.create(
        event="alert.opened:1",
        recipient=amina.user,
        channel="email",
        created_at=now - 37 * HOUR,
        due_at=now + HOUR,
        attempts=3,
    )
    [finding] = findings(now)
    assert (finding.code, finding.examples) == ("message_in_flight", ("alert.opened:1",))
    OutboxMessage.objects.update(created_at=now - 35 * HOUR)
    assert found() == {}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: ResponseRollup.objects.update(started=9),
        lambda: ResponseRollup.objects.update(answered=0),
        lambda: ResponseRollup.objects.all().delete(),
        lambda: LogEntry.objects.filter(event="lead.contacted").delete(),
    ],
    ids=["started", "answered", "none", "the log"],
)
def test_sums_that_do_not_agree_with_the_log(amina, spoil):
    answered(started(amina, timezone.now() - HOUR), MINUTE)
    spoil()
    [finding] = findings(timezone.now())
    assert (finding.code, finding.examples) == ("rollups_differ", ("amina",))
    assert "leaddistrib_rollups --rebuild" in finding.remedy


def test_the_log_of_all_reps_is_read_once_to_compare_the_sums(amina, django_assert_num_queries):
    """The log is the largest table of all: it is not read again for each rep."""
    [check] = [one for one in CHECKS if one.code == "rollups_differ"]
    for reps in (0, 4):
        for _number in range(reps):
            answered(started(RepFactory(user__password=None), timezone.now() - HOUR), MINUTE)
        with django_assert_num_queries(2):
            assert not check.rows(timezone.now())
    ResponseRollup.objects.filter(rep=amina).delete()
    started(amina, timezone.now())
    ResponseRollup.objects.filter(rep=amina).update(started=2)
    assert [rep.pk for rep in check.rows(timezone.now())] == [amina.pk]

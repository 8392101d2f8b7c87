"""What was attained in a month decides how many leads a week are whose in the next (AL1, AL2)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.engine.allocation import BANDS
from leaddistrib.jobs.runs import run_due
from leaddistrib.jobs.schedules import JOBS
from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.alerting import close_alerts
from leaddistrib.lifecycle.allocating import Allocated, allocate_reps
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import (
    Alert,
    Allocation,
    AllocationPolicy,
    JobRun,
    Lead,
    Onboarding,
    OnboardingPolicy,
    OutboxMessage,
    Outcome,
    Quota,
    Rep,
)
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries import clock
from leaddistrib.testing import (
    LeadFactory,
    RepFactory,
    UserFactory,
    clock_at,
    publish_rules,
)

FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (2, 3, 4))
MONTHS = [date(2026, month, 1) for month in range(1, 10)]
MONTHLY = [job for job in JOBS if job.name == "allocation"]


def morning(month: date) -> datetime:
    """The first of the month, at six."""
    return datetime(month.year, month.month, 1, 6, tzinfo=UTC)


@pytest.fixture
def house(cast, settings):
    """One policy for everybody; Mireille manages Paris."""
    settings.TIME_ZONE = "UTC"
    cast.mireille = UserFactory(username="mireille", email="mireille@example.com")
    cast.paris.managers.add(cast.mireille)
    cast.policy = policy()
    return cast


def policy(**fields):
    one = AllocationPolicy.objects.create(**fields)
    for percent, leads in BANDS:
        one.bands.create(from_percent=percent, leads=leads)
    return one


def attained(rep, month, percent):
    """The rep won so many percent of the month's quota."""
    Quota.objects.create(rep=rep, month=month, amount=1000, currency="EUR")
    at = datetime(month.year, month.month, 10, tzinfo=UTC)
    Outcome.objects.create(
        lead=LeadFactory(), rep=rep, stage="won", value=10 * percent, currency="EUR", at=at
    )


def allocate(month):
    with clock_at(morning(month)):
        return allocate_reps(morning(month))


def now_has(*reps):
    found = dict(Rep.objects.values_list("pk", "allocation"))
    return [found[rep.pk] for rep in reps]


def test_what_was_attained_last_month_decides_how_many_leads_a_week_are_whose(house):
    attained(house.amina, FEBRUARY, 110)
    attained(house.bruno, FEBRUARY, 60)
    attained(house.chloe, MARCH, 90)  # this month's do not count yet

    assert allocate(MARCH) == Allocated(written=2, changed=2, alerts=0)

    assert now_has(house.amina, house.bruno, house.chloe) == [20, 12, None]
    row = Allocation.objects.get(rep=house.bruno)
    assert (row.month, row.policy, row.former, row.falls) == (MARCH, house.policy, None, 0)
    assert (row.won, row.quota, row.percent) == (Decimal(600), Decimal(1000), Decimal(60))
    assert row.currency == "EUR"


def test_a_second_run_changes_nothing_whatever_was_won_since(house):
    attained(house.amina, FEBRUARY, 60)
    allocate(MARCH)
    before = list(Allocation.objects.values())
    Outcome.objects.update(value=2000)

    assert allocate(MARCH) == Allocated(0, 0, 0)

    assert list(Allocation.objects.values()) == before
    assert now_has(house.amina) == [12]


def test_a_quota_that_comes_late_gets_its_allocation_and_the_others_keep_theirs(house):
    attained(house.amina, FEBRUARY, 60)
    allocate(MARCH)
    attained(house.bruno, FEBRUARY, 0)

    assert allocate(MARCH) == Allocated(written=1, changed=1, alerts=0)
    assert now_has(house.amina, house.bruno) == [12, 10]


def without_a_quota(house):
    Quota.objects.all().delete()


def without_a_policy(house):
    policy(team=house.paris, active=False)


def in_onboarding(house):
    phase = OnboardingPolicy.objects.create().phases.create(position=1, name="Assisted", weeks=4)
    Onboarding.objects.create(rep=house.amina, began_on=MARCH, phase=phase, since=MARCH)


def gone(house):
    Rep.objects.filter(pk=house.amina.pk).update(active=False)


@pytest.mark.parametrize("becomes", [without_a_quota, without_a_policy, in_onboarding, gone])
def test_nothing_bounds_a_rep(house, becomes):
    """… without a quota, without a policy, in onboarding; and none is kept of one who left."""
    attained(house.amina, FEBRUARY, 60)
    allocate(MARCH)
    assert now_has(house.amina) == [12]
    attained(house.amina, MARCH, 60)
    becomes(house)

    assert allocate(APRIL) == Allocated(written=0, changed=1, alerts=0)
    assert now_has(house.amina) == [None]


def test_who_is_through_with_onboarding_has_an_allocation(house):
    in_onboarding(house)
    Onboarding.objects.update(phase=None)
    attained(house.amina, FEBRUARY, 80)
    allocate(MARCH)
    assert now_has(house.amina) == [15]


def test_a_team_has_its_own_policy(house):
    own = policy(team=house.paris, floor=18)
    for rep in (house.amina, house.chloe):
        attained(rep, FEBRUARY, 10)
    allocate(MARCH)
    assert now_has(house.amina, house.chloe) == [18, 10]
    assert Allocation.objects.get(rep=house.amina).policy == own


def test_worked_out_anew_a_month_says_what_is_known_now_and_the_second_time_nothing(house):
    attained(house.amina, FEBRUARY, 60)
    attained(house.bruno, FEBRUARY, 60)
    allocate(MARCH)
    Outcome.objects.filter(rep=house.amina).update(value=1000)
    both = Rep.objects.filter(pk__in=[house.amina.pk, house.chloe.pk])

    assert allocate_reps(morning(MARCH), reps=both, anew=True) == Allocated(1, 1, 0)
    kept = list(Allocation.objects.values())
    assert allocate_reps(clock.now(), MARCH, reps=both, anew=True) == Allocated(0, 0, 0)

    assert list(Allocation.objects.values()) == kept
    assert now_has(house.amina, house.bruno) == [20, 12]
    assert Allocation.objects.get(rep=house.amina).percent == 100


def test_a_month_that_is_over_is_only_put_on_record(house):
    attained(house.amina, FEBRUARY, 100)
    allocate(MARCH)
    attained(house.amina, date(2026, 1, 1), 0)

    assert allocate_reps(morning(MARCH), FEBRUARY) == Allocated(1, 0, 0)
    assert now_has(house.amina) == [20]


def fall(rep, *percents):
    """The rep attains so much month by month; the job runs after each month."""
    for month, following, percent in zip(MONTHS, MONTHS[1:], percents, strict=False):
        if percent is not None:
            attained(rep, month, percent)
        allocate(following)
        with clock_at(morning(following)):
            close_alerts(morning(following))


@pytest.mark.parametrize(
    ("percents", "allocations", "is_open"),
    [
        ([100, 80], [20, 15], False),
        ([100, 80, 60], [20, 15, 12], True),
        ([100, 80, 60, 0], [20, 15, 12, 10], True),
        ([100, 80, 60, 55], [20, 15, 12, 12], False),
        ([100, 80, 60, 80], [20, 15, 12, 15], False),
        ([100, 80, 60, None], [20, 15, 12], False),
        ([100, 80, 80, 60], [20, 15, 15, 12], False),
    ],
)
def test_an_alert_is_open_from_the_second_fall_in_a_row_until_a_month_without_one(
    house, percents, allocations, is_open
):
    fall(house.amina, *percents)
    rows = Allocation.objects.order_by("month")
    assert list(rows.values_list("leads", flat=True)) == allocations
    assert Alert.objects.filter(closed_at=None).exists() is is_open


def test_the_floor_breaks_the_fall(house):
    AllocationPolicy.objects.update(floor=15)
    fall(house.amina, 100, 80, 60, 0)
    assert list(Allocation.objects.order_by("month").values_list("leads", flat=True)) == [
        *(20, 15, 15, 15)
    ]
    assert not Alert.objects.exists()


def test_the_policy_says_after_how_many_falls(house):
    AllocationPolicy.objects.update(alert_after=1)
    fall(house.amina, 100, 80)
    assert Alert.objects.get(closed_at=None).subject == f"allocation:rep:{house.amina.pk}"


def test_the_manager_is_told_once_who_fell_how_far_and_what_to_do(house):
    fall(house.amina, 100, 80, 60, 0)

    [alert] = Alert.objects.all()
    assert alert.detail == {
        "rep": "amina",
        "former": 12,
        "leads": 10,
        "falls": 3,
        "teams": [house.paris.pk],
    }
    assert [one.recipient for one in OutboxMessage.objects.all()] == [house.mireille]
    deliver(morning(MONTHS[4]) + timedelta(minutes=1))
    [sent] = mail.outbox
    assert sent.subject == "Alert: A rep's allocation fell again"
    text = " ".join(sent.body.split())
    assert "amina's allocation fell 3 months in a row, last from 12 to 10 leads a week." in text
    assert "change the quota or the floor" in text


def test_a_second_run_says_nothing_again(house):
    fall(house.amina, 100, 80, 60)
    assert allocate(MONTHS[3]) == Allocated(0, 0, 1)
    assert Alert.objects.count() == OutboxMessage.objects.count() == 1


def test_the_alert_about_a_rep_who_left_is_over(house):
    fall(house.amina, 100, 80, 60)
    gone(house)
    assert close_alerts(clock.now()) == 1


def test_a_lead_that_waits_is_tried_again_when_somebody_may_have_more(house, push_to_paris):
    """Nobody in Paris may have another lead this week; then Amina's allocation rises."""
    attained(house.amina, MARCH, 100)
    attained(house.bruno, MARCH, 0)
    Rep.objects.filter(team=house.paris).update(allocation=0)
    publish_rules(push_to_paris())
    with clock_at(morning(APRIL) - timedelta(minutes=1)):
        lead = receive(clean({"company": "Lenoir"})).lead
    assert lead.status == Lead.Status.WAITING
    assert lead.retry_at is not None
    assert lead.retry_at > morning(APRIL)

    allocate(APRIL)

    lead.refresh_from_db()
    assert lead.retry_at == morning(APRIL)


def test_the_job_runs_on_the_first_of_the_month_and_once_after_fifteen_days_away(house):
    attained(house.amina, FEBRUARY, 60)
    attained(house.amina, MARCH, 110)
    for moment, runs, leads in (
        (datetime(2026, 3, 1, 5, 45, tzinfo=UTC), 1, 12),
        (datetime(2026, 3, 25, 12, tzinfo=UTC), 0, 12),
        (datetime(2026, 4, 9, 12, tzinfo=UTC), 1, 20),
        (datetime(2026, 4, 9, 13, tzinfo=UTC), 0, 20),
    ):
        with clock_at(moment):
            assert run_due(moment, MONTHLY) == runs
        assert now_has(house.amina) == [leads]
    periods = JobRun.objects.order_by("period").values_list("period", "result")
    assert list(periods) == [
        ("2026-03-01", {"written": 1, "changed": 1, "alerts": 0}),
        ("2026-04-01", {"written": 1, "changed": 1, "alerts": 0}),
    ]


def test_forty_reps_cost_as_many_queries_as_four(house, django_assert_max_num_queries):
    crew = [RepFactory(team=house.paris) for _ in range(40)]
    for rep in crew[:4]:
        attained(rep, FEBRUARY, 60)
    with CaptureQueriesContext(connection) as few:
        allocate(MARCH)
    for rep in crew:
        attained(rep, MARCH, 60)
    with django_assert_max_num_queries(len(few)):
        allocate(APRIL)

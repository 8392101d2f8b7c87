"""What reps say about when leads are welcome holds at once (PU2, PU8, PU9)."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.availability import (
    add_time_off,
    change_time_off,
    remove_time_off,
    set_cover,
    set_paused,
    set_working_week,
)
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.retrying import retry_due
from leaddistrib.models import Lead, Rep, TimeOff, WorkingHours
from leaddistrib.testing import AccountFactory, clock_at, publish_rules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MORNINGS = [(day, time(9), time(11)) for day in range(5)]

pytestmark = pytest.mark.django_db


def week(rep, blocks, at=NOON, **options):
    with clock_at(at):
        set_working_week(rep, blocks, **{"time_zone": "", "holiday_region": "", **options})


def comes_in(at=NOON):
    with clock_at(at):
        return receive(clean({"company": "Acme"})).lead


def owner_after_retrying(lead, at=NOON):
    with clock_at(at):
        retry_due(at)
    lead.refresh_from_db()
    return lead.owner


@pytest.fixture
def only_amina(cast, push_to_paris):
    """Leads are pushed to Amina alone, and wait in “Everyone” while she is not there."""
    publish_rules(push_to_paris({"pool": "Everyone"}))
    cast.bruno.active = False
    cast.bruno.save()
    return cast.amina


def test_nothing_is_handed_out_outside_working_hours_until_they_begin(only_amina):
    week(only_amina, MORNINGS)
    lead = comes_in(NOON)
    assert lead.status == Lead.Status.WAITING

    tomorrow = datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert comes_in(tomorrow - timedelta(milliseconds=1)).owner is None
    assert owner_after_retrying(lead, tomorrow) == only_amina
    assert comes_in(tomorrow).owner == only_amina


def test_hours_are_those_of_the_reps_own_zone(only_amina):
    week(only_amina, [(0, time(21), time(22))], time_zone="Asia/Tokyo")

    assert comes_in(NOON).owner == only_amina
    assert comes_in(NOON + HOUR).owner is None


def test_nothing_is_handed_out_on_a_holiday_of_the_reps_region(only_amina):
    labour_day = datetime(2026, 5, 1, 12, tzinfo=UTC)
    week(only_amina, [], holiday_region="FR")

    assert comes_in(labour_day).owner is None
    assert comes_in(labour_day + DAY).owner == only_amina


def test_nothing_new_comes_in_the_days_before_leave(only_amina):
    with clock_at(NOON):
        set_cover(only_amina, backup=None, taper_days=2)
        add_time_off(only_amina, NOON + 3 * DAY, NOON + 5 * DAY)

    assert comes_in(NOON + DAY - HOUR).owner == only_amina
    assert comes_in(NOON + DAY).owner is None


def make_available(rep, how):
    if how == "resumes":
        set_paused(rep, False)
    elif how == "removes leave":
        remove_time_off(TimeOff.objects.get())
    elif how == "shortens leave":
        change_time_off(TimeOff.objects.get(), NOON - DAY, NOON - HOUR)
    else:
        set_working_week(rep, [], time_zone="", holiday_region="")


@pytest.mark.parametrize("how", ["resumes", "removes leave", "shortens leave", "changes hours"])
def test_waiting_leads_are_tried_again_at_once_when_a_rep_is_back(only_amina, how):
    with clock_at(NOON):
        if how == "resumes":
            set_paused(only_amina, True)
        elif how == "changes hours":
            set_working_week(only_amina, MORNINGS, time_zone="", holiday_region="")
        else:
            add_time_off(only_amina, NOON - DAY, NOON + DAY)
    lead = comes_in(NOON)
    assert lead.retry_at > NOON

    with clock_at(NOON + timedelta(seconds=1)):
        make_available(only_amina, how)

    assert owner_after_retrying(lead, NOON + timedelta(seconds=1)) == only_amina


def test_waiting_leads_stay_as_they_are_while_the_rep_is_still_not_there(only_amina):
    with clock_at(NOON):
        set_paused(only_amina, True)
        add_time_off(only_amina, NOON - DAY, NOON + DAY)
    lead = comes_in(NOON)
    retry_at = lead.retry_at

    with clock_at(NOON):
        set_paused(only_amina, False)

    lead.refresh_from_db()
    assert lead.retry_at == retry_at


def test_of_a_week_only_what_changed_is_written_and_by_whom(cast):
    week(cast.amina, [*MORNINGS, (5, time(9), time(10))])
    kept = set(WorkingHours.objects.exclude(weekday=5).values_list("pk", flat=True))

    week(cast.amina, [*MORNINGS, (6, time(22), time())], actor=cast.amina.user)

    assert kept < set(WorkingHours.objects.values_list("pk", flat=True))
    rows = WorkingHours.history.filter(history_user=cast.amina.user)
    assert set(rows.values_list("history_type", "weekday")) == {("-", 5), ("+", 6)}


@pytest.mark.parametrize(
    "blocks",
    [
        [(0, time(9), time(12)), (0, time(11), time(13))],
        [(0, time(9), time()), (0, time(22), time(23))],
        [(0, time(9), time(9))],
        [(0, time(12), time(9))],
    ],
)
def test_blocks_that_overlap_or_end_too_early_are_not_taken(cast, blocks):
    with pytest.raises(ValueError, match="overlap"):
        week(cast.amina, blocks)
    assert not WorkingHours.objects.exists()


def test_a_block_may_begin_as_another_ends_and_end_at_midnight(cast):
    week(cast.amina, [(0, time(9), time(12)), (0, time(12), time()), (1, time(), time(6))])

    assert WorkingHours.objects.count() == 3


@pytest.mark.parametrize("chain", [["amina"], ["bruno", "amina"], ["bruno", "chloe", "amina"]])
def test_nobody_is_the_own_backup_not_even_by_way_of_others(cast, chain):
    reps = {"amina": cast.amina, "bruno": cast.bruno, "chloe": cast.chloe}
    for one, other in pairwise(chain):
        set_cover(reps[one], backup=reps[other], taper_days=0)

    with pytest.raises(ValidationError):
        set_cover(cast.amina, backup=reps[chain[0]], taper_days=0)
    assert Rep.objects.get(pk=cast.amina.pk).backup is None


def test_of_two_who_name_each_other_as_backup_at_once_the_second_is_refused(cast):
    amina, bruno = Rep.objects.get(pk=cast.amina.pk), Rep.objects.get(pk=cast.bruno.pk)
    set_cover(cast.bruno, backup=cast.amina, taper_days=0)

    with pytest.raises(ValidationError):  # although this page knows nothing of it yet
        set_cover(amina, backup=bruno, taper_days=0)


def test_leads_that_wait_for_a_rep_on_leave_go_to_the_backup_as_soon_as_one_is_named(cast):
    AccountFactory(name="Acme", owner=cast.amina)
    publish_rules(
        [
            {
                "name": "Accounts",
                "when": {},
                "then": {"push": "account_owner", "fallback": [{"pool": "Everyone"}]},
            }
        ]
    )
    with clock_at(NOON):
        add_time_off(cast.amina, NOON, NOON + DAY)
    lead = comes_in(NOON)
    assert (lead.status, owner_after_retrying(lead)) == (Lead.Status.WAITING, None)

    with clock_at(NOON):
        set_cover(cast.amina, backup=cast.bruno, taper_days=0)

    assert owner_after_retrying(lead) == cast.bruno


def test_leave_ends_after_it_starts(cast):
    with pytest.raises(ValueError, match="end after"):
        add_time_off(cast.amina, NOON, NOON)
    with clock_at(NOON):
        added = add_time_off(cast.amina, NOON, NOON + DAY)
    with pytest.raises(ValueError, match="end after"):
        change_time_off(added, NOON, NOON - DAY)

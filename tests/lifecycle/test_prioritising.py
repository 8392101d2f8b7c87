"""Each rep has a time of the day in which new leads are theirs first, whoever is away (GU4)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.jobs.schedules import JOBS
from leaddistrib.jobs.work import priority
from leaddistrib.lifecycle.availability import (
    add_time_off,
    remove_time_off,
    set_working_week,
)
from leaddistrib.lifecycle.prioritising import rotate, swap
from leaddistrib.models import (
    GuardrailPolicy,
    Onboarding,
    OnboardingPhase,
    OnboardingPolicy,
    PriorityWindow,
    TimeOff,
)
from leaddistrib.queries.own.priority import own_windows, team_windows
from leaddistrib.testing import RepFactory, TeamFactory, clock_at

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=n) for n in range(1, 5))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=PARIS)


NIGHT = at(MONDAY, 0, 10)


@pytest.fixture
def paris():
    """Amina, Bruno and Chloé, who have windows of an hour from nine to one."""
    team = TeamFactory(name="Paris", time_zone="Europe/Paris")
    GuardrailPolicy.objects.create(
        team=team, priority_minutes=60, priority_from=time(9), priority_until=time(13)
    )
    for name in ("amina", "bruno", "chloé"):
        RepFactory(user__username=name, team=team)
    return team


def rep(team, name):
    return team.reps.get(user__username=name)


def given_out(team, zone=PARIS):
    """Whose window begins when, by day."""
    found: dict[date, dict[str, time]] = {}
    for window in PriorityWindow.objects.filter(rep__team=team).select_related("rep__user"):
        begins = window.starts_at.astimezone(zone)
        assert begins.date() == window.day
        found.setdefault(window.day, {})[window.rep.user.username] = begins.time()
    return found


def leave(team, name, first, last):
    return TimeOff.objects.create(rep=rep(team, name), starts_at=first, ends_at=last)


def test_every_night_each_rep_has_a_window_on_each_of_the_next_three_days(paris):
    assert priority(NIGHT) == {"windows": 9}
    windows = given_out(paris)
    assert list(windows) == [MONDAY, TUESDAY, WEDNESDAY]
    for day in windows:
        assert set(windows[day]) == {"amina", "bruno", "chloé"}
        assert len(set(windows[day].values())) == 3
        assert set(windows[day].values()) <= {time(9), time(10), time(11), time(12)}
    assert len({windows[day]["amina"] for day in windows}) == 3, "a place further every day"
    lengths = {one.ends_at - one.starts_at for one in PriorityWindow.objects.all()}
    assert lengths == {timedelta(hours=1)}


def test_the_same_again_changes_nothing_and_the_next_night_adds_a_day(paris):
    rotate(NIGHT)
    before = list(PriorityWindow.objects.values())
    assert rotate(NIGHT) == 0
    assert rotate(at(MONDAY, 10, 30)) == 0
    assert rotate(at(TUESDAY, 0, 10)) == 3
    assert list(PriorityWindow.objects.exclude(day=THURSDAY).values()) == before
    assert set(given_out(paris)) == {MONDAY, TUESDAY, WEDNESDAY, THURSDAY}


def test_the_round_is_a_job_of_the_small_hours():
    [job] = [job for job in JOBS if job.name == "priority"]
    assert (job.at, job.run, job.weekday) == (time(0, 10), priority, None)


def test_a_weekend_on_which_nobody_works_is_passed_over(paris):
    for one in paris.reps.all():
        for weekday in range(5):
            one.working_hours.create(weekday=weekday, starts=time(9), ends=time(17))
    rotate(at(FRIDAY, 0, 10))
    assert set(given_out(paris)) == {FRIDAY, FRIDAY + timedelta(3), FRIDAY + timedelta(4)}


@pytest.mark.parametrize(
    ("first", "last", "away"),
    [
        (at(MONDAY, 0), at(TUESDAY, 0), [MONDAY]),
        (at(MONDAY, 23), at(WEDNESDAY, 1), [MONDAY, TUESDAY, WEDNESDAY]),
        (at(TUESDAY, 15), at(TUESDAY, 16), [TUESDAY]),
        (at(MONDAY - timedelta(days=1), 0), at(MONDAY, 0), []),
    ],
)
def test_who_is_on_leave_for_any_part_of_a_day_has_no_window_on_it(paris, first, last, away):
    rotate(NIGHT)
    whole = given_out(paris)
    leave(paris, "bruno", first, last)
    rotate(NIGHT)
    windows = given_out(paris)
    assert [day for day in windows if "bruno" not in windows[day]] == away
    for day in set(windows) - set(away):
        assert windows[day] == whole[day], "nothing is lost in the rotation"


def test_busy_times_cost_no_window(paris):
    busy = {"starts_at": at(MONDAY, 9), "ends_at": at(MONDAY, 17), "kind": TimeOff.Kind.BUSY}
    TimeOff.objects.create(rep=rep(paris, "bruno"), **busy)
    rotate(NIGHT)
    assert "bruno" in given_out(paris)[MONDAY]


def test_who_does_not_work_on_a_day_or_has_a_holiday_has_no_window_on_it(paris):
    pytest.importorskip("holidays")
    rep(paris, "amina").working_hours.create(weekday=1, starts=time(9), ends=time(17))
    paris.reps.filter(user__username="bruno").update(holiday_region="FR")
    easter_monday = date(2026, 4, 6)
    rotate(at(easter_monday, 0, 10))
    windows = given_out(paris)
    assert set(windows[easter_monday]) == {"chloé"}
    assert set(windows[easter_monday + timedelta(1)]) == {"amina", "bruno", "chloé"}


def test_who_only_watches_races_has_no_window(paris):
    phases = OnboardingPolicy.objects.create(team=paris).phases
    watching = phases.create(position=1, name="Watching", weeks=4, competition=0)
    half = phases.create(position=2, name="Half", weeks=4, competition=50)
    where: list[tuple[str, OnboardingPhase | None]] = [
        ("amina", watching),
        ("bruno", half),
        ("chloé", None),
    ]
    for name, phase in where:
        Onboarding.objects.create(rep=rep(paris, name), began_on=MONDAY, since=MONDAY, phase=phase)
    rotate(NIGHT)
    assert set(given_out(paris)[MONDAY]) == {"bruno", "chloé"}


def test_windows_go_with_whoever_leaves_and_with_the_policy(paris):
    rotate(NIGHT)
    paris.reps.filter(user__username="amina").update(active=False)
    paris.reps.filter(user__username="bruno").update(team=None)
    noon = at(MONDAY, 8)
    rotate(noon)
    assert set(PriorityWindow.objects.values_list("rep__user__username", flat=True)) == {"chloé"}
    GuardrailPolicy.objects.update(active=False)
    assert rotate(noon) == 3
    assert not PriorityWindow.objects.exists()


def test_a_team_without_windows_in_its_policy_has_none(paris):
    GuardrailPolicy.objects.update(priority_minutes=None)
    assert rotate(NIGHT) == 0


def test_the_general_policy_holds_for_a_team_without_its_own_by_the_teams_clock(paris):
    GuardrailPolicy.objects.create(
        priority_minutes=30, priority_from=time(9), priority_until=time(9, 30)
    )
    tokyo = TeamFactory(name="Tokyo", time_zone="Asia/Tokyo")
    RepFactory(user__username="david", team=tokyo)
    rotate(NIGHT)
    windows = given_out(tokyo, ZoneInfo("Asia/Tokyo"))
    assert windows[MONDAY] == {"david": time(9)}
    assert PriorityWindow.objects.get(rep__team=tokyo, day=MONDAY).starts_at == datetime(
        2026, 3, 2, 0, tzinfo=UTC
    )


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_windows_last_as_long_when_the_clocks_change(paris, day):
    GuardrailPolicy.objects.update(priority_from=time(0), priority_until=time(4))
    rotate(at(day - timedelta(days=1), 12))
    lengths = {one.ends_at - one.starts_at for one in PriorityWindow.objects.filter(day=day)}
    assert lengths == {timedelta(hours=1)}


# Leave in the middle of the day


def test_leave_that_is_entered_swaps_what_has_not_begun(paris, django_capture_on_commit_callbacks):
    david = RepFactory(user__username="david", team=paris)
    emil = RepFactory(user__username="emil", team=paris)  # five reps, four places
    rotate(NIGHT)
    windows = given_out(paris)[TUESDAY]
    shared = next(one for one in windows.values() if list(windows.values()).count(one) == 2)
    alone = next(name for name, begins in windows.items() if begins != shared)
    with clock_at(at(MONDAY, 8)), django_capture_on_commit_callbacks(execute=True):
        add_time_off(rep(paris, alone), at(TUESDAY, 0), at(WEDNESDAY, 0))
    swapped = given_out(paris)[TUESDAY]
    assert alone not in swapped
    assert len(set(swapped.values())) == 4, "who shared a place has the one that is free"
    assert {david.user.username, emil.user.username} - {alone} <= set(swapped)


def test_a_window_that_has_begun_stays_and_so_do_the_others_of_the_day(
    paris, django_capture_on_commit_callbacks
):
    rotate(NIGHT)
    today = given_out(paris)[MONDAY]
    first = min(today, key=lambda name: today[name])
    later = at(MONDAY, today[first].hour, 30)
    with clock_at(later), django_capture_on_commit_callbacks(execute=True):
        add_time_off(rep(paris, first), later, at(TUESDAY, 0))
    assert given_out(paris)[MONDAY] == today


def test_who_comes_back_early_has_tomorrows_window_again(paris, django_capture_on_commit_callbacks):
    rotate(NIGHT)
    before = given_out(paris)
    taken = leave(paris, "chloé", at(MONDAY, 0), at(THURSDAY, 0))
    with clock_at(at(MONDAY, 8)):
        swap(paris.pk)
        assert "chloé" not in given_out(paris)[TUESDAY]
        with django_capture_on_commit_callbacks(execute=True):
            remove_time_off(taken)
    assert given_out(paris) == before


def test_who_comes_back_after_the_own_place_has_passed_waits_for_the_next_day(paris):
    leave(paris, "chloé", at(MONDAY, 0), at(TUESDAY, 0))
    rotate(NIGHT)
    before = given_out(paris)
    TimeOff.objects.all().delete()
    with clock_at(at(MONDAY, 20)):
        assert swap(paris.pk) == 0
    assert given_out(paris) == before


def test_new_working_hours_move_windows_too(paris, django_capture_on_commit_callbacks):
    rotate(NIGHT)
    with clock_at(at(MONDAY, 8)), django_capture_on_commit_callbacks(execute=True):
        set_working_week(
            rep(paris, "amina"), [(0, time(9), time(17))], time_zone="", holiday_region=""
        )
    windows = given_out(paris)
    assert [day for day in windows if "amina" in windows[day]] == [MONDAY]


def test_a_team_that_is_gone_or_a_rep_without_one_is_nobodys_concern(
    django_capture_on_commit_callbacks,
):
    assert swap(404) == 0
    amina = RepFactory(team=None)
    with django_capture_on_commit_callbacks(execute=True) as called:
        add_time_off(amina, NIGHT, NIGHT + timedelta(days=1))
    assert not PriorityWindow.objects.exists()
    assert "swap" not in repr(called)


def test_it_costs_as_much_for_thirty_reps_as_for_three(paris):
    def cost():
        PriorityWindow.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            rotate(NIGHT)
        return len(queries)

    few = cost()
    for _ in range(27):
        RepFactory(team=paris)
    assert cost() == few


# What pages ask


def test_a_rep_reads_todays_window_and_the_next(paris):
    rotate(NIGHT)
    amina = rep(paris, "amina")
    monday, tuesday, wednesday = amina.priority_windows.order_by("day")
    own = own_windows(amina, at(MONDAY, 23))
    assert (own.today, own.next) == (monday, tuesday), "also when today's is over"
    assert own_windows(amina, at(WEDNESDAY, 1)).today == wednesday
    assert own_windows(amina, at(WEDNESDAY, 1)).next is None
    assert own_windows(RepFactory(team=None), NIGHT).today is None


def test_a_manager_reads_the_teams_windows_of_a_day_in_order(paris, django_assert_num_queries):
    rotate(NIGHT)
    with django_assert_num_queries(1):
        names = [window.rep.name for window in team_windows(paris, MONDAY)]
    today = given_out(paris)[MONDAY]
    assert names == sorted(today, key=lambda name: today[name])

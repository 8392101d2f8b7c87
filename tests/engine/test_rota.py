"""Priority windows go round the team: a fair place for everybody, whoever is away (GU4)."""

from collections import Counter
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.rota import places, rota

AMINA, BRUNO, CHLOE, DAVID = 1, 2, 3, 4
TEAM = (AMINA, BRUNO, CHLOE, DAVID)
MONDAY = date(2026, 3, 2)
A_ROUND_BEGINS = date(2026, 3, 2)
"""A Monday; those who share a place do so with other colleagues from then on."""
MORNING = (time(9), time(11), 30)
"""Four places: 9:00, 9:30, 10:00, 10:30."""

days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
DAYS: list[tuple[time, time, int]] = [
    (time(9), time(17), 30),
    MORNING,
    (time(8), time(20), 45),
]
hours = st.sampled_from(DAYS)
teams = st.sets(st.integers(1, 200), min_size=1, max_size=60).map(tuple)


def working_days(first: date, number: int) -> list[date]:
    ahead = (first + timedelta(days=n) for n in range(2 * number + 7))
    return [day for day in ahead if day.weekday() < 5][:number]


def where(day: date, away: frozenset[int] = frozenset(), team: tuple[int, ...] = TEAM):
    return {place.rep: place.begins for place in rota(team, day, *MORNING, away)}


@given(teams, days, hours, st.data())
def test_everybody_there_has_one_window_and_nobody_else_any(team, day, when, data) -> None:
    away = data.draw(st.sets(st.sampled_from(team)))
    had = rota(team, day, when[0], when[1], when[2], away)
    assert sorted(place.rep for place in had) == sorted(set(team) - away)
    assert {place.begins for place in had} <= set(places(*when))


@given(teams, days, hours, st.data())
def test_no_place_is_shared_by_two_more_than_another(team, day, when, data) -> None:
    away = data.draw(st.sets(st.sampled_from(team)))
    shared = Counter(place.begins for place in rota(team, day, when[0], when[1], when[2], away))
    loads = [shared[begins] for begins in places(*when)]
    assert max(loads) - min(loads) <= 1


@given(st.integers(1, 16), days)
def test_over_as_many_working_days_as_places_everybody_has_each_place_once(size, first) -> None:
    when = (time(9), time(17), 30)
    had = Counter(
        place for day in working_days(first, 16) for place in rota(tuple(range(size)), day, *when)
    )
    assert len(had) == size * 16
    assert set(had.values()) == {1}


def test_more_reps_than_places_have_each_place_once_a_round_and_share_it_in_turn() -> None:
    team = (*TEAM, 5)
    days = working_days(A_ROUND_BEGINS, 4 * 5)
    had = [where(day, team=team) for day in days]
    partners: Counter[int] = Counter()
    for number, windows in enumerate(had):
        shared = Counter(windows.values())
        assert sorted(shared.values()) == [1, 1, 1, 2]
        partners.update(rep for rep, at in windows.items() if shared[at] == 2)
        if number % 4 == 3:
            its_round = had[number - 3 : number + 1]
            assert all(len({day[rep] for day in its_round}) == 4 for rep in team)
    assert partners == dict.fromkeys(team, 8), "each shares as often as the others"


def test_who_was_away_is_back_where_the_rotation_would_have_them() -> None:
    monday, tuesday = working_days(MONDAY, 2)
    assert AMINA not in where(monday, frozenset({AMINA}))
    assert where(tuesday)[AMINA] == where(tuesday, frozenset({BRUNO}))[AMINA]
    assert where(tuesday)[AMINA] != where(monday)[AMINA]


def test_nobody_moves_for_somebody_away_unless_a_place_was_shared() -> None:
    whole = where(MONDAY)
    without_bruno = where(MONDAY, frozenset({BRUNO}))
    assert without_bruno == {rep: at for rep, at in whole.items() if rep != BRUNO}


def test_who_shares_a_place_gets_the_one_that_somebody_away_leaves_free() -> None:
    team = (*TEAM, 5)
    shared = Counter(where(MONDAY, team=team).values()).most_common(1)[0][0]
    pair = [rep for rep, at in where(MONDAY, team=team).items() if at == shared]
    away = next(rep for rep in team if rep not in pair)
    places_left = where(MONDAY, frozenset({away}), team)
    assert len(set(places_left.values())) == 4
    moved = [rep for rep in pair if places_left[rep] != shared]
    assert [places_left[rep] for rep in moved] == [where(MONDAY, team=team)[away]]


def test_friday_is_followed_by_monday() -> None:
    friday, monday = date(2026, 3, 6), date(2026, 3, 9)
    begins = places(*MORNING)
    for rep, at in where(friday).items():
        assert begins.index(where(monday)[rep]) == (begins.index(at) + 1) % 4


@pytest.mark.parametrize("saturday", [date(2026, 3, 7), date(2026, 3, 8)])
def test_a_weekend_that_somebody_works_costs_no_place_in_the_rotation(saturday) -> None:
    assert where(saturday) == where(date(2026, 3, 9))


@pytest.mark.parametrize(
    ("first", "last", "minutes", "room"),
    [
        (time(9), time(17), 30, 16),
        (time(9), time(10, 15), 30, 2),  # a quarter of an hour is left over
        (time(9), time(9, 30), 30, 1),
        (time(9), time(9, 29), 30, 0),
        (time(0), time(23, 59), 480, 2),
    ],
)
def test_windows_fit_between_the_first_and_the_last_minute(first, last, minutes, room) -> None:
    assert len(places(first, last, minutes)) == room
    assert len(rota([AMINA], MONDAY, first, last, minutes)) == min(room, 1)

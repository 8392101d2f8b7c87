"""When a lead opens for whom: tiers, head starts, cascades (TI1, GU4, RA5)."""

from datetime import UTC, datetime, time, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from leaddistrib.engine.availability import WorkingWeek
from leaddistrib.engine.windows import Member, waves

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
AMINA, BRUNO, CHLOE, DAVID = 1, 2, 3, 4
DELAYS = (0, 15, 60)
PARIS = ZoneInfo("Europe/Paris")
MORNINGS = WorkingWeek(PARIS, tuple((day, time(9), time(12)) for day in range(5)))


def tier(rep: int, level: int, **more) -> Member:
    return Member(rep, delay=DELAYS[level - 1], middle=15, premium=level < 3, **more)


def minutes(found) -> dict[int, float]:
    """When it opens for each rep, in minutes from noon."""
    return {rep: (at - NOON) / timedelta(minutes=1) for rep, at in found.opens.items()}


def test_each_tier_is_told_after_its_minutes():
    members = [tier(AMINA, 1), tier(BRUNO, 2), tier(CHLOE, 3)]
    found = waves(members, NOON, tiered=True)
    assert minutes(found) == {AMINA: 0, BRUNO: 15, CHLOE: 60}
    assert found.all_at == NOON + timedelta(minutes=60)
    assert found.never == frozenset()


def test_without_tiers_a_pool_opens_for_all_at_once():
    found = waves([tier(AMINA, 1), tier(CHLOE, 3)], NOON)
    assert minutes(found) == {AMINA: 0, CHLOE: 0}
    assert found.all_at == NOON


def test_a_pool_without_members_is_open_at_once():
    found = waves([], NOON, tiered=True)
    assert (found.opens, found.all_at) == ({}, NOON)


def test_a_premium_pool_does_not_exist_for_tiers_that_do_not_see_it():
    members = [tier(AMINA, 1), tier(BRUNO, 2), tier(CHLOE, 3)]
    found = waves(members, NOON, tiered=True, premium=True)
    assert minutes(found) == {AMINA: 0, BRUNO: 15}
    assert found.never == {CHLOE}
    assert found.all_at == NOON + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("member", "waits"),
    [
        (Member(DAVID, delay=None, middle=15), 15),  # not placed: as the middle tier
        (Member(DAVID, delay=None, middle=0), 0),  # no policy: at once
    ],
)
def test_who_has_no_tier_waits_as_the_middle_one(member, waits):
    found = waves([tier(AMINA, 1), member], NOON, tiered=True)
    assert minutes(found) == {AMINA: 0, DAVID: waits}


def test_where_nobody_has_a_tier_nobody_waits():
    found = waves([Member(rep, middle=15) for rep in (AMINA, BRUNO)], NOON, tiered=True)
    assert minutes(found) == {AMINA: 0, BRUNO: 0}


def test_a_lead_of_the_floor_waits_for_no_tier_but_stays_out_of_sight_in_premium_pools():
    members = [tier(AMINA, 1), tier(BRUNO, 2), tier(CHLOE, 3)]
    assert set(minutes(waves(members, NOON, tiered=True, floor=True)).values()) == {0}
    premium = waves(members, NOON, tiered=True, premium=True, floor=True)
    assert minutes(premium) == {AMINA: 0, BRUNO: 0}
    assert premium.never == {CHLOE}


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-03-04T10:00", "2026-03-04T10:15"),
        ("2026-03-04T11:50", "2026-03-05T09:05"),  # five minutes are left tomorrow
        ("2026-03-04T20:00", "2026-03-05T09:15"),
        ("2026-03-07T10:00", "2026-03-09T09:15"),  # a Saturday
    ],
)
def test_minutes_count_only_while_the_rep_is_at_work(at, opens):
    start = datetime.fromisoformat(at).replace(tzinfo=PARIS)
    members = [tier(AMINA, 1, week=MORNINGS), tier(BRUNO, 2, week=MORNINGS)]
    found = waves(members, start, tiered=True)
    assert found.opens[AMINA] == start, "the highest tier does not wait, at work or not"
    assert found.opens[BRUNO] == datetime.fromisoformat(opens).replace(tzinfo=PARIS)


def test_a_priority_window_comes_before_every_tier():
    members = [tier(AMINA, 1), tier(BRUNO, 2), tier(CHLOE, 3, head_start=5)]
    assert minutes(waves(members, NOON)) == {CHLOE: 0, AMINA: 5, BRUNO: 5}
    tiered = waves(members, NOON, tiered=True)
    assert minutes(tiered) == {CHLOE: 0, AMINA: 5, BRUNO: 20}


def test_those_who_share_a_window_are_first_together():
    members = [Member(AMINA, head_start=5), Member(BRUNO, head_start=10), Member(CHLOE)]
    assert minutes(waves(members, NOON)) == {AMINA: 0, BRUNO: 0, CHLOE: 10}


def test_a_window_of_one_who_never_sees_the_pool_holds_nobody_up():
    found = waves([tier(AMINA, 1), tier(CHLOE, 3, head_start=5)], NOON, premium=True)
    assert minutes(found) == {AMINA: 0}


def test_a_cascade_tells_one_rep_after_the_other_by_rank():
    members = [Member(AMINA, rank=(2.0,)), Member(BRUNO, rank=(1.0,)), Member(CHLOE, rank=(2.0,))]
    found = waves(members, NOON, cascade=30)
    assert minutes(found) == {BRUNO: 0, AMINA: 0.5, CHLOE: 1}
    assert minutes(waves(members, NOON, cascade=30, floor=True)) == {BRUNO: 0, AMINA: 0, CHLOE: 0}


def test_in_a_cascade_by_tier_the_reps_of_each_tier_follow_each_other():
    members = [
        tier(AMINA, 1, rank=(1.0,)),
        tier(BRUNO, 1, rank=(1.0,)),
        tier(CHLOE, 2, rank=(2.0,)),
    ]
    found = waves(members, NOON, tiered=True, cascade=30)
    assert minutes(found) == {AMINA: 0, BRUNO: 0.5, CHLOE: 15}


KINDS = [
    {"tiered": tiered, "premium": premium, "cascade": cascade, "floor": floor}
    for tiered in (False, True)
    for premium in (False, True)
    for cascade in (None, 30)
    for floor in (False, True)
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("holder", [None, AMINA, CHLOE])
def test_in_every_pool_the_order_of_the_waves_is_fair(kind, holder):
    """Nobody comes before the lead opens, a window's holder before all others, a higher tier never
    after a lower one, and two of a cascade never together."""
    for levels in permutations((1, 2, 2, 3)):
        members = [
            tier(rep, level, rank=(float(level),), head_start=5 if rep == holder else 0)
            for rep, level in zip((AMINA, BRUNO, CHLOE, DAVID), levels, strict=True)
        ]
        found = waves(members, NOON, **kind)
        opens, level_of = found.opens, dict(zip((AMINA, BRUNO, CHLOE, DAVID), levels, strict=True))
        assert set(opens) | found.never == set(level_of)
        assert not found.never & set(opens)
        assert min(opens.values()) >= NOON
        assert found.all_at == max(opens.values())
        if holder in opens:
            assert opens[holder] == NOON
            assert all(opens[rep] > NOON for rep in opens if rep != holder)
        others = [rep for rep in opens if rep != holder]
        for one in others:
            for two in others:
                if level_of[one] < level_of[two]:
                    assert opens[one] <= opens[two]
        if kind["cascade"] and not kind["floor"]:
            assert len({opens[rep] for rep in others}) == len(others)

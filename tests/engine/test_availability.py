"""When a rep is at work, and when next (PU2, PU8): by the boundary, and against a plain clock."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.availability import WorkingWeek, covers, first_free
from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal, Situation, first_refusal

INSTANT = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday

# Clocks that change in the night, at midnight, by half an hour, in the south, and never.
ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Asia/Beirut",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Chatham",
)


def boundaries() -> list[Any]:
    """Each boundary of each case file: who it is about, and what stands against a push just before
    it, at it and just after it ("" is nothing)."""
    return [
        pytest.param(case["rep"], boundary, id=f"{path.stem}: {boundary['title']}")
        for path in sorted((Path(__file__).parent / "cases" / "availability").glob("*.toml"))
        for case in [tomllib.loads(path.read_text(encoding="utf-8"))]
        for boundary in case["boundaries"]
    ]


def facts(rep: dict[str, Any]) -> RepFacts:
    blocks = [
        (day, block["from"], block["to"]) for block in rep.get("hours", ()) for day in block["days"]
    ]
    holidays = frozenset(rep.get("holidays", ()))
    return RepFacts(
        1,
        "Amina",
        week=WorkingWeek(ZoneInfo(rep["zone"]), tuple(blocks), holidays),
        time_off=tuple((start, end) for start, end in rep.get("leave", ())),
        busy=tuple((start, end) for start, end in rep.get("busy", ())),
        taper=timedelta(days=rep.get("taper_days", 0)),
    )


@pytest.mark.parametrize(("rep", "boundary"), boundaries())
def test_what_stands_against_a_push_changes_at_the_boundary(rep: Any, boundary: Any) -> None:
    amina, at = facts(rep), boundary["at"]
    for moment, code in (
        (at - INSTANT, boundary["before"]),
        (at, boundary["after"]),
        (at + INSTANT, boundary["after"]),
    ):
        found = first_refusal(amina, Situation(moment))
        assert (found.code if found else "") == code
        if found and code == (boundary["after"] or boundary["before"]):
            assert found.lifts_at == boundary["lifts_at"]


@pytest.mark.parametrize(("rep", "boundary"), boundaries())
def test_a_refusal_has_lifted_when_it_says_so_and_not_just_before(rep: Any, boundary: Any) -> None:
    amina = facts(rep)
    for moment in (boundary["at"] - INSTANT, boundary["at"], boundary["at"] + INSTANT):
        found = first_refusal(amina, Situation(moment))
        if found:
            assert found.lifts_at is not None
            assert first_refusal(amina, Situation(found.lifts_at)) is None
            assert first_refusal(amina, Situation(found.lifts_at - INSTANT)) is not None


def test_whoever_claims_is_there_whatever_the_hours_say_but_not_during_leave() -> None:
    week = WorkingWeek(PARIS, ((6, time(9), time(10)),), frozenset({NOON.date()}))
    amina = RepFacts(1, "Amina", week=week, busy=((NOON, NOON + HOUR),))
    leaving = RepFacts(1, "Amina", time_off=((NOON + DAY, NOON + 2 * DAY),), taper=2 * DAY)

    assert first_refusal(amina, Situation(NOON)) is not None
    assert first_refusal(amina, Situation(NOON, claiming=True)) is None
    assert first_refusal(leaving, Situation(NOON)) == Refusal("taper", lifts_at=NOON + 2 * DAY)
    assert first_refusal(leaving, Situation(NOON, claiming=True)) is None
    away = first_refusal(leaving, Situation(NOON + DAY, claiming=True))
    assert away == Refusal("time_off", lifts_at=NOON + 2 * DAY)


def test_leave_stands_against_a_claim_until_it_ends_whatever_the_hours_say_then() -> None:
    week = WorkingWeek(PARIS, ((0, time(9), time(10)),))
    amina = RepFacts(1, "Amina", week=week, time_off=((NOON, NOON + DAY),))

    claiming = first_refusal(amina, Situation(NOON, claiming=True))
    pushed = first_refusal(amina, Situation(NOON))

    assert claiming == Refusal("time_off", lifts_at=NOON + DAY)
    assert pushed == Refusal("time_off", lifts_at=datetime(2026, 3, 9, 8, tzinfo=UTC))


def test_pausing_hides_everything_else_for_it_lifts_when_the_rep_says_so() -> None:
    week = WorkingWeek(PARIS, ((6, time(9), time(10)),))
    amina = RepFacts(1, "Amina", paused=True, week=week, time_off=((NOON, NOON + DAY),))

    assert first_refusal(amina, Situation(NOON)) == Refusal("paused")


def test_a_week_that_has_no_moment_at_work_never_lifts() -> None:
    mondays = frozenset(date(2026, 3, 2) + timedelta(weeks=number) for number in range(120))
    week = WorkingWeek(PARIS, ((0, time(9), time(10)),), mondays)

    assert week.next_at_work(NOON) is None
    assert first_free(NOON, [(NOON, NOON + HOUR)], week) is None


zones = st.sampled_from(ZONES).map(ZoneInfo)
minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
blocks = st.builds(
    lambda day, one, other: (day, min(one, other), max(one, other)),
    st.integers(0, 6),
    minutes,
    minutes,
).filter(lambda block: block[1] < block[2]) | st.tuples(
    st.integers(0, 6), minutes, st.just(time.min)
)
days = st.dates(date(2026, 3, 1), date(2029, 4, 30))
moments = st.integers(0, 3 * 365 * 24 * 60).map(lambda minute: NOON + minute * HOUR / 60)


@st.composite
def near_changes(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone, and a moment anywhere or within hours of a change of its clocks."""
    zone, moment = draw(zones), draw(moments)
    if draw(st.booleans()):
        start = moment
        for number in range(400):
            ahead = start + number * DAY
            if ahead.astimezone(zone).utcoffset() != (ahead + DAY).astimezone(zone).utcoffset():
                return zone, ahead + draw(st.integers(0, 36 * 60)) * timedelta(minutes=1)
    return zone, moment


weeks = st.lists(blocks, min_size=1, max_size=8).map(tuple)


def on_the_wall(week: WorkingWeek, moment: datetime) -> bool:
    """Whether a clock on the rep's wall shows a working time: the plain meaning of hours."""
    local = moment.astimezone(week.zone)
    return local.date() not in week.holidays and any(
        day == local.weekday() and start <= local.time() and (local.time() < end or end == time.min)
        for day, start, end in week.blocks
    )


@given(near_changes(), weeks, st.frozensets(days, max_size=3))
def test_a_rep_is_at_work_when_the_clock_on_the_wall_says_so(
    near: tuple[ZoneInfo, datetime],
    blocks: tuple[tuple[int, time, time], ...],
    holidays: frozenset[date],
) -> None:
    zone, moment = near
    week = WorkingWeek(zone, blocks, holidays)
    local = moment.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()

    if not twice:
        assert week.is_at_work(moment) == on_the_wall(week, moment)
    elif on_the_wall(week, moment):  # in an hour that comes twice, a block is not interrupted
        assert week.is_at_work(moment)


@given(near_changes(), weeks, st.frozensets(days, max_size=3))
def test_the_next_moment_at_work_is_one_and_the_first(
    near: tuple[ZoneInfo, datetime],
    blocks: tuple[tuple[int, time, time], ...],
    holidays: frozenset[date],
) -> None:
    zone, moment = near
    week = WorkingWeek(zone, blocks, holidays)
    found = week.next_at_work(moment)

    if found is None:
        assert not any(week.is_at_work(moment + number * HOUR) for number in range(24 * 30))
        return
    assert found >= moment
    assert week.is_at_work(found)
    assert (found == moment) == week.is_at_work(moment)
    gap = found - moment
    assert not any(week.is_at_work(moment + gap * part / 97) for part in range(97) if gap)


stretches = st.tuples(st.integers(-72, 240), st.integers(1, 72)).map(
    lambda hours: (NOON + hours[0] * HOUR, NOON + sum(hours) * HOUR)
)


@given(st.lists(stretches, max_size=6), st.none() | weeks)
def test_the_first_free_moment_is_free_and_none_before_it_is(
    away: list[tuple[datetime, datetime]],
    blocks: tuple[tuple[int, time, time], ...] | None,
) -> None:
    """In whatever order the stretches come, and however they overlap."""
    week = WorkingWeek(PARIS, blocks) if blocks else None
    found = first_free(NOON, away, week)

    def free(moment: datetime) -> bool:
        return not covers(away, moment) and (week is None or week.is_at_work(moment))

    assert found is not None
    assert found >= NOON
    assert free(found)
    gap = found - NOON
    assert not any(free(NOON + gap * part / 97) for part in range(97) if gap)
    ends = [end for _, end in away if NOON <= end < found]
    assert not any(free(end) for end in ends)

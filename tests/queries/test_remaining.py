"""What is left of each limit, as the rep reads it: by the counts that the gates look at (GU7)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.engine.facts import Counts, Guardrails, RepFacts
from leaddistrib.engine.gates import (
    GATES,
    Situation,
    allocation,
    assigned_ratio,
    cold_first,
    daily_limit,
    hot_ratio,
)
from leaddistrib.events.messages import MeChanged
from leaddistrib.queries.limits import in_words, limits
from leaddistrib.queries.own.remaining import Cold, Left, Ratio, Remaining, remaining

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
MIDNIGHT, MONDAY = NOW + timedelta(hours=14), NOW + timedelta(days=5)
WHOLE = Guardrails(daily_claims=10, hot_per_warm=2, claims_per_assigned=5, weekly_cold=3)
NONE = Counts()
HOT = Situation(NOW, claiming=True, competitive=True, temperature="hot")


def amina(counts: Counts = NONE, guardrails: Guardrails = WHOLE, **known: object) -> RepFacts:
    return RepFacts(
        id=1,
        name="Amina",
        counts=counts,
        guardrails=guardrails,
        day_ends_at=MIDNIGHT,
        week_ends_at=MONDAY,
        **known,  # type: ignore[arg-type]
    )


def test_nothing_is_left_of_what_does_not_hold():
    left = remaining(RepFacts(id=1, name="Amina"))
    assert left == Remaining()
    assert not left.guarded


def test_each_limit_says_how_far_it_is():
    had = Counts(competitive_today=3, hot=3, warm=1, competitive=6, assigned=1, cold=1)
    left = remaining(amina(had, allocation=12))
    assert left.today == Left(3, 10, MIDNIGHT)
    assert left.hot == Ratio(3, 1, each=2)
    assert left.assigned == Ratio(6, 1, each=5)
    assert left.cold == Cold(1, 3, last_week=0, first=False)
    assert left.week == Left(0, 12, MONDAY)
    assert (left.today.left, left.hot.left, left.assigned.left, left.cold.left) == (7, 1, 4, 2)
    assert left.guarded


def test_a_limit_that_was_lowered_meanwhile_leaves_nothing_rather_than_less():
    had = Counts(competitive_today=12, hot=9, competitive=30, cold=5, leads_week=20)
    left = remaining(amina(had, allocation=10))
    assert [left.today.left, left.hot.left, left.assigned.left, left.cold.left] == [0, 0, 0, 0]  # type: ignore[union-attr]
    assert left.week
    assert left.week.left == 0


@pytest.mark.parametrize("number", range(14))
def test_what_the_page_promises_is_what_the_gates_grant(number):
    """Nothing left exactly where a claim is refused, for each limit and any count."""
    had = Counts(
        competitive_today=number, hot=number, warm=2, competitive=number, assigned=1,
        cold=number % 5, cold_last_week=2, competed_last_week=True, leads_week=number,
    )  # fmt: skip
    facts = amina(had, allocation=8)
    left = remaining(facts)
    assert left.today
    assert left.hot
    assert left.assigned
    assert left.cold
    assert left.week
    said = [
        (daily_limit, left.today.left == 0),
        (hot_ratio, left.hot.left == 0),
        (assigned_ratio, left.assigned.left == 0),
        (cold_first, left.cold.first),
        (allocation, left.week.left == 0),
    ]
    assert {gate for gate, _ in said} <= set(GATES)
    for gate, closed in said:
        assert bool(gate(facts, HOT)) is closed, gate


def test_pages_are_told_how_many_race_claims_are_left_today():
    told = limits(amina(Counts(competitive_today=4)), NOW)
    assert (told["races_left"], told["races"]) == (6, 10)


def test_pages_are_told_nothing_of_a_limit_that_does_not_hold():
    assert "races_left" not in limits(RepFacts(id=1, name="Amina"), NOW)


def test_the_message_of_a_rep_with_every_limit_has_room_for_its_first_reason():
    facts = amina(Counts(leads_week=4999), allocation=4999, open_leads=4999, capacity=4999)
    told = in_words(limits(facts, NOW))
    text = MeChanged(told).text
    assert len(text.encode()) <= 500
    assert told["reasons"][0]["message"] in text

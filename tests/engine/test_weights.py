"""Weights from performance: three for one at the top, nothing by luck, nobody starved."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.weights import LOWEST, Record, weights

AMINA, BRUNO, CHLOE, DAVID = 1, 2, 3, 4

records = st.integers(0, 500).flatmap(
    lambda leads: st.builds(Record, st.just(leads), st.integers(0, leads))
)
teams = st.dictionaries(st.integers(1, 50), records, min_size=1, max_size=12)


def test_the_best_converter_gets_three_turns_for_the_average_reps_one():
    team = {
        AMINA: Record(10_000, 3_000),
        BRUNO: Record(10_000, 2_000),
        CHLOE: Record(10_000, 1_000),
    }
    weighed = weights(team)
    assert weighed[AMINA].weight == Decimal("3.00")  # 2.996: twenty leads of doubt in ten thousand
    assert weighed[BRUNO].weight == Decimal("1.00")
    assert weighed[CHLOE].weight == Decimal("0.50")


def test_one_lucky_lead_makes_nobody_the_best():
    team = {AMINA: Record(1, 1), BRUNO: Record(200, 40), CHLOE: Record(200, 36)}
    weighed = weights(team)
    assert weighed[AMINA].rate == 1.0
    assert weighed[AMINA].weight < Decimal("1.2")


def test_a_team_without_data_is_weighted_equally():
    team = {AMINA: Record(0, 0), BRUNO: Record(0, 0), CHLOE: Record(12, 0)}
    assert {one.weight for one in weights(team).values()} == {Decimal(1)}


def test_whoever_never_won_still_gets_a_quarter():
    team = {AMINA: Record(5_000, 2_000), BRUNO: Record(5_000, 0)}
    assert weights(team)[BRUNO].weight == LOWEST


@given(teams, st.decimals(1, 9, places=2))
def test_weights_are_within_bounds_and_in_the_order_of_the_rates(team, best):
    weighed = weights(team, best)
    assert weighed.keys() == team.keys()
    assert all(LOWEST <= one.weight <= best for one in weighed.values())
    ranked = sorted(weighed.values(), key=lambda one: one.shrunk)
    assert [one.weight for one in ranked] == sorted(one.weight for one in ranked)

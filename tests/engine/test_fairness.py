"""The Gini coefficient tells how evenly leads are spread (FA1)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.fairness import gini

AMOUNTS = st.lists(st.integers(0, 10_000), max_size=40)


def by_every_pair(values):
    """Its definition: the mean difference of all pairs, over twice the mean."""
    apart = sum(abs(one - other) for one in values for other in values)
    return apart / (2 * len(values) * sum(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], 0),
        ([0, 0, 0], 0),
        ([7], 0),
        ([5, 5, 5, 5], 0),
        ([0, 0, 0, 8], 0.75),
        ([1, 2, 3, 4], 0.25),
        ([1, 3], 0.25),
        ([Decimal("1.5"), Decimal("4.5")], 0.25),
    ],
)
def test_known_figures(values, expected):
    assert gini(values) == expected


@given(AMOUNTS.filter(any))
def test_it_is_what_its_definition_says(values):
    assert gini(values) == pytest.approx(by_every_pair(values))


@given(AMOUNTS.flatmap(lambda values: st.tuples(st.just(values), st.permutations(values))))
def test_the_order_of_the_reps_does_not_matter(both):
    assert gini(both[0]) == gini(both[1])


@given(AMOUNTS, st.integers(1, 1000))
def test_the_unit_does_not_matter(values, times):
    assert gini([times * value for value in values]) == gini(values)


@given(AMOUNTS)
def test_it_lies_between_all_alike_and_all_to_one(values):
    assert 0 <= gini(values) <= max(0, 1 - 1 / len(values)) if values else gini(values) == 0


@given(st.lists(st.integers(1, 100), min_size=1, max_size=20), st.integers(1, 20))
def test_reps_without_any_make_it_less_even(values, idle):
    assert gini([*values, *[0] * idle]) > gini(values)


@given(st.lists(st.integers(0, 100), min_size=2, max_size=20), st.data())
def test_a_lead_from_the_richest_to_the_poorest_makes_it_more_even(values, data):
    ordered = sorted(values)
    gap = ordered[-1] - ordered[0]
    if gap < 2:
        return
    moved = data.draw(st.integers(1, gap - 1))
    after = [ordered[0] + moved, *ordered[1:-1], ordered[-1] - moved]
    assert gini(after) < gini(ordered)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_what_cannot_be_shared_out_is_refused(value):
    with pytest.raises(ValueError, match=r"Gini|NaN"):
        gini([1, value])

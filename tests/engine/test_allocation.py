"""Leads a week by bands of quota attainment, and when an allocation fell again (AL1, AL2)."""

from decimal import Decimal

import pytest

from leaddistrib.engine.allocation import BANDS, allocated, band_of, falls, next_band


@pytest.mark.parametrize(
    ("percent", "leads"),
    [
        ("0", 10),
        ("0.01", 10),
        ("49.99", 10),
        ("50", 12),
        ("50.01", 12),
        ("74.99", 12),
        ("75", 15),
        ("99.99", 15),
        ("100", 20),
        ("100.01", 20),
        ("9999999.99", 20),
    ],
)
def test_the_border_belongs_to_the_upper_band(percent, leads):
    assert allocated(Decimal(percent), BANDS, 8) == leads
    assert allocated(Decimal(percent), BANDS[::-1], 8) == leads


@pytest.mark.parametrize(
    ("percent", "floor", "leads"),
    [("0", 11, 11), ("49.99", 10, 10), ("50", 11, 12), ("100", 25, 25)],
)
def test_nobody_falls_below_the_floor(percent, floor, leads):
    assert allocated(Decimal(percent), BANDS, floor) == leads


def test_below_the_first_band_and_without_bands_the_floor_holds():
    assert allocated(Decimal(10), [(20, 30)], 8) == 8
    assert allocated(Decimal(10), [], 8) == 8


def test_a_rep_is_in_one_band_and_below_another_one():
    assert band_of(Decimal(60), BANDS) == (50, 12)
    assert next_band(Decimal(60), BANDS) == (75, 15)
    assert next_band(Decimal(75), BANDS) == (100, 20)
    assert next_band(Decimal(100), BANDS) is None
    assert band_of(Decimal(0), BANDS[1:]) is None


@pytest.mark.parametrize(
    ("history", "times"),
    [
        ([], 0),
        ([20], 0),
        ([20, 20], 0),
        ([20, 15], 1),
        ([20, 15, 12], 2),
        ([20, 15, 12, 10], 3),
        ([20, 15, 12, 12], 0),
        ([20, 15, 15, 12], 1),
        ([20, 15, 20, 12, 10], 2),
        ([10, 12], 0),
    ],
)
def test_how_often_the_newest_fell_in_a_row(history, times):
    assert falls(history) == times

"""Whose turn it is: shares follow weights, and absence neither costs nor gains (PU1, PU3)."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.turns import STRIDE, Rotation, Seat, Turn


def rotation(**weights):
    """Seats by rep id: ``rotation(r1=3, r2=1)``."""
    seats = {int(name[1:]): Seat(int(name[1:]), weight) for name, weight in weights.items()}
    return Rotation(seats=seats)


def take(round_, present):
    return round_.take(round_.standing(present)[0][1])


def run(round_, present, turns):
    return [take(round_, present).rep for _ in range(turns)]


def test_three_to_one_interleaves_smoothly():
    assert run(rotation(r1=3, r2=1), [1, 2], 12) == [1, 2, 1, 1] * 3


def test_equal_reps_take_turns_in_order():
    assert run(Rotation(), [1, 2, 3], 9) == [1, 2, 3] * 3


def test_a_tie_goes_to_whose_latest_turn_is_longest_ago():
    round_ = Rotation(seats={1: Seat(1, last_turn=9), 2: Seat(2, last_turn=4), 3: Seat(3)})

    assert [rep for _, rep in round_.standing([1, 2, 3])] == [3, 2, 1]


@given(
    st.dictionaries(st.integers(1, 20), st.integers(1, 9), min_size=1, max_size=8),
    st.integers(1, 400),
)
def test_shares_follow_the_weights_over_any_run(weights, turns):
    """Nobody is ever further than one turn, or one stride of the slowest, from the exact share."""
    round_ = Rotation(seats={rep: Seat(rep, weight) for rep, weight in weights.items()})

    taken = Counter(run(round_, list(weights), turns))

    total = sum(weights.values())
    for rep, weight in weights.items():
        assert abs(taken[rep] - turns * weight / total) <= len(weights)
    # Any two: what each took for its weight differs by a turn of each at most.
    for one in weights:
        for other in weights:
            ahead = taken[one] / weights[one] - taken[other] / weights[other]
            assert ahead <= 1 / weights[one] + 1 / weights[other] + 1e-3


def test_a_long_run_does_not_drift():
    """A weight that does not divide the stride is rounded, by less than one turn in 100,000."""
    taken = Counter(run(rotation(r1=7, r2=3, r3=1), [1, 2, 3], 110_000))

    assert abs(taken[1] - 70_000) <= 1
    assert abs(taken[2] - 30_000) <= 1
    assert abs(taken[3] - 10_000) <= 1


def test_a_rep_back_from_leave_is_not_flooded():
    """Amina is one of ten, and away for 100 turns: she gets one turn at once, then her share."""
    amina, everybody = 1, list(range(1, 11))
    round_ = Rotation()
    run(round_, everybody, 25)
    run(round_, [rep for rep in everybody if rep != amina], 100)

    after = Counter(run(round_, everybody, 100))

    assert after[amina] in (10, 11)
    assert all(after[rep] in (9, 10) for rep in everybody if rep != amina)


def test_two_who_come_back_together_take_one_turn_each():
    round_ = Rotation()
    run(round_, [1, 2, 3, 4], 4)
    run(round_, [3, 4], 100)

    assert Counter(run(round_, [1, 2, 3, 4], 4)) == {1: 1, 2: 1, 3: 1, 4: 1}


def test_a_new_rep_starts_level_with_the_team():
    round_ = Rotation()
    run(round_, [1, 2, 3], 300)

    after = Counter(run(round_, [1, 2, 3, 4], 40))

    assert after == {1: 10, 2: 10, 3: 10, 4: 10}


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(2, 6))
def test_pausing_gains_nothing(paused, reps):
    """However Amina pauses and resumes, she never has more turns than if she had stayed."""
    everybody = list(range(1, reps + 1))
    stayed, pausing = Rotation(), Rotation()
    with_pauses = without = 0
    for away in paused:
        without += take(stayed, everybody).rep == 1
        with_pauses += take(pausing, everybody[1:] if away else everybody).rep == 1
        assert with_pauses <= without + 1
    assert with_pauses <= without + 1


@given(st.lists(st.sets(st.integers(1, 6), min_size=1), min_size=1, max_size=120))
def test_the_ledger_alone_rebuilds_every_seat(rounds):
    """Whoever was present when: each seat is as its last turn in the ledger left it (PU7)."""
    round_ = Rotation()
    ledger: list[Turn] = [take(round_, sorted(present)) for present in rounds]

    assert [turn.number for turn in ledger] == list(range(1, len(rounds) + 1))
    assert round_.turns == len(rounds)
    assert round_.virtual_time == ledger[-1].start
    for seat in round_.seats.values():
        own = [turn for turn in ledger if turn.rep == seat.rep]
        assert seat.turns == len(own)
        if own:
            assert seat.last_turn == own[-1].number
            assert seat.virtual_time >= own[-1].finish
            assert all(turn.finish == turn.start + STRIDE for turn in own)
            assert all(before.finish <= after.start for before, after in pairwise(own))


@given(st.lists(st.sets(st.integers(1, 6), min_size=1), min_size=1, max_size=120))
def test_time_never_runs_backwards(rounds):
    round_ = Rotation()
    for present in rounds:
        before = round_.virtual_time
        take(round_, sorted(present))
        assert round_.virtual_time >= before


@given(st.lists(st.sets(st.integers(1, 5), min_size=1), min_size=1, max_size=60), st.data())
def test_turns_saved_one_by_one_are_those_of_one_batch(rounds, data):
    """Only seats that took a turn are saved: who merely stood by is levelled again next time."""
    cut = data.draw(st.integers(0, len(rounds)))
    batch = Rotation()
    whole = [take(batch, sorted(present)).rep for present in rounds]

    first = Rotation()
    apart = [take(first, sorted(present)).rep for present in rounds[:cut]]
    saved = Rotation(first.virtual_time, first.turns)
    saved.seats = {rep: seat for rep, seat in first.seats.items() if seat.turns}
    apart += [take(saved, sorted(present)).rep for present in rounds[cut:]]

    spread = Counter(whole)
    spread.subtract(apart)
    assert all(abs(difference) <= 1 for difference in spread.values())


@pytest.mark.parametrize("weight", [1, 2, 3, 7, 1000, 32767])
def test_every_weight_that_fits_the_column_moves_time_on(weight):
    turn = take(Rotation(seats={1: Seat(1, weight)}), [1])

    assert turn.finish > turn.start

"""Whose turn it is: shares follow weights, and absence neither costs nor gains (PU1, PU3, PU7)."""

from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.turns import STRIDE, Entry, Rotation, Seat, stride

AMINA, BRUNO, CHLOE = 1, 2, 3
CLOSE = 0.01  # of a turn: strides are whole numbers


def take(round_, weights):
    """The next of those present takes the turn; ``weights`` by rep, or the reps alone."""
    weights = weights if isinstance(weights, dict) else dict.fromkeys(weights, 1)
    present = {rep: stride(weight) for rep, weight in weights.items()}
    return round_.take(round_.standings(present)[0])


def run(round_, present, turns):
    return [take(round_, present).rep for _ in range(turns)]


def test_three_to_one_interleaves_smoothly():
    assert run(Rotation(), {1: 3, 2: 1}, 12) == [1, 2, 1, 1] * 3


def test_equal_reps_take_turns_in_order():
    assert run(Rotation(), [1, 2, 3], 9) == [1, 2, 3] * 3


def test_a_tie_goes_to_whose_latest_turn_is_longest_ago():
    round_ = Rotation(seats={1: Seat(1, last_turn=9), 2: Seat(2, last_turn=4), 3: Seat(3)})

    standings = round_.standings(dict.fromkeys([1, 2, 3], STRIDE))

    assert [standing.rep for standing in standings] == [3, 2, 1]


def test_to_look_at_the_standings_changes_nothing():
    round_ = Rotation(virtual_time=5 * STRIDE, seats={1: Seat(1)})

    round_.standings({1: STRIDE, 2: STRIDE})

    assert round_ == Rotation(virtual_time=5 * STRIDE, seats={1: Seat(1)})


@given(
    st.dictionaries(st.integers(1, 20), st.integers(1, 9), min_size=1, max_size=8),
    st.integers(1, 400),
)
def test_shares_follow_the_weights_over_any_run(weights, turns):
    taken = Counter(run(Rotation(), weights, turns))

    assert_shares(taken, weights)
    assert_near_the_exact_share(taken, weights)


def assert_near_the_exact_share(taken, weights):
    """From a rotation's first turn nobody is a whole turn ahead of the exact share, nor of anybody
    else, and nobody further behind the exact share than the others can be ahead of theirs: for
    equal weights less than a turn."""
    turns, total = sum(taken.values()), sum(weights.values())
    for rep, weight in weights.items():
        share = float(weight / total)
        ahead = float(taken[rep]) - turns * share
        assert ahead <= 1 - share + CLOSE
        assert ahead >= -(len(weights) - 1) * share - CLOSE
        least = min(taken[other] * weight / weights[other] for other in weights)
        assert taken[rep] - least <= 1 + CLOSE


def test_a_heavy_weight_is_behind_its_share_by_turns_at_worst_and_for_a_moment():
    """Whom the bound of a whole turn does not hold for: at the start all are level, so seven others
    of weight 1 have their first turn before the rep of weight 9 has the second."""
    weights = {1: 9, **dict.fromkeys(range(2, 9), 1)}

    taken = Counter(run(Rotation(), weights, 8))

    assert taken[1] == 1  # 4.5 is the exact share
    assert Counter(run(Rotation(), weights, 16))[1] == 9


def assert_shares(taken, weights):
    """For their weights any two are apart by one turn of each at most."""
    for one in weights:
        for other in weights:
            ahead = taken[one] / float(weights[one]) - taken[other] / float(weights[other])
            within = 1 / float(weights[one]) + 1 / float(weights[other])
            assert ahead <= within + 1e-3


def test_a_long_run_does_not_drift():
    """A weight that does not divide the stride is rounded, by less than one turn in 100,000."""
    taken = Counter(run(Rotation(), {1: 7, 2: 3, 3: 1}, 110_000))

    assert abs(taken[1] - 70_000) <= 1
    assert abs(taken[2] - 30_000) <= 1
    assert abs(taken[3] - 10_000) <= 1


WEIGHTS = st.fixed_dictionaries(dict.fromkeys(range(1, 7), st.decimals("0.25", "9", places=2)))
STRETCHES = st.lists(
    st.tuples(
        st.sets(st.integers(1, 6), min_size=1),
        st.integers(1, 40),
        st.lists(st.integers(0, 10**6), max_size=4),
    ),
    min_size=1,
    max_size=8,
)


@given(WEIGHTS, STRETCHES)
def test_shares_are_those_of_the_weights_whoever_comes_goes_or_is_credited(weights, stretches):
    """In every stretch with the same reps, whatever was before: joins, leaves, absences, credits.
    A turn that a credit paid for is one that did not count."""
    round_ = Rotation()
    ledger: list[Entry] = []
    for reps, turns, credited in stretches:
        for choice in credited:
            give_back(round_, ledger, choice)
        present = {rep: weights[rep] for rep in reps}
        counted: Counter[int] = Counter()
        for _ in range(turns):
            entry = take(round_, present)
            ledger.append(entry)
            counted[entry.rep] += 1 - entry.used / stride(weights[entry.rep])
        assert_shares(counted, present)
        assert_within_two_of_the_exact_share(counted, present)


def assert_within_two_of_the_exact_share(counted, weights):
    """In a stretch that does not begin with everybody level, both ends count: for equal weights
    less than two turns, and however long the stretch is."""
    turns, total = sum(counted.values()), sum(weights.values())
    for rep, weight in weights.items():
        share = float(weight / total)
        off = abs(counted[rep] - turns * share)
        assert off <= 1 + (len(weights) - 2) * share + CLOSE


def give_back(round_, ledger, choice):
    """Credit one of the turns in the ledger, each once."""
    if ledger:
        entry = ledger.pop(choice % len(ledger))
        round_.credit(entry.rep, entry.finish - entry.start)


@given(WEIGHTS, STRETCHES)
def test_nobody_is_starved(weights, stretches):
    """Whatever happened before, everybody present has a turn before anybody else has had more
    than a turn's worth of theirs, and one."""
    round_ = Rotation()
    for reps, turns, _ in stretches:
        run(round_, {rep: weights[rep] for rep in reps}, turns)
    most = sum(2 + weight / min(weights.values()) for weight in weights.values())

    assert set(run(round_, weights, int(most) + 1)) == set(weights)


def test_a_rep_back_from_leave_is_not_flooded():
    """Amina is one of ten, and away for 100 turns: she gets one turn at once, then her share."""
    everybody = list(range(1, 11))
    round_ = Rotation()
    run(round_, everybody, 25)
    run(round_, everybody[1:], 100)

    after = Counter(run(round_, everybody, 100))

    assert after[AMINA] in (10, 11)
    assert all(after[rep] in (9, 10) for rep in everybody if rep != AMINA)


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
        without += take(stayed, everybody).rep == AMINA
        with_pauses += take(pausing, everybody[1:] if away else everybody).rep == AMINA
        assert with_pauses <= without + 1


def test_a_credited_turn_is_given_again_and_the_others_lose_none():
    """Amina's second lead was a duplicate: she gets one more than the others, once."""
    round_ = Rotation()
    run(round_, [1, 2, 3], 3)
    duplicate = take(round_, [1, 2, 3])
    round_.credit(AMINA, duplicate.finish - duplicate.start)

    after = Counter(run(round_, [1, 2, 3], 30))

    assert (duplicate.rep, round_.seats[AMINA].credit) == (AMINA, 0)
    assert {rep: 1 + after[rep] for rep in (BRUNO, CHLOE)} == {BRUNO: 11, CHLOE: 11}
    assert 2 + after[AMINA] - 1 == 11


def test_a_credit_outlasts_leave():
    """Levelling, which takes the debt of an absence away, leaves what was credited."""
    round_ = Rotation()
    [first] = [take(round_, [1, 2, 3]) for _ in range(1)]
    round_.credit(AMINA, first.finish - first.start)
    run(round_, [2, 3], 200)

    after = Counter(run(round_, [1, 2, 3], 31))

    assert after == {AMINA: 11, BRUNO: 10, CHLOE: 10}


def test_many_credits_are_used_up_one_stride_a_turn():
    round_ = Rotation()
    run(round_, [1, 2], 2)
    round_.credit(AMINA, 3 * STRIDE)

    used = [take(round_, [1, 2]).used for _ in range(4)]

    assert used == [STRIDE, STRIDE, STRIDE, 0]


def test_a_lead_out_of_order_counts_for_who_got_it_and_moves_nobody_elses_turn():
    """Chloé attended the event: she gets its lead, and Amina is still next."""
    round_ = Rotation()
    chloe = round_.standings(dict.fromkeys([1, 2, 3], STRIDE))[2]

    entry = round_.pass_to(chloe)

    assert (entry.kind, entry.rep, round_.virtual_time) == ("charge", CHLOE, 0)
    after = run(round_, [1, 2, 3], 8)
    assert (after[:2], Counter(after)) == ([AMINA, BRUNO], {AMINA: 3, BRUNO: 3, CHLOE: 2})


def test_a_charge_takes_the_turn_of_whoever_it_is_put_on():
    """Bruno gets a lead of an account of his, and the team counts it."""
    round_ = Rotation()
    charged = round_.charge(BRUNO, STRIDE)

    assert (charged.kind, charged.start, charged.finish) == ("charge", 0, STRIDE)
    assert Counter(run(round_, [1, 2, 3], 8)) == {AMINA: 3, BRUNO: 2, CHLOE: 3}


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("turn"), st.sets(st.integers(1, 6), min_size=1)),
        st.tuples(st.just("pass"), st.sets(st.integers(1, 6), min_size=1)),
        st.tuples(st.just("charge"), st.integers(1, 6)),
        st.tuples(st.just("credit"), st.integers(0, 50)),
    ),
    min_size=1,
    max_size=120,
)


def carry_out(round_, acts):
    ledger: list[Entry] = []
    given_back: set[int] = set()
    for act, about in acts:
        if act in ("turn", "pass"):
            standings = round_.standings(dict.fromkeys(about, STRIDE))
            pick = round_.take if act == "turn" else round_.pass_to
            ledger.append(pick(standings[0 if act == "turn" else -1]))
        elif act == "charge":
            ledger.append(round_.charge(about, STRIDE))
        else:
            counted = [
                one for one in ledger if one.kind != "credit" and one.number not in given_back
            ]
            if counted:
                one = counted[about % len(counted)]
                given_back.add(one.number)
                ledger.append(round_.credit(one.rep, one.finish - one.start))
    return ledger


@given(ACTS)
def test_the_ledger_alone_rebuilds_every_seat(acts):
    """Whoever was present when, charged or credited: each seat is as the ledger says (PU7)."""
    round_ = Rotation()
    ledger = carry_out(round_, acts)

    assert [entry.number for entry in ledger] == list(range(1, len(ledger) + 1))
    assert round_.turns == len(ledger)
    assert round_.virtual_time == max((e.start for e in ledger if e.kind == "turn"), default=0)
    for seat in round_.seats.values():
        own = [entry for entry in ledger if entry.rep == seat.rep]
        counted = [entry for entry in own if entry.kind != "credit"]
        credited = sum(entry.finish - entry.start for entry in own if entry.kind == "credit")
        assert seat.turns == len(counted)
        assert seat.credit == credited - sum(entry.used for entry in counted)
        assert seat.credit >= 0
        if counted:
            assert seat.last_turn == counted[-1].number
            assert seat.virtual_time == counted[-1].finish
            assert all(entry.finish == entry.start + STRIDE for entry in counted)
            assert all(
                before.finish <= after.start + after.used for before, after in pairwise(counted)
            )


@given(ACTS)
def test_the_rotations_time_never_runs_backwards(acts):
    round_ = Rotation()
    for act in acts:
        before = round_.virtual_time
        carry_out(round_, [act])
        assert round_.virtual_time >= before


@given(ACTS, st.data())
def test_entries_saved_one_by_one_are_those_of_one_batch(acts, data):
    """Only seats with an entry are kept: who merely stood by is levelled again next time."""
    acts = [act for act in acts if act[0] != "credit"]
    cut = data.draw(st.integers(0, len(acts)))
    batch, first = Rotation(), Rotation()
    whole = carry_out(batch, acts)

    apart = carry_out(first, acts[:cut])
    named = {entry.rep for entry in apart}
    saved = Rotation(first.virtual_time, first.turns)
    saved.seats = {rep: seat for rep, seat in first.seats.items() if rep in named}
    apart += carry_out(saved, acts[cut:])

    assert apart == whole


@pytest.mark.parametrize("weight", ["0.01", "0.33", "1", "3", "7", "999.99"])
def test_every_weight_that_fits_the_column_moves_time_on(weight):
    turn = take(Rotation(), {1: Decimal(weight)})

    assert turn.finish - turn.start == pytest.approx(STRIDE / float(weight), rel=1e-3)

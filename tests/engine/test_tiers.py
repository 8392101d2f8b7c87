"""Who is in which tier, and why: by the score, by shares, and never by chance (TI1, TI2)."""

import json
import random
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.tiers import Figures, PolicyFacts, place

POLICY = PolicyFacts(
    weights=(50, 30, 20),
    prior_leads=20,
    least_leads=10,
    least_reps=4,
    margin=3,
    shares=(25, 50, 25),
)
CASES = tomllib.loads((Path(__file__).parent / "cases/tiers/teams.toml").read_text("utf-8"))
BY_QUOTA = replace(POLICY, weights=(0, 1, 0))


def figures(rep, leads=100, won=0, quota=None, answered=0, seconds=0):
    return Figures(rep, leads, won, quota, answered, seconds)


@pytest.mark.parametrize("team", CASES["teams"], ids=lambda team: team["title"])
def test_each_rep_of_a_team_is_where_the_case_says(team):
    policy = replace(POLICY, **{key: _tuple(one) for key, one in team.get("policy", {}).items()})
    reps = [(name, row) for name, row in team.items() if name[0].isupper()]
    own = ("leads", "won", "quota", "answered", "seconds")

    placed = place(
        policy,
        [
            figures(rep, **{key: one for key, one in row.items() if key in own})
            for rep, (_name, row) in enumerate(reps)
        ],
        {rep: row.get("now") for rep, (_name, row) in enumerate(reps)},
    )

    found = {reps[one.rep][0]: (one.level, one.reason) for one in placed}
    assert found == {name: (row.get("tier"), row["why"]) for name, row in reps}
    scores = {reps[one.rep][0]: one.score for one in placed}
    expected = {name: row["score"] for name, row in reps if "score" in row}
    assert {name: scores[name] for name in expected} == expected


def _tuple(value):
    return tuple(value) if isinstance(value, list) else value


def test_the_document_says_all_that_led_to_the_tier():
    amina = figures(1, won=40, quota=120.0, answered=10, seconds=600)
    team = [amina, figures(2, won=20), figures(3, won=20), figures(4, won=0)]

    [first, *_others] = place(POLICY, team, {1: 2})

    said = json.loads(json.dumps(first.figures))
    assert (said["leads"], said["won"], said["attainment"]) == (100, 40, 120.0)
    assert said["points"] == {"conversion": 91.67, "quota": 60.0, "speed": 50.0}
    assert said["weights"] == {"conversion": 50, "quota": 30, "speed": 20}
    assert first.score == pytest.approx((91.67 * 50 + 60 * 30 + 50 * 20) / 100, abs=0.01)
    assert said["team"] == {
        "reps": 4,
        "ranked": 4,
        "leads": 400,
        "won": 80,
        "answered": 10,
        "answered_seconds": 600,
    }
    assert (said["rank"], said["by_score"], said["former"]) == (1, 1, 2)
    assert len(said["borders"]) == 2


def test_the_last_with_nothing_at_all_has_a_rank_too():
    team = [figures(rep, quota=float(quota)) for rep, quota in enumerate((150, 100, 80, 0))]
    assert [one.figures["rank"] for one in place(BY_QUOTA, team, {})] == [1, 2, 3, 4]


# What holds whatever a team did

rows = st.builds(
    lambda leads, share, quota, answered, mean: (
        leads,
        leads * share // 100,
        quota,
        answered,
        answered * mean,
    ),
    st.integers(0, 300),
    st.integers(0, 100),
    st.none() | st.floats(0, 500),
    st.integers(0, 200),
    st.integers(0, 100_000),
)
teams = st.lists(rows, max_size=15).map(
    lambda team: [Figures(rep, *row) for rep, row in enumerate(team)]
)
shares = st.lists(st.integers(0, 100), min_size=0, max_size=4, unique=True).map(
    lambda cuts: tuple(
        after - before
        for before, after in zip([0, *sorted(cuts)], [*sorted(cuts), 100], strict=True)
        if after > before
    )
)
policies = st.builds(
    PolicyFacts,
    weights=st.tuples(*[st.integers(0, 100)] * 3).filter(any),
    prior_leads=st.integers(0, 50),
    least_leads=st.integers(0, 50),
    least_reps=st.integers(2, 6),
    margin=st.integers(0, 50),
    shares=shares,
)
formers = st.dictionaries(st.integers(0, 14), st.none() | st.integers(1, 6))


@given(policies, teams, formers, st.randoms(use_true_random=False))
def test_the_order_in_which_reps_are_named_makes_no_difference(policy, team, former, rng):
    shuffled = random.Random(rng.random()).sample(team, len(team))
    assert place(policy, shuffled, former) == place(policy, team, former)


@given(policies, teams)
def test_shares_are_kept_but_for_reps_of_the_same_score(policy, team):
    """No more are above a border than its places, and all places are taken."""
    placed = place(replace(policy, least_reps=0), team, {})
    ranked = [
        (one.level or 0, one.score or 0.0) for one in placed if one.figures["rank"] is not None
    ]
    cut = 0
    for level, share in enumerate(policy.shares, start=1):
        cut += share
        places = (cut * len(ranked) + 50) // 100
        inside = [score for one, score in ranked if one <= level]
        assert len(inside) >= places
        if inside:
            assert sum(score > min(inside) for score in inside) < places
            assert all(score < min(inside) for one, score in ranked if one > level)


@given(policies, teams, formers)
def test_whoever_has_little_data_is_on_no_end(policy, team, former):
    for one in place(replace(policy, least_reps=0), team, former):
        if one.figures["leads"] < policy.least_leads:
            assert one.reason == "little_data"
            assert len(policy.shares) < 3 or 1 < (one.level or 0) < len(policy.shares)


@given(policies, teams, formers)
def test_scores_and_tiers_are_within_bounds_and_can_be_written_down(policy, team, former):
    for one in place(policy, team, former):
        assert one.score is None or 0 <= one.score <= 100
        assert (
            (one.level is None) == (one.reason == "small_team") == (len(team) < policy.least_reps)
        )
        assert one.level is None or 1 <= one.level <= len(policy.shares)
        assert json.loads(json.dumps(one.figures, allow_nan=False)) == one.figures


@given(
    shares,
    st.integers(0, 50),
    st.lists(st.tuples(st.integers(0, 200), st.integers(-50, 50)), min_size=4, max_size=15),
)
def test_noise_below_the_margin_moves_nobody(parts, margin, quotas):
    """A score is half of the quota's percentage here, so noise of up to ``margin`` in that is up
    to half the margin in everybody's score, and as much at the borders."""
    policy = replace(BY_QUOTA, margin=margin, shares=parts)
    before = [figures(rep, quota=quota) for rep, (quota, _noise) in enumerate(quotas)]
    noisy = [
        figures(rep, quota=quota + max(-margin, min(margin, noise)))
        for rep, (quota, noise) in enumerate(quotas)
    ]
    tiers = {one.rep: one.level for one in place(policy, before, {})}

    assert {one.rep: one.level for one in place(policy, noisy, tiers)} == tiers


@given(policies, teams, formers)
def test_placing_again_by_the_same_figures_moves_nobody(policy, team, former):
    once = {one.rep: one.level for one in place(policy, team, former)}
    twice = {one.rep: one.level for one in place(policy, team, once)}
    assert twice == once

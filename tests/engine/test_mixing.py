"""A pool takes so many leads of high and of low quality, and the others go on (GU3)."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaddistrib.engine.conditions import parse
from leaddistrib.engine.decision import Decision, decide, decide_waiting
from leaddistrib.engine.facts import (
    LeadFacts,
    PoolFacts,
    RepFacts,
    RuleFacts,
    Rules,
    Step,
    TeamFacts,
    World,
)
from leaddistrib.engine.mixing import IN_A_ROW, Mix

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
USUAL = Mix(high=10, low=20)
NET = PoolFacts(1, "Unassigned", "queue")
BEST = PoolFacts(2, "Best", "race", push_after=HOUR, mix=USUAL)
SECOND = PoolFacts(3, "Second", "race", mix=Mix(high=10))
REST = PoolFacts(4, "Rest", "queue")
PARIS, AMINA = 10, 1

to_best, to_second, to_rest = (Step(pool=pool.id) for pool in (BEST, SECOND, REST))
push = Step("round_robin", PARIS)


def world(amina=True):
    """Amina is all of Paris, if she is there."""
    reps = {AMINA: RepFacts(AMINA, "Amina", paused=not amina, capacity=1000)}
    teams = {PARIS: TeamFacts(PARIS, "Paris", (AMINA,))}
    return World(NOON, NET, reps, teams, pools={p.id: p for p in (NET, BEST, SECOND, REST)})


def rules(*steps):
    return Rules.compiled(1, [RuleFacts(1, "Rule", parse({}), steps)])


def sent(qualities, *steps, around=None):
    """Where leads of these qualities go, one after the other."""
    around = around or world()
    known = rules(*steps)
    return [decide(known, LeadFacts({"quality": quality}), around) for quality in qualities]


def places(decisions):
    return [one.pool.name if one.pool else "Amina" for one in decisions]


@pytest.mark.parametrize(
    ("percent", "leads"),
    [(None, None), (0, 0), (2, 0), (3, 1), (10, 2), (12, 2), (13, 3), (20, 4), (100, 20)],
)
def test_a_share_is_so_many_of_twenty_rounded_half_up(percent, leads):
    assert Mix(high=percent).most("high") == leads
    assert Mix(low=percent).most("low") == leads
    assert Mix(percent, percent).most("standard") is None


@pytest.mark.parametrize(
    ("quality", "newest", "takes"),
    [
        ("high", [], True),
        ("high", ["high"], True),
        ("high", ["high", "low", "high"], False),
        ("high", ["standard"] * 17 + ["high", "high"], False),
        ("high", ["standard"] * 18 + ["high", "high"], True),  # the last is the 20th before it
        ("low", ["low"] * 3, True),
        ("low", ["low"] * 4, False),
        ("standard", ["standard"] * 19, True),
    ],
)
def test_a_lead_is_looked_at_with_the_19_before_it(quality, newest, takes):
    assert USUAL.takes(quality, newest) is takes


def test_without_a_bound_a_quality_is_taken_always():
    assert Mix(high=10).takes("low", ["low"] * 19)
    assert Mix(low=20).takes("high", ["high"] * 19)


def test_leads_beyond_a_share_go_to_the_next_step_and_the_others_stay():
    found = sent(["high"] * 3 + ["low"] * 5 + ["standard", ""], to_best, to_rest)
    assert places(found) == [
        *("Best", "Best", "Rest"),
        *("Best", "Best", "Best", "Best", "Rest"),
        *("Best", "Best"),
    ]
    assert [one.quality for one in found[:3]] == ["high", "high", ""]
    assert found[-1].quality == "standard"  # of a quality that nobody knows


def test_they_are_pushed_where_the_next_step_pushes_and_open_in_the_next_pool_that_takes_them():
    assert places(sent(["high"] * 3, to_best, push, to_rest)) == ["Best", "Best", "Amina"]
    assert places(sent(["high"] * 5, to_best, to_second, to_rest)) == [
        *("Best", "Best", "Second", "Second", "Rest")
    ]


@pytest.mark.parametrize("steps", [(to_best,), (to_best, push), (to_best, to_second, push)])
def test_if_nobody_takes_it_after_the_pool_it_opens_there_all_the_same(steps):
    found = sent(["high"] * 6, *steps, around=world(amina=False))
    assert places(found)[-1] == "Best"
    assert not found[-1].found_nobody  # who is asked after the pool is no reason to try again
    assert found[-1].goes_on is (len(steps) > 1)


def test_who_is_asked_before_the_pool_is_asked_again_all_the_same():
    found = sent(["high"] * 3, push, to_best, to_rest, around=world(amina=False))
    assert places(found) == ["Best", "Best", "Rest"]
    assert all(one.found_nobody for one in found)


def test_what_was_opened_all_the_same_counts():
    found = sent(["high"] * 3 + ["standard"] * 17 + ["high"], to_best)
    again = sent(["high"], to_best, to_rest, around=after(found))
    assert places(again) == ["Rest"]


def after(decisions):
    around = world()
    for one in decisions:
        around.opened(BEST, one.quality)
    return around


def test_the_explanation_says_which_pool_was_passed_by_and_for_which_quality():
    last = sent(["high"] * 3, to_best, push)[-1].as_document()["steps"]
    assert last[0] == {"pool": "Best", "mode": "race", "beyond": "high"}
    assert last[1]["winner"] == AMINA
    anyway = sent(["low"] * 5, to_best)[-1].as_document()["steps"]
    assert anyway == [
        {"pool": "Best", "mode": "race", "beyond": "low"},
        {"pool": "Best", "mode": "race"},
    ]


def test_the_safety_net_takes_what_no_rule_does_whatever_it_is():
    around = world()
    found = [decide(Rules.compiled(1, ()), LeadFacts({"quality": "high"}), around) for _ in "123"]
    assert places(found) == ["Unassigned"] * 3


def waiting(pool, *steps, around, waited=HOUR):
    return decide_waiting(rules(*steps), LeadFacts({"quality": "high"}), around, pool.id, waited)


def test_a_lead_that_goes_on_from_a_pool_passes_the_next_one_by_as_a_new_one_would():
    around = world()
    sent(["high"] * 2, to_second, around=around)
    found = waiting(BEST, to_best, to_second, to_rest, around=around)
    assert isinstance(found, Decision)
    assert places([found]) == ["Rest"]
    opened = waiting(BEST, to_best, to_second, around=around)
    assert isinstance(opened, Decision)
    assert places([opened]) == ["Second"]


def test_a_lead_that_waits_in_a_pool_with_a_mix_is_not_counted_again():
    around = world(amina=False)
    sent(["high"] * 2, to_best, around=around)
    for _ in range(5):
        waiting(BEST, push, to_best, to_rest, around=around, waited=timedelta())
    assert list(around.newest[BEST.id]) == ["high", "high"]


QUALITIES = st.lists(st.sampled_from(["high", "standard", "low", ""]), max_size=120)
SHARES = st.one_of(st.none(), st.integers(0, 100))


def rows(decisions):
    """Each 20 leads in a row, or all if they are fewer, that opened in the pool."""
    opened = [one.quality for one in decisions if one.pool and one.pool.name == "Best"]
    return [list(islice(opened, n, n + IN_A_ROW)) for n in range(max(1, len(opened) - 19))]


@given(QUALITIES, SHARES, SHARES)
def test_any_twenty_in_a_row_keep_the_shares_whatever_comes(qualities, high, low):
    mix, around = Mix(high, low), world()
    around.pools[BEST.id] = PoolFacts(BEST.id, "Best", "race", mix=mix)
    found = sent(qualities, to_best, to_rest, around=around)

    assert len(found) == len(qualities)
    assert set(places(found)) <= {"Best", "Rest"}
    for row in rows(found):
        for quality in ("high", "low"):
            most = mix.most(quality)
            assert most is None or row.count(quality) <= most
    standard = [
        one for one, quality in zip(found, qualities, strict=True) if quality in ("", "standard")
    ]
    assert set(places(standard)) <= {"Best"}


@given(QUALITIES, st.booleans())
def test_no_lead_is_lost_where_nobody_else_takes_it(qualities, pushed):
    steps = (to_best, push) if pushed else (to_best,)
    found = sent(qualities, *steps, around=world(amina=False))
    assert places(found) == ["Best"] * len(qualities)

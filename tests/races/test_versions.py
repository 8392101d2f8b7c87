"""Several people and workers decide at once which version of the rules is in force (RU3)."""

from collections import Counter
from itertools import pairwise

import pytest

from leaddistrib.lifecycle.drafting import draft
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.models import Pool, Publication, Rep, RuleSet
from tests.races.history import History
from tests.races.meeting import MEET

pytestmark = pytest.mark.django_db(transaction=True)

ALL = {"name": "All", "when": {}, "then": {"pool": "Everyone"}}
DECIDING = ("publish", "roll back", "schedule", "unschedule", "publish scheduled")


@pytest.fixture(autouse=True)
def everyone(hire) -> Pool:
    pool = Pool.objects.create(name="Everyone")
    pool.reps.set(hire(1))
    return pool


def faults(history: History) -> list[str]:
    """What is wrong with the versions that the race left behind, and what people were told."""
    found = [
        f"{one['act']} ended in an error: {one['error']}"
        for one in history.answers
        if one["result"] == "error"
    ]
    published = list(RuleSet.objects.filter(status="published").values_list("pk", flat=True))
    every = list(Publication.objects.order_by("pk").values_list("ruleset", "kind"))
    if published != [ruleset for ruleset, _kind in every[-1:]]:
        found.append(f"{published} is in force, and the last publication is {every[-1:]}")
    firsts = Counter(ruleset for ruleset, kind in every if kind != "rolled_back")
    found += [f"{ruleset} was published {n} times" for ruleset, n in firsts.items() if n > 1]
    for (before, _), (after, _) in pairwise(every):
        if before == after:
            found.append(f"{after} came into force while it was in force")
    told = Counter(one["act"] for one in history.answers if one["result"] == "done")
    kept = Counter(kind for _ruleset, kind in every)
    if told["roll back"] != kept["rolled_back"]:
        found.append(f"{told['roll back']} were told of a roll-back, {kept['rolled_back']} were")
    return found


def test_one_version_is_in_force_whoever_decides_what_at_once(race, dice):
    """Publishing, scheduling, taking off, working off and rolling back, in four processes."""
    before = [publish([ALL]) for _ in range(3)]
    drafts = [draft([ALL]) for _ in range(4)]
    every = [one.pk for one in (*before, *drafts)]
    plan = [
        [("decide_version", dice.choice(DECIDING), dice.choice(every)) for _ in range(4)]
        for _ in range(12)
    ]

    history = race(plan, faults=["no_retries"])

    assert faults(history) == []
    assert len(history.answers) == 48


def test_a_draft_that_many_publish_at_once_is_published_once(race):
    publish([ALL])
    coming = draft([ALL])

    history = race([[("decide_version", "publish", coming.pk)] for _ in range(8)])

    assert faults(history) == []
    assert Counter(one["result"] for one in history.answers) == {"done": 1, "refused": 7}


def test_workers_that_find_a_scheduled_version_due_publish_it_once(race):
    publish([ALL])
    coming = draft([ALL])
    race([[("decide_version", "schedule", coming.pk)]])

    history = race([[("decide_version", "publish scheduled", coming.pk)] for _ in range(8)])

    assert faults(history) == []
    assert Publication.objects.filter(ruleset=coming).count() == 1


def test_the_first_leads_of_all_and_the_first_version_of_all_do_not_meet_in_an_error(race):
    """Leads that come before any rules make version 0, which the new version replaces."""
    coming = draft([ALL])

    history = race(
        [[("decide_version", "publish", coming.pk)], *([("receive", "", "")] for _ in range(7))]
    )

    assert [one["error"] for one in history.answers if one["result"] == "error"] == []
    assert RuleSet.objects.get(status="published") == coming


def test_without_the_lock_a_version_is_published_many_times(race, on_sqlite):
    """On SQLite the transaction itself is the lock."""
    publish([ALL])
    coming = draft([ALL])

    history = race(
        [[("decide_version", "publish", coming.pk)] for _ in range(MEET)],
        processes=1,
        faults=["no_version_lock"],
    )

    assert bool(faults(history)) is not on_sqlite
    assert Rep.objects.count() == 1

"""Leads open for reps one after the other, and several workers look when (RA1, NO1).

With the control beside it: the lock is taken away, and the history shows it.
"""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction

from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.models import Offer, Pool
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory
from tests.races.history import faults
from tests.races.meeting import MEET

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def windows(hire):
    """Twelve leads, each of which has just opened for one of four reps, and opens for the next in
    an hour."""
    reps = hire(4)
    pool = Pool.objects.create(name="Everyone")
    pool.teams.add(reps[0].team)
    now = clock.now()
    for number in range(12):
        later = {rep.pk: now + 60 * MINUTE for rep in reps}
        later[reps[number % 4].pk] = now
        lead = LeadFactory()
        with transaction.atomic():
            open_to_claims(lead, pool, now - MINUTE, later)
    return Offer.objects.filter(opens_at__lte=now)


def told(history):
    """How often pages were told that which lead opened."""
    own = (one["me"] for one in history.messages if one["type"] == "me.changed")
    return Counter(lead for one in own for lead in one.get("windows", ()))


def test_each_window_is_one_workers_and_its_rep_is_told_once(race, windows):
    history = race([("open_windows",)] * 2 for _ in range(8))

    assert faults(history) == []
    assert windows.filter(opened_at=None).count() == 0
    assert Offer.objects.exclude(opened_at=None).count() == 12
    assert sum(one["windows"] for one in history.of("open windows")) == 12
    assert sorted(told(history).values()) == [1] * 12


def test_without_the_lock_reps_are_told_of_the_same_window_again(race, windows, on_sqlite):
    """On SQLite the transaction itself is the lock."""
    history = race([[("open_windows",)]] * MEET, processes=1, faults=["no_lock_on_windows"])

    assert (max(told(history).values()) > 1) is not on_sqlite

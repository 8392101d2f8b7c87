"""Leads that open in waves are claimed while workers open them (TI1, RA2)."""

from datetime import timedelta

import pytest
from django.db import transaction

from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.models import Claim, Offer, Pool, Team
from leaddistrib.queries import clock
from leaddistrib.testing import LeadFactory
from tests.races.history import faults
from tests.tiers import placed, tier_policy

pytestmark = pytest.mark.django_db(transaction=True)

QUARTER = timedelta(minutes=15)


def test_each_lead_has_one_owner_and_nobody_comes_before_the_own_wave(race, hire, dice):
    """Eight leads are just opening for the second tier, four are the first tier's alone."""
    reps = [placed(rep, 1 + number % 2) for number, rep in enumerate(hire(8))]
    tier_policy(reps[0].team)
    pool = Pool.objects.create(name="Everyone", tiered=True)
    pool.teams.set(Team.objects.all())
    now = clock.now()
    leads = [LeadFactory() for _ in range(12)]
    for number, lead in enumerate(leads):
        with transaction.atomic():
            open_to_claims(lead, pool, now - QUARTER if number < 8 else now)

    sessions = [[("claim", lead.pk, rep.pk) for lead in dice.sample(leads, 12)] for rep in reps]
    history = race([*sessions, *([("open_windows",)] * 2 for _ in range(4))])

    assert faults(history) == []
    assert Claim.objects.filter(result="won").count() == 12
    alone = Claim.objects.filter(lead__in=leads[8:], rep__tier=2)
    assert set(alone.values_list("result", flat=True)) == {"refused"}
    untold = Offer.objects.filter(opened_at=None, closed_at=None, opens_at__lte=now)
    assert not untold.exists()

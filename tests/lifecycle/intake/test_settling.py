"""A file with duplicates takes its locks in the order of all others (docs/locking.md)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import receive_many
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Organisation, Pool, Rotation
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory, publish_rules

ANA = {"company": "Acme", "contact": {"email": "ana@acme.example"}}


@pytest.mark.parametrize("policy", [Organisation.Duplicates.LINK, Organisation.Duplicates.OWNER])
def test_rotations_are_locked_before_the_first_pool_is(db, policy):
    """Ana asks for a demo, which waits in a pool; her second lead is pushed to Paris."""
    Organisation.objects.create(pk=1, duplicates=policy)
    paris = TeamFactory(name="Paris")
    amina = RepFactory(team=paris)
    demos = PoolFactory(name="Demos", mode="queue", reps=[amina])
    demo = {"field": "lead_type", "op": "eq", "value": "demo"}
    publish_rules(
        [
            {"name": "Demos", "when": demo, "then": {"pool": "Demos"}},
            {"name": "Others", "when": {}, "then": {"push": "round_robin", "team": "Paris"}},
        ]
    )

    with CaptureQueriesContext(connection) as asked:
        first, again = receive_many([clean(ANA | {"lead_type": "demo"}), clean(ANA)])

    assert (first.lead.pool, again.lead.owner) == (demos, amina)
    assert again.lead.duplicate_of == first.lead
    statements = [query["sql"] for query in asked]
    rotations, pools = f'"{Rotation._meta.db_table}"', f'UPDATE "{Pool._meta.db_table}"'
    locks = [
        ("rotation" if rotations in one else "pool")
        for one in statements
        if rotations in one or one.startswith(pools)
    ]
    assert locks[0] == "rotation"
    assert "pool" in locks

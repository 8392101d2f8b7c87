"""What commonly goes wrong with lead distribution, and that it does not here.

One test for each pitfall of the guide that this project began with.
"""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from leaddistrib.lifecycle.drafting import draft
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.lifecycle.retrying import retry_due
from leaddistrib.lifecycle.reviewing import remind, review
from leaddistrib.lifecycle.routing import route
from leaddistrib.models import Lead, OutboxMessage, TimeOff
from leaddistrib.queries.findings import findings
from leaddistrib.queries.reviews import stale
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    UserFactory,
    clock_at,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BIG = {"field": "employees", "op": "gte", "value": 500}
POOL = {"pool": "Everyone"}
IN_TURN = {"push": "round_robin", "team": "Paris"}
REST = {"name": "Everything else", "when": {}, "then": {**IN_TURN, "fallback": [POOL]}}


@pytest.fixture
def cast(db):
    """Amina and Bruno of Paris; Mireille is their manager."""
    paris = TeamFactory(name="Paris")
    amina = RepFactory(user__username="amina", team=paris)
    bruno = RepFactory(user__username="bruno", team=paris, capacity=3)
    mireille = UserFactory(username="mireille")
    paris.managers.add(mireille)
    pool = PoolFactory(name="Everyone", mode="race", teams=[paris])
    return SimpleNamespace(amina=amina, bruno=bruno, mireille=mireille, pool=pool)


def arrive(number: int, moment: datetime) -> list[Lead]:
    """So many leads come in at ``moment`` and are routed."""
    with clock_at(moment):
        leads = [LeadFactory.build(received_at=moment) for _ in range(number)]
        route(leads)
    return leads


def test_pure_round_robin_without_segmentation_is_warned_about(cast):
    """Pitfall 1: enterprise deals go to juniors, small ones to specialists."""
    RepFactory(team=cast.amina.team, seniority="senior")
    in_name_only = {"name": "Enterprise", "when": BIG, "then": {**IN_TURN, "fallback": [POOL]}}
    seniors = {**IN_TURN, "seniority": "senior", "fallback": [POOL]}

    for unsegmented in ([REST], [in_name_only, REST]):
        [warning] = findings(draft(unsegmented))
        assert (warning.level, warning.code) == ("warning", "no_segmentation")
        assert "size, territory or score" in warning.sentence
    assert findings(draft([{**in_name_only, "then": seniors}, REST])) == []


def test_who_is_away_or_overloaded_is_passed_over(cast):
    """Pitfall 2: leads wait for reps who are on holiday or full."""
    publish([REST])
    TimeOff.objects.create(rep=cast.amina, starts_at=NOW - DAY, ends_at=NOW + DAY)

    assert {lead.owner for lead in arrive(3, NOW)} == {cast.bruno}
    # Bruno is full now, and Amina away: the leads wait for whoever is there first
    assert {(lead.owner, lead.pool) for lead in arrive(2, NOW + HOUR)} == {(None, cast.pool)}
    assert {lead.owner for lead in arrive(2, NOW + 2 * DAY)} == {cast.amina}


def test_a_lead_that_nobody_takes_is_given_to_somebody(cast):
    """Pitfall 3: nobody reacts, and the lead stays where it is for ever."""
    cast.pool.push_minutes = 120
    cast.pool.save()
    publish([{**REST, "then": {**POOL, "fallback": [IN_TURN]}}])
    [lead] = arrive(1, NOW)
    assert (lead.status, lead.pool) == (Lead.Status.WAITING, cast.pool)

    with clock_at(NOW + HOUR):
        retry_due(NOW + HOUR)
    lead.refresh_from_db()
    assert lead.owner is None

    with clock_at(NOW + 2 * HOUR):
        retry_due(NOW + 2 * HOUR)
    lead.refresh_from_db()
    assert lead.status == Lead.Status.OWNED
    assert lead.owner in (cast.amina, cast.bruno)


def test_rules_that_were_set_up_and_forgotten_are_flagged(cast):
    """Pitfall 5: territories, people and priorities change, and the rules do not."""
    with clock_at(NOW):
        published = publish([REST])
    quarter = NOW + 90 * DAY

    assert stale(quarter - HOUR) == []
    assert [one.rule.name for one in stale(quarter)] == ["Everything else"]
    assert "review_due" in {one.code for one in findings(published, quarter)}
    remind(quarter, "2026-06-01")
    assert OutboxMessage.objects.get().recipient == cast.mireille

    with clock_at(quarter):
        review(published.rules.get(), cast.mireille)
    assert stale(quarter + HOUR) == []

"""Where a lead stands, and that an outcome which was undone counts in no figure (OU1)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle import log_contact, record_outcome, undo_outcome
from leaddistrib.models import Outcome, Pool
from leaddistrib.queries.contributions import Figure, contributions
from leaddistrib.queries.distribution import By, Scope, distribution, leads_behind
from leaddistrib.queries.distribution import Figure as Distributed
from leaddistrib.queries.performance import records
from leaddistrib.queries.reviews import did_since
from leaddistrib.queries.standing import standing, standing_of
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    clock_at,
    publish_rules,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def amina(db):
    return RepFactory(user__username="amina", team=TeamFactory(name="Paris"))


def reached(lead, rep, stage, hours):
    with clock_at(NOON + hours * HOUR):
        return record_outcome(lead, stage, rep=rep, by=rep.user)


def test_the_latest_stage_is_where_it_stands(amina):
    with clock_at(NOON):
        lead, other = LeadFactory(owner=amina), LeadFactory(owner=amina)
    reached(lead, amina, "qualified", 1)
    last = reached(lead, amina, "opportunity", 2)

    assert standing_of([lead, other]) == {lead.pk: last}
    assert not standing([Outcome.Stage.QUALIFIED]).exists()
    undo_outcome(last, amina.user)
    assert standing_of([lead])[lead.pk].stage == "qualified"


def test_an_undone_win_counts_in_no_figure(amina):
    """Performance, which weights follow; distribution; a rule's review; contributions to a pool."""
    pool = PoolFactory(mode="shared", ownership=Pool.Ownership.SHARED, reps=[amina])
    rules = publish_rules([{"name": "All", "when": {}, "then": {"pool": pool.name}}])
    [rule] = rules.rules.all()
    with clock_at(NOON):
        lead = LeadFactory(owner=amina)
        shared = LeadFactory(pool=pool)
        log_contact(shared, amina, "call")
        for one in (lead, shared):
            one.decisions.create(
                rule=rule,
                ruleset=rules,
                method="shared",
                pool=pool,
                explanation={},
                decided_at=NOON - HOUR,
            )
    wins = [reached(one, amina, "won", 1) for one in (lead, shared)]
    month = Scope(NOON - 30 * 24 * HOUR, NOON + 24 * HOUR)

    def figures():
        [part] = contributions(pool, month.since, month.until)
        return {
            "performance": records([amina.pk], month.since, month.until)[amina.pk].won,
            "distribution": distribution(month).total.won,
            "leads": leads_behind(month, By.REP, None, Distributed.WON).count(),
            "review": did_since({rule.key: month.since})[rule.key].won,
            "contribution": part.figures[Figure.WON],
        }

    assert figures() == {
        "performance": 1,
        "distribution": 1,
        "leads": 1,
        "review": 2,
        "contribution": 1,
    }
    for win in wins:
        undo_outcome(win, amina.user)
    assert set(figures().values()) == {0}

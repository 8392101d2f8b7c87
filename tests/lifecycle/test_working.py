"""Who is at a shared lead, so that nobody else calls it meanwhile (PO2)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.errors import NotYours
from leaddistrib.lifecycle import log_contact, release, start, stop
from leaddistrib.lifecycle import working as module
from leaddistrib.models import Lead, Work
from leaddistrib.queries.cards import cards
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LAPSE = 15 * MINUTE


@pytest.fixture
def pool(cast):
    return PoolFactory(name="Inside sales", mode="shared", reps=[cast.amina, cast.bruno])


@pytest.fixture
def lead(pool):
    with clock_at(NOON):
        return LeadFactory(pool=pool)


def shown(lead, moment):
    [card] = cards([Lead.objects.select_related("pool").get(pk=lead.pk)], moment)
    return card["working"]


def test_who_begins_is_at_it_for_the_pools_minutes(cast, pool, lead):
    pool.working_minutes = 5
    pool.save()
    with clock_at(NOON):
        result = start(lead, cast.amina)
    assert (result.result, result.by, result.until) == (
        "working",
        cast.amina,
        NOON + 5 * MINUTE,
    )
    assert shown(lead, NOON) == {"by": cast.amina.name, "until": "2026-03-02T12:05:00Z"}


def test_a_colleague_is_told_who_and_until_when(cast, lead):
    with clock_at(NOON):
        start(lead, cast.amina)
    with clock_at(NOON + MINUTE):
        result = start(lead, cast.bruno)
    assert (result.result, result.by, result.until) == ("busy", cast.amina, NOON + LAPSE)


def test_it_lapses_by_itself(cast, lead):
    with clock_at(NOON):
        start(lead, cast.amina)
    assert shown(lead, NOON + LAPSE - MINUTE) is not None
    assert shown(lead, NOON + LAPSE) is None
    with clock_at(NOON + LAPSE):
        assert start(lead, cast.bruno).result == "working"
    assert Work.objects.get().since == NOON + LAPSE


def test_going_on_extends_it_and_keeps_its_beginning(cast, lead):
    with clock_at(NOON):
        start(lead, cast.amina)
    with clock_at(NOON + 10 * MINUTE):
        assert start(lead, cast.amina).until == NOON + 25 * MINUTE
    work = Work.objects.get()
    assert (work.since, work.until) == (NOON, NOON + 25 * MINUTE)


def test_beginning_again_after_it_lapsed_is_a_new_beginning(cast, lead):
    with clock_at(NOON):
        start(lead, cast.amina)
    with clock_at(NOON + 60 * MINUTE):
        start(lead, cast.amina)
    assert Work.objects.get().since == NOON + 60 * MINUTE


def test_who_stops_leaves_it_to_the_others(cast, pool, lead):
    with clock_at(NOON):
        start(lead, cast.amina)
    pool.refresh_from_db()
    before = pool.version
    with clock_at(NOON + MINUTE):
        assert stop(lead, cast.amina) is True
        assert stop(lead, cast.amina) is False
        assert start(lead, cast.bruno).result == "working"
    pool.refresh_from_db()
    assert pool.version == before + 2


def test_nobody_stops_a_colleague(cast, lead):
    with clock_at(NOON):
        start(lead, cast.amina)
        assert stop(lead, cast.bruno) is False
        assert start(lead, cast.bruno).result == "busy"


def test_only_leads_of_shared_pools_are_worked_on(cast):
    with pytest.raises(NotYours):
        start(LeadFactory(pool=cast.pool), cast.amina)
    with pytest.raises(NotYours):
        start(LeadFactory(owner=cast.amina), cast.amina)


def test_who_may_not_contact_a_lead_does_not_work_on_it(cast, lead):
    cast.amina.paused = True
    cast.amina.save()
    assert [one.code for one in start(lead, cast.amina).refusals] == ["paused"]
    assert [one.code for one in start(lead, cast.chloe).refusals] == ["not_a_member"]
    assert not Work.objects.exists()


def test_a_lead_that_comes_back_is_free(cast, lead):
    """What was begun before the lead was taken and given back holds no longer."""
    with clock_at(NOON):
        start(lead, cast.amina)
    with clock_at(NOON + MINUTE):
        log_contact(lead, cast.bruno, "call")
    with clock_at(NOON + 2 * MINUTE):
        release(lead, cast.bruno, reason="Wrong number")
    assert shown(lead, NOON + 2 * MINUTE) is None
    with clock_at(NOON + 2 * MINUTE):
        assert start(lead, cast.bruno).result == "working"


def test_without_its_condition_two_would_be_at_one_lead(cast, lead, monkeypatch):
    """The control: the condition of the UPDATE is what tells the second one."""
    monkeypatch.setattr(
        module, "workable", lambda lead, rep, moment: Work.objects.filter(lead=lead)
    )
    with clock_at(NOON):
        assert [start(lead, rep).result for rep in (cast.amina, cast.bruno)] == ["working"] * 2


def test_who_works_on_many_leads_is_read_in_one_query(cast, pool, django_assert_num_queries):
    for number in range(5):
        with clock_at(NOON):
            start(LeadFactory(pool=pool), cast.amina if number % 2 else cast.bruno)
    leads = list(Lead.objects.select_related("pool"))
    with django_assert_num_queries(1):
        assert len([one for one in cards(leads, NOON) if one["working"]]) == 5

"""Somebody gives leads to a rep by hand, with a reason, past the rules (PU7)."""

from datetime import UTC, datetime
from unittest.mock import Mock, call

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import claim, close, release
from leaddistrib.lifecycle.reassigning import assign_by_hand, locked, objections
from leaddistrib.lifecycle.rotations import lock_rotations
from leaddistrib.models import (
    Assignment,
    Decision,
    Lead,
    LogEntry,
    Offer,
    OutboxMessage,
    Pool,
    Turn,
)
from leaddistrib.testing import LeadFactory, UserFactory, publish_rules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mireille(cast):
    user = UserFactory(username="mireille", first_name="Mireille")
    cast.paris.managers.add(user)
    return user


def by_hand(leads, to, mireille, reason="She knows them"):
    return assign_by_hand(leads, to, reason=reason, actor=mireille)


def test_a_waiting_lead_leaves_its_pool(cast, mireille):
    lead = LeadFactory(pool=cast.pool)
    version = Pool.objects.get(pk=cast.pool.pk).version

    [decision] = by_hand([lead], cast.amina, mireille).decisions

    lead.refresh_from_db()
    assert (lead.status, lead.owner) == (Lead.Status.OWNED, cast.amina)
    assert not Offer.objects.filter(closed_at=None).exists()
    assert Pool.objects.get(pk=cast.pool.pk).version == version + 1
    assert (decision.method, decision.owner) == (Decision.Method.MANUAL, cast.amina)
    assert decision.explanation["by"] == "Mireille"
    assert decision.explanation["reason"] == "She knows them"
    assert decision.explanation["despite"] == []
    told = OutboxMessage.objects.get(event__startswith="lead.assigned")
    assert told.recipient == cast.amina.user
    entry = lead.log.get(event=LogEntry.Event.ASSIGNED)
    assert (entry.rep, entry.actor) == (cast.amina, mireille)


def test_given_back_it_goes_through_the_rules_and_not_to_the_pool_it_came_from(
    cast, mireille, push_to_paris
):
    publish_rules(push_to_paris({"pool": cast.pool.name}))
    lead = LeadFactory(pool=cast.pool)
    by_hand([lead], cast.amina, mireille)

    release(lead, cast.amina, reason="Not my trade")

    lead.refresh_from_db()
    assert lead.owner == cast.bruno


def test_a_lead_changes_hands_and_its_first_owner_has_none_of_it(cast, mireille):
    lead = LeadFactory(owner=cast.bruno)

    [decision] = by_hand([lead], cast.amina, mireille).decisions

    first, second = lead.assignments.order_by("id")
    assert (first.rep, first.end, first.end_reason) == (
        cast.bruno,
        Assignment.Ended.REASSIGNED,
        "She knows them",
    )
    assert first.ended_at == second.started_at
    assert (second.rep, second.method, second.ended_at) == (cast.amina, "manual", None)
    assert decision.explanation["from"] == "bruno"
    entry = lead.log.get(event=LogEntry.Event.REASSIGNED)
    assert (entry.rep, entry.actor) == (cast.bruno, mireille)


def test_a_lead_that_was_only_received_is_assigned_too(cast, mireille):
    lead = LeadFactory()

    by_hand([lead], cast.chloe, mireille)

    lead.refresh_from_db()
    assert lead.owner == cast.chloe


def test_the_gates_warn_and_do_not_forbid(cast, mireille):
    cast.amina.paused, cast.amina.capacity = True, 2
    cast.amina.save()
    leads = [LeadFactory() for _ in range(3)]

    assert {one.code for one in objections(cast.amina, leads[:1], NOON)} == {"paused"}
    assert {one.code for one in objections(cast.amina, leads, NOON)} == {"paused", "at_capacity"}
    decisions = by_hand(leads, cast.amina, mireille).decisions

    assert [[one["refused"] for one in d.explanation["despite"]] for d in decisions] == [
        ["paused"],
        ["paused"],
        ["paused", "at_capacity"],
    ]
    assert Lead.objects.filter(owner=cast.amina).count() == 3


def test_whoever_let_this_very_lead_lapse_gets_it_by_hand_with_a_warning(cast, mireille):
    lapsed, other = LeadFactory(pool=cast.pool), LeadFactory(pool=cast.pool)
    Assignment.objects.create(
        lead=lapsed, rep=cast.amina, method="push", started_at=NOON, ended_at=NOON, end="lapsed"
    )

    assert objections(cast.amina, [other], NOON) == []
    [against] = objections(cast.amina, [lapsed, other], NOON)
    assert (against.code, against.params) == ("let_lapse", {"number": 1})
    decisions = by_hand([lapsed, other], cast.amina, mireille).decisions

    assert {d.lead: [one["refused"] for one in d.explanation["despite"]] for d in decisions} == {
        lapsed: ["let_lapse"],
        other: [],
    }


def test_closed_leads_and_those_of_the_rep_already_are_left_alone(cast, mireille):
    mine, done = LeadFactory(owner=cast.amina), LeadFactory(owner=cast.bruno)
    close(done, cast.bruno)
    other = LeadFactory(owner=cast.bruno)

    result = by_hand([mine, done, other], cast.amina, mireille)

    assert [decision.lead for decision in result.decisions] == [other]
    assert set(result.left_alone) == {mine, done}
    done.refresh_from_db()
    assert (done.status, done.owner) == (Lead.Status.CLOSED, cast.bruno)


def test_it_takes_a_reason_and_a_rep_who_is_there(cast, mireille):
    lead = LeadFactory()
    with pytest.raises(ValueError, match="with a reason"):
        by_hand([lead], cast.amina, mireille, reason="  ")
    cast.amina.active = False
    cast.amina.save()
    with pytest.raises(ValueError, match="active reps"):
        by_hand([lead], cast.amina, mireille)

    lead.refresh_from_db()
    assert lead.status == Lead.Status.RECEIVED


def test_whoever_claims_it_afterwards_is_told_whose_it_is(cast, mireille):
    lead = LeadFactory(pool=cast.pool)
    by_hand([lead], cast.amina, mireille)

    result = claim(lead, cast.bruno, via="page")

    assert (result.result, result.taken_by) == ("lost", cast.amina)


@pytest.mark.parametrize(("counts", "turns"), [(True, 2), (False, 0)])
def test_it_takes_the_reps_turn_where_the_team_counts_such_leads(cast, mireille, counts, turns):
    cast.paris.count_manual = counts
    cast.paris.save()

    by_hand([LeadFactory(), LeadFactory()], cast.amina, mireille)

    assert Turn.objects.filter(seat__rep=cast.amina, kind="charge").count() == turns


@pytest.mark.parametrize("number", [2, 20])
def test_many_leads_take_as_many_queries_as_few(
    cast, mireille, number, django_assert_max_num_queries
):
    leads = [LeadFactory(owner=cast.bruno) for _ in range(number)]

    with django_assert_max_num_queries(35):
        by_hand(leads, cast.amina, mireille)


@pytest.mark.parametrize("number", [2, 20])
def test_many_leads_of_one_pool_move_its_version_once(cast, mireille, number):
    leads = [LeadFactory(pool=cast.pool) for _ in range(number)]
    before = Pool.objects.get().version

    with CaptureQueriesContext(connection) as queries:
        by_hand(leads, cast.amina, mireille)

    assert Pool.objects.get().version == before + number
    moves = [one for one in queries if one["sql"].startswith('UPDATE "leaddistrib_pool"')]
    assert len(moves) == 1


def test_the_rotation_is_locked_before_the_leads_whose_turns_it_counts(cast, mireille, monkeypatch):
    """As whoever routes does: two who lock in another order would wait for each other."""
    cast.paris.count_manual = True
    cast.paris.save()
    calls = Mock(lock_rotations=Mock(wraps=lock_rotations), locked=Mock(wraps=locked))
    for name in ("lock_rotations", "locked"):
        monkeypatch.setattr(f"leaddistrib.lifecycle.reassigning.{name}", getattr(calls, name))

    by_hand([LeadFactory()], cast.amina, mireille)

    first, second = calls.mock_calls
    assert first == call.lock_rotations({(cast.paris.pk, "", None)})
    assert second[0] == "locked"


def test_what_is_not_any_more_as_it_was_seen_is_left_alone(cast, mireille):
    seen, changed = LeadFactory(owner=cast.bruno), LeadFactory(owner=cast.chloe)

    result = assign_by_hand(
        [seen, changed],
        cast.amina,
        reason="She knows them",
        actor=mireille,
        still=lambda lead: lead.owner_id == cast.bruno.pk,
    )

    assert [decision.lead for decision in result.decisions] == [seen]
    assert result.changed == [changed]
    changed.refresh_from_db()
    assert changed.owner == cast.chloe

"""What commonly goes wrong with lead distribution, and that it does not here.

One test for each pitfall of the guide that this project began with.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse

from leaddistrib.lifecycle import log_contact, receive
from leaddistrib.lifecycle.drafting import draft
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.lifecycle.retrying import retry_due
from leaddistrib.lifecycle.reviewing import remind, review
from leaddistrib.lifecycle.routing import route
from leaddistrib.models import Lead, OutboxMessage, TimeOff
from leaddistrib.queries.explanations import sentence
from leaddistrib.queries.findings import findings
from leaddistrib.queries.reviews import stale
from leaddistrib.testing import (
    AccountFactory,
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


def test_a_lead_whose_rep_does_not_react_is_seen_by_the_manager(cast, client):
    """Pitfall 3, of a lead that was assigned: it is not taken away by itself, but it stands first
    in the manager's list of leads that nobody contacted, until somebody does."""
    publish([REST])
    first, second = arrive(1, NOW) + arrive(1, NOW + HOUR)
    [third] = arrive(1, NOW + HOUR)
    assert third.owner is not None
    with clock_at(NOW + 2 * HOUR):
        log_contact(third, third.owner, "call")
    client.force_login(cast.mireille)

    def not_contacted() -> list[Lead]:
        answer = client.get(reverse("leaddistrib:manage"), {"status": "untouched"})
        return list(answer.context["page"].object_list)

    assert not_contacted() == [first, second]
    assert first.owner is not None
    with clock_at(NOW + 3 * HOUR):
        log_contact(first, first.owner, "call")
    assert not_contacted() == [second]


def test_an_uneven_share_that_makes_sense_stays_uneven_and_says_why(cast, client):
    """Pitfall 4: strict equality at the expense of speed and specialisation. Amina knows the
    account, is senior and has three times the weight of Bruno; nothing evens that out."""
    bruno, amina = cast.bruno, cast.amina
    amina.seniority, amina.weight, bruno.capacity = "senior", 3, 50
    amina.save()
    bruno.save()
    AccountFactory(name="Lenoir", domain="lenoir.fr", owner=amina)
    seniors = {**IN_TURN, "seniority": "senior"}
    by_weight = {**IN_TURN, "push": "weighted"}
    known = {"not": {"field": "account", "op": "is_blank"}}
    publish(
        [
            {"name": "Accounts", "when": known, "then": {"push": "account_owner"}},
            {"name": "Enterprise", "when": BIG, "then": seniors},
            {**REST, "then": by_weight},
        ]
    )
    own = receive_all({"company": "Lenoir", "contact": {"email": "a@lenoir.fr"}}, 5)
    large = receive_all({"company": "Globex", "employees": 900}, 5)
    others = receive_all({"company": "Small"}, 8)

    assert {lead.owner for lead in own + large} == {amina}
    shares = Counter(lead.owner for lead in others)  # what came before takes nothing from it
    assert shares == {amina: 6, bruno: 2}
    why = [sentence(lead.decisions.get(), bruno) for lead in (own[0], large[0], others[0])]
    assert "who looks after its account" in why[0]
    assert "seniority" in why[1]
    assert "by weight" in why[2]
    client.force_login(bruno.user)
    rules = client.get(reverse("leaddistrib:rules")).content.decode()
    assert "by weight" in rules
    assert "only reps of seniority" in rules


def receive_all(lead: dict[str, object], number: int) -> list[Lead]:
    return [receive(clean(lead)).lead for _ in range(number)]


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

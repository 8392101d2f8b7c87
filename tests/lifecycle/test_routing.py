"""The rules decide, and it is written down (RU2, RU5, PU4, PU5)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import claim, receive, receive_many
from leaddistrib.lifecycle.carrying_out import TRY_AGAIN
from leaddistrib.lifecycle.drafting import draft
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.publishing import put_in_force
from leaddistrib.lifecycle.routing import candidates, route, route_waiting, safety_net
from leaddistrib.models import (
    Alert,
    Assignment,
    Decision,
    Lead,
    LogEntry,
    Offer,
    OutboxMessage,
    Pool,
    RuleSet,
    TimeOff,
    Turn,
)
from leaddistrib.queries import rulebook
from leaddistrib.queries.consistency import findings
from leaddistrib.queries.explanations import sentence
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TerritoryFactory,
    clock_at,
    publish_rules,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def arrive(number):
    return receive_many([clean({"company": f"Company {n}"}) for n in range(number)])


def test_a_pushed_lead_is_its_owners_with_decision_turn_message_and_log(cast, push_to_paris):
    publish_rules(push_to_paris())

    with clock_at(NOON):
        received = receive(clean({"company": "Acme"}))

    lead, decision = received.lead, received.decision
    assert decision is not None
    assert (lead.status, lead.owner, decision.method) == ("owned", cast.amina, "push")
    assert lead.decisions.get() == decision
    held = Assignment.objects.get()
    assert (held.rep, held.method, held.decision, held.started_at) == (
        cast.amina,
        "push",
        decision,
        NOON,
    )
    turn = Turn.objects.get()
    assert (turn.lead, turn.seat.rep, turn.number) == (lead, cast.amina, 1)
    message = OutboxMessage.objects.get()
    assert (message.recipient, message.lead, message.due_at) == (cast.amina.user, lead, NOON)
    assert set(LogEntry.objects.values_list("event", flat=True)) == {
        "lead.received",
        "lead.assigned",
        "response.started",
    }


def test_leads_go_round_one_by_one_and_in_a_batch(cast, push_to_paris):
    publish_rules(push_to_paris())

    receive(clean({"company": "Acme"}))
    arrive(4)
    receive(clean({"company": "Acme"}))

    owners = Lead.objects.order_by("pk").values_list("owner__user__username", flat=True)
    assert list(owners) == ["amina", "bruno"] * 3
    assert [turn.number for turn in Turn.objects.all()] == [1, 2, 3, 4, 5, 6]


def test_a_race_tells_every_member_who_could_claim(cast):
    cast.bruno.paused = True
    cast.bruno.save()
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])

    with clock_at(NOON):
        lead = receive(clean({"company": "Acme"})).lead

    offer = Offer.objects.get()
    assert (offer.rep, offer.lead, offer.opens_at, offer.opened_at, offer.period) == (
        cast.amina,
        lead,
        NOON,
        NOON,
        1,
    )
    cast.pool.refresh_from_db()
    assert cast.pool.version == 1


def test_in_a_queue_nobody_is_told_and_members_may_claim(cast):
    PoolFactory(name="Queue", mode="queue", teams=[cast.paris])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Queue"}}])

    lead = receive(clean({"company": "Acme"})).lead

    assert not Offer.objects.exists()
    assert claim(lead, cast.amina, via="page").result == "won"


def test_nobody_available_falls_back_to_the_pool_and_then_to_the_safety_net(cast, push_to_paris):
    cast.paris.reps.update(paused=True)

    publish_rules(push_to_paris({"push": "round_robin", "team": "Lyon"}, {"pool": "Everyone"}))
    assert receive(clean({"company": "Acme"})).lead.owner == cast.chloe
    cast.lyon.reps.update(active=False)
    assert receive(clean({"company": "Acme"})).lead.pool == cast.pool

    publish_rules(push_to_paris())
    lead = receive(clean({"company": "Acme"})).lead
    assert (lead.status, lead.pool) == ("waiting", safety_net())


def test_before_anything_is_published_the_safety_net_takes_every_lead(cast):
    received = receive(clean({"company": "Acme"}))

    assert received.lead.pool == safety_net()
    assert received.decision is not None
    assert received.decision.ruleset is not None
    assert (received.decision.rule, received.decision.ruleset.version) == (None, 0)


def test_a_draft_does_not_hinder_the_first_leads(cast, push_to_paris):
    written = draft(push_to_paris())

    assert receive(clean({"company": "Acme"})).lead.pool == safety_net()
    put_in_force(written)
    assert receive(clean({"company": "Acme"})).lead.owner == cast.amina
    assert RuleSet.objects.get(version=0).status == "archived"


def test_a_pool_that_is_called_unassigned_already_becomes_the_safety_net(cast):
    made = Pool.objects.create(name="Unassigned", mode="race")

    assert receive(clean({"company": "Acme"})).lead.pool == made
    assert safety_net() == made
    assert made.mode == "race"


def test_capacity_holds_within_a_batch(cast, push_to_paris):
    cast.paris.reps.update(capacity=2)
    publish_rules(push_to_paris({"pool": "Everyone"}))

    arrive(6)

    assert (cast.amina.leads.count(), cast.bruno.leads.count()) == (2, 2)
    assert Lead.objects.filter(pool=cast.pool, status="waiting").count() == 2


def test_only_leads_that_are_nobodys_can_be_routed(cast, push_to_paris):
    """A lead that was claimed since it was read must not be taken from its owner."""
    publish_rules(push_to_paris())
    lead = LeadFactory()
    stale = Lead.objects.get(pk=lead.pk)
    route([lead])

    with pytest.raises(ValueError, match="nobody's"):
        route([stale])
    with pytest.raises(ValueError, match="nobody's"):
        route([LeadFactory(pool=cast.pool)])
    lead.refresh_from_db()
    assert lead.owner == cast.amina


def test_a_rep_who_left_the_team_gets_none_of_its_leads(cast, push_to_paris):
    publish_rules(push_to_paris())
    receive(clean({"company": "Acme"}))
    cast.bruno.team = cast.lyon
    cast.bruno.save()

    arrive(2)

    assert cast.amina.leads.count() == 3


def queries_of(act):
    rulebook._compiled.cache_clear()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()
    return len(captured)


@pytest.mark.parametrize("then", [{"push": "round_robin", "team": "Paris"}, {"pool": "Everyone"}])
def test_fifty_leads_cost_as_many_queries_as_one(cast, then):
    publish_rules([{"name": "All", "when": {}, "then": then}])
    arrive(3)  # the seats are there, the safety net is made
    one = queries_of(lambda: arrive(2))

    many = queries_of(lambda: arrive(50))

    # SQLite takes at most 999 values in a statement: 50 leads are inserted in several.
    limit = connection.features.max_query_params
    # Many that open at once ring nobody's phone, so they may cost less.
    assert many <= one if limit is None else many <= one + 8


@pytest.mark.parametrize("then", [{"push": "round_robin", "team": "Paris"}, {"pool": "Everyone"}])
def test_sixty_reps_cost_as_many_queries_as_three(cast, then):
    publish_rules([{"name": "All", "when": {}, "then": then}])
    arrive(3)
    few = queries_of(lambda: arrive(1))
    cast.pool.reps.add(*[RepFactory(team=cast.paris, user__password="!") for _ in range(58)])
    arrive(60)

    assert queries_of(lambda: arrive(1)) == few


def test_the_decision_names_who_was_passed_over(cast, push_to_paris):
    cast.amina.paused = True
    cast.amina.save()
    publish_rules(push_to_paris())

    decision = Decision.objects.get(lead=receive(clean({"company": "Acme"})).lead)

    [step] = decision.explanation["steps"]
    assert step["winner"] == cast.bruno.pk
    assert step["candidates"][1] == {
        "rep": cast.amina.pk,
        "name": "amina",
        "refused": "paused",
    }


def nobody_in_paris(cast):
    """Bruno is paused, Amina is on leave until two minutes past noon."""
    cast.bruno.paused = True
    cast.bruno.save()
    TimeOff.objects.create(rep=cast.amina, starts_at=NOON - HOUR, ends_at=NOON + 2 * MINUTE)


def test_a_lead_that_found_nobody_is_tried_when_the_first_may_be_back(cast, push_to_paris):
    nobody_in_paris(cast)
    publish_rules(push_to_paris({"pool": "Everyone"}))

    with clock_at(NOON):
        lead = receive(clean({"company": "Acme"})).lead

    assert (lead.pool, lead.retry_at) == (cast.pool, NOON + 2 * MINUTE)
    alert = Alert.objects.get()
    assert (alert.kind, alert.pool, alert.detail["teams"]) == (
        "nobody_available",
        cast.pool,
        [cast.paris.pk],
    )
    assert alert.rule is not None


def test_an_alert_is_opened_once_however_many_leads_found_nobody(cast, push_to_paris):
    cast.paris.reps.update(paused=True)
    publish_rules(push_to_paris())

    with clock_at(NOON):
        arrive(3)
        arrive(2)

    assert Alert.objects.get().pool == safety_net()
    assert set(Lead.objects.values_list("retry_at", flat=True)) == {NOON + TRY_AGAIN}


def test_a_lead_that_may_go_on_is_tried_when_its_pool_pushes_it(cast):
    cast.pool.push_minutes = 5
    cast.pool.save()
    on = [{"push": "round_robin", "team": "Lyon"}]
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone", "fallback": on}}])

    with clock_at(NOON):
        lead = receive(clean({"company": "Acme"})).lead

    assert lead.retry_at == NOON + 5 * MINUTE
    assert not Alert.objects.exists()


def test_a_lead_that_simply_waits_is_not_tried_again(cast):
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])

    assert receive(clean({"company": "Acme"})).lead.retry_at is None


def waiting_in_everyone(cast, *on):
    cast.pool.push_minutes = 5
    cast.pool.save()
    then = {"pool": "Everyone", "fallback": list(on)}
    publish_rules([{"name": "All", "when": {}, "then": then}])
    with clock_at(NOON):
        return receive(clean({"company": "Acme"})).lead


def ask_again(lead, at):
    with clock_at(at), transaction.atomic():
        [decision] = route_waiting([Lead.objects.get(pk=lead.pk)])
    lead.refresh_from_db()
    return decision


def test_a_lead_that_nobody_took_is_pushed_on_and_leaves_its_pool(cast):
    lead = waiting_in_everyone(cast, {"push": "round_robin", "team": "Lyon"})

    assert ask_again(lead, NOON + MINUTE) is None
    decision = ask_again(lead, NOON + 5 * MINUTE)

    assert decision is not None
    assert (decision.method, lead.owner, lead.pool, lead.retry_at) == (
        "push",
        cast.chloe,
        None,
        None,
    )
    assert not Offer.objects.filter(closed_at=None).exists()
    cast.pool.refresh_from_db()
    assert cast.pool.version == 2
    assert sentence(decision, cast.chloe) == (
        "Nobody took it in “Everyone” within 5 minutes."
        " You got this lead by the rule “All”: it was your turn."
    )
    assert list(findings(NOON + 6 * MINUTE)) == []


def test_a_lead_that_nobody_took_may_go_on_to_another_pool(cast):
    everybody = PoolFactory(name="Second", mode="race", reps=[cast.chloe])
    lead = waiting_in_everyone(cast, {"pool": "Second"})

    decision = ask_again(lead, NOON + 5 * MINUTE)

    assert decision is not None
    assert (lead.pool, lead.status, lead.period, lead.opens_at) == (
        everybody,
        "waiting",
        2,
        NOON + 5 * MINUTE,
    )
    assert [offer.rep for offer in Offer.objects.filter(closed_at=None)] == [cast.chloe]
    versions = dict(Pool.objects.values_list("name", "version"))
    assert (versions["Everyone"], versions["Second"]) == (2, 1)


def test_a_lead_that_was_claimed_meanwhile_is_its_claimers(cast):
    lead = waiting_in_everyone(cast, {"push": "round_robin", "team": "Lyon"})
    stale = Lead.objects.get(pk=lead.pk)
    with clock_at(NOON + MINUTE):
        assert claim(lead, cast.amina, via="page").result == "won"

    with clock_at(NOON + 5 * MINUTE), transaction.atomic():
        assert route_waiting([stale]) == [None]
    lead.refresh_from_db()
    assert lead.owner == cast.amina


def test_a_lead_is_routed_by_the_territories_of_its_moment(cast):
    """Alsace changes hands between the kept lead and its routing."""
    alsace = TerritoryFactory(name="Alsace", countries=["FR"], team=cast.paris)
    publish_rules([{"name": "All", "when": {}, "then": {"push": "territory_owner"}}])
    lead = LeadFactory(country="FR")
    alsace.team = cast.lyon
    alsace.save()

    with transaction.atomic():
        route([lead])

    lead.refresh_from_db()
    assert (lead.territory, lead.owner) == (alsace, cast.chloe)


def test_a_shared_pool_says_shared(cast):
    PoolFactory(name="Together", mode="shared", teams=[cast.paris])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Together"}}])

    decision = receive(clean({"company": "Acme"})).decision

    assert decision is not None
    assert decision.method == "shared"
    assert sentence(decision, cast.amina) == (
        "The rule “All” put this lead in “Together”, where every member works every lead."
    )


def test_a_lead_that_comes_in_asks_nothing_twice(cast):
    """Each statement is time during which the reps of the team, and their turns, are held."""
    publish_rules([{"name": "All", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}])
    for company in ("acme", "globex"):  # the first compiles rules and territories
        given = {"company": company, "contact": {"email": f"a@{company}.com"}, "country": "FR"}
        with CaptureQueriesContext(connection) as asked:
            receive(clean(given))

    reads = [one["sql"] for one in asked.captured_queries if "FROM" in one["sql"]]
    assert [sql for sql, number in Counter(reads).items() if number > 1] == []
    begun = [one["sql"] for one in asked.captured_queries if one["sql"].startswith("SAVEPOINT")]
    assert len(begun) == 1  # its transaction, which stands in the test's own


def test_only_the_reps_named_for_a_territory_are_held_while_it_is_decided(cast):
    """The others of its team may go on claiming meanwhile: the lead cannot be theirs."""
    alsace = TerritoryFactory(name="Alsace", countries=["FR"], team=cast.paris)
    publish_rules([{"name": "All", "when": {}, "then": {"push": "territory_owner"}}])
    lead = Lead(company="Acme", country="FR", received_at=NOON)
    assert candidates([lead]) == [cast.amina.pk, cast.bruno.pk]

    alsace.reps.add(cast.bruno)
    assert candidates([lead]) == [cast.bruno.pk]

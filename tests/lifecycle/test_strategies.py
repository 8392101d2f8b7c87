"""Who is pushed a lead, by each strategy, through the database, and what everybody reads about it
(PU1, PU6, PU8, RU5)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import close, receive_many, route
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Lead, Rotation, SalesEvent, Seat, TimeOff, Turn
from leaddistrib.queries import rulebook
from leaddistrib.queries.consistency import findings
from leaddistrib.queries.explanations import sentence, trace
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    PoolFactory,
    RepFactory,
    TerritoryFactory,
    UserFactory,
    clock_at,
    publish_rules,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    with clock_at(NOON):
        yield


def rules(*steps):
    first, *fallback = steps
    publish_rules([{"name": "Rule", "when": {}, "then": {**first, "fallback": fallback}}])


def arrive(number=1, **fields):
    """Leads as they are once matching and the rules are through with them."""
    leads = [
        Lead(company=f"Company {n}", received_at=NOON, **{"attributes": {}, **fields})
        for n in range(number)
    ]
    with transaction.atomic():
        decisions = route(leads)
    assert [finding.code for finding in findings(NOON)] == []
    return decisions if number > 1 else decisions[0]


def owners(decisions):
    return [decision.owner.user.username if decision.owner else None for decision in decisions]


def away(rep, **fields):
    TimeOff.objects.create(
        rep=rep, starts_at=NOON - timedelta(days=1), ends_at=NOON + timedelta(days=1), **fields
    )


def test_weights_interleave(cast):
    cast.amina.weight = 3
    cast.amina.save()
    rules({"push": "weighted", "team": "Paris"})

    decisions = arrive(8)

    assert owners(decisions) == ["amina", "bruno", "amina", "amina"] * 2
    assert sentence(decisions[0], cast.amina) == (
        "You got this lead by the rule “Rule”: it was your turn, by weight."
    )


def test_equal_turns_take_no_notice_of_weights(cast):
    cast.amina.weight = 3
    cast.amina.save()
    rules({"push": "round_robin", "team": "Paris"})

    assert Counter(owners(arrive(8))) == {"amina": 4, "bruno": 4}


def test_each_seniority_takes_turns_on_its_own(cast):
    david = RepFactory(user__username="david", team=cast.paris, seniority="senior")
    RepFactory(user__username="emma", team=cast.paris, seniority="senior")
    publish_rules(
        [
            {
                "name": "Referrals",
                "when": {"field": "source", "op": "eq", "value": "referral"},
                "then": {"push": "round_robin", "team": "Paris", "seniority": "senior"},
            },
            {"name": "All", "when": {}, "then": {"push": "round_robin", "team": "Paris"}},
        ]
    )

    referrals = arrive(4, source="referral")

    assert owners(referrals) == ["david", "emma"] * 2
    assert [str(one) for one in Rotation.objects.order_by("pk")] == ["Paris (Senior)"]
    assert sentence(referrals[0], david).endswith("Only reps of seniority “Senior” were asked.")
    assert sentence(referrals[0], cast.amina).endswith(
        "The rule asked only reps of another seniority."
    )
    assert Counter(owners(arrive(4))) == dict.fromkeys(["amina", "bruno", "david", "emma"], 1)


@pytest.fixture
def ranks(cast):
    """A rep of each seniority beside Amina and Bruno, who are standard."""
    for name in ("senior", "sdr"):
        RepFactory(user__username=name, team=cast.paris, seniority=name)


def to(name, seniority, *conditions):
    """A rule for one seniority of Paris."""
    when = [{"field": field, "op": op, "value": value} for field, op, value in conditions]
    push = {"push": "round_robin", "team": "Paris", "seniority": seniority}
    return {"name": name, "when": {"all": when}, "then": push}


def test_bands_of_the_score_go_to_seniors_standard_reps_and_sdrs(cast, ranks):
    """PU6: referrals and 80 points or more to seniors, paid ads and under 40 to SDRs."""
    publish_rules(
        [
            to("Referrals", "senior", ("source", "eq", "Referral")),
            to("Paid ads", "sdr", ("source", "in", ["Search ads", "LinkedIn ads"])),
            to("80 and more", "senior", ("score", "gte", 80)),
            to("40 to 79", "standard", ("score", "between", [40, 79])),
            to("Under 40", "sdr", ("score", "lte", 39)),
            {"name": "Not scored", "when": {}, "then": {"pool": "Everyone"}},
        ]
    )

    assert [arrive(score=score).owner.user.username for score in (100, 80, 79, 40, 39, 0)] == [
        *("senior", "senior", "amina", "bruno", "sdr", "sdr")
    ]
    assert arrive(source="referral", score=10).owner.user.username == "senior"
    assert arrive(source="LinkedIn ads", score=95).owner.user.username == "sdr"
    assert arrive().pool == cast.pool


def test_one_version_pushes_hot_leads_and_pools_cold_ones(cast):
    """HY1: each rule chooses for itself whether leads are pushed, claimed, shared or raced for."""
    for mode in ("queue", "race", "shared"):
        PoolFactory(name=mode, mode=mode).teams.add(cast.paris)
    publish_rules(
        [
            {
                "name": "Hot",
                "when": {"field": "temperature", "op": "eq", "value": "hot"},
                "then": {"push": "round_robin", "team": "Paris"},
            },
            {
                "name": "Warm",
                "when": {"field": "temperature", "op": "eq", "value": "warm"},
                "then": {"pool": "race"},
            },
            {
                "name": "Webinars",
                "when": {"field": "lead_type", "op": "eq", "value": "webinar"},
                "then": {"pool": "shared"},
            },
            {"name": "Cold", "when": {}, "then": {"pool": "queue"}},
        ]
    )

    hot = arrive(temperature="hot")
    waiting = [
        arrive(temperature="warm"),
        arrive(temperature="cold", lead_type="webinar"),
        arrive(temperature="cold"),
    ]

    assert (hot.method, hot.owner, hot.pool) == ("push", cast.amina, None)
    assert [(one.method, one.owner) for one in waiting] == [
        *(("race", None), ("shared", None), ("queue", None))
    ]


def test_leads_of_an_event_go_to_who_attended_and_count(cast):
    """Bruno was at the fair; Amina is next all the same when it is anybody's turn."""
    SalesEvent.objects.create(name="Vivatech").attendees.add(cast.bruno)
    rules(
        {"push": "round_robin", "team": "Paris", "attended": True},
        {"push": "round_robin", "team": "Paris"},
    )

    at_fair = arrive(2, attributes={"event": " VIVATECH "})

    assert owners(at_fair) == ["bruno", "bruno"]
    assert [turn.kind for turn in Turn.objects.all()] == ["charge", "charge"]
    assert sentence(at_fair[0], cast.bruno).endswith(
        "Only reps who attended “vivatech” were asked."
    )
    assert sentence(at_fair[0], cast.amina).endswith(
        "The rule asked only reps who attended the lead's event."
    )
    assert owners(arrive(3)) == ["amina", "amina", "bruno"]
    assert owners([arrive(attributes={"event": "Unknown fair"})]) == ["amina"]


@pytest.fixture
def alsace(cast):
    """Amina and Chloé, of two teams, work Alsace together."""
    alsace = TerritoryFactory(name="Alsace", countries=["FR"])
    alsace.reps.set([cast.amina, cast.chloe])
    return alsace


def test_who_works_the_territory_takes_turns_there(cast, alsace):
    rules({"push": "territory_owner"}, {"push": "round_robin", "team": "Lyon"})

    decisions = arrive(4, country="FR")

    assert owners(decisions) == ["amina", "chloé"] * 2
    assert [str(one) for one in Rotation.objects.filter(turns__gt=0)] == ["Alsace"]
    assert sentence(decisions[0], cast.amina) == (
        "You got this lead by the rule “Rule”: it comes from your territory “Alsace”,"
        " and it was your turn there."
    )
    assert owners([arrive(country="DE")]) == ["chloé"]


def test_a_team_narrows_who_works_the_territory(cast, alsace):
    rules({"push": "territory_owner", "team": "Paris"})

    decision = arrive(country="FR")

    assert decision.owner == cast.amina
    assert sentence(decision, cast.chloe).endswith("The rule asked only reps of another team.")


def test_a_territory_without_names_is_its_teams(cast):
    TerritoryFactory(name="France", countries=["FR"], team=cast.paris)
    rules({"push": "territory_owner"})

    assert owners(arrive(3, country="FR")) == ["amina", "bruno", "amina"]


def test_the_backup_works_the_territory_while_its_owner_is_away(cast, alsace):
    alsace.reps.set([cast.amina])
    cast.amina.backup = cast.bruno
    cast.amina.save()
    away(cast.amina)
    rules({"push": "territory_owner"})

    decision = arrive(country="FR")

    assert decision.owner == cast.bruno
    assert sentence(decision, cast.bruno) == (
        "You got this lead by the rule “Rule”: you stand in for amina, who works the territory"
        " “Alsace” and is away."
    )
    assert sentence(decision, cast.amina).endswith("You were on leave.")


def test_a_paused_owner_has_no_backup(cast, alsace):
    """A backup is for absences: whoever pauses says nothing of who should get their leads."""
    alsace.reps.set([cast.amina])
    cast.amina.backup, cast.amina.paused = cast.bruno, True
    cast.amina.save()
    rules({"push": "territory_owner"}, {"pool": "Everyone"})

    assert arrive(country="FR").pool == cast.pool


@pytest.fixture
def acme(cast):
    return AccountFactory(name="Acme", domain="acme.example", owner=cast.amina)


def test_leads_of_an_account_go_to_its_owner_out_of_turn(cast, acme):
    rules({"push": "account_owner"}, {"push": "round_robin", "team": "Paris"})

    decisions = arrive(3, account=acme)

    assert owners(decisions) == ["amina"] * 3
    assert not Turn.objects.exists()
    assert sentence(decisions[0], cast.amina) == (
        "You got this lead by the rule “Rule”: you look after its account."
    )
    assert sentence(decisions[0], cast.bruno) == (
        "The rule “Rule” gave this lead to amina, who looks after its account."
        " The rule did not ask you."
    )
    assert owners(arrive(2)) == ["amina", "bruno"]


def test_owner_matches_count_where_the_team_counts_them(cast, acme):
    cast.paris.count_owner_matches = True
    cast.paris.save()
    rules({"push": "account_owner"}, {"push": "round_robin", "team": "Paris"})

    arrive(2, account=acme)

    assert [turn.kind for turn in Turn.objects.all()] == ["charge", "charge"]
    assert owners(arrive(5)) == ["bruno", "bruno", "amina", "bruno", "amina"]


def test_the_backup_gets_the_absent_owners_account(cast, acme):
    cast.amina.backup = cast.chloe
    cast.amina.save()
    away(cast.amina)
    rules({"push": "account_owner"})

    decision = arrive(account=acme)

    assert decision.owner == cast.chloe
    assert sentence(decision, cast.chloe) == (
        "You got this lead by the rule “Rule”: you stand in for amina, who looks after its account"
        " and is away."
    )
    [step] = trace(decision).steps
    assert [(one.name, one.result, one.backup_of) for one in step.candidates] == [
        ("chloé", "stands in for amina", "amina"),
        ("amina", "on leave", ""),
    ]


def test_an_account_without_an_owner_falls_through(cast):
    rules({"push": "account_owner"}, {"push": "round_robin", "team": "Lyon"})

    decision = arrive(account=AccountFactory(name="Initech"))

    assert decision.owner == cast.chloe
    assert trace(decision).steps[0].note == "nobody looks after its account, or it has none"


def test_the_least_loaded_by_capacity_gets_it_and_equal_loads_take_turns(cast):
    cast.bruno.capacity = 10
    cast.bruno.save()
    LeadFactory(owner=cast.amina)
    LeadFactory(owner=cast.bruno)
    rules({"push": "least_loaded", "team": "Paris"})

    decision = arrive()

    assert decision.owner == cast.amina  # 1 of 50 against 1 of 10
    assert sentence(decision, cast.amina) == (
        "You got this lead by the rule “Rule”: you had the fewest open leads for your capacity."
    )
    assert "1 rep had fewer open leads" in sentence(decision, cast.bruno)
    [step] = trace(decision).steps
    assert [(one.name, str(one.load), one.result) for one in step.candidates] == [
        ("amina", "1 of 50", "fewest open leads"),
        ("bruno", "1 of 10", "more open leads, or later in turn"),
    ]
    for lead in Lead.objects.all():
        assert lead.owner is not None
        close(lead, lead.owner)
    assert owners(arrive(2)) == ["bruno", "amina"]  # equally empty: whose turn is longest ago


def test_the_manager_who_takes_leads_gets_it(cast):
    mireille = RepFactory(user__username="mireille", team=None)
    cast.paris.managers.set([UserFactory(), mireille.user])
    rules({"push": "manager", "team": "Paris"})

    decision = arrive()

    assert decision.owner == mireille
    assert not Turn.objects.exists()
    assert sentence(decision, mireille) == (
        "You got this lead by the rule “Rule”: you manage the team “Paris”."
    )


def test_a_team_without_a_manager_who_takes_leads_falls_through(cast):
    cast.paris.managers.set([UserFactory()])
    rules({"push": "manager", "team": "Paris"}, {"pool": "Everyone"})

    decision = arrive()

    assert decision.pool == cast.pool
    assert sentence(decision).endswith("Nobody whom it asked before was available.")


def test_a_manager_reads_every_rule_and_every_candidate(cast):
    away(cast.amina)
    rules({"push": "round_robin", "team": "Paris"})

    told = trace(arrive())

    assert [(rule.name, rule.matched) for rule in told.rules] == [("Rule", True)]
    [step] = told.steps
    assert (step.target, step.took) == ("team “Paris”, in turn (round-robin)", True)
    assert [(one.name, one.virtual_time, one.result) for one in step.candidates] == [
        ("bruno", 0, "next in turn"),
        ("amina", None, "on leave"),
    ]
    assert step.candidates[1].lifts_at is not None


def test_fields_that_matching_found_are_there_for_rules(cast, acme):
    publish_rules(
        [
            {
                "name": "Amina's accounts over 10,000",
                "when": {
                    "all": [
                        {"field": "account_owner", "op": "eq", "value": "amina"},
                        {"field": "account", "op": "starts_with", "value": "acm"},
                        {"field": "value", "op": "gte", "value": 10_000},
                    ]
                },
                "then": {"push": "account_owner"},
            },
            {"name": "All", "when": {}, "then": {"pool": "Everyone"}},
        ]
    )

    assert arrive(account=acme, value="12000.50").owner == cast.amina
    assert arrive(account=acme, value="200").pool == cast.pool


def every_strategy():
    publish_rules(
        [
            {
                "name": "All",
                "when": {},
                "then": {
                    "push": "account_owner",
                    "fallback": [
                        {"push": "territory_owner"},
                        {"push": "weighted", "team": "Lyon", "seniority": "senior"},
                        {"push": "least_loaded", "team": "Lyon", "attended": True},
                        {"push": "manager", "team": "Lyon"},
                        {"push": "round_robin", "team": "Paris"},
                    ],
                },
            }
        ]
    )


def queries_of(act):
    rulebook._compiled.cache_clear()
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def test_a_lead_costs_as_many_queries_however_many_reps_territories_and_accounts(cast, acme):
    TerritoryFactory(name="France", countries=["FR"], team=cast.lyon)
    RepFactory(team=cast.lyon, seniority="senior")
    cast.lyon.managers.add(cast.amina.user)
    every_strategy()

    def one_lead():
        receive_many([clean({"company": "Acme", "country": "FR", "source": "fair"})])

    one_lead()
    few = queries_of(one_lead)
    for n in range(20):
        rep = RepFactory(team=(cast.paris, cast.lyon)[n % 2], user__password="!")
        TerritoryFactory(name=f"Territory {n}", countries=["DE"]).reps.add(rep)
        AccountFactory(name=f"Company {n}", owner=rep)
        Seat.objects.create(rotation=Rotation.objects.all()[0], rep=rep)
    one_lead()

    assert queries_of(one_lead) == few


def test_a_lead_costs_as_many_queries_however_many_rules(cast):
    def rule(n):
        when = {"field": "employees", "op": "eq", "value": n}
        return {"name": f"Rule {n}", "when": when, "then": {"pool": "Everyone"}}

    last = {"name": "All", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}

    def cost(number):
        publish_rules([*(rule(n + 1) for n in range(number)), last])
        one_lead()
        with CaptureQueriesContext(connection) as captured:
            one_lead()
        return len(captured)

    def one_lead():
        receive_many([clean({"company": "Acme", "source": "fair"})])

    assert cost(2) == cost(40)

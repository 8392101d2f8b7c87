"""Who is known goes where the matter is worked; what has no score gets points (IN3, IN4, IN6)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leaddistrib.api.representing import decision_document
from leaddistrib.lifecycle import close, receive, receive_many
from leaddistrib.lifecycle.intake import receiving
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.correcting import correct
from leaddistrib.lifecycle.routing import safety_net
from leaddistrib.models import (
    Alert,
    Lead,
    LogEntry,
    Organisation,
    OutboxMessage,
    Rep,
    ScoringRule,
    TimeOff,
    Turn,
    WorkingHours,
)
from leaddistrib.queries import clock
from leaddistrib.queries.sentences import sentence
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    TerritoryFactory,
    UserFactory,
    publish_rules,
)

HOUR = timedelta(hours=1)
ANA = {"company": "Acme", "contact": {"name": "Ana Silva", "email": "ana@acme.example"}}
BEN = {"company": "Acme", "contact": {"name": "Ben Okri", "email": "ben@acme.example"}}


@pytest.fixture
def paris(db):
    """Amina and Bruno take turns; nobody else gets anything."""
    team = TeamFactory(name="Paris")
    reps = [RepFactory(user__username=name, team=team) for name in ("amina", "bruno")]
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    return reps


def rule_of(lead):
    """The name of the rule that decided where this lead goes."""
    return lead.decisions.get().rule.name


def policy(choice):
    Organisation.objects.create(pk=1, duplicates=choice)


def arrive(*sent, **options):
    return receive_many([clean(one) for one in sent], **options)


# Duplicates


def test_a_duplicate_goes_to_whoever_works_the_first_one_and_takes_no_turn(paris):
    amina, bruno = paris
    first = receive(clean(ANA)).lead
    turns = Turn.objects.count()

    received = receive(clean(ANA | {"source": "fair"}))

    lead, decision = received.lead, received.decision
    assert (lead.status, lead.owner, lead.duplicate_of) == ("owned", first.owner, first)
    assert decision is not None
    assert (decision.method, decision.owner, decision.ruleset) == ("duplicate", first.owner, None)
    assert lead.assignments.get().method == "duplicate"
    assert Turn.objects.count() == turns
    assert receive(clean(BEN)).lead.owner == bruno, "the next turn is still Bruno's"
    assert OutboxMessage.objects.filter(lead=lead, recipient=amina.user).count() == 1


def test_both_logs_say_how_the_person_was_recognised(paris):
    first = receive(clean(ANA)).lead
    lead = receive(clean(ANA)).lead

    received = lead.log.get(event="lead.received")
    assert received.detail["duplicate"] == {"first": str(first.public_id), "by": "email"}
    told = first.log.get(event="lead.duplicate")
    assert told.detail == {"duplicate": str(lead.public_id), "by": "email"}
    assert told.rep == first.owner


def test_a_busy_owner_still_gets_the_duplicate_because_it_is_one_matter(paris):
    amina, _bruno = paris
    receive(clean(ANA))
    amina.capacity = 1
    amina.save()

    assert receive(clean(ANA)).lead.owner == amina


def decided(received):
    assert received.decision is not None
    return received.decision


def away(rep, how):
    """``rep`` cannot take leads now."""
    if how == "paused":
        Rep.objects.filter(pk=rep.pk).update(paused=True)
    elif how == "on leave":
        now = clock.now()
        TimeOff.objects.create(rep=rep, starts_at=now - HOUR, ends_at=now + 24 * HOUR)
    else:
        Rep.objects.filter(pk=rep.pk).update(active=False)


@pytest.mark.parametrize("how", ["paused", "on leave"])
def test_while_the_owner_is_away_the_backup_gets_the_duplicate_and_reads_why(paris, how):
    amina, _bruno = paris
    chloe = RepFactory(user__username="chloe")
    first = receive(clean(ANA)).lead
    Rep.objects.filter(pk=amina.pk).update(backup=chloe)
    away(amina, how)
    turns = Turn.objects.count()

    received = receive(clean(ANA))

    lead, decision = received.lead, decided(received)
    assert (lead.owner, lead.duplicate_of) == (chloe, first)
    assert (decision.method, Turn.objects.count()) == ("duplicate", turns)
    assert sentence(decision, chloe) == (
        "You got this lead because you stand in for amina (away), who works the same one,"
        " recognised by the e-mail address."
    )
    assert "chloe got this lead in place of amina (away)" in sentence(decision, amina)
    assert f"in place of amina ({how})" in sentence(decision, oversees=True)


@pytest.mark.parametrize("how", ["paused", "on leave", "not active"])
@pytest.mark.parametrize("backup", ["none", "paused", "full"])
def test_without_a_backup_who_is_there_the_rules_decide_and_say_why(paris, how, backup):
    amina, bruno = paris
    first = receive(clean(ANA)).lead
    if backup != "none":
        chloe = RepFactory(paused=backup == "paused", capacity=1)
        if backup == "full":
            LeadFactory(owner=chloe)
        Rep.objects.filter(pk=amina.pk).update(backup=chloe)
    away(amina, how)

    received = receive(clean(ANA))

    assert decided(received).method == "push"
    assert (received.lead.owner, received.lead.duplicate_of) == (bruno, first)
    assert sentence(decided(received), bruno, whole=True) == (
        "amina (away) works the same lead, recognised by the e-mail address, so the rules"
        " decided. You got this lead by the rule “In turn”: it was your turn."
    )


def test_why_a_colleague_is_away_is_told_to_the_manager_alone(paris, client):
    """Neither to who gets the lead nor to the program that sent it (IG4)."""
    amina, bruno = paris
    mireille = UserFactory(password=None)
    amina.team.managers.add(mireille)
    receive(clean(ANA))
    away(amina, "paused")

    received = receive(clean(ANA))

    answer = decision_document(received.decision)
    assert answer is not None
    assert answer["explanation"].startswith("amina (away) works the same lead")
    for user, why in ((bruno.user, "away"), (mireille, "paused")):
        client.force_login(user)
        for name in ("lead", "api-explanation"):
            told = client.get(reverse(f"leaddistrib:{name}", args=[received.lead.public_id]))
            assert f"amina ({why}) works the same lead" in told.content.decode()


def test_a_duplicate_never_waits_unseen_when_nobody_is_there_at_all(paris):
    """It ends in a queue with an alert, as any lead that found nobody (PU4)."""
    amina, bruno = paris
    receive(clean(ANA))
    away(amina, "on leave")
    away(bruno, "on leave")

    received = receive(clean(ANA))

    assert received.lead.pool == safety_net()
    assert Alert.objects.filter(kind="nobody_available").exists()


def test_a_file_of_duplicates_does_not_take_the_backup_over_capacity(paris):
    amina, bruno = paris
    receive(clean(ANA))
    chloe = RepFactory(capacity=2)
    Rep.objects.filter(pk=amina.pk).update(backup=chloe)
    away(amina, "on leave")

    owners = [one.lead.owner for one in arrive(ANA, ANA, ANA)]

    assert owners == [chloe, chloe, bruno]


def test_an_owner_who_is_asleep_still_gets_the_duplicate(paris):
    amina, _bruno = paris
    receive(clean(ANA))
    tomorrow = (clock.now() + 24 * HOUR).weekday()
    WorkingHours.objects.create(rep=amina, weekday=tomorrow, starts=time(9), ends=time(12))

    assert receive(clean(ANA)).lead.owner == amina


@pytest.mark.parametrize("gone", ["closed", "inactive"])
def test_when_nobody_works_the_first_one_the_rules_decide_and_the_link_stays(paris, gone):
    amina, bruno = paris
    first = receive(clean(ANA)).lead
    if gone == "closed":
        close(first, amina)
    else:
        amina.active = False
        amina.save()

    received = receive(clean(ANA))

    assert received.decision is not None
    assert received.decision.method == "push"
    assert received.lead.owner == bruno
    assert received.lead.duplicate_of == first


def test_a_duplicate_of_a_waiting_lead_is_routed_and_linked(db):
    pool = PoolFactory(name="Everyone", reps=[RepFactory()])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    first = receive(clean(ANA)).lead

    received = receive(clean(ANA))

    assert (received.lead.pool, received.lead.duplicate_of) == (pool, first)


def test_merged_duplicates_are_closed_at_once_and_only_the_log_tells_the_owner(paris):
    policy("merge")
    first = receive(clean(ANA)).lead
    told = OutboxMessage.objects.count()

    received = receive(clean(ANA))

    lead, decision = received.lead, received.decision
    assert (lead.status, lead.owner, lead.duplicate_of) == ("closed", None, first)
    assert decision is not None
    assert (decision.method, decision.owner, decision.pool) == ("duplicate", None, None)
    assert not lead.assignments.exists()
    assert OutboxMessage.objects.count() == told
    assert first.log.filter(event="lead.duplicate").count() == 1


def test_linked_duplicates_are_routed_as_any_other(paris):
    policy("link")
    _amina, bruno = paris
    first = receive(clean(ANA)).lead

    received = receive(clean(ANA))

    assert received.decision is not None
    assert (received.decision.method, received.lead.owner) == ("push", bruno)
    assert received.lead.duplicate_of == first


def test_the_person_of_an_earlier_row_of_a_file_is_known_in_the_later_one(paris):
    amina, bruno = paris

    first, other, again = arrive(ANA, BEN, ANA)

    assert (first.lead.owner, other.lead.owner, again.lead.owner) == (amina, bruno, amina)
    assert again.lead.duplicate_of == first.lead
    assert [one.decision.method for one in (first, other, again)] == ["push", "push", "duplicate"]


def test_a_file_that_is_not_routed_still_links_its_duplicates(paris):
    first, again = arrive(ANA, ANA, routed=False)

    again.lead.refresh_from_db()
    assert again.lead.duplicate_of == first.lead
    assert again.lead.status == "received"


def test_a_batch_with_duplicates_takes_the_same_queries_however_large(paris):
    receive(clean(ANA))

    def queries(number):
        people = [
            {
                "company": "Acme",
                "contact": {"name": f"P {n}", "email": f"p{number}-{n}@acme.example"},
            }
            for n in range(number)
        ]
        with CaptureQueriesContext(connection) as asked:
            arrive(*people, *([ANA] * number), *people)
        return len(asked)

    queries(1)
    assert queries(2) == queries(20)


def send_at_once(sent, times):
    """The same form, from several connections in the same moment."""
    together = threading.Barrier(times)

    def send():
        connection.ensure_connection()
        together.wait()
        receive(clean(sent))
        connection.close()

    with ThreadPoolExecutor(times) as threads:
        for sending in [threads.submit(send) for _ in range(times)]:
            sending.result()


def firsts(rounds=4, times=6):
    """How many leads count as the first of their person, in each round."""
    team = TeamFactory(name="Paris")
    RepFactory.create_batch(3, team=team)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    counted = []
    for number in range(rounds):
        sent = {"company": "Acme", "contact": {"email": f"ana{number}@acme.example"}}
        send_at_once(sent, times)
        leads = Lead.objects.filter(contact_email=f"ana{number}@acme.example")
        assert leads.count() == times
        counted.append(leads.filter(duplicate_of=None).count())
    return counted


@pytest.mark.django_db(transaction=True)
def test_of_a_form_that_is_sent_several_times_at_once_one_lead_is_the_first():
    assert firsts() == [1, 1, 1, 1]
    [owner] = {lead.owner for lead in Lead.objects.filter(contact_email="ana0@acme.example")}
    assert owner is not None


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_person_comes_in_for_the_first_time_twice(monkeypatch):
    """The control. SQLite lets one writer in at a time, with or without it."""
    monkeypatch.setattr(receiving, "lock_persons", lambda signs: None)

    counted = firsts()

    if connection.vendor == "postgresql":
        assert max(counted) > 1
    else:
        assert counted == [1, 1, 1, 1]


# Accounts


def test_a_lead_keeps_its_account_and_the_log_says_how_it_was_recognised(paris):
    acme = AccountFactory(name="Acme SARL")

    lead = receive(clean({"company": "ACME"})).lead

    assert lead.account == acme
    assert lead.log.get(event="lead.received").detail["account"] == {
        "name": "Acme SARL",
        "by": "name",
    }


def test_rules_may_ask_about_account_and_territory_of_the_lead_that_comes_in(paris):
    _amina, bruno = paris
    AccountFactory(name="Acme", domain="acme.example", owner=bruno)
    TerritoryFactory(name="West", countries=["FR"])
    PoolFactory(name="Known", reps=[bruno])
    publish_rules(
        [
            {
                "name": "Bruno's accounts in the west",
                "when": {
                    "all": [
                        {"field": "account_owner", "op": "eq", "value": "bruno"},
                        {"field": "territory", "op": "eq", "value": "West"},
                    ]
                },
                "then": {"pool": "Known"},
            },
            {"name": "Others", "when": {}, "then": {"push": "round_robin", "team": "Paris"}},
        ]
    )

    known = {"company": "x", "company_domain": "acme.example"}
    here = receive(clean({**known, "country": "FR"})).lead
    there = receive(clean({**known, "country": "DE"})).lead

    assert rule_of(here) == "Bruno's accounts in the west"
    assert rule_of(there) == "Others"


def test_a_known_lead_with_a_new_company_name_gets_that_companys_account(paris):
    AccountFactory(name="Old")
    new = AccountFactory(name="New")
    row = {"source_system": "crm", "external_id": "1", "company": "Old"}
    arrive(row)

    arrive(row | {"company": "New"})

    assert Lead.objects.get().account == new


def test_a_corrected_company_name_finds_its_account(paris):
    new = AccountFactory(name="New")
    lead = LeadFactory(company="Old")

    correct(lead, clean({"company": "New"}))

    lead.refresh_from_db()
    assert lead.account == new


# Scores


@pytest.fixture
def scoring(db):
    demo = {"field": "lead_type", "op": "eq", "value": "demo"}
    west = {"field": "territory", "op": "eq", "value": "West"}
    ScoringRule.objects.create(name="Demo", when=demo, points=50)
    ScoringRule.objects.create(name="In the west", when=west, points=35)
    ScoringRule.objects.create(name="Asleep", when={}, points=9, active=False)
    TerritoryFactory(name="West", countries=["FR"])


DEMO = {"company": "Acme", "lead_type": "demo", "country": "FR"}


def test_a_lead_without_a_score_gets_points_and_the_log_says_for_what(paris, scoring):
    lead = receive(clean(DEMO)).lead

    assert (lead.score, lead.temperature, lead.quality) == (85, "hot", "high")
    assert lead.log.get(event="lead.received").detail["scoring"] == {
        "score": 85,
        "points": [{"rule": "Demo", "points": 50}, {"rule": "In the west", "points": 35}],
    }


def test_a_score_that_came_with_the_lead_stays_unless_the_organisation_replaces_it(paris, scoring):
    lead = receive(clean(DEMO | {"score": 10})).lead
    assert (lead.score, lead.temperature) == (10, "cold")
    assert "scoring" not in lead.log.get(event="lead.received").detail

    Organisation.objects.create(pk=1, scoring_replaces=True)
    assert receive(clean(DEMO | {"company": "Other", "score": 10})).lead.score == 85


def test_without_scoring_rules_a_lead_without_a_score_stays_so(paris):
    lead = receive(clean(DEMO)).lead

    assert (lead.score, lead.temperature) == (None, "")


def test_the_same_file_again_does_not_undo_scores_and_a_changed_lead_is_scored_anew(paris, scoring):
    row = DEMO | {"source_system": "crm", "external_id": "1"}
    arrive(row)

    [again] = arrive(row)
    assert again.outcome == "unchanged"
    assert Lead.objects.get().score == 85

    [changed] = arrive(row | {"lead_type": "newsletter"})
    assert changed.outcome == "updated"
    lead = Lead.objects.get()
    assert (lead.score, lead.temperature) == (35, "cold")


def test_a_rule_may_not_see_the_score_that_it_is_making(paris):
    hot = {"field": "score", "op": "gte", "value": 1}
    ScoringRule.objects.create(name="Hot already", when=hot, points=50)
    Organisation.objects.create(pk=1, scoring_replaces=True)

    assert receive(clean(DEMO | {"score": 90})).lead.score == 0


# Value


@pytest.mark.parametrize(
    ("value", "currency", "kept"),
    [
        ("1200", "", ("1200.00", "EUR")),
        (1200.5, "usd", ("1200.50", "USD")),
        ("1 200,50", "€", ("1200.50", "EUR")),
        ("", "", (None, "")),
    ],
)
def test_an_expected_value_is_an_amount_with_its_currency(value, currency, kept):
    given = clean({"company": "Acme", "value": value, "currency": currency})

    assert (given.value and str(given.value), given.currency) == kept


def test_a_host_says_which_currency_is_meant_where_none_is_named(settings):
    settings.LEADDISTRIB = {"CURRENCY": "CHF"}

    assert clean({"company": "Acme", "value": 5}).currency == "CHF"
    assert clean({"company": "Acme", "value": 5, "currency": "EUR"}).currency == "EUR"


def test_the_value_of_a_lead_is_kept_and_its_person_recognised_for_ninety_days(paris):
    lead = receive(clean(ANA | {"value": "99.90"})).lead
    Lead.objects.filter(pk=lead.pk).update(received_at=clock.now() - timedelta(days=91))

    again = receive(clean(ANA)).lead

    lead.refresh_from_db()
    assert str(lead.value) == "99.90"
    assert again.duplicate_of is None
    assert not LogEntry.objects.filter(event="lead.duplicate").exists()

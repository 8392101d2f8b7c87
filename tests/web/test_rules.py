"""Reps and managers read the rules in plain words, and managers review them (RU7, RU8)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leaddistrib.lifecycle.publishing import publish, roll_back
from leaddistrib.lifecycle.routing import route
from leaddistrib.models import Outcome, RuleReview
from leaddistrib.testing import LeadFactory, clock_at
from tests.web.conftest import signed_in

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = START + timedelta(days=100)


def rule(name, when, *steps):
    return {"name": name, "when": when, "then": {**steps[0], "fallback": list(steps[1:])}}


PUSH = {"push": "round_robin", "team": "Paris", "seniority": "senior"}
POOL = {"pool": "Everyone"}
BIG = {"field": "employees", "op": "gte", "value": 500}
OWN = {"field": "account_owner", "op": "eq", "value": "bruno"}
FRANCE = rule("France", {"all": [{"field": "country", "op": "eq", "value": "FR"}, BIG]}, PUSH, POOL)
LONDON = rule("London", {"not": BIG}, {"push": "least_loaded", "team": "London"})
PERSONAL = rule(
    "Own accounts",
    {"any": [OWN, {"field": "contact.email", "op": "in", "value": ["jeanne@lenoir.example"]}]},
    {"push": "account_owner"},
    POOL,
)
ALL = {"name": "Everything else", "when": {}, "then": POOL}


@pytest.fixture
def rules(cast):
    with clock_at(START):
        publish([FRANCE, ALL], note="First")
        return publish([PERSONAL, {**FRANCE, "when": BIG}, LONDON, ALL], note="London opens")


def read(who, language="en", moment=START):
    with clock_at(moment):
        answer = signed_in(who).get(
            reverse("leaddistrib:rules"), headers={"accept-language": language}
        )
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_rep_reads_the_rules_in_order_with_their_fallbacks(cast, rules):
    html = read(cast.amina)

    names = ("Own accounts", "France", "London", "Everything else")
    places = [html.index(f"<h2>{name}</h2>") for name in names]
    assert places == sorted(places)
    assert "Version 2, in force since March 2, 2026." in html
    assert "Employees is at least 500" in html
    assert "Every lead" in html
    france = html[places[1] : places[2]]
    assert france.index("team “Paris”") < france.index("otherwise") < france.index("pool “Every")


def test_what_an_admin_wrote_about_the_version_is_for_managers_and_admins(cast, rules):
    assert "London opens" not in read(cast.amina)
    for who in (cast.mireille, cast.admin):
        assert "London opens" in read(who)


def test_values_of_attributes_are_shown_where_the_host_registered_them(cast, settings):
    def asks(field, value):
        return {**ALL, "name": field, "when": {"field": field, "op": "eq", "value": value}}

    settings.LEADDISTRIB = {"FIELDS": {"attributes.plan": {"label": "Plan"}}}
    publish(
        [
            asks("attributes.plan", "paid"),
            asks("attributes.referrer", "Jane Doe"),
            asks("attributes.event", "Milan Fair"),
            asks("external_id", "CRM-4711"),
            ALL,
        ]
    )
    for who in (cast.amina, cast.mireille, cast.admin):
        html = read(who)
        assert "Plan is paid" in html
        assert "Milan Fair" in html
        assert html.count("(not shown)") == 2
        assert "Jane Doe" not in html
        assert "CRM-4711" not in html


def test_nobody_is_named(cast, rules):
    for who in (cast.amina, cast.mireille, cast.admin):
        html = read(who, moment=LATER)
        assert "(a person)" in html
        assert "jeanne" not in html
        assert "bruno" not in html


def test_what_changed_since_the_version_before_is_said_in_words(cast, rules):
    html = read(cast.amina)

    assert "Compared with version 1:" in html
    assert "New: “Own accounts”." in html
    assert "New: “London”." in html
    assert "Changed: “France”." in html
    assert "<del>Country is FR and employees is at least 500</del>" in html
    assert "Moved" not in html


def test_after_a_roll_back_the_change_is_from_what_was_in_force(cast, rules):
    first = type(rules).objects.get(version=1)
    with clock_at(START + timedelta(hours=1)):
        roll_back(first)

    html = read(cast.amina)

    assert "Version 1" in html
    assert "Compared with version 2:" in html
    assert "Removed: “London”." in html


def test_the_first_version_has_none_before_it(cast):
    publish([ALL])

    assert "There was no version before." in read(cast.amina)


def test_before_any_rules_a_rep_reads_where_leads_go(cast):
    assert "No rules yet" in read(cast.amina)


def test_a_french_rep_reads_it_in_french(cast, rules):
    html = read(cast.amina, "fr")

    assert '<html lang="fr"' in html
    assert "2 mars 2026" in html


def test_a_rules_name_is_shown_as_text(cast):
    publish([{**ALL, "name": "<script>alert(1)</script>"}])

    html = read(cast.amina)

    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_the_menu_leads_there(cast, rules):
    home = signed_in(cast.amina).get(reverse("leaddistrib:home")).content.decode()

    assert f'href="{reverse("leaddistrib:rules")}"' in home


def test_what_is_to_be_reviewed_is_shown_to_its_manager_only(cast, rules):
    due = "To be reviewed"

    assert due not in read(cast.mireille)
    assert due not in read(cast.amina, moment=LATER)
    managers = read(cast.mireille, moment=LATER)
    assert managers.count(due) == 1  # France: London and the pool of named reps are not hers
    assert read(cast.admin, moment=LATER).count(due) == 4


def test_a_manager_reviews_a_rule_and_it_is_no_longer_to_be_reviewed(cast, rules):
    france = rules.rules.get(name="France")
    with clock_at(LATER):
        answer = signed_in(cast.mireille).post(
            reverse("leaddistrib:rule-review", args=[france.key]), {"note": "ok"}, follow=True
        )

    assert "You reviewed “France”." in answer.content.decode()
    made = RuleReview.objects.get()
    assert (made.key, made.by, made.note, made.at) == (france.key, cast.mireille, "ok", LATER)
    assert "To be reviewed" not in read(cast.mireille, moment=LATER)


def test_a_note_that_is_too_long_is_refused(cast, rules):
    france = rules.rules.get(name="France")
    address = reverse("leaddistrib:rule-review", args=[france.key])

    with clock_at(LATER):
        answer = signed_in(cast.mireille).post(address, {"note": "x" * 201})

    assert answer.status_code == 400
    html = answer.content.decode()
    assert html.count("at most 200 characters (it has 201)") == 1
    assert html.count(f'value="{"x" * 201}"') == 1  # what was written is not lost
    [field] = re.findall(r'<input[^>]* aria-invalid="true"[^>]*>', html)
    [error] = re.findall(r'aria-describedby="([^"]+)"', field)
    assert html.count(f'id="{error}"') == 1
    assert not RuleReview.objects.exists()


def test_a_note_that_no_database_holds_is_refused(cast, rules):
    address = reverse("leaddistrib:rule-review", args=[rules.rules.get(name="France").key])

    with clock_at(LATER):
        answer = signed_in(cast.mireille).post(address, {"note": "still\x00right"})

    assert answer.status_code == 400
    assert "Null characters are not allowed." in answer.content.decode()
    assert not RuleReview.objects.exists()


def test_a_rule_to_be_reviewed_shows_its_conversion_or_that_nothing_is_known(cast, rules):
    shown = "a conversion of"
    with clock_at(START + timedelta(hours=1)):
        leads = [LeadFactory.build(employees=900, received_at=START) for _ in range(3)]
        route(leads)
    assert "No outcomes are recorded." in read(cast.mireille, moment=LATER)
    assert shown not in read(cast.mireille, moment=LATER)
    for lead, stage in zip(leads, ("won", "lost", "lost"), strict=True):
        Outcome.objects.create(lead=lead, stage=stage, at=START + timedelta(hours=2))
    html = read(cast.mireille, moment=LATER)
    assert "Won: 1 of 3 that were won or lost, a conversion of 33%." in html
    assert "No outcomes are recorded." not in html


def test_what_rules_did_is_counted_for_nobody_who_reviews_none(cast, rules):
    def counted(who):
        with CaptureQueriesContext(connection) as queries:
            read(who, moment=LATER)
        return [query for query in queries if "leaddistrib_outcome" in query["sql"]]

    assert counted(cast.mireille)
    assert not counted(cast.amina)


@pytest.mark.parametrize("who", ["amina", "david", "oscar"])
def test_nobody_else_reviews_a_rule(cast, rules, who):
    france = rules.rules.get(name="France")
    address = reverse("leaddistrib:rule-review", args=[france.key])

    assert signed_in(getattr(cast, who)).post(address).status_code == 404
    assert not RuleReview.objects.exists()


def test_a_manager_reviews_no_rule_of_other_teams(cast, rules):
    london = rules.rules.get(name="London")
    address = reverse("leaddistrib:rule-review", args=[london.key])

    assert signed_in(cast.mireille).post(address).status_code == 404


def test_more_rules_cost_no_more_queries(cast):
    client = signed_in(cast.mireille)
    asked = []
    for number in (2, 2, 40):  # the first time there is less to compare with
        whens = [{**BIG, "value": 9000 - n} for n in range(number)]
        many = [{**FRANCE, "name": str(n), "when": when} for n, when in enumerate(whens)]
        publish([{**FRANCE, "when": BIG}, ALL])
        publish([*many, ALL])
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("leaddistrib:rules"))
        asked.append(len(queries))

    assert asked[1] == asked[2]

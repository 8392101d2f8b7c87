"""A rule that nobody looked at is flagged with what it did, and who should is reminded (RU7)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.errors import InvalidRules
from leaddistrib.jobs.runs import run_due
from leaddistrib.jobs.schedules import JOBS
from leaddistrib.lifecycle.contacting import log_contact
from leaddistrib.lifecycle.drafting import draft_of, write_rule
from leaddistrib.lifecycle.publishing import publish, put_in_force, roll_back
from leaddistrib.lifecycle.releasing import release
from leaddistrib.lifecycle.reviewing import remind, review
from leaddistrib.lifecycle.routing import route
from leaddistrib.models import Organisation, OutboxMessage, Outcome
from leaddistrib.queries.reviews import stale
from leaddistrib.testing import LeadFactory, UserFactory, clock_at

FRANCE = {
    "name": "France",
    "when": {"field": "country", "op": "eq", "value": "FR"},
    "then": {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]},
}
LYON = {
    "name": "Lyon",
    "when": {"field": "city", "op": "eq", "value": "Lyon"},
    "then": {"push": "round_robin", "team": "Lyon", "fallback": [{"pool": "Everyone"}]},
}
ALL = {"name": "All", "when": {}, "then": {"pool": "Everyone"}}
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
REMINDERS = [job for job in JOBS if job.name == "rule_reviews"]


@pytest.fixture
def rules(cast):
    with clock_at(START):
        return publish([FRANCE, LYON, ALL])


def names(moment):
    return [one.rule.name for one in stale(moment)]


def test_a_rule_is_to_be_reviewed_after_90_days(rules):
    assert names(START + 90 * DAY - timedelta(seconds=1)) == []
    assert names(START + 90 * DAY) == ["France", "Lyon", "All"]


def test_the_organisation_sets_the_days(rules):
    Organisation.objects.create(pk=1, review_days=30)

    assert names(START + 29 * DAY) == []
    assert names(START + 30 * DAY) == ["France", "Lyon", "All"]


def test_a_reviewed_rule_is_not_to_be_reviewed_again_before_its_time(rules, cast):
    france = rules.rules.get(name="France")
    with clock_at(START + 80 * DAY):
        made = review(france, cast.amina.user, " still right ")

    assert (made.by, made.note) == (cast.amina.user, "still right")
    assert names(START + 90 * DAY) == ["Lyon", "All"]
    assert names(START + 170 * DAY) == ["France", "Lyon", "All"]


def test_a_note_on_a_review_has_a_limit(rules):
    with pytest.raises(InvalidRules, match="200"):
        review(rules.rules.first(), None, "x" * 201)


def test_a_rule_counts_from_its_last_change_whatever_else_was_published(rules):
    with clock_at(START + 50 * DAY):
        changed = draft_of(rules)
        lyon = changed.rules.get(name="Lyon")
        lyon.when = {"field": "city", "op": "starts_with", "value": "Lyon"}
        write_rule(lyon, list(lyon.steps.all()))
        put_in_force(changed)

    assert names(START + 90 * DAY) == ["France", "All"]
    assert names(START + 140 * DAY) == ["France", "Lyon", "All"]


def test_a_version_that_comes_back_does_not_make_its_rules_new(rules):
    with clock_at(START + 10 * DAY):
        publish([ALL])
    with clock_at(START + 20 * DAY):
        roll_back(rules)

    assert names(START + 90 * DAY) == ["France", "Lyon", "All"]


def test_a_flagged_rule_shows_what_it_did_since(rules, cast):
    """Three leads to Paris: one answered after 10 minutes and won, one given back (and pushed on to
    a colleague), one lost; and one of the time before the review, which does not count."""
    hour = timedelta(hours=1)
    with clock_at(START + DAY):
        route([LeadFactory.build(country="FR", received_at=START)])
    with clock_at(START + DAY + hour):
        review(rules.rules.get(name="France"), None)
    leads = []
    for number in range(3):
        with clock_at(START + 2 * DAY + number * hour):
            lead = LeadFactory.build(country="FR", received_at=START)
            route([lead])
            leads.append(lead)
    with clock_at(START + 2 * DAY + timedelta(minutes=10)):
        log_contact(leads[0], leads[0].owner, "call")
        for lead, stage in ((leads[0], "won"), (leads[2], "qualified"), (leads[2], "lost")):
            Outcome.objects.create(
                lead=lead, rep=lead.owner, stage=stage, at=START + 2 * DAY + 3 * hour
            )
    with clock_at(START + 3 * DAY):
        release(leads[1], leads[1].owner, reason="wrong number")

    france = next(one for one in stale(START + 200 * DAY) if one.rule.name == "France")

    assert france.since == START + DAY + hour
    did = france.did
    assert (did.volume, did.pushed, did.claimed, did.given_back) == (3, 3, 0, 1)
    assert (did.won, did.closed, did.conversion) == (1, 2, 0.5)
    assert did.response == timedelta(minutes=10)


def test_a_rule_without_outcomes_has_no_conversion(rules):
    with clock_at(START + DAY):
        route([LeadFactory.build(country="FR", received_at=START)])
    assert [one.did.volume for one in stale(START + 90 * DAY)] == [1, 0, 0]
    assert {one.did.conversion for one in stale(START + 90 * DAY)} == {None}


def test_the_managers_of_its_teams_are_reminded_once_a_week(rules, cast):
    mireille, root = UserFactory(username="mireille"), UserFactory(is_superuser=True)
    cast.paris.managers.add(mireille)
    review(rules.rules.get(name="All"), None)

    assert remind(START + 91 * DAY, "2026-06-01") == {"rules": 2, "told": 2}
    remind(START + 92 * DAY, "2026-06-01")

    told = OutboxMessage.objects.values_list("recipient", "event").order_by("recipient")
    # Lyon has no manager
    assert list(told) == [
        (mireille.pk, "rules.review:2026-06-01"),
        (root.pk, "rules.review:2026-06-01"),
    ]
    remind(START + 98 * DAY, "2026-06-08")
    assert OutboxMessage.objects.count() == 4


def test_nobody_is_reminded_of_rules_that_were_looked_at(rules, cast):
    UserFactory(is_superuser=True)

    assert remind(START + 10 * DAY, "2026-03-09") == {"rules": 0, "told": 0}
    assert not OutboxMessage.objects.exists()


def test_the_weekly_job_reminds_on_monday_morning_however_many_workers_ask(rules, settings):
    settings.TIME_ZONE = "Europe/Paris"
    UserFactory(is_superuser=True)
    monday = datetime(2026, 6, 8, 5, 30, tzinfo=UTC)  # 07:30 in Paris
    with clock_at(monday):
        runs = [run_due(moment, REMINDERS) for moment in (monday - 7 * DAY, monday, monday)]

    assert runs == [1, 1, 0]
    events = OutboxMessage.objects.order_by("id").values_list("event", flat=True)
    assert list(events) == ["rules.review:2026-06-01", "rules.review:2026-06-08"]

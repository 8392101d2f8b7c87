"""The report says who got how much, what came of it, and how evenly it lies (FA1, DB2)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from leaddistrib.models import Assignment, Outcome, RuleSet
from leaddistrib.queries.distribution import By, Figure, Scope, distribution, leads_behind
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    publish_rules,
)
from tests.responses import answered, lapsed, started

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
MONTH = Scope(BEGAN, BEGAN + timedelta(days=30))


def had(rep, days=0, source="website", method=Assignment.Method.HISTORY, **outcome):
    """``rep`` had a new lead from that day of the month on, with this stage and value."""
    at = BEGAN + timedelta(days=days)
    lead = LeadFactory(source=source, received_at=at)
    again(lead, rep, at, method)
    if outcome:
        reached(lead, rep, at=at, **outcome)
    return lead


def again(lead, rep, at, method=Assignment.Method.HISTORY):
    Assignment.objects.filter(lead=lead, ended_at=None).update(ended_at=at, end="released")
    return Assignment.objects.create(lead=lead, rep=rep, method=method, started_at=at)


def reached(lead, rep, stage, value=None, currency="EUR", at=BEGAN):
    Outcome.objects.create(
        lead=lead, rep=rep, stage=stage, value=value, currency=currency if value else "", at=at
    )


@pytest.fixture
def cast(db):
    paris, lyon = TeamFactory(name="Paris"), TeamFactory(name="Lyon")
    return {
        name: RepFactory(
            user__password=None, user__username=name.lower(), user__first_name=name, team=team
        )
        for name, team in (("Amina", paris), ("Bruno", paris), ("Chloé", lyon), ("David", None))
    }


def figures(report):
    return {line.name: (line.volume, line.closed, line.won) for line in report.lines}


def test_each_rep_stands_there_with_volume_share_and_what_came_of_it(cast):
    for _ in range(2):
        had(cast["Amina"], stage="won", value=100)
    had(cast["Amina"], stage="lost")
    had(cast["Bruno"], stage="contacted")
    report = distribution(MONTH)
    assert figures(report) == {
        "Amina": (3, 3, 2),
        "Bruno": (1, 0, 0),
        "Chloé": (0, 0, 0),
        "David": (0, 0, 0),
    }
    amina, bruno, *_others = report.lines
    assert (amina.share, bruno.share) == (0.75, 0.25)
    assert amina.conversion == pytest.approx(2 / 3)
    assert bruno.conversion is None
    assert amina.value == {"EUR": Decimal(200)}
    assert amina.key == str(cast["Amina"].public_id)
    assert (report.total.volume, report.total.closed, report.total.won) == (4, 3, 2)


def test_the_spread_is_told_over_those_with_any_and_over_the_roster(cast):
    for rep, number in (("Amina", 3), ("Bruno", 1)):
        for _ in range(number):
            had(cast[rep])
    for by in By:
        spread = distribution(MONTH, by).spread
        assert (spread.among, spread.holders) == (0.25, 2)
        assert (spread.roster, spread.everybody) == (0.625, 4)


def test_who_left_still_counts_for_what_they_had_and_for_nothing_else(cast):
    had(cast["Amina"])
    for name in ("Amina", "Bruno"):
        cast[name].active = False
        cast[name].save()
    report = distribution(MONTH)
    assert figures(report).keys() == {"Amina", "Chloé", "David"}
    assert report.spread.everybody == 3


def test_the_period_takes_its_first_moment_and_not_its_last(cast):
    for days in (-1, 0, 29, 30):
        had(cast["Amina"], days)
    assert distribution(MONTH).total.volume == 2


def test_the_latest_stage_is_where_a_lead_stands(cast):
    lead = had(cast["Amina"], stage="won", value=50)
    reached(lead, cast["Amina"], "lost", at=BEGAN + timedelta(days=1))
    same_moment = had(cast["Bruno"], stage="lost")
    reached(same_moment, cast["Bruno"], "won")
    reopened = had(cast["Chloé"], stage="lost")
    reached(reopened, cast["Chloé"], "contacted", at=BEGAN + timedelta(days=1))
    report = distribution(MONTH)
    assert figures(report) == {
        "Amina": (1, 1, 0),
        "Bruno": (1, 1, 1),
        "Chloé": (1, 0, 0),
        "David": (0, 0, 0),
    }
    assert report.total.value == {}


def test_a_lead_that_changed_hands_is_won_once_by_who_won_it(cast):
    lead = had(cast["Amina"])
    again(lead, cast["Bruno"], BEGAN + timedelta(days=1))
    again(lead, cast["Amina"], BEGAN + timedelta(days=2), Assignment.Method.MANUAL)
    reached(lead, cast["Amina"], "won", 70, at=BEGAN + timedelta(days=3))
    assert figures(distribution(MONTH))["Amina"] == (2, 1, 1)
    assert figures(distribution(MONTH))["Bruno"] == (1, 0, 0)
    by_method = distribution(MONTH, By.METHOD)
    assert figures(by_method) == {"Imported": (2, 0, 0), "By hand": (1, 1, 1)}
    assert by_method.total.value == {"EUR": Decimal(70)}


def test_values_of_different_currencies_are_not_added(cast):
    had(cast["Amina"], stage="won", value=100, currency="EUR")
    had(cast["Amina"], stage="won", value=30, currency="USD")
    had(cast["Amina"], stage="won")
    assert distribution(MONTH).total.value == {"EUR": Decimal(100), "USD": Decimal(30)}


def test_by_team_source_and_rule(cast):
    had(cast["Amina"], source="web", stage="won", value=5)
    had(cast["David"], source="")
    assert figures(distribution(MONTH, By.TEAM)) == {"Paris": (1, 1, 1), "No team": (1, 0, 0)}
    assert figures(distribution(MONTH, By.SOURCE)) == {"web": (1, 1, 1), "No source": (1, 0, 0)}
    assert figures(distribution(MONTH, By.RULE)) == {"No rule": (2, 1, 1)}


@pytest.mark.parametrize("by", list(By))
def test_how_soon_leads_were_answered_stands_beside_what_came_of_them(cast, by):
    at = BEGAN + timedelta(days=1)
    answered(started(cast["Amina"], at), timedelta(minutes=2))
    answered(started(cast["Amina"], at), timedelta(minutes=8))
    lapsed(started(cast["Amina"], at))
    started(cast["Amina"], at)
    had(cast["Amina"], method=Assignment.Method.PUSH)
    shown = distribution(MONTH, by)
    for line in (shown.lines[0], shown.total):
        assert (line.volume, line.answers.answered, line.answers.settled) == (5, 2, 3)
        assert line.answers.mean == 300
        assert line.answers.share_in_time == pytest.approx(1 / 3)


def test_who_had_nothing_to_answer_has_no_response_time(cast):
    had(cast["Bruno"])
    answers = distribution(MONTH).lines[0].answers
    assert (answers.mean, answers.share_in_time) == (None, None)


def test_a_rule_is_one_row_over_its_versions(cast):
    pool = PoolFactory(name="Everyone", reps=[cast["Amina"]])
    for _ in range(2):
        publish_rules([{"name": "All", "when": {}, "then": {"pool": pool.name}}])
    for ruleset in RuleSet.objects.all():
        lead = had(cast["Amina"], stage="won")
        decision = lead.decisions.create(
            rule=ruleset.rules.get(),
            ruleset=ruleset,
            method="push",
            owner=cast["Amina"],
            explanation={},
            decided_at=BEGAN,
        )
        lead.assignments.update(decision=decision)
    report = distribution(MONTH, By.RULE)
    assert figures(report) == {"All": (2, 2, 2)}
    assert leads_behind(MONTH, By.RULE, report.lines[0].key).count() == 2


def test_a_manager_sees_the_own_teams_only(cast):
    for name in cast:
        had(cast[name], stage="won")
    scope = MONTH._replace(teams=frozenset({cast["Amina"].team_id}))
    report = distribution(scope)
    assert figures(report) == {"Amina": (1, 1, 1), "Bruno": (1, 1, 1)}
    assert (report.total.volume, report.total.won, report.spread.everybody) == (2, 2, 2)
    assert leads_behind(scope, By.REP, None).count() == 2


@pytest.mark.parametrize("by", list(By))
def test_behind_every_figure_stand_as_many_leads(cast, by):
    had(cast["Amina"], source="web", stage="won")
    had(cast["Amina"], source="web", stage="lost", method=Assignment.Method.CLAIM)
    had(cast["Chloé"], source="fair", stage="contacted")
    had(cast["David"], source="")
    had(cast["David"], days=40, stage="won")
    answered(started(cast["Amina"], BEGAN, source="web"), timedelta(minutes=2))
    answered(started(cast["Chloé"], BEGAN), timedelta(minutes=20))
    for line in distribution(MONTH, by).lines:
        counted = {
            Figure.VOLUME: line.volume,
            Figure.CLOSED: line.closed,
            Figure.WON: line.won,
            Figure.ANSWERED: line.answers.answered,
            Figure.IN_TIME: line.answers.in_time,
        }
        for figure, number in counted.items():
            assert leads_behind(MONTH, by, line.key, figure).count() == number, (line, figure)


def test_a_key_that_is_none_is_refused(db):
    with pytest.raises(ValueError, match="UUID"):
        leads_behind(MONTH, By.REP, "amina")


@pytest.mark.parametrize("by", list(By))
def test_thirty_rows_cost_as_many_queries_as_three(cast, by, django_assert_num_queries):
    def more(first, last):
        for number in range(first, last):
            rep = RepFactory(user__password=None, team=TeamFactory())
            had(rep, source=f"source {number}", stage="won", value=1)

    cost = {By.REP: 4, By.TEAM: 6}.get(by, 5)
    more(0, 3)
    with django_assert_num_queries(cost):
        assert distribution(MONTH, by).total.volume == 3
    more(3, 30)
    with django_assert_num_queries(cost):
        assert distribution(MONTH, by).total.volume == 30

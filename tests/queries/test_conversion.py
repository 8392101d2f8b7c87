"""The report says what becomes of leads, and how soon (DB2, OU1)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.models import Lead, Outcome
from leaddistrib.queries.conversion import DAYS, By, Figure, conversion, leads_behind
from leaddistrib.queries.ranking import percentiles
from leaddistrib.queries.sight import leads_of, sight
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, UserFactory

BEGAN = datetime(2026, 11, 1, 9, tzinfo=UTC)
ENDED = BEGAN + timedelta(days=30)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def amina(db):
    return RepFactory(user__username="amina", team=TeamFactory(name="Paris"))


def came(source="website", *, rep=None, days=0, **more):
    """A lead of that source; with ``won`` or ``lost`` what came of it after so many days."""
    stages = {stage: more.pop(stage) for stage in ("won", "lost") if stage in more}
    lead = LeadFactory(source=source, received_at=BEGAN + days * DAY, owner=rep, **more)
    for stage, after in stages.items():
        Outcome.objects.create(lead=lead, rep=rep, stage=stage, at=lead.received_at + after * DAY)
    return lead


def report(by=By.SOURCE, leads=None):
    everything = Lead.objects.all() if leads is None else leads
    return conversion(everything, BEGAN, ENDED, by)


def behind(key, figure, by=By.SOURCE):
    return leads_behind(Lead.objects.all(), BEGAN, ENDED, by, key, figure)


def test_each_source_tells_how_many_leads_were_won_and_how_soon(amina):
    for after in (1, 2, 3, 40):
        came("fair", rep=amina, won=after)
    came("fair", rep=amina, lost=5)
    came("fair")
    came("website", won=0)

    fair, website = report().lines
    assert (fair.name, fair.leads, fair.won, fair.lost) == ("fair", 6, 4, 1)
    assert fair.rate == pytest.approx(4 / 6)
    assert (fair.median, fair.p25, fair.p75, fair.p90) == (2, 1, 3, 40)
    assert (website.rate, website.median) == (1, 0)
    total = report().total
    assert (total.leads, total.won, total.lost, total.median) == (7, 5, 1, 2)


def test_a_source_without_a_win_has_no_days(db):
    came("fair")
    [fair] = report().lines
    assert (fair.rate, fair.median, fair.p90) == (0, None, None)


def test_where_it_stands_now_counts(db):
    """Won, then lost after all; won, and that was undone."""
    came("fair", won=1, lost=2)
    lead = came("fair", won=1)
    lead.outcomes.update(undone_at=ENDED)

    [fair] = report().lines
    assert (fair.won, fair.lost) == (0, 1)


def test_the_period_is_that_in_which_leads_came_in(db):
    came(days=-1, won=5)
    came(days=30, won=1)
    inside = came(days=29, won=90)

    [line] = report().lines
    assert (line.leads, line.won, line.median) == (1, 1, 90)
    assert list(behind(None, Figure.LEADS)) == [inside]


def test_a_win_before_the_lead_came_in_is_counted_and_flagged(db):
    flagged = came("fair", won=-2)
    came("fair", won=3)

    [fair] = report().lines
    assert (fair.won, fair.early, fair.p25) == (2, 1, -2)
    assert list(behind("fair", Figure.EARLY)) == [flagged]


def test_how_stages_lie_on_reps(amina):
    bruno = RepFactory(user__username="bruno")
    for rep in (amina, amina, amina, bruno):
        came(rep=rep, won=1)
    came(won=1)  # under nobody
    Outcome.objects.create(
        lead=Lead.objects.earliest("pk"), rep=bruno, stage="opportunity", at=BEGAN + DAY / 2
    )

    opportunity, won = report().spreads
    assert (opportunity.stage, opportunity.leads, opportunity.reps) == ("opportunity", 1, 1)
    assert (won.leads, won.reps, won.gini) == (4, 2, 0.25)


@pytest.mark.parametrize("by", By)
def test_behind_every_figure_stand_as_many_leads(amina, by):
    facts = {"lead_type": "demo", "product": "GTX", "industry": "toys", "country": "FR"}
    came("fair", rep=amina, won=1, size_band="smb", **facts)
    came("fair", rep=amina, lost=1, **facts)
    came("", won=-3)

    found = report(by)
    for line in found.lines:
        counted = (line.leads, line.won, line.lost, line.early)
        assert counted == tuple(behind(line.key, figure, by).count() for figure in Figure)
    total = found.total
    assert (total.leads, total.won) == (3, 2)
    assert behind(None, Figure.WON, by).count() == 2


def test_a_manager_sees_the_leads_of_the_own_teams_each_once(amina):
    mireille = UserFactory(username="mireille")
    amina.team.managers.add(mireille)
    pool = PoolFactory(reps=[amina, RepFactory(team=amina.team)], teams=[amina.team])
    came("fair", rep=amina, pool=pool)
    came("fair", pool=pool)
    came("fair")

    [fair] = report(leads=leads_of(sight(mireille))).lines
    assert fair.leads == 2


@pytest.mark.parametrize(
    ("percent", "days"), [(1, 1), (25, 1), (26, 2), (50, 2), (75, 3), (90, 9), (100, 9)]
)
def test_a_percentile_is_a_number_of_days_that_occurs(db, percent, days):
    for after in (9, 1, 3, 2):
        came(won=after)
    wins = Outcome.objects.annotate(days=DAYS)
    ranked = list(percentiles(wins, "lead__source", "days", (percent,)))
    assert [(one.whole, one.value) for one in ranked] == [(False, days * DAY), (True, days * DAY)]
    assert list(percentiles(wins.none(), "lead__source", "days", (percent,))) == []


def test_days_are_those_of_the_calendar(db, settings):
    settings.TIME_ZONE = "Europe/Paris"
    evening = datetime(2026, 11, 1, 22, 30, tzinfo=UTC)  # 23:30 in Paris
    minutes = {"same": (0, 20), "next": (0, 60), "before": (60, 0)}
    for source, (came_in, won) in minutes.items():
        lead = LeadFactory(source=source, received_at=evening + came_in * MINUTE)
        Outcome.objects.create(lead=lead, stage="won", at=evening + won * MINUTE)
    assert {line.name: line.median for line in report().lines} == {
        "same": 0,
        "next": 1,
        "before": -1,
    }


def test_eight_rows_cost_as_many_queries_as_two(db, django_assert_num_queries):
    for number in range(2):
        came(f"source {number}", won=number)
    with django_assert_num_queries(5):
        assert len(report().lines) == 2
    for number in range(2, 8):
        came(f"source {number}", won=number)
    with django_assert_num_queries(5):
        assert len(report().lines) == 8

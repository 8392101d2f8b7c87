"""Each tier is measured by figures of its own, of the leads that its reps had while in it (TI3)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from leaddistrib.models import Assignment, Lead, Outcome, TierPlacement
from leaddistrib.queries.response import Asked
from leaddistrib.queries.tierleads import Figure, leads_behind
from leaddistrib.queries.tiermetrics import BETWEEN, HIGHEST, LOWEST, tier_metrics
from leaddistrib.testing import RepFactory, TeamFactory
from tests.responses import answered, started
from tests.tiers import placed, tier_policy

WEEK = date(2026, 11, 2)  # a Monday
NEXT = WEEK + timedelta(days=7)
TUESDAY = datetime(2026, 11, 3, 10, tzinfo=UTC)
NOVEMBER = Asked(date(2026, 11, 1), date(2026, 11, 30))
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def policy(db):
    return tier_policy()


@pytest.fixture
def paris(policy):
    return TeamFactory(name="Paris")


def rep(name, team, level, policy, *weeks):
    """A rep of that name, who is in the tier of ``level``, and was placed there for ``weeks``."""
    user = {"user__username": name.lower(), "user__first_name": name, "user__password": None}
    one = placed(RepFactory(team=team, **user), level)
    for week in weeks or (WEEK, NEXT):
        place(one, level, policy, week)
    return one


def place(one, level, policy, week):
    TierPlacement.objects.create(
        rep=one, policy=policy, level=level, period=week, reason="placed", at=TUESDAY
    )


def had(one, *said, at=TUESDAY, after=None, closed=False):
    """``one`` had a lead from ``at`` on, was in touch ``after`` some time, and said of it in turn
    what is in ``said``: a stage, or a stage with a value and a currency."""
    clock = started(one, at)
    if after is not None:
        answered(clock, after)
    say(one, clock.lead, *said, at=at)
    if closed:
        Lead.objects.filter(pk=clock.lead_id).update(status=Lead.Status.CLOSED)
    return clock.lead


def say(one, lead, *said, at=TUESDAY):
    for number, what in enumerate(said, start=1):
        stage, value, currency = what if isinstance(what, tuple) else (what, None, "")
        Outcome.objects.create(
            lead=lead, rep=one, stage=stage, value=value, currency=currency, at=at + number * DAY
        )


def lines(asked=NOVEMBER):
    """The lines of all teams by team and tier."""
    return {(team.name, line.name): line for team in tier_metrics(asked) for line in team.lines}


@pytest.fixture
def company(policy, paris):
    """Of Paris: Amina in Gold, Bruno in Silver, Chloé in Bronze."""
    amina, bruno, chloe = (
        rep(name, paris, level, policy)
        for level, name in enumerate(("Amina", "Bruno", "Chloé"), start=1)
    )
    had(amina, ("won", 1000, "EUR"), after=4 * MINUTE)
    had(amina, ("won", 500, "EUR"), after=8 * MINUTE)
    had(amina, ("won", 300, "USD"))
    had(amina, "won")  # without a value
    had(amina, "lost")
    had(bruno, ("won", 90, "EUR"), after=2 * MINUTE)
    had(bruno)
    had(bruno, "lost", at=TUESDAY + 7 * DAY, after=4 * MINUTE)
    had(chloe, "qualified", "opportunity", "lost", after=MINUTE)
    had(chloe, "qualified", "lost", after=MINUTE)
    had(chloe, "qualified", after=MINUTE)  # nothing is known of it yet
    had(chloe, "qualified", closed=True)
    return amina, bruno, chloe


def test_a_team_reads_six_figures_of_each_tier_and_which_of_them_it_is_measured_by(company):
    """tier: leads, won, started, answered, seconds, judged, right"""
    found = lines()
    counted = {
        name: (one.leads, one.won, one.started, one.answered, one.seconds, one.judged, one.right)
        for (_team, name), line in found.items()
        for one in [line.figures]
    }
    assert counted == {
        "Gold": (5, 4, 5, 2, 720, 0, 0),
        "Silver": (3, 1, 3, 2, 360, 0, 0),
        "Bronze": (4, 0, 4, 3, 180, 3, 1),
    }
    gold, silver, bronze = (found["Paris", name] for name in ("Gold", "Silver", "Bronze"))
    assert gold.figures.revenue == {"EUR": Decimal(1500), "USD": Decimal(300)}
    assert gold.figures.deal_size == {"EUR": Decimal(750), "USD": Decimal(300)}
    assert (gold.figures.conversion, gold.figures.response) == (0.8, 360)
    assert silver.figures.conversion == pytest.approx(1 / 3)
    assert silver.figures.response == 180
    assert (bronze.figures.contact_rate, bronze.figures.accuracy) == (0.75, pytest.approx(1 / 3))
    assert (gold.measures, silver.measures, bronze.measures) == (HIGHEST, BETWEEN, LOWEST)
    assert [line.reps for line in (gold, silver, bronze)] == [1, 1, 1]


def test_there_is_no_rate_of_nothing(policy, paris):
    rep("Amina", paris, 1, policy)
    gold = lines()["Paris", "Gold"].figures
    assert (gold.conversion, gold.response, gold.contact_rate, gold.accuracy) == (None,) * 4
    assert gold.revenue == gold.deal_size == {}


def test_a_lead_counts_for_the_tier_that_its_owner_was_in_when_it_was_had(policy, paris):
    amina = rep("Amina", paris, 3, policy, WEEK)
    place(amina, 1, policy, NEXT)
    placed(amina, 1)
    had(amina, ("won", 100, "EUR"), at=TUESDAY + 5 * DAY, after=MINUTE)  # on Sunday
    had(amina, "qualified", "won", at=TUESDAY + 6 * DAY)  # on Monday
    found = lines()
    gold, bronze = found["Paris", "Gold"], found["Paris", "Bronze"]
    assert (gold.reps, gold.figures.leads, gold.figures.right) == (1, 1, 1)
    assert (bronze.reps, bronze.figures.leads, bronze.figures.answered) == (0, 1, 1)
    assert bronze.figures.revenue == {"EUR": Decimal(100)}


@pytest.mark.parametrize("why", ["not placed", "in none", "by another policy", "a level no more"])
def test_what_was_had_outside_a_tier_is_in_none(policy, paris, why):
    amina = rep("Amina", paris, None, policy, NEXT)
    if why == "in none":
        place(amina, None, policy, WEEK)
    elif why == "by another policy":
        place(amina, 1, tier_policy(TeamFactory(name="Lyon")), WEEK)
    elif why == "a level no more":
        place(amina, 4, policy, WEEK)
    had(amina, "won")
    line = lines()["Paris", "In no tier"]
    assert (line.reps, line.figures.leads, line.figures.won) == (1, 1, 1)
    assert (line.level, line.measures) == (None, frozenset())


def test_of_a_lead_that_a_rep_had_twice_the_later_time_brings_what_came_of_it(policy, paris):
    amina = rep("Amina", paris, 3, policy, WEEK)
    place(amina, 1, policy, NEXT)
    lead = had(amina)
    Assignment.objects.update(ended_at=TUESDAY + DAY, end=Assignment.Ended.RELEASED)
    Assignment.objects.create(lead=lead, rep=amina, method="claim", started_at=TUESDAY + 7 * DAY)
    say(amina, lead, "qualified", ("won", 70, "EUR"), at=TUESDAY + 8 * DAY)
    found = {name: line.figures for (_team, name), line in lines().items()}
    assert [(one.leads, one.won, one.right) for one in (found["Gold"], found["Bronze"])] == [
        (1, 1, 1),
        (1, 0, 0),
    ]


def test_a_lead_called_qualified_is_judged_by_what_it_became_under_whomever(policy, paris):
    amina, bruno = rep("Amina", paris, 3, policy), rep("Bruno", paris, 1, policy)
    say(bruno, had(amina, "qualified"), "opportunity", at=TUESDAY + 2 * DAY)
    undone = had(amina, "qualified", "lost")
    undone.outcomes.filter(stage="qualified").update(undone_at=TUESDAY)
    twice = had(amina, "qualified", "qualified", "won")
    found = lines()
    bronze = found["Paris", "Bronze"].figures
    assert (bronze.judged, bronze.right, bronze.won) == (2, 2, 1)
    assert found["Paris", "Gold"].figures.judged == 0
    twice.outcomes.filter(stage="won").update(stage="lost")
    assert lines()["Paris", "Bronze"].figures.accuracy == 0.5


def test_only_teams_with_tiers_are_told_of_and_only_those_asked_for(policy, company):
    lyon, rome = TeamFactory(name="Lyon"), TeamFactory(name="Rome")
    tier_policy(rome, active=False)
    assert [team.name for team in tier_metrics(NOVEMBER)] == ["Lyon", "Paris"]
    alone = rep("David", None, 2, policy)
    had(alone)
    assert lines()["No team", "Silver"].figures.leads == 1
    own = NOVEMBER._replace(teams=frozenset({lyon.pk}))
    assert [team.name for team in tier_metrics(own)] == ["Lyon"]
    assert {line.figures.leads for line in tier_metrics(own)[0].lines} == {0}


def test_of_two_tiers_one_is_the_highest_and_one_the_lowest(policy, paris):
    policy.tiers.get(level=2).delete()
    assert {name: one.measures for (_t, name), one in lines().items()} == {
        "Gold": HIGHEST,
        "Bronze": LOWEST,
    }


def test_other_days_have_other_figures(company):
    later = NOVEMBER._replace(first=NEXT)
    assert [line.figures.leads for line in lines(later).values()] == [0, 1, 0]


def test_each_figure_has_as_many_leads_behind_it(company, policy, paris):
    had(rep("Elsa", paris, None, policy, date(2026, 1, 5)), "won", after=MINUTE)
    found = lines().values()
    assert len(found) == 4
    for line in found:
        for figure in Figure:
            behind = leads_behind(NOVEMBER, line.key, figure)
            assert behind.count() == getattr(line.figures, figure), (line.name, figure)


@pytest.mark.parametrize("key", ["", "x:1", ":", ":x"])
def test_what_is_no_line_has_nothing_behind_it(company, key):
    with pytest.raises(ValueError, match=r"invalid literal|badly formed"):
        leads_behind(NOVEMBER, key, Figure.LEADS)


def test_another_teams_line_has_nothing_behind_it(company, paris):
    asked = NOVEMBER._replace(teams=frozenset({TeamFactory(name="Lyon").pk}))
    assert not leads_behind(asked, f"{paris.public_id}:1", Figure.LEADS).exists()


def test_sixty_reps_cost_as_many_queries_as_three(company, policy, django_assert_num_queries):
    with django_assert_num_queries(10):
        tier_metrics(NOVEMBER)
    for number in range(57):
        team = TeamFactory() if number % 10 == 0 else company[0].team
        had(rep(f"Rep {number}", team, number % 3 + 1, policy), "qualified", "won", after=MINUTE)
    with django_assert_num_queries(10):
        assert sum(line.reps for line in lines().values()) == 60

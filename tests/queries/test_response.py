"""How soon leads are answered is told by rep, team, source, type and hour, and each figure leads to
as many leads (SL4, DB2)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from leaddistrib.lifecycle.tallying import differs
from leaddistrib.queries.response import (
    Asked,
    By,
    Figure,
    leads_behind,
    own_responses,
    responses,
)
from leaddistrib.testing import RepFactory, TeamFactory
from tests.responses import answered, lapsed, started

NINE = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
NOVEMBER = Asked(date(2026, 11, 1), date(2026, 11, 30))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def cast(db):
    paris, lyon = TeamFactory(name="Paris"), TeamFactory(name="Lyon")
    return {
        name: RepFactory(
            user__password=None, user__username=name.lower(), user__first_name=name, team=team
        )
        for name, team in (("Amina", paris), ("Bruno", paris), ("Chloé", lyon), ("David", None))
    }


def line(report, name):
    return next(line for line in report.lines if line.name == name)


def test_the_mean_and_the_shares_are_over_what_was_answered_or_lapsed(cast):
    amina = cast["Amina"]
    answered(started(amina, NINE), 2 * MINUTE)
    answered(started(amina, NINE), 20 * MINUTE)
    answered(started(amina, NINE), 3 * HOUR)
    lapsed(started(amina, NINE))
    started(amina, NINE)  # still runs
    shown = line(responses(NOVEMBER), "Amina")
    assert (shown.sums.started, shown.sums.answered, shown.sums.lapsed) == (5, 3, 1)
    assert shown.mean == pytest.approx((120 + 1200 + 10800) / 3)
    assert (shown.in_time, shown.within_5, shown.within_60) == (0.25, 0.25, 0.5)


def test_what_lapsed_and_was_answered_all_the_same_is_late_and_counts_once(cast):
    amina = cast["Amina"]
    answered(lapsed(started(amina, NINE), gone=False), 20 * MINUTE)
    answered(lapsed(started(amina, NINE), gone=False), 3 * MINUTE)  # logged later than it was
    lapsed(started(amina, NINE), gone=False)
    shown = line(responses(NOVEMBER), "Amina")
    assert (shown.sums.started, shown.sums.answered, shown.sums.lapsed) == (3, 2, 1)
    assert shown.in_time == pytest.approx(1 / 3)
    for figure in (Figure.ANSWERED, Figure.LAPSED):
        behind = leads_behind(NOVEMBER, By.REP, None, figure)
        assert behind.count() == getattr(shown.sums, figure)


def test_in_time_is_what_the_policy_asks_for_however_long_that_is(cast):
    answered(started(cast["Amina"], NINE, minutes=120), 119 * MINUTE)
    shown = line(responses(NOVEMBER), "Amina")
    assert (shown.in_time, shown.within_5, shown.within_60) == (1.0, 0.0, 0.0)


def test_who_has_answered_nothing_yet_has_no_mean_and_no_shares(cast):
    started(cast["Amina"], NINE)
    shown = line(responses(NOVEMBER), "Amina")
    assert (shown.mean, shown.in_time, shown.within_5, shown.within_60) == (None,) * 4


def test_a_contact_before_the_lead_was_the_reps_took_no_time(cast):
    answered(started(cast["Amina"], NINE), -HOUR)
    assert line(responses(NOVEMBER), "Amina").mean == 0


def test_each_split_has_its_rows_and_the_same_total(cast):
    answered(started(cast["Amina"], NINE, source="web", lead_type="demo_request"), MINUTE)
    answered(started(cast["Bruno"], NINE + HOUR, source="fair"), MINUTE)
    lapsed(started(cast["David"], NINE + 5 * HOUR, source=""))
    names = {by: [shown.name for shown in responses(NOVEMBER, by).lines] for by in By}
    assert names == {
        By.REP: ["Amina", "Bruno", "David"],
        By.TEAM: ["Paris", "No team"],
        By.SOURCE: ["No source", "fair", "web"],
        By.LEAD_TYPE: ["No type", "demo_request"],
        By.HOUR: ["09:00", "10:00", "14:00"],
    }
    for by in By:
        total = responses(NOVEMBER, by).total
        assert (total.sums.started, total.sums.answered, total.sums.lapsed) == (3, 2, 1)
        assert total.in_time == pytest.approx(2 / 3)


def test_the_days_take_in_their_first_and_their_last(cast):
    for day in (date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 1)):
        started(cast["Amina"], datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    assert responses(NOVEMBER).total.sums.started == 2
    assert leads_behind(NOVEMBER, By.REP, None, Figure.STARTED).count() == 2


def test_days_and_hours_are_the_companys(cast, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    started(cast["Amina"], datetime(2026, 10, 31, 15, 30, tzinfo=UTC))  # 00:30 of the 1st there
    report = responses(NOVEMBER, By.HOUR)
    assert [shown.name for shown in report.lines] == ["00:00"]
    assert leads_behind(NOVEMBER, By.HOUR, "0", Figure.STARTED).count() == 1


def test_a_lead_whose_source_is_corrected_counts_where_it_began(cast):
    clock = started(cast["Amina"], NINE, source="webb")
    clock.lead.source = "web"
    clock.lead.save()
    answered(clock, MINUTE)
    report = responses(NOVEMBER, By.SOURCE)
    assert [(shown.name, shown.sums.answered) for shown in report.lines] == [("webb", 1)]
    behind = leads_behind(NOVEMBER, By.SOURCE, "webb", Figure.ANSWERED)
    assert behind.get() == clock.lead


def test_the_longest_run_of_answers_within_ten_minutes_is_told_of_reps_and_teams(cast):
    for minutes in (1, 9, 10, 2):  # ten whole minutes are not under ten
        answered(started(cast["Amina"], NINE), minutes * MINUTE)
    for _ in range(3):
        answered(started(cast["Bruno"], NINE), MINUTE)
    lapsed(started(cast["Bruno"], NINE))
    report = responses(NOVEMBER)
    assert (line(report, "Amina").longest, line(report, "Bruno").longest) == (2, 3)
    assert report.total.longest == 3
    assert line(responses(NOVEMBER, By.TEAM), "Paris").longest == 3
    assert line(responses(NOVEMBER, By.SOURCE), "website").longest is None
    assert own_responses(cast["Amina"], NINE.date()).current == 1
    assert own_responses(cast["Bruno"], NINE.date()).current == 0


def test_a_missed_deadline_ends_a_run_and_a_quick_answer_after_it_counts_for_the_next(cast):
    amina, bruno = cast["Amina"], cast["Bruno"]
    for rep in (amina, bruno):
        for _ in range(3):
            answered(started(rep, NINE), MINUTE)
        late = lapsed(started(rep, NINE), gone=False)
        answered(started(rep, NINE), MINUTE)
        assert own_responses(rep, NINE.date()).current == 1
        if rep == amina:
            answered(late, 8 * MINUTE)
    assert own_responses(amina, NINE.date()).current == 2
    assert own_responses(bruno, NINE.date()).current == 1
    answered(lapsed(started(amina, NINE), gone=False), 11 * MINUTE)
    assert own_responses(amina, NINE.date()).current == 0
    report = responses(NOVEMBER)
    assert (line(report, "Amina").longest, line(report, "Bruno").longest) == (3, 3)
    assert not any(differs(rep.pk) for rep in cast.values())


@pytest.mark.parametrize("by", list(By))
def test_behind_every_figure_stand_as_many_leads(cast, by):
    answered(started(cast["Amina"], NINE, source="web", lead_type="event"), 2 * MINUTE)
    answered(started(cast["Amina"], NINE + HOUR, source="web"), 20 * MINUTE)
    answered(started(cast["Bruno"], NINE, source="fair"), timedelta(minutes=5, seconds=0.4))
    answered(started(cast["David"], NINE, source="", minutes=600), 2 * HOUR)
    lapsed(started(cast["Chloé"], NINE + 3 * HOUR, lead_type="event"))
    started(cast["Amina"], NINE + 40 * DAY)
    for shown in responses(NOVEMBER, by).lines:
        for figure in Figure:
            number = getattr(shown.sums, figure)
            behind = leads_behind(NOVEMBER, by, shown.key, figure)
            assert behind.count() == number, (shown, figure)


def test_a_manager_sees_the_own_teams_only_and_a_rep_the_own(cast):
    for name in cast:
        answered(started(cast[name], NINE), MINUTE)
    teams = NOVEMBER._replace(teams=frozenset({cast["Amina"].team_id}))
    assert {shown.name for shown in responses(teams).lines} == {"Amina", "Bruno"}
    assert leads_behind(teams, By.SOURCE, "website", Figure.ANSWERED).count() == 2
    own = NOVEMBER._replace(reps=frozenset({cast["Amina"].pk}))
    assert responses(own, By.SOURCE).total.sums.answered == 1


def test_own_figures_are_of_the_last_thirty_days(cast):
    amina = cast["Amina"]
    answered(started(amina, NINE), MINUTE)
    answered(started(amina, NINE - 30 * DAY), 3 * HOUR)
    own = own_responses(amina, NINE.date())
    assert (own.line.sums.answered, own.line.mean, own.line.in_time) == (1, 60, 1.0)
    nothing = own_responses(cast["David"], NINE.date())
    assert (nothing.line.sums.started, nothing.line.mean, nothing.current) == (0, None, 0)


def test_a_key_that_is_none_is_refused(db):
    for by in (By.REP, By.HOUR):
        with pytest.raises(ValueError, match=r"UUID|invalid literal"):
            leads_behind(NOVEMBER, by, "amina", Figure.STARTED)


@pytest.mark.parametrize("by", list(By))
def test_thirty_rows_cost_as_many_queries_as_three(cast, by, django_assert_num_queries):
    def more(first, last):
        for number in range(first, last):
            rep = RepFactory(user__password=None, team=TeamFactory())
            at = NINE + number * HOUR
            started(rep, at, source=f"source {number}", lead_type=f"type {number}")

    cost = 3 if by in (By.REP, By.TEAM) else 2
    more(0, 3)
    with django_assert_num_queries(cost):
        assert responses(NOVEMBER, by).total.sums.started == 3
    more(3, 30)
    with django_assert_num_queries(cost):
        assert responses(NOVEMBER, by).total.sums.started == 30

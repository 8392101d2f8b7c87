"""How long customers wait is told of each lead that came in, whoever was in touch first, and
whatever happened in between (SL4, DB2)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle.contacting import log_contact
from leaddistrib.models import Assignment, Contact, Lead, Pool
from leaddistrib.queries.response import Asked as AskedOfReps
from leaddistrib.queries.response import By, responses
from leaddistrib.queries.sight import sight
from leaddistrib.queries.waiting import NOBODY, Asked, Figure, asked_by, leads_behind, waiting
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, UserFactory
from tests.responses import answered, lapsed, started

NINE = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BEGAN, ENDED = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def cast(db):
    paris, lyon = TeamFactory(name="Paris"), TeamFactory(name="Lyon")
    return {
        name: RepFactory(
            user__password=None, user__username=name.lower(), user__first_name=name, team=team
        )
        for name, team in (("Amina", paris), ("Bruno", paris), ("Chloé", lyon), ("David", None))
    }


def november(leads=None):
    return Asked(Lead.objects.all() if leads is None else leads, BEGAN, ENDED)


def came(*spoken, at=NINE, **facts):
    """A lead, in a pool unless said otherwise, and who was in touch with it after how long."""
    if not facts.keys() & {"owner", "pool", "status"}:
        facts["pool"] = Pool.objects.first() or PoolFactory()
    lead = LeadFactory(received_at=at, **facts)
    for rep, after in spoken:
        Contact.objects.create(lead=lead, rep=rep, channel="call", at=at + after)
    return lead


def line(by, name, asked=None):
    return next(one for one in waiting(asked or november(), by).lines if one.name == name)


def test_a_customer_who_waited_for_two_reps_waited_for_both(cast):
    """Forty minutes in a pool, two hours with Amina, who let it lapse, three minutes with Bruno."""
    lead = came(source="web", owner=cast["Bruno"])
    lapsed(started(cast["Amina"], NINE + 40 * MINUTE, lead=lead))
    Assignment.objects.update(ended_at=NINE + 160 * MINUTE, end=Assignment.Ended.LAPSED)
    answered(started(cast["Bruno"], NINE + 160 * MINUTE, lead=lead), 3 * MINUTE)
    Contact.objects.create(lead=lead, rep=cast["Bruno"], channel="call", at=NINE + 163 * MINUTE)

    days = AskedOfReps(BEGAN.date(), ENDED.date() - timedelta(days=1))
    [of_reps] = responses(days, By.SOURCE).lines
    assert of_reps.mean == 180, "each rep's own time"
    web = line(By.SOURCE, "web")
    assert (web.leads, web.answered, web.within_5, web.within_60) == (1, 1, 0, 0)
    assert web.median == web.p90 == 163 * 60


def test_a_lead_of_a_shared_pool_counts_though_no_clock_ran_for_it(cast):
    pool = PoolFactory(mode="shared", ownership=Pool.Ownership.SHARED, reps=[cast["Amina"]])
    lead = LeadFactory(pool=pool, source="fair")
    log_contact(lead, cast["Amina"], "call")
    asked = Asked(Lead.objects.all(), lead.received_at, lead.received_at + SECOND)
    assert line(By.SOURCE, "fair", asked).answered == 1
    assert line(By.REP, "Amina", asked).within_5 == 1


def test_half_and_nine_in_ten_are_told_and_whoever_still_waits_is_counted_apart(cast):
    for minutes in (1, 4, 20, 50, 600):
        came((cast["Amina"], minutes * MINUTE), source="web")
    for _ in range(3):
        came(source="web")
    came(source="web", status="closed")
    web = line(By.SOURCE, "web")
    assert (web.leads, web.answered, web.waiting, web.closed) == (9, 5, 3, 1)
    assert (web.median, web.p90) == (20 * 60, 600 * 60)
    assert (web.share(web.within_5), web.share(web.within_60)) == (2 / 8, 4 / 8)


def test_the_first_to_be_in_touch_counts_whoever_owns_the_lead(cast):
    came((cast["Bruno"], HOUR), (cast["Amina"], 2 * MINUTE), owner=cast["Bruno"])
    came((cast["Chloé"], MINUTE))
    came((cast["David"], MINUTE))
    came()
    assert {one.name: (one.leads, one.median) for one in waiting(november(), By.REP).lines} == {
        "Amina": (1, 120),
        "Chloé": (1, 60),
        "David": (1, 60),
        "Nobody yet": (1, None),
    }
    teams = waiting(november(), By.TEAM).lines
    assert [one.name for one in teams] == ["Lyon", "No team", "Nobody yet", "Paris"]


def test_two_contacts_at_the_same_moment_are_one_answer(cast):
    came((cast["Amina"], MINUTE), (cast["Bruno"], MINUTE))
    assert waiting(november()).total.answered == 1


def test_what_nobody_here_was_to_answer_is_left_out(cast):
    imported = came(owner=cast["Amina"])
    Assignment.objects.filter(lead=imported).update(method=Assignment.Method.HISTORY)
    came(status="received")
    assert waiting(november()).total.leads == 0


def test_a_contact_that_was_said_to_be_earlier_than_the_lead_took_no_time(cast):
    came((cast["Amina"], -HOUR))
    total = waiting(november()).total
    assert (total.median, total.within_5) == (0, 1)


def test_the_days_are_those_in_which_leads_came_in_and_hours_the_companys(cast, settings):
    for at in (BEGAN - SECOND, BEGAN, ENDED - SECOND, ENDED):
        came(at=at)
    assert waiting(november()).total.leads == 2
    settings.TIME_ZONE = "Asia/Tokyo"
    assert [one.name for one in waiting(november(), By.HOUR).lines] == ["08:00", "09:00"]
    assert leads_behind(november(), By.HOUR, "8", Figure.LEADS).count() == 1


def test_a_manager_reads_of_the_own_teams_leads_each_once(cast):
    mireille = UserFactory(username="mireille")
    cast["Amina"].team.managers.add(mireille)
    pool = PoolFactory(reps=[cast["Amina"], cast["Bruno"]], teams=[cast["Amina"].team])
    came((cast["Amina"], MINUTE), owner=cast["Amina"], pool=pool)
    came(owner=cast["Chloé"])
    asked = asked_by(sight(mireille), BEGAN, ENDED)
    assert (waiting(asked).total.leads, waiting(asked).total.answered) == (1, 1)


@pytest.mark.parametrize("by", By)
def test_behind_every_figure_stand_as_many_leads(cast, by):
    came((cast["Amina"], 2 * MINUTE), source="web", lead_type="event")
    came((cast["Amina"], 20 * MINUTE), (cast["Bruno"], HOUR), source="web")
    came((cast["Bruno"], 5 * MINUTE + SECOND / 2), source="fair", status="closed")
    came((cast["David"], 2 * HOUR), source="", at=NINE + 5 * HOUR)
    came(source="web")
    came(source="fair", status="closed")
    found = waiting(november(), by)
    for one in (*found.lines, found.total):
        key = None if one is found.total else one.key
        for figure in Figure:
            behind = leads_behind(november(), by, key, figure)
            assert behind.count() == getattr(one, figure), (one, figure)
    assert (found.total.leads, found.total.answered, found.total.median) == (6, 4, 300.5)


def test_a_key_that_is_none_is_refused(db):
    for by in (By.REP, By.HOUR):
        with pytest.raises(ValueError, match=r"UUID|invalid literal"):
            leads_behind(november(), by, "amina", Figure.LEADS)
    assert leads_behind(november(), By.TEAM, NOBODY, Figure.LEADS).count() == 0


@pytest.mark.parametrize("by", By)
def test_thirty_rows_cost_as_many_queries_as_three(cast, by, django_assert_num_queries):
    def more(number):
        for one in range(number):
            rep = RepFactory(user__password=None, team=TeamFactory())
            facts = {"source": f"source {one}", "lead_type": f"type {one}"}
            came((rep, MINUTE), at=NINE + one * HOUR, **facts)

    cost = 4 if by in (By.REP, By.TEAM) else 3
    more(3)
    with django_assert_num_queries(cost):
        assert waiting(november(), by).total.answered == 3
    more(27)
    with django_assert_num_queries(cost):
        assert waiting(november(), by).total.answered == 30

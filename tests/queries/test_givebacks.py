"""How many leads reps gave back, of those that they claimed and of those they were handed (RA4)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.models import Assignment
from leaddistrib.queries.distribution import Scope
from leaddistrib.queries.givebacks import How, give_backs, given_back, reasons
from leaddistrib.queries.own.givebacks import own_give_backs
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOVEMBER = Scope(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
METHOD = Assignment.Method
DAY = timedelta(days=1)


def rep(name, team=None):
    user = {"user__username": name.lower(), "user__first_name": name, "user__password": None}
    return RepFactory(team=team, **user)


@pytest.fixture
def amina(db):
    return rep("Amina", TeamFactory(name="Paris"))


def got(one, method="claim", back=None, end="released", at=NINE):
    """``one`` got a lead, and gave it ``back`` with that reason after forty days."""
    ended = {} if back is None else {"ended_at": at + 40 * DAY, "end": end, "end_reason": back}
    return Assignment.objects.create(
        lead=LeadFactory(), rep=one, method=method, started_at=at, **ended
    )


def test_claims_and_leads_that_were_handed_out_have_a_rate_each(amina):
    for back in (None, None, None, "No time"):
        got(amina, back=back)
    for method in (METHOD.PUSH, METHOD.MANUAL, METHOD.ESCALATION, METHOD.DUPLICATE):
        got(amina, method)
    got(amina, METHOD.PUSH, "No time")
    [line] = give_backs(NOVEMBER)
    assert (line.claimed_back, line.claimed, line.claimed_rate) == (1, 4, 0.25)
    assert (line.handed_out_back, line.handed_out, line.handed_out_rate) == (1, 5, 0.2)


@pytest.mark.parametrize("end", ["reassigned", "lapsed", "closed"])
def test_what_ended_in_another_way_was_not_given_back(amina, end):
    got(amina, back="Moved on", end=end)
    [line] = give_backs(NOVEMBER)
    assert (line.claimed, line.claimed_back, line.handed_out_rate) == (1, 0, None)


def test_a_first_contact_and_what_was_imported_count_in_neither(amina):
    got(amina, METHOD.CONTACT, "No time")
    got(amina, METHOD.HISTORY, "No time")
    assert give_backs(NOVEMBER) == []
    assert not given_back(NOVEMBER).exists()


def test_only_leads_of_the_days_and_teams_that_are_asked_for(amina):
    got(amina, back="No time", at=NINE - 2 * DAY)
    got(rep("Bruno", TeamFactory(name="Lyon")), back="No time")
    got(amina)
    own = NOVEMBER._replace(teams=frozenset({amina.team_id}))
    assert [(line.name, line.claimed, line.claimed_back) for line in give_backs(own)] == [
        ("Amina", 1, 0)
    ]
    assert not given_back(own).exists()


def test_reasons_are_told_by_rep_the_most_frequent_first(amina):
    bruno = rep("Bruno")
    for reason in ("No time", "Not my market", "No time", *"abcd"):
        got(amina, back=reason)
    got(bruno, back="Not my market")
    assert reasons(NOVEMBER) == {
        str(amina.public_id): [
            ("No time", 2), ("Not my market", 1), ("a", 1), ("b", 1), ("c", 1)
        ],
        str(bruno.public_id): [("Not my market", 1)],
    }  # fmt: skip


def test_the_give_backs_behind_a_figure_newest_first(amina):
    first, second = got(amina, back="No time"), got(amina, back="Twice", at=NINE + DAY)
    handed = got(amina, METHOD.PUSH, back="Not mine", at=NINE + 2 * DAY)
    got(rep("Bruno"), back="No time")
    got(amina)
    theirs = given_back(NOVEMBER, rep=amina.public_id)
    assert list(theirs) == [handed, second, first]
    assert list(given_back(NOVEMBER, rep=amina.public_id, how=How.CLAIMED)) == [second, first]
    assert list(given_back(NOVEMBER, rep=amina.public_id, how=How.HANDED_OUT)) == [handed]


def test_a_rep_is_told_of_the_own_leads_of_the_last_thirty_days(amina):
    got(amina, back="No time")
    got(amina, at=NINE - 20 * DAY)
    got(amina, back="Long ago", at=NINE - 31 * DAY)
    got(rep("Bruno"), back="No time")
    own = own_give_backs(amina, NINE)
    assert own is not None
    assert (own.claimed_back, own.claimed) == (1, 2)
    assert own_give_backs(rep("Chloé"), NINE) is None


def test_twenty_reps_cost_as_many_queries_as_two(amina, django_assert_num_queries):
    for number in range(2):
        got(rep(f"Rep {number}"), back="No time")
    with django_assert_num_queries(3):
        assert len(give_backs(NOVEMBER)) == len(reasons(NOVEMBER)) == 2
    for number in range(2, 20):
        got(rep(f"Rep {number}"), back="No time")
    with django_assert_num_queries(3):
        assert len(give_backs(NOVEMBER)) == len(reasons(NOVEMBER)) == 20

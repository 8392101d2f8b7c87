"""What the checks find in a version before it is published, and what they leave alone (RU4)."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.errors import InvalidRules
from leaddistrib.lifecycle.drafting import draft, new_draft
from leaddistrib.lifecycle.publishing import publish, put_in_force
from leaddistrib.models import RuleReview, RuleSet, SalesEvent, Team, TimeOff
from leaddistrib.queries import clock
from leaddistrib.queries.findings import findings
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    TerritoryFactory,
    UserFactory,
    clock_at,
)

FRANCE = {"field": "country", "op": "eq", "value": "FR"}
GERMANY = {"field": "country", "op": "eq", "value": "DE"}
POOL = {"pool": "Everyone"}
NET = {"name": "Rest", "when": {}, "then": POOL}


@pytest.fixture
def cast(db):
    """Amina and Bruno of Paris, who are alike; Oscar's team has nobody."""
    paris = TeamFactory(name="Paris")
    amina = RepFactory(user__username="amina", team=paris, weight=2)
    bruno = RepFactory(user__username="bruno", team=paris)
    pool = PoolFactory(name="Everyone", mode="race", teams=[paris])
    return SimpleNamespace(
        paris=paris, amina=amina, bruno=bruno, pool=pool, empty=TeamFactory(name="Empty")
    )


def rule(then, when=FRANCE, name="France"):
    return {"name": name, "when": when, "then": {**then, "fallback": [POOL]}}


def found(*documents):
    """Level and code of what is found, with the rule's place."""
    return [(one.level, one.code, one.place) for one in findings(draft(documents))]


def push(strategy, **options):
    return {"push": strategy, "team": "Paris", **options}


def test_a_sound_version_is_found_nothing_with(cast):
    assert found(rule(push("round_robin")), rule(push("weighted"), GERMANY, "Germany"), NET) == []


def test_the_default_draft_to_the_safety_net_can_be_published(db):
    default = new_draft()

    assert findings(default) == []
    assert put_in_force(default).status == "published"


def test_the_last_rule_takes_every_lead(cast):
    spoilt = draft([rule(push("round_robin")), NET])
    spoilt.rules.get(when={}).delete()

    assert [(one.level, one.code, one.place) for one in findings(spoilt)] == [
        ("error", "no_catch_all", "rules")
    ]


def test_what_cannot_be_read_is_named_with_its_rule(cast):
    spoilt = draft([rule(push("round_robin")), NET])
    first = spoilt.rules.get(position=1)
    first.when = {"field": "colour", "op": "eq", "value": "blue"}
    first.save()
    first.steps.all().delete()

    told = findings(spoilt)

    assert {(one.code, one.place) for one in told} == {
        ("invalid", "rules[0].when.field"),
        ("invalid", "rules[0].then"),
    }
    assert all("France" in one.sentence for one in told)


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([rule(push("round_robin"), {"all": [FRANCE, GERMANY]})], "contradiction"),
        ([rule(push("round_robin")), rule(push("round_robin"), FRANCE, "Again")], "shadowed"),
    ],
)
def test_a_rule_that_no_lead_can_reach_is_an_error(cast, documents, expected):
    assert found(*documents, NET) == [("error", expected, f"rules[{len(documents) - 1}]")]


def test_the_catch_all_may_be_left_with_nothing_to_catch(cast):
    rest = rule(push("round_robin"), {"not": FRANCE}, "Elsewhere")

    assert found(rule(push("round_robin")), rest, NET) == []


def test_a_shadowed_rule_is_told_by_which(cast):
    twice = draft([rule(push("round_robin")), rule(push("round_robin"), FRANCE, "Again"), NET])

    [shadowed] = findings(twice)

    assert "“Again”" in shadowed.sentence
    assert "“France”" in shadowed.sentence


@pytest.mark.parametrize(
    "strategy", ["round_robin", "weighted", "least_loaded", "territory_owner", "account_owner"]
)
def test_a_team_in_which_nobody_works_is_an_error(cast, strategy):
    TerritoryFactory(name="France", countries=["FR"], team=cast.paris)
    AccountFactory(owner=cast.amina)

    assert found(rule({"push": strategy, "team": "Empty"}), NET) == [
        ("error", "empty_team", "rules[0]")
    ]


def test_a_team_whose_reps_have_all_left_is_an_error_too(cast):
    for rep in (cast.amina, cast.bruno):
        rep.active = False
        rep.save()

    codes = {code for _level, code, _place in found(rule(push("round_robin")), NET)}

    assert codes == {"empty_team", "empty_pool"}


def test_a_team_without_a_manager_who_is_a_rep_cannot_be_pushed_to_its_manager(cast):
    cast.paris.managers.add(UserFactory(username="mireille"))
    assert found(rule(push("manager")), NET) == [("warning", "no_manager", "rules[0]")]

    cast.paris.managers.add(cast.bruno.user)
    assert found(rule(push("manager")), NET) == []


def test_a_pool_without_members_is_an_error_and_the_safety_net_is_not(cast):
    nobodys = PoolFactory(name="Nobody's")
    lonely = {"name": "Lonely", "when": FRANCE, "then": {"pool": "Nobody's"}}
    assert found(lonely, NET) == [("error", "empty_pool", "rules[0]")]

    nobodys.is_safety_net = True
    nobodys.save()
    assert found(lonely, NET) == []


def test_an_error_stands_against_publishing_and_a_warning_does_not(cast):
    with pytest.raises(InvalidRules) as error:
        publish([rule({"push": "round_robin", "team": "Empty"}), NET])
    assert set(error.value.problems) == {"rules[0]"}
    assert "Empty" in error.value.problems["rules[0]"]
    assert not RuleSet.objects.exists()

    alone = {"name": "All", "when": {}, "then": push("round_robin")}
    assert publish([alone]).status == "published"


def test_going_by_territory_needs_territories(cast):
    assert found(rule({"push": "territory_owner"}), NET) == [
        ("error", "no_territories", "rules[0]")
    ]


def test_a_territory_that_nobody_works_is_an_error_where_its_leads_may_come(cast):
    TerritoryFactory(name="France", countries=["FR"], team=cast.paris)
    TerritoryFactory(name="Bavaria", subdivisions=["DE-BY"])

    assert found(rule({"push": "territory_owner"}), NET) == []  # of French leads only
    assert found(rule({"push": "territory_owner"}, GERMANY), NET) == [
        ("error", "territory_unstaffed", "rules[0]")
    ]


def test_a_territory_whose_named_rep_has_left_is_nobodys_though_it_has_a_team(cast):
    mine = TerritoryFactory(name="France", countries=["FR"], team=cast.paris)
    mine.reps.add(RepFactory(user__username="gone", active=False))

    assert found(rule({"push": "territory_owner"}), NET) == [
        ("error", "territory_unstaffed", "rules[0]")
    ]


def test_territories_that_name_the_same_place_and_places_in_none_are_warned_about(cast):
    TerritoryFactory(name="France", countries=["FR"], team=cast.paris)
    TerritoryFactory(name="Gaul", countries=["FR", "BE"], team=cast.paris)
    for country in ("FR", "BE", "LU", "LU"):
        LeadFactory(country=country)
    LeadFactory(country="AU", received_at=clock.now() - timedelta(days=100))

    told = findings(draft([rule({"push": "territory_owner"}, {"not": GERMANY}), NET]))

    assert [(one.level, one.code) for one in told] == [
        ("warning", "territory_overlap"),
        ("warning", "territory_gap"),
    ]
    assert "“France” has FR before “Gaul”" in told[0].sentence
    assert "LU." in told[1].sentence
    assert "AU" not in told[1].sentence


def test_the_rest_of_the_world_leaves_no_gap(cast):
    TerritoryFactory(name="France", countries=["FR"], team=cast.paris)
    TerritoryFactory(name="World", team=cast.paris)
    LeadFactory(country="LU")

    assert found(rule({"push": "territory_owner"}, {"not": GERMANY}), NET) == []


@pytest.mark.parametrize("strategy", ["round_robin", "weighted", "least_loaded"])
def test_handing_out_all_leads_alike_is_warned_about(cast, strategy):
    alike = {"name": "All", "when": {}, "then": {**push(strategy), "fallback": [POOL]}}

    assert found(alike) == [("warning", "no_segmentation", "rules[0]")]


WEBSITE = {"field": "source", "op": "eq", "value": "website"}
TEST = {"field": "source", "op": "eq", "value": "test"}
FAIRS = {"any": [{"field": "source", "op": "starts_with", "value": "fair"}, {"not": WEBSITE}]}
ALL_IN_TURN = {"name": "All", "when": {}, "then": {**push("round_robin"), "fallback": [POOL]}}


@pytest.mark.parametrize(
    "rules",
    [
        # By source alone, all to one team, in whatever turn.
        [rule(push("weighted"), WEBSITE, "Website"), rule(push("least_loaded"), FAIRS), NET],
        [{"name": "Test", "when": TEST, "then": POOL}, ALL_IN_TURN],
        # Segments in name only: the same reps take the same turns.
        [rule(push("round_robin")), rule(push("round_robin"), GERMANY, "Germany"), ALL_IN_TURN],
    ],
    ids=["by source", "all but some of a source", "in name only"],
)
def test_rules_that_all_lead_to_the_same_reps_in_turn_are_warned_about(cast, rules):
    [warning] = [one for one in findings(draft(rules)) if one.code == "no_segmentation"]

    assert (warning.level, warning.place) == ("warning", "rules")
    assert "the same reps of the team “Paris”" in warning.sentence


@pytest.mark.parametrize(
    "rules",
    [
        # Some leads are kept from the team by what they are.
        [rule(push("round_robin")), NET],
        [{"name": "Abroad", "when": {"not": FRANCE}, "then": POOL}, ALL_IN_TURN],
        # Other reps of the team, another team, another way of choosing.
        [rule(push("round_robin", seniority="senior")), ALL_IN_TURN],
        [rule({"push": "round_robin", "team": "Lyon"}, WEBSITE), ALL_IN_TURN],
        [rule(push("weighted")), ALL_IN_TURN],
        [rule(push("territory_owner")), ALL_IN_TURN],
        # Nothing is pushed in turn at all.
        [{"name": "All", "when": {}, "then": {**push("account_owner"), "fallback": [POOL]}}],
        [NET],
    ],
    ids=["push", "pool", "seniority", "team", "strategy", "territory", "owner", "pull"],
)
def test_rules_that_tell_leads_apart_are_not(cast, rules):
    TeamFactory(name="Lyon")

    assert "no_segmentation" not in [one.code for one in findings(draft(rules))]


def test_a_push_without_a_fallback_is_warned_about(cast):
    alone = {"name": "France", "when": FRANCE, "then": push("round_robin")}

    assert found(alone, NET) == [("warning", "no_fallback", "rules[0]")]


def test_a_team_that_is_all_away_now_is_warned_about(cast):
    now = clock.now()
    day = timedelta(days=1)
    TimeOff.objects.create(rep=cast.amina, starts_at=now - day, ends_at=now + day)
    assert found(rule(push("round_robin")), NET) == []

    TimeOff.objects.create(
        rep=cast.bruno, starts_at=now - day, ends_at=now + day, kind=TimeOff.Kind.BUSY
    )
    assert found(rule(push("round_robin")), NET) == []  # a meeting is no leave

    cast.bruno.paused = True
    cast.bruno.save()
    assert found(rule(push("round_robin")), NET) == [("warning", "team_away", "rules[0]")]


def test_going_by_weights_that_are_all_the_same_is_warned_about(cast):
    cast.bruno.weight = 2
    cast.bruno.save()
    assert found(rule(push("weighted")), NET) == [("warning", "equal_weights", "rules[0]")]

    Team.objects.filter(pk=cast.paris.pk).update(weighting=Team.Weighting.PERFORMANCE)
    assert found(rule(push("weighted")), NET) == []


def test_going_to_account_owners_where_there_are_none_is_warned_about(cast):
    account = AccountFactory()
    assert found(rule({"push": "account_owner"}), NET) == [
        ("warning", "no_account_owner", "rules[0]")
    ]

    account.owner = cast.amina
    account.save()
    assert found(rule({"push": "account_owner"}), NET) == []


def test_a_choice_that_no_rep_meets_is_warned_about(cast):
    narrow = rule(push("round_robin", seniority="senior", attended=True))
    assert found(narrow, NET) == [
        ("warning", "no_such_seniority", "rules[0]"),
        ("warning", "nobody_attended", "rules[0]"),
    ]

    cast.amina.seniority = "senior"
    cast.amina.save()
    SalesEvent.objects.create(name="Fair").attendees.add(cast.amina)
    assert found(narrow, NET) == []


def test_a_rule_that_nobody_looked_at_for_90_days_is_warned_about(cast):
    start = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    with clock_at(start):
        published = publish([rule(push("round_robin")), NET])
    key = published.rules.get(position=1).key
    RuleReview.objects.create(key=key, at=start + timedelta(days=10))

    after = findings(published, start + timedelta(days=91))

    assert [(one.code, one.place) for one in after] == [("review_due", "rules[1]")]
    assert "91" in after[0].sentence


def test_more_rules_and_reps_cost_no_more_queries(cast):
    TerritoryFactory(name="France", countries=["FR"], team=cast.paris)
    few = draft([rule({"push": "territory_owner"}), NET])
    countries = [f"{a}{b}" for a in "ABCDEF" for b in "ABCDE"]
    many = draft(
        [
            *(
                rule({"push": "territory_owner"}, {**FRANCE, "value": code}, code)
                for code in countries
            ),
            NET,
        ]
    )
    findings(few)  # what a process remembers: territories, languages

    with CaptureQueriesContext(connection) as before:
        findings(few)
    RepFactory.create_batch(5, team=cast.paris)
    with CaptureQueriesContext(connection) as after:
        findings(many)

    assert len(after) == len(before)

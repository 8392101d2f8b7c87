"""A dry run: past leads decided again, beside the version in force, and nothing is written."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.drafting import draft
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Decision, Lead, Rep, Rotation, Turn, WorkingHours
from leaddistrib.queries.dryruns import figures, leads_behind, place_key, strategy_figures
from leaddistrib.queries.replay import compare_strategies, replay
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    publish_rules,
)

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
PUSH = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
REST = {"name": "The rest", "when": {}, "then": {"pool": "Everyone"}}


def rule(name, country, then):
    return {"name": name, "when": {"field": "country", "op": "eq", "value": country}, "then": then}


@pytest.fixture
def reps():
    paris, lyon = TeamFactory(name="Paris"), TeamFactory(name="Lyon")
    amina = RepFactory(user__username="amina", user__first_name="Amina", team=paris)
    bruno = RepFactory(user__username="bruno", user__first_name="Bruno", team=paris)
    chloe = RepFactory(user__username="chloe", user__first_name="Chloé", team=lyon)
    PoolFactory(name="Everyone", reps=[amina, bruno, chloe])
    return amina, bruno, chloe


@pytest.fixture
def published(reps):
    return publish_rules([rule("French", "FR", PUSH), REST])


def leads(*countries, every=timedelta(hours=1)):
    return [
        LeadFactory(country=country, received_at=MONDAY + number * every)
        for number, country in enumerate(countries)
    ]


def in_order():
    rows = Lead.objects.select_related("territory", "account__owner__user")
    return rows.order_by("received_at", "pk")


def replayed(ruleset, leads=None):
    leads = list(in_order() if leads is None else leads)
    return replay(ruleset, leads, begins=leads[0].received_at, ends=leads[-1].received_at)


def compared(ruleset):
    leads = list(in_order())
    return compare_strategies(
        ruleset, leads, begins=leads[0].received_at, ends=leads[-1].received_at
    )


def test_the_same_rules_move_nothing(published):
    leads("FR", "FR", "BE")
    result = replayed(published)
    assert (result.leads, result.moved) == (3, 0)


def test_leads_that_move_are_counted_from_whom_to_whom(reps, published):
    amina, bruno, chloe = reps
    leads("FR", "FR", "FR", "BE")
    other = draft([rule("French", "FR", {**PUSH, "team": "Lyon"}), REST])
    result = replayed(other)
    assert result.moved == 3
    assert result.moves == {
        (("rep", amina.pk), ("rep", chloe.pk)): 2,
        (("rep", bruno.pk), ("rep", chloe.pk)): 1,
    }
    assert (result.before.load, result.after.load) == (
        {amina.pk: 2, bruno.pk: 1},
        {chloe.pk: 3},
    )


def test_a_dry_run_writes_nothing_and_takes_no_turn(published):
    receive(clean({"company": "Boulangeries Lenoir", "country": "FR"}))
    leads("FR", "FR", "BE")
    before = [
        list(model.objects.order_by("pk").values()) for model in (Lead, Decision, Rotation, Turn)
    ]
    with CaptureQueriesContext(connection) as queries:
        replayed(draft([REST]))
        compared(published)
    writes = [
        query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
    ]
    # The draft that is tried is made inside the block, and nothing else.
    assert all("ruleset" in sql or "rule" in sql for sql in writes)
    after = [
        list(model.objects.order_by("pk").values()) for model in (Lead, Decision, Rotation, Turn)
    ]
    assert before == after


def test_working_hours_are_those_of_each_leads_own_moment(reps, published):
    amina, bruno, _chloe = reps
    mornings, afternoons = (time(8), time(12)), (time(13), time(18))
    for rep, (starts, ends) in ((amina, mornings), (bruno, afternoons)):
        Rep.objects.filter(pk=rep.pk).update(time_zone="UTC")
        WorkingHours.objects.create(rep=rep, weekday=0, starts=starts, ends=ends)
    for hour in (9, 10, 11, 14):
        LeadFactory(country="FR", received_at=MONDAY.replace(hour=hour))
    result = replayed(published)
    assert result.after.load == {amina.pk: 3, bruno.pk: 1}


def test_leave_counts_only_for_leads_that_came_during_it(reps, published):
    amina, bruno, _chloe = reps
    amina.time_off.create(starts_at=MONDAY, ends_at=MONDAY + timedelta(hours=2))
    leads("FR", "FR", "FR", "FR")
    result = replayed(published)
    assert result.after.load == {amina.pk: 1, bruno.pk: 3} or result.after.load == {
        amina.pk: 2,
        bruno.pk: 2,
    }
    assert result.after.load[bruno.pk] >= 2


def test_holidays_count_however_long_after_the_first_lead_they_are(reps, published):
    """Amina's 14 July is two years after the first lead, Bruno works in a country without it."""
    amina, bruno, _chloe = reps
    for rep, region in ((amina, "FR"), (bruno, "GB-ENG")):
        Rep.objects.filter(pk=rep.pk).update(holiday_region=region, time_zone="UTC")
    for day in ((2024, 7, 15), (2026, 7, 14), (2026, 7, 14), (2026, 7, 14)):
        LeadFactory(country="FR", received_at=datetime(*day, 12, tzinfo=UTC))
    result = replayed(published)
    assert result.after.load == {amina.pk: 1, bruno.pk: 3}


def test_busy_times_pass_nobody_over(reps, published):
    amina, bruno, _chloe = reps
    amina.time_off.create(kind="busy", starts_at=MONDAY, ends_at=MONDAY + timedelta(hours=8))
    leads("FR", "FR", "FR", "FR")
    assert replayed(published).after.load == {amina.pk: 2, bruno.pk: 2}


def test_capacity_and_pauses_of_today_pass_nobody_over(reps, published):
    amina, bruno, _chloe = reps
    Rep.objects.filter(pk=amina.pk).update(paused=True, capacity=1)
    LeadFactory(owner=bruno)
    leads("FR", "FR", "FR", "FR")
    waiting = Lead.objects.filter(owner=None).order_by("received_at")
    result = replayed(published, waiting)
    assert result.after.load == {amina.pk: 2, bruno.pk: 2}


def test_nobody_there_is_counted_and_the_next_step_takes_the_lead(reps, published):
    amina, bruno, _chloe = reps
    for rep in (amina, bruno):
        rep.time_off.create(starts_at=MONDAY, ends_at=MONDAY + timedelta(days=1))
    leads("FR", "FR")
    result = replayed(published)
    assert (len(result.after.found_nobody), result.after.pools.total()) == (2, 2)


def test_before_any_version_was_published_the_safety_net_takes_every_lead(reps):
    made = leads("FR", "BE")
    result = replayed(draft([REST]))
    assert result.before.unmatched == [lead.pk for lead in made]
    assert (result.after.unmatched, result.moved) == ([], 2)


def test_the_figures_name_everybody_and_count_rules_by_their_key(reps, published):
    amina, _bruno, chloe = reps
    leads("FR", "FR", "FR", "BE")
    other = draft([rule("French", "FR", {**PUSH, "team": "Lyon"}), REST])
    kept = figures(replayed(other))
    assert (kept["leads"], kept["moved"]) == (4, 3)
    assert kept["moves"][0] == {
        "from": ["rep", amina.pk, "Amina"],
        "to": ["rep", chloe.pk, "Chloé"],
        "leads": 2,
    }
    assert kept["load"][0] == {"rep": chloe.pk, "name": "Chloé", "leads": [0, 3]}
    assert [(row["name"], row["leads"]) for row in kept["rules"]] == [
        ("French", [3, 3]),
        ("The rest", [1, 1]),
    ]
    # Over three active reps: 2, 1 and 0 leads; then 3, 0 and 0.
    assert kept["gini"] == [0.4444, 0.6667]


def test_the_leads_behind_each_number_are_kept(reps, published):
    amina, _bruno, chloe = reps
    first, second, third, belgian = leads("FR", "FR", "FR", "BE")
    chloe.time_off.create(starts_at=third.received_at, ends_at=belgian.received_at)
    other = draft([rule("French", "FR", {**PUSH, "team": "Lyon"}), REST])
    kept = json.loads(json.dumps(figures(replayed(other))))
    to_chloe = f"rep-{chloe.pk}"

    def behind(**asked):
        return list(leads_behind(kept, **asked))

    assert behind() == [belgian.pk, third.pk, second.pk, first.pk]
    assert behind(only="moved") == [third.pk, second.pk, first.pk]
    assert behind(now=to_chloe) == [second.pk, first.pk]
    assert behind(was=f"rep-{amina.pk}", now=to_chloe) == [first.pk]
    assert behind(only="nobody-after") == [third.pk]
    assert behind(only="nobody-before") == behind(only="unmatched-after") == []
    was, now = leads_behind(kept)[first.pk]
    assert (was[2], now[2]) == ("Amina", "Chloé")
    for move in kept["moves"]:
        places = {"was": place_key(move["from"]), "now": place_key(move["to"])}
        assert len(behind(**places)) == move["leads"]


def test_the_leads_behind_a_number_are_listed_as_they_came_whatever_was_imported_first(published):
    newest, oldest, middle = (
        LeadFactory(country="FR", received_at=MONDAY + hours * timedelta(hours=1))
        for hours in (3, 1, 2)
    )
    kept = figures(replayed(draft([REST])))
    assert list(leads_behind(kept)) == [newest.pk, middle.pk, oldest.pk]
    del kept["order"]
    assert list(leads_behind(kept)) == [middle.pk, oldest.pk, newest.pk], "an older result"


def test_each_strategy_is_compared_with_what_really_happened(reps, published):
    amina, bruno, _chloe = reps
    for _ in range(3):
        LeadFactory(country="FR", owner=amina)
    LeadFactory(country="FR", owner=bruno)
    happened, *others = compared(published)
    assert (happened.strategy, happened.load, happened.waiting) == (
        "",
        {amina.pk: 3, bruno.pk: 1},
        0,
    )
    assert happened.gini_among == pytest.approx(0.25)
    by_name = {one.strategy: one for one in others}
    assert by_name["round_robin"].load == {amina.pk: 2, bruno.pk: 2}
    assert by_name["round_robin"].gini_among == 0
    # No lead has an account here: its owner is nobody, and the pool takes all.
    assert by_name["account_owner"].waiting == 4
    kept = strategy_figures([happened, *others])
    assert [row["name"] for row in kept["load"]] == ["Amina", "Bruno", "Chloé"]
    assert kept["load"][0]["leads"][:2] == [3, 2]
    assert kept["strategies"][0] == {
        "strategy": "",
        "waiting": 0,
        "gini_among": 0.25,
        "gini_roster": 0.5,
    }


def test_the_queries_do_not_grow_with_the_leads(published):
    def queries(number):
        leads(*["FR"] * number)
        rows = list(in_order())
        with CaptureQueriesContext(connection) as asked:
            replayed(published, rows)
        return len(asked)

    queries(1)  # a published version is compiled once in each process
    assert queries(3) == queries(30)

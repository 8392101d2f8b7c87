"""Through the rules a pool gets a mix of leads, whichever way they come in (GU3)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.engine.mixing import IN_A_ROW
from leaddistrib.lifecycle import receive, receive_many, release
from leaddistrib.lifecycle.claiming import claim
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.retrying import retry_due
from leaddistrib.lifecycle.routing import route
from leaddistrib.models import Decision, Lead, Pool
from leaddistrib.queries.explanations import sentence, trace
from leaddistrib.queries.replay import replay
from leaddistrib.queries.trying import try_lead
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at, publish_rules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCORES = {"high": 90, "standard": 60, "low": 10, "": None}
MANY = [("high", "low", "standard", "high", "", "low")[n % 6] for n in range(60)]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mixed(cast):
    """“Everyone” takes 10 % of high and 20 % of low quality; the others wait in “Rest”."""
    Pool.objects.filter(pk=cast.pool.pk).update(unrated=True, mix_high=10, mix_low=20)
    PoolFactory(name="Rest", mode="queue", reps=[cast.chloe])
    publish({"pool": "Rest"})
    return cast


def publish(*fallback):
    then = {"pool": "Everyone", "fallback": list(fallback)}
    return publish_rules([{"name": "Race", "when": {}, "then": then}])


def given(qualities):
    return [
        clean({"company": f"Company {n}"} | ({"score": score} if score is not None else {}))
        for n, score in enumerate(SCORES[quality] for quality in qualities)
    ]


def comes_in(*qualities):
    """Where leads of these qualities go, and the last of them."""
    found = receive_many(given(qualities))
    return [one.lead.pool.name if one.lead.pool else None for one in found], found[-1].lead


def by_company():
    leads = Lead.objects.select_related("pool", "owner").order_by("pk")
    return [(lead.company, lead.pool and lead.pool.name) for lead in leads]


def test_a_file_and_its_leads_one_by_one_are_mixed_alike(mixed):
    receive_many(given(MANY))
    at_once = by_company()
    Decision.objects.all().delete()
    Lead.objects.all().delete()

    for one in given(MANY):
        receive(one)

    assert by_company() == at_once
    opened = list(
        Decision.objects.filter(pool=mixed.pool).order_by("pk").values_list("quality", flat=True)
    )
    assert len(opened) < len(MANY) == len(at_once)
    assert opened.count("standard") == sum(one in ("standard", "") for one in MANY)
    for begins in range(len(opened) - IN_A_ROW + 1):
        row = opened[begins : begins + IN_A_ROW]
        assert (row.count("high"), row.count("low")) <= (2, 4)
        assert row.count("low") <= 4


def test_only_leads_of_a_pool_with_a_mix_are_counted(mixed):
    names, _lead = comes_in("high", "high", "high", "")
    assert names == ["Everyone", "Everyone", "Rest", "Everyone"]
    counted = Decision.objects.order_by("pk").values_list("quality", flat=True)
    assert list(counted) == ["high", "high", "", "standard"]


def test_where_nobody_else_takes_it_it_opens_in_the_pool_and_never_in_the_safety_net(mixed):
    publish()
    assert comes_in(*["high"] * 4)[0] == ["Everyone"] * 4


def test_what_is_beyond_is_pushed_where_the_rule_says_and_back_if_nobody_is_there(mixed):
    publish({"push": "round_robin", "team": "Lyon"})
    comes_in("low", "low", "low", "low")
    assert comes_in("low")[1].owner == mixed.chloe

    mixed.chloe.paused = True
    mixed.chloe.save()
    names, lead = comes_in("low")

    assert names == ["Everyone"]
    lead.refresh_from_db()
    assert lead.retry_at is None, "nothing before the pool is to be asked again"


def test_a_claimed_lead_that_is_given_back_is_in_its_pool_again_and_counted_once(mixed):
    _names, lead = comes_in("high")
    claim(lead, mixed.amina, via="api")

    release(lead, mixed.amina, reason="Not mine")

    assert comes_in("high", "high")[0] == ["Everyone", "Rest"]


def test_a_lead_that_waits_and_is_asked_about_again_is_counted_once(mixed, push_to_paris):
    for rep in (mixed.amina, mixed.bruno):
        rep.paused = True
        rep.save()
    publish_rules(push_to_paris({"pool": "Everyone"}, {"pool": "Rest"}))
    with clock_at(NOON):
        comes_in("high")
    for hours in range(1, 4):
        with clock_at(NOON + hours * HOUR):
            assert retry_due(NOON + hours * HOUR) == 1
    assert Decision.objects.exclude(quality="").count() == 1


def test_managers_read_of_which_quality_it_was_too_much_and_reps_do_not(mixed):
    _names, lead = comes_in("high", "high", "high")
    decision = lead.decisions.get()

    told = trace(decision)
    assert [(step.target, step.took, step.note) for step in told.steps] == [
        ("pool “Everyone”", False, "beyond its share of high quality"),
        ("pool “Rest”", True, ""),
    ]
    assert told.sentence.startswith("“Everyone” had its share of high quality.")
    for said in (sentence(decision, mixed.amina), sentence(decision, mixed.amina, unnamed=True)):
        assert "quality" not in said
        assert "share" not in said


def test_a_preview_counts_what_was_opened_and_opens_nothing(mixed):
    comes_in("high", "high")
    ruleset = publish({"pool": "Rest"})
    lead = LeadFactory(quality="high")
    for _ in range(2):
        tried = try_lead(ruleset, lead)
        assert tried.pool is not None
        assert tried.pool.name == "Rest"
    assert Decision.objects.exclude(quality="").count() == 2


def test_a_dry_run_mixes_past_leads_from_the_first_one_on(mixed):
    comes_in("high", "high")
    ruleset = publish({"pool": "Rest"})
    past = [LeadFactory(quality="high", received_at=NOON + n * HOUR) for n in range(4)]
    found = replay(ruleset, past, begins=NOON, ends=NOON + 4 * HOUR)
    rest = Pool.objects.get(name="Rest")
    assert found.after.pools == {mixed.pool.pk: 2, rest.pk: 2}


def test_it_costs_one_query_for_each_such_pool_however_many_leads(mixed):
    comes_in(*MANY[:30])

    def queries(number):
        with CaptureQueriesContext(
            connection,
        ) as counted:
            route([LeadFactory.build(quality="standard") for _ in range(number)])
        return len(counted)

    with_mix = queries(1), queries(9)
    Pool.objects.update(mix_high=None, mix_low=None)
    assert with_mix == (queries(1) + 1, queries(9) + 1)

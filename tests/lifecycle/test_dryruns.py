"""Dry runs are worked out by a worker, and survive it."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle import dryruns
from leaddistrib.lifecycle.drafting import draft_of
from leaddistrib.lifecycle.dryruns import LEASE, ask, work_off
from leaddistrib.models import Decision, DryRun, Lead, Rep, RuleStep
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    UserFactory,
    clock_at,
    publish_rules,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def version():
    amina = RepFactory(team=TeamFactory(name="Paris"))
    PoolFactory(name="Everyone", reps=[amina])
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
    return publish_rules([{"name": "All", "when": {}, "then": then}])


@pytest.fixture
def run(version):
    for hours in (30, 3, 2, 1):
        LeadFactory(received_at=NOON - timedelta(hours=hours))
    with clock_at(NOON):
        return ask(draft_of(version), since=NOON - DAY, until=NOON, actor=UserFactory())


def test_a_worker_works_out_what_was_asked_and_keeps_the_figures(run):
    with clock_at(NOON):
        assert work_off(NOON) == 1
        assert work_off(NOON) == 0
    run.refresh_from_db()
    assert (run.done, run.total, run.problem) == (3, 3, "")
    assert run.finished_at == NOON
    assert (run.result["leads"], run.result["moved"]) == (3, 0)


def test_strategies_are_compared_by_the_worker_over_the_same_leads(run):
    amina = Rep.objects.get()
    Lead.objects.update(owner=None)
    other = ask(run.ruleset, since=run.since, until=run.until, strategies=True)
    assert work_off(NOON, limit=2) == 2
    other.refresh_from_db()
    assert (other.done, other.total, other.problem) == (3, 3, "")
    strategies = [one["strategy"] for one in other.result["strategies"]]
    assert strategies == ["", *RuleStep.Push.values]
    [row] = other.result["load"]
    assert (row["name"], row["leads"][:2]) == (amina.name, [0, 3])


def test_leads_are_as_they_were_before_it(run):
    before = list(Lead.objects.order_by("pk").values())
    work_off(NOON)
    assert list(Lead.objects.order_by("pk").values()) == before
    assert not Decision.objects.exists()


def test_the_latest_leads_are_taken_when_there_are_more_than_were_asked_for(version):
    for hours in (3, 2, 1):
        LeadFactory(received_at=NOON - timedelta(hours=hours))
    run = ask(version, since=NOON - DAY, until=NOON, limit=2)
    newest = Lead.objects.order_by("received_at").values_list("pk", flat=True)
    assert [pk for pk, _at in dryruns._leads(run)] == list(newest)[1:]


def test_a_duplicate_that_never_reached_the_rules_is_left_out(run):
    lead = Lead.objects.latest("received_at")
    Decision.objects.create(
        lead=lead, method=Decision.Method.DUPLICATE, explanation={}, decided_at=NOON
    )
    work_off(NOON)
    run.refresh_from_db()
    assert run.total == 2


def test_a_run_whose_worker_died_is_begun_anew_when_its_lease_is_over(run):
    assert dryruns._lease(NOON) == run
    assert work_off(NOON + LEASE) == 0
    assert work_off(NOON + LEASE + timedelta(seconds=1)) == 1
    run.refresh_from_db()
    assert run.result["leads"] == 3


def test_a_worker_that_lost_its_lease_writes_no_more(run):
    slow = dryruns._lease(NOON)
    assert slow is not None
    later = NOON + LEASE + timedelta(seconds=1)
    assert dryruns._lease(later) == run
    dryruns._work_out(slow)
    run.refresh_from_db()
    assert (run.done, run.total, run.started_at) == (0, 0, later)


def test_a_worker_that_lost_its_lease_stops_at_the_next_sign_of_life(run, monkeypatch):
    """It decides no more leads for a result that nobody keeps."""
    monkeypatch.setattr("leaddistrib.queries.replay.PROGRESS_EVERY", 1)
    decided = []

    def lose(ids):
        for lead in Lead.objects.filter(pk__in=ids):
            decided.append(lead.pk)
            assert dryruns._lease(NOON + LEASE + timedelta(seconds=1)) in (run, None)
            yield lead

    monkeypatch.setattr(dryruns, "_placed", lose)
    with clock_at(NOON):
        assert work_off(NOON) == 1
    run.refresh_from_db()
    assert len(decided) == 1
    assert (run.done, run.finished_at) == (0, None)


@pytest.mark.parametrize("strategies", [False, True])
def test_a_long_run_stays_its_workers_for_as_long_as_it_gets_on(run, monkeypatch, strategies):
    monkeypatch.setattr("leaddistrib.queries.replay.PROGRESS_EVERY", 1)
    DryRun.objects.update(result={"strategies": []} if strategies else {})
    taken_over = []
    moments = [NOON + number * (LEASE - timedelta(seconds=1)) for number in range(4)]

    def slowly(ids):
        for moment, lead in zip(moments, Lead.objects.filter(pk__in=ids), strict=False):
            with clock_at(moment):
                taken_over.append(dryruns._lease(moment))  # another worker asks
                yield lead

    monkeypatch.setattr(dryruns, "_placed", slowly)
    with clock_at(NOON):
        assert work_off(NOON) == 1
    run.refresh_from_db()
    assert taken_over == [None, None, None]
    assert (run.done, run.problem, run.started_at) == (3, "", NOON)
    assert run.finished_at is not None


def test_a_run_that_cannot_be_worked_out_says_so_and_holds_up_no_other(run, monkeypatch):
    def broken(*args, **options):
        raise ValueError("no ana@lenoir.example")

    monkeypatch.setattr(dryruns, "replay", broken)
    assert work_off(NOON) == 1
    run.refresh_from_db()
    assert run.problem == "ValueError", "what the error quotes is for the log"
    assert run.finished_at is not None


@pytest.mark.parametrize(("hours", "limit"), [(0, 10), (24, 0), (24, 50_001)])
def test_a_run_over_nothing_or_too_much_is_refused(version, hours, limit):
    with pytest.raises(ValueError, match="stretch of time"):
        ask(version, since=NOON - timedelta(hours=hours), until=NOON, limit=limit)
    assert not DryRun.objects.exists()

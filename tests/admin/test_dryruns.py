"""Dry runs in the admin site: asked for, watched, read."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.drafting import draft_of, write_rule
from leaddistrib.lifecycle.dryruns import ask, work_off
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import DryRun, RuleStep
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    amina = RepFactory(user__first_name="Amina", team=TeamFactory(name="Paris"))
    PoolFactory(name="Everyone", reps=[amina])
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
    made = draft_of(publish_rules([{"name": "All", "when": {}, "then": then}]))
    bruno = RepFactory(user__first_name="Bruno", team=TeamFactory(name="Lyon"))
    write_rule(made.rules.get(), [RuleStep(push="round_robin", team=bruno.team)])
    return made


@pytest.fixture
def olga(signed_in):
    return signed_in("add_dryrun", "view_dryrun", "view_ruleset")


def asked(draft, ago=timedelta()):
    now = timezone.now()
    run = ask(draft, since=now - timedelta(days=1), until=now + timedelta(minutes=1))
    DryRun.objects.filter(pk=run.pk).update(asked_at=now - ago)
    return run


def page(run):
    return reverse("admin:leaddistrib_dryrun_change", args=[run.pk])


def test_a_dry_run_is_asked_for_over_whole_days(olga, draft):
    add = reverse("admin:leaddistrib_dryrun_add")
    assert olga.get(add, {"ruleset": draft.pk}).context["adminform"].form.initial["ruleset"]
    sent = {"ruleset": draft.pk, "first": "2026-03-01", "last": "2026-03-02", "limit": 500}
    response = olga.post(add, sent)
    run = DryRun.objects.get()
    assert response["Location"] == page(run)
    assert (run.ruleset, run.limit, run.asked_by) == (draft, 500, olga.user)
    zone = timezone.get_default_timezone()
    assert run.since.astimezone(zone).isoformat()[:16] == "2026-03-01T00:00"
    assert run.until - run.since == timedelta(days=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [("last", "2026-02-01"), ("limit", 0), ("limit", 50_001), ("first", "soon")],
)
def test_what_cannot_be_run_is_refused_at_its_field(olga, draft, field, value):
    sent = {"ruleset": draft.pk, "first": "2026-03-01", "last": "2026-03-02", "limit": 500}
    response = olga.post(reverse("admin:leaddistrib_dryrun_add"), sent | {field: value})
    assert field in response.context["adminform"].form.errors
    assert not DryRun.objects.exists()


def test_the_result_shows_who_gains_and_loses(olga, draft):
    for number in range(4):
        receive(clean({"company": f"Company {number}"}))
    run = asked(draft)
    work_off(timezone.now())
    shown = olga.get(page(run))
    assert (shown.context["result"]["moved"], shown.context["moved_share"]) == (4, 100)
    text = shown.content.decode()
    assert "of 4 leads would move" in text
    assert "http-equiv" not in text
    [move] = shown.context["moves"]
    assert (move["from"][2], move["to"][2], move["leads"]) == ("Amina", "Bruno", 4)
    listed = olga.get(reverse("admin:leaddistrib_dryrun_changelist")).content.decode()
    assert "4 / 4" in listed


def test_a_run_that_waits_shows_its_progress_and_loads_itself_anew(olga, draft):
    run = asked(draft)
    text = olga.get(page(run)).content.decode()
    assert '<meta http-equiv="refresh"' in text
    assert "leaddistrib_worker" not in text
    DryRun.objects.filter(pk=run.pk).update(started_at=timezone.now(), done=500, total=2000)
    shown = olga.get(page(run))
    assert "500 of 2000 leads" in shown.content.decode().replace(",", "")
    assert shown.context["share"] == 25


def test_where_no_worker_runs_the_page_says_what_to_start(olga, draft):
    run = asked(draft, ago=timedelta(minutes=1))
    assert "python manage.py leaddistrib_worker" in olga.get(page(run)).content.decode()


def test_a_run_that_failed_says_why(olga, draft):
    run = asked(draft)
    DryRun.objects.filter(pk=run.pk).update(
        started_at=timezone.now(), finished_at=timezone.now(), problem="ValueError: nothing"
    )
    assert "ValueError: nothing" in olga.get(page(run)).content.decode()


def test_who_may_only_look_asks_for_none(signed_in, draft):
    client = signed_in("view_dryrun")
    assert client.get(page(asked(draft))).status_code == 200
    assert client.get(reverse("admin:leaddistrib_dryrun_add")).status_code == 403


def test_who_has_no_permission_sees_no_dry_run(signed_in, draft):
    assert signed_in("view_ruleset").get(page(asked(draft))).status_code == 403

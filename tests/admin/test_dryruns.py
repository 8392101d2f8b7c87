"""Dry runs in the admin site: asked for, watched, read."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.drafting import draft_of, new_draft, write_rule
from leaddistrib.lifecycle.dryruns import ask, work_off
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import DryRun, Lead, Pool, Rep, RuleStep
from leaddistrib.queries.dryruns import LEADS_BEHIND
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    publish_rules,
)

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


DAYS = {"first": "2026-03-01", "last": "2026-03-02", "limit": 500}


def asked(draft, ago=timedelta(), **more):
    now = timezone.now()
    run = ask(draft, since=now - timedelta(days=1), until=now + timedelta(minutes=1), **more)
    DryRun.objects.filter(pk=run.pk).update(asked_at=now - ago)
    return run


def page(run):
    return reverse("admin:leaddistrib_dryrun_change", args=[run.pk])


def test_a_dry_run_is_asked_for_over_whole_days(olga, draft):
    add = reverse("admin:leaddistrib_dryrun_add")
    assert olga.get(add, {"ruleset": draft.pk}).context["adminform"].form.initial["ruleset"]
    sent = {"ruleset": draft.pk, "compare": "versions", **DAYS}
    response = olga.post(add, sent)
    run = DryRun.objects.get()
    assert response["Location"] == page(run)
    assert (run.ruleset, run.limit, run.asked_by) == (draft, 500, olga.user)
    zone = timezone.get_default_timezone()
    assert run.since.astimezone(zone).isoformat()[:16] == "2026-03-01T00:00"
    assert run.until - run.since == timedelta(days=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("last", "2026-02-01"),
        ("last", "9999-12-31"),
        ("limit", 0),
        ("limit", 50_001),
        ("first", "soon"),
        ("first", "0001-01-01"),
    ],
)
def test_what_cannot_be_run_is_refused_at_its_field(olga, draft, field, value):
    sent = {"ruleset": draft.pk, "compare": "versions", **DAYS}
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
    assert (move["from"], move["to"], move["leads"]) == ("Amina", "Bruno", 4)
    assert "/leads/?" not in text  # Olga may not see leads
    listed = olga.get(reverse("admin:leaddistrib_dryrun_changelist")).content.decode()
    assert "4 / 4" in listed


def test_a_run_before_any_publication_is_compared_with_no_rules(signed_in):
    bruno = RepFactory(user__first_name="Bruno", team=TeamFactory(name="Lyon"))
    PoolFactory(name="Everyone", reps=[bruno], is_safety_net=True)
    first = new_draft()
    write_rule(first.rules.get(), [RuleStep(push="round_robin", team=bruno.team)])
    receive(clean({"company": "Fournil"}))
    run = asked(first)
    work_off(timezone.now())
    client = signed_in("view_dryrun", "view_ruleset", "view_lead")
    text = client.get(page(run)).content.decode()
    assert "Without rules" in text
    assert "ersion 0" not in text
    leads = client.get(behind(run, only="unmatched-before"))
    assert [lead.company for lead, *_ in leads.context["rows"]] == ["Fournil"]
    assert "ersion 0" not in leads.content.decode()


def behind(run, **query):
    return reverse("admin:leaddistrib_dryrun_leads", args=[run.pk], query=query)


@pytest.fixture
def worked_out(draft):
    """52 leads that would move from Amina to Bruno, and, while he was away, one from her to the
    safety net."""
    for number in range(52):
        receive(clean({"company": f"Company {number}"}))
    now = timezone.now()
    bruno = Rep.objects.get(team__name="Lyon")
    bruno.time_off.create(starts_at=now - timedelta(hours=3), ends_at=now - timedelta(hours=1))
    LeadFactory(company="Fournil", received_at=now - timedelta(hours=2))
    run = asked(draft)
    work_off(timezone.now())
    return run


def test_each_figure_leads_to_the_leads_behind_it(signed_in, worked_out):
    client = signed_in("view_dryrun", "view_ruleset", "view_lead")
    shown = client.get(page(worked_out))
    to_bruno, to_pool = shown.context["moves"]
    assert (to_bruno["to"], to_pool["to"]) == ("Bruno", "safety net")
    assert escape(to_pool["address"]) in shown.content.decode()
    [(lead, was, now)] = client.get(to_pool["address"]).context["rows"]
    assert (lead.company, was, now) == ("Fournil", "Amina", "safety net")
    first, second = (client.get(f"{to_bruno['address']}&page={page}") for page in (1, 2))
    assert [len(one.context["rows"]) for one in (first, second)] == [50, 2]
    for name, companies in (("nobody_after", ["Fournil"]), ("nobody_before", [])):
        rows = client.get(shown.context["unassigned"][name]).context["rows"]
        assert [lead.company for lead, *_ in rows] == companies
    assert client.get(shown.context["moved_leads"]).context["page"].paginator.count == 53


def test_a_lead_behind_a_figure_leads_to_its_page_and_to_trying_it(signed_in, worked_out):
    client = signed_in("view_dryrun", "view_ruleset", "view_lead")
    text = client.get(behind(worked_out, only="nobody-after")).content.decode()
    fournil = Lead.objects.get(company="Fournil")
    assert reverse("admin:leaddistrib_lead_change", args=[fournil.pk]) in text
    tried = reverse("admin:leaddistrib_ruleset_try", args=[worked_out.ruleset_id])
    assert f"{tried}?lead={fournil.pk}" in text
    assert client.get(tried, {"lead": fournil.pk}).context["lead"] == fournil


def test_leads_behind_figures_are_narrowed_by_where_they_went(signed_in, worked_out):
    client = signed_in("view_dryrun", "view_lead")
    net = Pool.objects.get(is_safety_net=True)
    for query, number in (
        ({}, 53),
        ({"to": f"net-{net.pk}"}, 1),
        ({"from": f"net-{net.pk}"}, 0),
        ({"to": "rep-999999"}, 0),
    ):
        shown = client.get(behind(worked_out, **query))
        assert shown.context["page"].paginator.count == number
    assert "to" in shown.context["form"].errors


def test_a_page_of_leads_costs_the_same_for_2_as_for_50(
    signed_in, worked_out, django_assert_num_queries
):
    client = signed_in("view_dryrun", "view_lead")
    client.get(behind(worked_out))
    with CaptureQueriesContext(connection) as many:
        client.get(behind(worked_out))
    with django_assert_num_queries(len(many)):
        client.get(behind(worked_out, page=2))


def test_leads_behind_figures_are_for_who_may_see_leads_and_dry_runs(signed_in, worked_out):
    client = signed_in("view_dryrun")
    assert client.get(behind(worked_out)).status_code == 403
    assert "Fournil" not in client.get(page(worked_out)).content.decode()
    client.user.user_permissions.set(Permission.objects.filter(codename="view_lead"))
    assert client.get(behind(worked_out)).status_code == 403


def test_a_run_without_a_result_has_no_leads(signed_in, draft):
    client = signed_in("view_dryrun", "view_lead")
    assert client.get(behind(asked(draft))).status_code == 404


def test_the_figures_are_shown_where_the_leads_behind_them_are_not_kept(signed_in, worked_out):
    client = signed_in("view_dryrun", "view_ruleset", "view_lead")
    assert "kept for 90 days only" not in client.get(page(worked_out)).content.decode()
    worked_out.refresh_from_db()
    for name in LEADS_BEHIND:
        del worked_out.result[name]
    worked_out.save()
    shown = client.get(page(worked_out))
    assert shown.context["result"]["found_nobody"] == [0, 1]
    assert [move["leads"] for move in shown.context["moves"]] == [52, 1]
    text = shown.content.decode()
    assert "kept for 90 days only" in text
    assert behind(worked_out) not in text
    assert client.get(behind(worked_out)).status_code == 404


def test_the_list_reads_no_leads_of_any_run(olga, worked_out):
    shown = olga.get(reverse("admin:leaddistrib_dryrun_changelist"))
    assert "53 / 53" in shown.content.decode()
    [run] = shown.context["cl"].result_list
    assert "result" in run.get_deferred_fields()


def test_strategies_are_compared_beside_what_really_happened(olga, draft):
    sent = {"ruleset": draft.pk, "compare": "strategies", **DAYS}
    olga.post(reverse("admin:leaddistrib_dryrun_add"), sent)
    assert DryRun.objects.get().result == {"strategies": []}
    for number in range(3):
        receive(clean({"company": f"Company {number}"}))
    run = asked(draft, strategies=True)
    assert 'data-state="waits"' in olga.get(page(run)).content.decode()
    work_off(timezone.now(), limit=2)
    shown = olga.get(page(run))
    labels = [label for label, _one in shown.context["outcomes"]]
    assert labels == [None, *RuleStep.Push.labels]
    rows = {row["name"]: row["leads"][:2] for row in shown.context["load"]}
    assert rows == {"Amina": [3, 0], "Bruno": [0, 3]}
    listed = olga.get(reverse("admin:leaddistrib_dryrun_changelist")).content.decode()
    assert "strategies" in listed


def test_a_comparison_that_failed_says_why(olga, draft):
    run = asked(draft, strategies=True)
    DryRun.objects.filter(pk=run.pk).update(finished_at=timezone.now(), problem="ValueError")
    assert "It could not be worked out (ValueError)." in olga.get(page(run)).content.decode()


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
        started_at=timezone.now(), finished_at=timezone.now(), problem="KeyError"
    )
    assert "It could not be worked out (KeyError)." in olga.get(page(run)).content.decode()


def test_who_may_only_look_asks_for_none(signed_in, draft):
    client = signed_in("view_dryrun")
    assert client.get(page(asked(draft))).status_code == 200
    assert client.get(reverse("admin:leaddistrib_dryrun_add")).status_code == 403


def test_who_has_no_permission_sees_no_dry_run(signed_in, draft):
    assert signed_in("view_ruleset").get(page(asked(draft))).status_code == 403

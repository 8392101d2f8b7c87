"""Housekeeping deletes what is no longer needed and nothing else; inconsistency is warned of."""

import logging
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from leaddistrib.jobs import work
from leaddistrib.models import DryRun, IdempotencyKey, Lead, OutboxMessage, RuleSet
from leaddistrib.testing import LeadFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)


def keep_key(age: timedelta) -> IdempotencyKey:
    return IdempotencyKey.objects.create(scope="api", key=str(age), created_at=NOW - age)


def keep_message(event: str, **when) -> OutboxMessage:
    made = NOW - 60 * DAY
    return OutboxMessage.objects.create(
        event=event,
        recipient=UserFactory(),
        channel="email",
        created_at=made,
        due_at=made,
        **when,
    )


def test_keys_are_forgotten_after_the_days_that_the_setting_says(settings):
    settings.LEADDISTRIB = {"IDEMPOTENCY_DAYS": 10}
    keep_key(11 * DAY)
    young = keep_key(9 * DAY)
    assert work.housekeeping(NOW)["keys"] == 1
    assert IdempotencyKey.objects.get() == young


def test_messages_that_are_done_go_after_30_days_and_dead_letters_stay():
    keep_message("sent long ago", sent_at=NOW - 31 * DAY)
    keep_message("dropped long ago", dropped_at=NOW - 31 * DAY)
    keep_message("sent", sent_at=NOW - 29 * DAY)
    keep_message("dead", dead_at=NOW - 31 * DAY)
    keep_message("unsent")
    assert work.housekeeping(NOW)["messages"] == 2
    left = OutboxMessage.objects.values_list("event", flat=True)
    assert set(left) == {"sent", "dead", "unsent"}


def test_which_leads_are_behind_a_dry_run_goes_after_90_days_and_its_figures_stay():
    version = RuleSet.objects.create(version=1)
    lists = {"places": [["rep", 1, "Amina"]], "went": [[0, 0, [7]]], "order": [7], "unassigned": {}}

    def kept(age: timedelta, result: dict[str, object]) -> DryRun:
        then = NOW - age
        return DryRun.objects.create(
            ruleset=version, since=then, until=then, asked_at=then, finished_at=then, result=result
        )

    old = kept(91 * DAY, {"leads": 1, **lists})
    young = kept(89 * DAY, {"leads": 1, **lists})
    without = kept(91 * DAY, {"leads": 1})

    assert work.housekeeping(NOW)["leads_behind_dry_runs"] == 1
    assert work.housekeeping(NOW)["leads_behind_dry_runs"] == 0

    for run in (old, young, without):
        run.refresh_from_db()
    assert old.result == without.result == {"leads": 1}
    assert young.result == {"leads": 1, **lists}


def test_expired_sessions_go_and_others_stay():
    Session.objects.create(session_key="expired", expire_date=NOW - DAY)
    Session.objects.create(session_key="signed-in", expire_date=NOW + DAY)
    work.housekeeping(NOW)
    assert Session.objects.get().session_key == "signed-in"


def test_the_nightly_check_warns_with_the_remedy(caplog):
    LeadFactory()
    with caplog.at_level(logging.WARNING, "leaddistrib"):
        assert work.consistency(timezone.now() + timedelta(hours=1)) == {"unrouted": 1}
    assert "finding=unrouted count=1" in caplog.text
    assert "Route them" in caplog.text
    assert Lead.objects.get().status == Lead.Status.RECEIVED  # looked at, not touched

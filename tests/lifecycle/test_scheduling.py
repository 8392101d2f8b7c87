"""A version comes into force on its date, or comes back, once, and it is known who did it (RU3)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from leaddistrib.errors import InvalidRules, Outdated
from leaddistrib.lifecycle.alerting import close_alerts
from leaddistrib.lifecycle.drafting import draft, draft_of, write_rule
from leaddistrib.lifecycle.publishing import (
    publish,
    publish_scheduled,
    put_in_force,
    roll_back,
    schedule,
    unschedule,
)
from leaddistrib.models import Alert, OutboxMessage, Publication, Rule, RuleSet
from leaddistrib.queries import rulebook
from leaddistrib.testing import UserFactory, clock_at

ALL = {"name": "All", "when": {}, "then": {"pool": "Everyone"}}
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def mireille(cast):
    return UserFactory(username="mireille")


@pytest.fixture(autouse=True)
def at_nine():
    with clock_at(NOW):
        yield


def record() -> list[tuple[int, str, str]]:
    """Every time that a version came into force, oldest first."""
    every = Publication.objects.order_by("id").select_related("ruleset", "by")
    return [(one.ruleset.version, one.kind, str(one.by or "")) for one in every]


def test_a_draft_comes_into_force_at_its_moment_and_not_before(mireille):
    before, coming = publish([ALL]), draft([ALL])
    schedule(coming, NOW + MINUTE, actor=mireille)

    assert publish_scheduled(NOW) == 0
    assert rulebook.published() == before
    assert publish_scheduled(NOW + MINUTE) == 1
    assert publish_scheduled(NOW + MINUTE) == 0

    coming.refresh_from_db()
    assert (coming.status, coming.published_by, coming.scheduled_at) == (
        "published",
        mireille,
        None,
    )
    assert record() == [(1, "published", ""), (2, "scheduled", "mireille")]


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        # Midnight in Paris, winter and summer; the day clocks change; a time they skip or double
        (date(2026, 3, 10), datetime(2026, 3, 9, 23, 0, tzinfo=UTC)),
        (date(2026, 7, 10), datetime(2026, 7, 9, 22, 0, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 7, 10, 9, 0, tzinfo=UTC), datetime(2026, 7, 10, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_the_organisations_zone(cast, settings, at, moment):
    settings.TIME_ZONE = "Europe/Paris"

    assert schedule(draft([ALL]), at, actor=None).scheduled_at == moment


def test_a_moment_that_is_past_is_refused(cast):
    with pytest.raises(InvalidRules) as error:
        schedule(draft([ALL]), NOW, actor=None)

    assert set(error.value.problems) == {"scheduled_at"}


def test_a_version_in_force_cannot_be_scheduled(cast):
    with pytest.raises(InvalidRules, match="draft"):
        schedule(publish([ALL]), NOW + MINUTE, actor=None)


def test_a_draft_with_errors_cannot_be_scheduled(cast):
    spoilt = draft([ALL])
    Rule.objects.filter(ruleset=spoilt).delete()

    with pytest.raises(InvalidRules):
        schedule(spoilt, NOW + MINUTE, actor=None)


def test_only_what_was_looked_at_is_scheduled_published_or_rolled_back_to(mireille):
    before, coming = publish([ALL]), draft([ALL])
    seen = rulebook.fingerprint(coming)
    rule = coming.rules.get()
    rule.name = "Other"
    write_rule(rule, list(rule.steps.all()))

    with pytest.raises(Outdated):
        schedule(coming, NOW + MINUTE, actor=mireille, confirmed=seen)
    with pytest.raises(Outdated):
        put_in_force(coming, actor=mireille, confirmed=seen)
    seen = rulebook.fingerprint(coming)
    put_in_force(coming, actor=mireille, confirmed=seen)

    seen = rulebook.fingerprint(before)
    publish([ALL])
    with pytest.raises(Outdated):
        roll_back(before, actor=mireille, confirmed=seen)
    assert roll_back(before, actor=mireille, confirmed=rulebook.fingerprint(before)) == before


def test_a_schedule_is_put_off_and_taken_back(mireille):
    coming = draft([ALL])
    schedule(coming, NOW + MINUTE, actor=mireille)
    schedule(coming, NOW + 3 * MINUTE, actor=mireille)
    assert publish_scheduled(NOW + 2 * MINUTE) == 0

    unschedule(coming, actor=mireille)

    assert publish_scheduled(NOW + 4 * MINUTE) == 0
    coming.refresh_from_db()
    assert (coming.scheduled_at, coming.scheduled_by) == (None, None)
    told = coming.history.order_by("history_id").values_list(
        "history_user__username", "scheduled_at"
    )
    assert list(told)[1:] == [
        ("mireille", NOW + MINUTE),
        ("mireille", NOW + 3 * MINUTE),
        ("mireille", None),
    ]


def test_what_is_in_force_cannot_be_taken_off_the_schedule_any_more(cast):
    coming = schedule(draft([ALL]), NOW + MINUTE, actor=None)
    publish_scheduled(NOW + MINUTE)

    with pytest.raises(InvalidRules, match="late"):
        unschedule(coming, actor=None)


def test_after_downtime_every_scheduled_version_had_its_turn_and_the_last_is_in_force(mireille):
    late, early = draft([ALL]), draft([ALL])
    schedule(late, NOW + 2 * MINUTE, actor=mireille)
    schedule(early, NOW + MINUTE, actor=mireille)

    assert publish_scheduled(NOW + 9 * MINUTE) == 2

    assert rulebook.published() == late
    assert [version for version, *_ in record()] == [early.version, late.version]


def test_a_scheduled_draft_that_was_spoilt_stays_a_draft_and_somebody_is_told(mireille):
    root = UserFactory(username="root", is_superuser=True)
    before, coming = publish([ALL]), draft([ALL])
    schedule(coming, NOW + MINUTE, actor=mireille)
    Rule.objects.filter(ruleset=coming).delete()

    assert publish_scheduled(NOW + MINUTE) == 0
    assert publish_scheduled(NOW + 2 * MINUTE) == 0

    coming.refresh_from_db()
    assert (coming.status, coming.scheduled_at, coming.scheduled_by) == ("draft", None, None)
    assert rulebook.published() == before
    alert = Alert.objects.get()
    assert (alert.kind, alert.detail["version"]) == ("schedule", coming.version)
    assert OutboxMessage.objects.get().recipient == root
    assert close_alerts(NOW) == 0
    schedule(draft_of(before), NOW + MINUTE, actor=mireille)
    coming.delete()
    assert close_alerts(NOW) == 1


def test_a_version_comes_back_in_one_act_as_it_was(mireille):
    first = publish([ALL])
    second = publish([{**ALL, "name": "Better"}])

    roll_back(first, actor=mireille)

    assert rulebook.published() == first
    second.refresh_from_db()
    assert second.status == "archived"
    assert rulebook.documents(first) == [ALL]
    assert record()[-1] == (1, "rolled_back", "mireille")
    assert RuleSet.objects.count() == 2


def test_a_version_comes_back_though_nobody_works_in_its_pool_any_more(cast):
    first = publish([ALL])
    publish([ALL])
    cast.pool.reps.clear()

    assert roll_back(first).status == "published"


@pytest.mark.parametrize("made", [draft, publish])
def test_what_was_never_in_force_or_is_cannot_come_back(cast, made):
    with pytest.raises(InvalidRules, match="before"):
        roll_back(made([ALL]))


def test_the_record_of_publications_says_when(cast):
    put_in_force(draft([ALL]))

    assert Publication.objects.get().at == NOW

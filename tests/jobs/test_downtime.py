"""Nobody worked for fifteen days: what was due is done once, and what is old is not told (OP2)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.jobs.due import DueWork
from leaddistrib.jobs.schedules import JOBS
from leaddistrib.lifecycle import claim, receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.models import (
    Assignment,
    EscalationStep,
    JobRun,
    LogEntry,
    Offer,
    OutboxMessage,
    ResponsePolicy,
)
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    clock_at,
    publish_rules,
)

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)  # clocks change in between, on the 29th
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def paris():
    """Amina has a lead that waits for an answer, Bruno would be next; one is to open for him."""
    team = TeamFactory(name="Paris")
    ResponsePolicy.objects.all().delete()
    policy = ResponsePolicy.objects.create(
        name="All", minutes=30, remind_minutes=10, working_time=False
    )
    EscalationStep.objects.create(policy=policy, position=1, to="rules", after_minutes=60)
    amina = RepFactory(user__username="amina", team=team)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    with clock_at(NOON):
        receive(clean({"company": "Lenoir", "source": "website"}))
        bruno = RepFactory(user__username="bruno", team=team)
        pool = PoolFactory(mode="race", reps=[amina, bruno])
        gone, still = LeadFactory(), LeadFactory()
        for lead in (gone, still):
            open_to_claims(lead, pool, NOON, {bruno.pk: NOON + 15 * MINUTE})
    with clock_at(NOON + MINUTE):
        assert claim(gone, amina, via="page").result == "won"
    return amina, bruno


def test_after_fifteen_days_each_thing_is_done_once(paris, mailoutbox):
    amina, bruno = paris
    back = NOON + 15 * DAY

    for minutes in (0, 1, 2):
        with clock_at(back + minutes * MINUTE):
            DueWork().handle()

    lapses = LogEntry.objects.filter(event=LogEntry.Event.LAPSED, rep=amina)
    assert lapses.filter(lead__company="Lenoir").count() == 1
    held = Assignment.objects.get(lead__company="Lenoir", ended_at=None)
    assert (held.rep, held.started_at.date()) == (bruno, back.date())
    [window] = Offer.objects.filter(rep=bruno, opened_at__isnull=False)
    assert window.opened_at == back
    assert JobRun.objects.count() == len(JOBS)
    # That Amina has the lead was true for fifteen days, and is not any more.
    late = OutboxMessage.objects.filter(recipient=amina.user, event__startswith="lead.assigned:")
    assert not late.filter(lead__company="Lenoir", dropped_at=None, sent_at=None).exists()
    assert not OutboxMessage.objects.filter(event__startswith="response.reminder:").exists()

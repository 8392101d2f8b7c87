"""A hand-over is taken back while those who got the leads call them (PU10)."""

import pytest

from leaddistrib.lifecycle import hand_over, receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Lead, LogEntry, Rep
from leaddistrib.testing import UserFactory, publish_rules
from tests.races.history import faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def handed_over(hire):
    """Thirty leads of the first of five reps, Amina, went to the others, in turn."""
    amina, *others = hire(5)
    then = {"push": "round_robin", "team": "Paris"}
    publish_rules([{"name": "In turn", "when": {}, "then": then}])
    Rep.objects.filter(pk__in=[rep.pk for rep in others]).update(paused=True)
    for number in range(30):
        receive(clean({"company": f"Company {number}"}))
    Rep.objects.update(paused=False)
    return hand_over(amina, actor=UserFactory(), reason="She leaves").handover


def called_and_taken_away():
    """Leads that were taken back although whoever had got them had called them before."""
    back = dict(LogEntry.objects.filter(detail__method="manual").values_list("lead", "pk"))
    calls = LogEntry.objects.filter(event=LogEntry.Event.CONTACTED).values_list("lead", "pk")
    return [lead for lead, call in calls if call < back.get(lead, 0)]


def test_what_somebody_calls_at_that_moment_is_not_taken_away(race, handed_over):
    leads = list(Lead.objects.order_by("pk"))
    assert {lead.owner_id for lead in leads} == set(
        Rep.objects.exclude(pk=handed_over.rep_id).values_list("pk", flat=True)
    )
    callers = [[("contact", lead.pk, lead.owner_id)] for lead in leads]

    history = race([[("take_back", handed_over.pk)], *callers, [("take_back", handed_over.pk)]])

    assert faults(history) == []
    assert called_and_taken_away() == []
    logged = {answer["lead"] for answer in history.of("contact", "logged")}
    returned = set(Lead.objects.filter(owner=handed_over.rep).values_list("pk", flat=True))
    assert logged | returned == {lead.pk for lead in leads}
    assert not logged & returned


def test_a_look_before_the_locks_takes_away_what_was_called(race, handed_over):
    lead = Lead.objects.order_by("pk")[0]

    race(
        [[("contact", lead.pk, lead.owner_id), ("take_back", handed_over.pk)]],
        faults=["no_look_at_what_comes_back"],
    )

    assert called_and_taken_away() == [lead.pk]

"""Turns, decisions, the log …, to look at: of which lead they are is not everybody's to see."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Assignment, Decision, LogEntry, Rep, RuleSet, Team, Turn
from leaddistrib.testing import RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db

FACTS = ("turn", "logentry", "decision", "assignment")
VIEWS = [f"view_{name}" for name in FACTS]


@pytest.fixture
def facts():
    """Amina took a lead of a bakery in turn; the row of each kind that tells of it."""
    amina = RepFactory(user__username="amina", team=TeamFactory(name="Paris"))
    push = {"push": "round_robin", "team": amina.team.name}
    publish_rules([{"name": "All", "when": {}, "then": push}])
    receive(clean({"company": "Boulangeries Lenoir", "contact.name": "Jeanne"}))
    assigned = LogEntry.objects.get(event=LogEntry.Event.ASSIGNED)
    rows = (Turn.objects.get(), assigned, Decision.objects.get(), Assignment.objects.get())
    return dict(zip(FACTS, rows, strict=True))


def listed(name):
    return reverse(f"admin:leaddistrib_{name}_changelist")


def page(name, row):
    return reverse(f"admin:leaddistrib_{name}_change", args=[row.pk])


def found(client, name, text):
    return client.get(listed(name), {"q": text}).context["cl"].result_count


def test_facts_name_their_lead_to_whoever_may_view_leads(signed_in, facts):
    client = signed_in(*VIEWS, "view_lead")
    for name, row in facts.items():
        assert "Lenoir" in client.get(listed(name)).content.decode()
        assert "Lenoir" in client.get(page(name, row)).content.decode()
        assert found(client, name, "lenoir")


def test_facts_name_no_lead_to_others_and_are_not_found_by_one(signed_in, facts):
    client = signed_in(*VIEWS)
    for name, row in facts.items():
        text = client.get(listed(name)).content.decode()
        assert "amina" in text
        assert "Lenoir" not in text
        assert page(name, row) not in text
        assert client.get(page(name, row)).status_code == 403
        assert not found(client, name, "lenoir")
    assert found(client, "turn", "amina")


GUESSES = [
    ("logentry", "detail__rule__icontains"),
    ("logentry", "lead"),
    ("decision", "explanation__icontains"),
    ("decision", "explanation__version__gt"),
    ("assignment", "lead_id"),
]


@pytest.mark.parametrize(("name", "lookup"), GUESSES)
def test_what_a_row_says_of_a_lead_is_not_guessed_by_the_address(signed_in, facts, name, lookup):
    client = signed_in(*VIEWS)
    assert client.get(listed(name), {lookup: "1"}).status_code == 400
    client.user.user_permissions.add(Permission.objects.get(codename="view_lead"))
    assert client.get(listed(name), {lookup: "1"}).status_code == 200


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("turn", "team", "paris"),
        ("logentry", "event__exact", "assigned"),
        ("logentry", "at_to", "2020-01-01"),
        ("decision", "ruleset", "version"),
        ("assignment", "rep", "amina"),
    ],
)
def test_whoever_may_not_view_leads_still_narrows_facts_by_their_filters(
    signed_in, facts, name, field, value
):
    team, ruleset = Team.objects.get(), RuleSet.objects.get()
    ids = {"paris": team.pk, "version": ruleset.pk, "amina": Rep.objects.get().pk}
    response = signed_in(*VIEWS).get(listed(name), {field: ids.get(value, value)})
    assert response.status_code == 200
    assert response.context["cl"].has_active_filters

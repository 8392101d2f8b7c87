"""Alerts, moves and hand-overs in the admin site."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Alert, Lead
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db

ALERTS = reverse("admin:leaddistrib_alert_changelist")
LEADS = reverse("admin:leaddistrib_lead_changelist")
REPS = reverse("admin:leaddistrib_rep_changelist")


@pytest.fixture
def nobody_there():
    """Everybody in Paris is paused: two leads wait, and there is an alert."""
    paris = TeamFactory(name="Paris")
    RepFactory(team=paris, paused=True)
    PoolFactory(name="Everyone", mode="queue", teams=[paris])
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
    publish_rules([{"name": "Demos", "when": {}, "then": then}])
    with transaction.atomic():
        for company in ("Acme", "Globex"):
            receive(clean({"company": company}))


def test_an_alert_is_listed_with_its_leads_and_leads_to_them(signed_in, nobody_there):
    LeadFactory(company="Elsewhere", pool=PoolFactory(name="Desk"))
    alert = Alert.objects.get()
    client = signed_in("view_alert", "view_lead")

    text = client.get(ALERTS).content.decode()
    assert "Demos" in text
    assert f'href="{LEADS}?alert={alert.pk}">2</a>' in text
    listed = client.get(f"{LEADS}?alert={alert.pk}").content.decode()
    assert "Acme" in listed
    assert "Elsewhere" not in listed
    page = client.get(reverse("admin:leaddistrib_alert_change", args=[alert.pk]))
    assert f"?alert={alert.pk}" in page.content.decode()


def test_twenty_alerts_cost_no_more_queries_than_one(signed_in, nobody_there):
    client = signed_in("view_alert")
    counts = []
    for number in (1, 20):
        Alert.objects.bulk_create(
            Alert(kind="not_claimed", subject=f"{number} {n}", opened_at=timezone.now())
            for n in range(number)
        )
        with CaptureQueriesContext(connection) as asked:
            client.get(ALERTS)
            counts.append(len(asked))

    assert counts[1] <= counts[0]


def test_alerts_are_facts(signed_in, nobody_there):
    client = signed_in("view_alert", "change_alert", "add_alert", "delete_alert")
    change = reverse("admin:leaddistrib_alert_change", args=[Alert.objects.get().pk])
    assert client.get(reverse("admin:leaddistrib_alert_add")).status_code == 403
    assert client.post(change, {"kind": "calendar"}).status_code == 403


def test_selected_leads_are_given_away_on_the_managers_page(signed_in):
    leads = [LeadFactory(), LeadFactory()]
    client = signed_in("view_lead", "change_lead")

    answer = client.post(
        LEADS, {"action": "assign", "_selected_action": [lead.pk for lead in leads]}, follow=True
    )

    assert answer.status_code == 200
    shown = {lead["id"] for lead in answer.context["leads"]}
    assert shown == {str(lead.public_id) for lead in leads}


def test_who_may_only_look_gives_nothing_away(signed_in):
    lead = LeadFactory()
    client = signed_in("view_lead")
    client.post(LEADS, {"action": "assign", "_selected_action": [lead.pk]})
    assert "Give to somebody" not in client.get(LEADS).content.decode()
    page = client.get(reverse("admin:leaddistrib_lead_change", args=[lead.pk])).content.decode()
    assert reverse("leaddistrib:assign") not in page
    assert Lead.objects.get().owner is None


def test_a_lead_leads_to_both_ways_of_putting_it_right(signed_in):
    lead = LeadFactory()
    client = signed_in("view_lead", "change_lead")
    page = client.get(reverse("admin:leaddistrib_lead_change", args=[lead.pk])).content.decode()
    assert f"{reverse('leaddistrib:assign')}?lead={lead.public_id}" in page
    assert reverse("leaddistrib:credit", args=[lead.public_id]) in page


def test_one_rep_at_a_time_is_handed_over(signed_in):
    amina, bruno = RepFactory(), RepFactory()
    client = signed_in("view_rep", "change_rep", "change_lead")

    one = client.post(REPS, {"action": "hand_over", "_selected_action": [amina.pk]}, follow=True)
    assert one.context["rep"] == amina
    both = {"action": "hand_over", "_selected_action": [amina.pk, bruno.pk]}
    assert "Choose one rep" in client.post(REPS, both, follow=True).content.decode()

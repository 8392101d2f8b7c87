"""Outcomes and what customers said, in the admin site (OU1)."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from leaddistrib.lifecycle import record_outcome
from leaddistrib.lifecycle.satisfying import tell_satisfaction
from leaddistrib.models import Lead, Organisation
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory

pytestmark = pytest.mark.django_db

OUTCOMES = reverse("admin:leaddistrib_outcome_changelist")
ORGANISATION = reverse("admin:leaddistrib_organisation_change", args=[1])


@pytest.fixture
def won():
    amina = RepFactory(user__username="amina")
    lead = LeadFactory(owner=amina, company="Lenoir")
    return record_outcome(lead, "won", rep=amina, by=amina.user)


def undo(client, outcome):
    return client.post(OUTCOMES, {"action": "undo", "_selected_action": [outcome.pk]})


def test_an_outcome_that_was_a_mistake_is_undone(signed_in, won):
    client = signed_in("view_outcome", "change_outcome", "view_lead")

    answer = undo(client, won)

    assert [str(one) for one in get_messages(answer.wsgi_request)] == ["1 outcome was undone."]
    won.refresh_from_db()
    assert won.undone_by is not None
    assert Lead.objects.get().status == "owned"
    assert "Lenoir" in client.get(OUTCOMES, {"counts": "no"}).content.decode()
    assert "Lenoir" not in client.get(OUTCOMES, {"counts": "yes"}).content.decode()


@pytest.mark.parametrize(
    "permissions", [("view_outcome", "view_lead"), ("view_outcome", "change_outcome")]
)
def test_who_may_not_change_outcomes_or_not_see_leads_undoes_none(signed_in, won, permissions):
    undo(signed_in(*permissions), won)
    won.refresh_from_db()
    assert won.undone_at is None


def test_who_may_not_see_leads_reads_the_lists_without_them(signed_in, won):
    tell_satisfaction(won.lead, 4, by=None)
    client = signed_in("view_outcome", "view_satisfaction")
    for model in ("outcome", "satisfaction"):
        text = client.get(reverse(f"admin:leaddistrib_{model}_changelist")).content.decode()
        assert "amina" in text
        assert "Lenoir" not in text


def test_the_organisation_says_when_leads_are_recycled_and_customers_asked(signed_in):
    pool = PoolFactory(name="Second chance")
    client = signed_in("view_organisation", "change_organisation")
    form = client.get(ORGANISATION).context["adminform"].form
    sent = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    sent |= {"free_mail_domains": "", "recycle_pool": pool.pk, "recycle_lost_days": 60}
    sent |= {"satisfaction": "won", "satisfaction_measure": "nps"}

    answer = client.post(ORGANISATION, sent)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    saved = Organisation.objects.get()
    assert (saved.recycle_pool, saved.recycle_lost_days) == (pool, 60)
    assert (saved.satisfaction, saved.satisfaction_measure) == ("won", "nps")


def test_the_leads_page_leads_to_recording_and_tells_what_was_recorded(signed_in, won):
    client = signed_in("view_lead", "change_lead")
    text = client.get(reverse("admin:leaddistrib_lead_change", args=[won.lead_id])).content.decode()
    assert reverse("leaddistrib:outcome", args=[won.lead.public_id]) in text
    assert "<summary>Outcome recorded, amina</summary>Won" in text

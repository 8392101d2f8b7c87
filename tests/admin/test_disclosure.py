"""Who may do everything in the admin site but look at leads finds nobody's data there (IG4)."""

import pytest
from django.contrib.auth.models import Permission

from leaddistrib.models import Contact, Lead, LogEntry, Outcome, Satisfaction
from leaddistrib.testing import UserFactory
from tests.admin.company import company
from tests.admin.test_pages import REGISTRY, address

LEAD = {
    "company": "CANARY-COMPANY",
    "contact_name": "CANARY-NAME",
    "contact_title": "CANARY-TITLE",
    "contact_email": "canary-mail@example.com",
    "contact_phone": "+33199000000",
    "postal_code": "CANARY-POSTAL",
    "attributes": {"CANARY-KEY": "CANARY-VALUE"},
}
CANARIES = ("CANARY-", "canary-mail", "199000000")


@pytest.fixture
def sung(transactional_db):
    """A company with a canary in whatever is kept of a lead."""
    company(1)
    Lead.objects.update(**LEAD)
    Contact.objects.update(note="CANARY-NOTE")
    Outcome.objects.update(reason="CANARY-REASON")
    Satisfaction.objects.update(comment="CANARY-COMMENT")
    for entry in LogEntry.objects.all():
        told = {**entry.detail, "note": "CANARY-NOTE", "reason": "CANARY-REASON"}
        LogEntry.objects.filter(pk=entry.pk).update(detail=told)


def pages():
    """The list of each kind, and of each first row its page and how it came to be so."""
    for model in REGISTRY:
        if model._meta.app_label == "leaddistrib":
            yield address(model, "changelist")
            row = model.objects.first()
            if row is not None:
                yield address(model, "change", row.pk)
                yield address(model, "history", row.pk)


def found_in(client):
    texts = {page: client.get(page, follow=True).content.decode() for page in pages()}
    return {(page, canary) for page, text in texts.items() for canary in CANARIES if canary in text}


def test_who_may_not_look_at_leads_finds_nothing_of_them_on_any_page(client, sung):
    olga = UserFactory(username="olga", is_staff=True, password=None)
    ours = Permission.objects.filter(content_type__app_label="leaddistrib")
    olga.user_permissions.set(ours.exclude(content_type__model="lead"))
    client.force_login(olga)
    assert found_in(client) == set()


def test_who_may_look_at_leads_finds_them_in_the_lists(client, sung):
    client.force_login(UserFactory(username="agnes", is_staff=True, is_superuser=True))
    listed = {page for page, _canary in found_in(client)}
    assert {address(model, "changelist") for model in (Lead, LogEntry, Outcome)} <= listed

"""An admin opens a door for a source, hands over its secret, and sees who knocked (IN1)."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.lifecycle.webhooks import add_webhook
from leaddistrib.models import Lead, Webhook, WebhookCall
from leaddistrib.testing import PoolFactory, RepFactory, publish_rules
from tests.api.test_hooks import call

RIGHTS = ("add_webhook", "change_webhook", "view_webhook", "view_lead")
ADD = "/admin/leaddistrib/webhook/add/"


def page(name, webhook):
    return reverse(f"admin:leaddistrib_webhook_{name}", args=[webhook.pk])


def secret_in(response):
    [secret] = set(re.findall(r"whsec_[\w-]{43}", response.content.decode()))
    return secret


@pytest.fixture
def olga(signed_in, db):
    return signed_in(*RIGHTS)


@pytest.fixture
def hook(db):
    webhook = Webhook(slug="forms", source="Web form")
    return webhook, add_webhook(webhook)


def test_the_secret_is_shown_once_and_signs_leads(olga):
    PoolFactory(name="Everyone", reps=[RepFactory()])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    mapping = "mail: contact.email\nmeta.firm: company"
    shown = olga.post(ADD, {"slug": "forms", "source": "Web form", "mapping": mapping})
    secret = secret_in(shown)
    assert "no-store" in shown["Cache-Control"]
    assert "http://testserver/leads/hooks/forms/" in shown.content.decode()
    webhook = Webhook.objects.get()
    assert webhook.mapping == {"mail": "contact.email", "meta.firm": "company"}
    now = timezone.now()
    sent = call(secret, {"mail": "ana@lenoir.example", "meta": {"firm": "Lenoir"}}, at=now)
    assert sent.status_code == 201, sent.content
    again = olga.get(page("change", webhook)).content.decode()
    assert "whsec_" not in again
    assert "Lenoir" in again
    assert webhook.history.get().history_user == olga.user


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ("mail: contact.mail", "a lead has no field “contact.mail”"),
        ("when: received_at", "a lead has no field “received_at”"),
        ("mail: company\nfirm: company", "“company” has more than one name"),
        ("mail", "write a name, a colon and a value"),
    ],
)
def test_names_that_lead_nowhere_are_refused(olga, mapping, problem):
    response = olga.post(ADD, {"slug": "forms", "source": "Web form", "mapping": mapping})
    assert problem in response.content.decode()
    assert not Webhook.objects.exists()


def test_editing_keeps_the_secret_and_the_address(olga, hook):
    webhook, _secret = hook
    before = bytes(webhook.secret)
    olga.post(page("change", webhook), {"slug": "other", "source": "Fair", "mapping": ""})
    webhook.refresh_from_db()
    assert (webhook.slug, webhook.source, bytes(webhook.secret)) == ("forms", "Fair", before)


def test_rotating_asks_first_and_shows_the_new_secret_once(olga, hook):
    webhook, old = hook
    asked = olga.get(page("rotate", webhook)).content.decode()
    [known] = re.findall(r'name="known" value="(\w+)"', asked)
    response = olga.post(page("rotate", webhook), {"hours": 24, "known": known})
    assert secret_in(response) != old
    webhook.refresh_from_db()
    assert webhook.previous_until - timezone.now() > timedelta(hours=23)
    newest = webhook.history.first()
    assert (newest.history_user, newest.history_change_reason) == (olga.user, "secret rotated")


def test_a_page_of_a_secret_that_was_sent_twice_rotates_once(olga, hook):
    webhook, _old = hook
    asked = olga.get(page("rotate", webhook)).content.decode()
    [known] = re.findall(r'name="known" value="(\w+)"', asked)
    olga.post(page("rotate", webhook), {"hours": 0, "known": known})
    once = bytes(Webhook.objects.get().secret)
    response = olga.post(page("rotate", webhook), {"hours": 0, "known": known}, follow=True)
    assert "rotated meanwhile" in response.content.decode()
    assert bytes(Webhook.objects.get().secret) == once


def test_deactivating_asks_first_and_looking_changes_nothing(olga, hook):
    webhook, secret = hook
    assert "calls are refused" in olga.get(page("activity", webhook)).content.decode()
    assert Webhook.objects.get().active
    olga.post(page("activity", webhook), {"active": "0"})
    assert not Webhook.objects.get().active
    assert call(secret, at=timezone.now()).status_code == 401
    olga.post(page("activity", webhook), {"active": "1"})
    assert Webhook.objects.get().active


def test_refused_calls_are_seen_with_their_reason(olga, hook):
    webhook, _secret = hook
    call("guessed", at=timezone.now())
    shown = olga.get(page("change", webhook)).content.decode()
    assert "not one of this secret" in shown
    assert WebhookCall.objects.get().outcome == "unsigned"
    assert not Lead.objects.exists()


def test_a_strangers_calls_stand_apart_from_the_sources(olga, hook):
    PoolFactory(name="Everyone", reps=[RepFactory()])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    webhook, secret = hook
    call(secret, at=timezone.now())
    call("guessed", at=timezone.now())
    shown = olga.get(page("change", webhook))
    assert [one.outcome for one, _why in shown.context["calls"]] == ["created"]
    assert [one.outcome for one, _why in shown.context["strangers"]] == ["unsigned"]
    listed = olga.get(reverse("admin:leaddistrib_webhook_changelist")).content.decode()
    assert "New lead" in listed


def test_names_of_leads_are_for_those_who_may_view_leads(signed_in, hook):
    PoolFactory(name="Everyone", reps=[RepFactory()])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    webhook, secret = hook
    call(secret, {"contact": {"name": "Ana Lenoir"}, "external_id": "1"}, at=timezone.now())
    assert Lead.objects.get()
    shown = signed_in("view_webhook").get(page("change", webhook)).content.decode()
    assert "Ana Lenoir" not in shown
    assert f"/lead/{Lead.objects.get().pk}/" not in shown
    assert "<td>a lead</td>" in shown


@pytest.mark.parametrize("name", ["rotate", "activity"])
def test_who_may_only_look_changes_nothing(signed_in, hook, name):
    client = signed_in("view_webhook")
    webhook, _secret = hook
    assert client.get(page("change", webhook)).status_code == 200
    assert client.post(page(name, webhook), {"active": "0"}).status_code == 403
    assert Webhook.objects.get().active

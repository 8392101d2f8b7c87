"""What a host's policy keeps from somebody is on no page of theirs, in no button and in no message
of a page, also of those who look after everybody's leads (IG4)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import Lead, MessageTemplate, Rep
from leaddistrib.policy import Policy, Sight, View
from leaddistrib.testing import LeadFactory, publish_rules
from tests.responses import lapsed, started
from tests.web.conftest import signed_in
from tests.web.test_disclosure import pages, seen

HIDDEN = {
    "company": "CANARY-COMPANY",
    "contact_title": "CANARY-TITLE",
    "contact_name": "CANARY-NAME",
    "contact_email": "canary-mail@example.com",
    "contact_phone": "+33199000000",
}
CANARIES = {"CANARY-COMPANY", "CANARY-TITLE", "CANARY-NAME", "canary-mail", "199000000"}


class Discreet(Policy):
    """A host that names nobody: calls go by its dialler, e-mails by its mail room."""

    def fields(self, view: View) -> tuple[str, ...]:
        return tuple(field for field in super().fields(view) if field not in HIDDEN)


class Confidential(Policy):
    """A host whose managers see nothing of some leads, though their own reps have them."""

    def view_for_manager(self, lead: Lead, sight: Sight) -> View:
        if lead.source == "CANARY-SOURCE":
            return View.NOTHING
        return super().view_for_manager(lead, sight)


@pytest.fixture
def lead(cast):
    """Amina has it, it is late, and what can be sent to it is ready."""
    MessageTemplate.objects.create(
        name="Hello", subject="{company}", body="{contact_name}, {contact_title}"
    )
    Rep.objects.update(booking_url="https://calendar.example/amina")
    for one in (cast.amina, cast.bruno, cast.david):
        one.refresh_from_db()
    at = timezone.now() - timedelta(hours=1)
    lead = LeadFactory(
        pool=cast.pool, owner=cast.amina, source="CANARY-SOURCE", received_at=at, **HIDDEN
    )
    lapsed(started(cast.amina, at, minutes=5, lead=lead), gone=False)
    return Lead.objects.get(pk=lead.pk)


@pytest.fixture
def under(settings):
    def hold(policy: type[Policy]) -> None:
        path = f"{__name__}.{policy.__name__}"
        settings.LEADDISTRIB = {**settings.LEADDISTRIB, "POLICY": path}

    return hold


def at(name: str, lead: Lead) -> str:
    return reverse(f"leaddistrib:{name}", args=[lead.public_id])


@pytest.mark.parametrize("who", ["amina", "mireille", "admin"])
def test_what_is_shown_to_nobody_is_on_no_page_of_anybody(cast, lead, under, who):
    under(Discreet)
    assert seen(pages(cast, getattr(cast, who), lead), CANARIES) == set()


@pytest.mark.parametrize("who", ["amina", "mireille", "admin"])
def test_without_such_a_policy_all_of_it_is_there(cast, lead, who):
    """So the canaries are where they would be seen: in buttons, too."""
    found = pages(cast, getattr(cast, who), lead)
    assert {canary for canary, _at in seen(found, CANARIES)} == CANARIES
    if who == "amina":
        page = found[at("lead", lead)]
        assert 'data-go="tel:+33199000000"' in page
        assert "subject=CANARY-COMPANY" in page


def test_what_does_not_exist_for_a_manager_is_in_no_list_of_theirs(cast, lead, under):
    LeadFactory(owner=cast.amina, company="Fournil")
    under(Confidential)
    found = pages(cast, cast.mireille, lead)
    others = {path: text for path, text in found.items() if not path.startswith("/leads/preview/")}
    assert seen(others, {"CANARY-COMPANY", "CANARY-TITLE"}) == set()
    assert str(lead.public_id) not in found[reverse("leaddistrib:due")]
    assert "Fournil" in found[reverse("leaddistrib:manage")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("close", {}),
        ("release", {"reason": "No time"}),
        ("outcome", {"stage": "qualified"}),
        ("contacts", {"channel": "call", "go": "1"}),
        ("contacts", {"channel": "other", "go": "1"}),
        ("contacts", {"channel": "email", "go": "1"}),
    ],
)
def test_what_is_said_afterwards_does_not_tell_it_either(cast, lead, under, name, data):
    under(Discreet)
    answer: Any = signed_in(cast.amina).post(at(name, lead), data, follow=True)
    assert answer.status_code == 200
    assert seen({"answer": answer.content.decode()}, CANARIES) == set()


def test_a_manager_who_hands_over_is_told_no_name(cast, lead, under):
    under(Discreet)
    push = {"push": "round_robin", "team": cast.paris.name, "fallback": [{"pool": cast.pool.name}]}
    publish_rules([{"name": "To Paris", "when": {}, "then": push}])
    client: Client = signed_in(cast.mireille)
    address = reverse("leaddistrib:leave", args=[cast.amina.public_id])
    shown = client.get(address).context["shown"]
    Rep.objects.filter(pk=cast.bruno.pk).update(paused=True)
    answer: Any = client.post(address, {"reason": "She leaves", "shown": shown}, follow=True)
    assert "1 lead went elsewhere than the preview said: Company not known." in str(
        answer.content.decode()
    )
    assert seen({"answer": answer.content.decode()}, CANARIES) == set()

"""What the list of messages says to an admin."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leaddistrib.admin.outbox import KIND_LABELS, REASONS, STATES
from leaddistrib.models import OutboxMessage, TeamChat
from leaddistrib.notify.kinds import KINDS
from leaddistrib.testing import LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIST = "admin:leaddistrib_outboxmessage_changelist"


def message(event="lead.assigned:1", channel="email", **state):
    return OutboxMessage.objects.create(
        event=event, channel=channel, created_at=NOON, due_at=NOON, **state
    )


@pytest.fixture
def client(signed_in):
    return signed_in("view_outboxmessage")


def listed(client, **by):
    """The events of the messages in the list."""
    return {one.event for one in client.get(reverse(LIST), by).context["cl"].result_list}


def test_each_kind_of_message_has_its_name():
    assert set(KIND_LABELS) == set(KINDS)


def test_a_code_is_said_in_words_with_what_the_provider_said_to_it(client):
    message(recipient=UserFactory(), dead_at=NOON, last_error="answered: 410")

    text = client.get(reverse(LIST)).content.decode()

    assert f"{REASONS['answered']} (410)" in text


def test_every_message_says_to_whom_it_goes(client):
    """A lead's contact is named nowhere: they are the lead's own business."""
    message(recipient=UserFactory(username="amina"))
    room = TeamChat.objects.create(team=TeamFactory(), channel="slack", name="Paris leads")
    message("lead.offered:1:1", "slack", chat=room)
    lead = LeadFactory(company="", contact_name="Jeanne Lenoir")
    message("satisfaction.asked:1", lead=lead)

    text = client.get(reverse(LIST)).content.decode()

    for expected in ("amina", "Paris leads", "the lead&#x27;s contact"):
        assert expected in text
    assert "Jeanne" not in text


@pytest.mark.parametrize("state", [name for name in STATES if name != "waiting"])
def test_messages_are_found_by_what_became_of_them(client, state):
    amina = UserFactory(username="amina")
    field = f"{state}_at"
    message("lead.assigned:1", recipient=amina, **{field: NOON})
    message("lead.assigned:2", recipient=amina)

    assert listed(client, state=state) == {"lead.assigned:1"}


def test_messages_are_found_by_their_kind(client):
    amina = UserFactory(username="amina")
    message("lead.assigned:1", recipient=amina)
    message("rules.review:2026-03-02", recipient=amina)

    assert listed(client, kind="rules.review") == {"rules.review:2026-03-02"}


def test_the_list_costs_as_many_queries_for_twenty_messages_as_for_four(client):
    team = TeamFactory()

    def more(first: int, last: int) -> int:
        for number in range(first, last):
            message(f"lead.assigned:{number}", recipient=UserFactory())
            room = TeamChat.objects.create(team=team, channel="slack", name=f"Room {number}")
            message(f"lead.offered:{number}:1", "slack", chat=room)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse(LIST)).status_code == 200
        return len(caught)

    more(0, 1)  # the first visit learns what is kept for all
    assert more(1, 2) == more(2, 10)

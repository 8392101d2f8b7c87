"""What was there before a migration can be used after it, and after going back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from leaddistrib.sealing import unseal

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADDRESS = "https://calendar.example:8443/private/amina.ics?key=1"


@pytest.fixture
def migrate() -> Iterator[Callable]:
    """``migrate("0005_rule_keys")`` makes the tables those of then and gives their models."""

    def to(name):
        executor = MigrationExecutor(connection)
        state = executor.migrate([("leaddistrib", name)])
        return state.apps.get_model

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("leaddistrib"))


def test_what_was_kept_before_calendars_were_sealed_can_be_used_afterwards(migrate):
    """A calendar is read at the address that lay open; a contact counts for its lead's pool."""
    before = migrate("0005_rule_keys")
    user = before("auth", "User").objects.create(username="amina")
    rep = before("leaddistrib", "Rep").objects.create(user=user)
    before("leaddistrib", "Calendar").objects.create(rep=rep, url=ADDRESS)
    pool = before("leaddistrib", "Pool").objects.create(name="Paris", mode="shared")
    for name, place in (("Shared", pool), ("Pushed", None)):
        lead = before("leaddistrib", "Lead").objects.create(
            company=name, received_at=NOON, pool=place
        )
        before("leaddistrib", "Contact").objects.create(lead=lead, rep=rep, at=NOON)

    after = migrate("0008_calendar_hosts")

    calendar = after("leaddistrib", "Calendar").objects.get()
    assert b"amina" not in bytes(calendar.address)
    assert (unseal(calendar.address), calendar.host) == (ADDRESS, "calendar.example")
    contacts = after("leaddistrib", "Contact").objects
    assert dict(contacts.values_list("lead__company", "pool")) == {
        "Shared": pool.pk,
        "Pushed": None,
    }
    back = migrate("0005_rule_keys")
    assert back("leaddistrib", "Calendar").objects.get().url == ADDRESS


def test_who_was_told_of_leads_before_messages_said_so_still_was(migrate):
    """Offers that were told of have opened; what customers said by themselves stays theirs."""
    before = migrate("0013_escalation")
    user = before("auth", "User").objects.create(username="amina")
    rep = before("leaddistrib", "Rep").objects.create(user=user)
    lead = before("leaddistrib", "Lead").objects.create(company="Kestrel", received_at=NOON)
    offers = before("leaddistrib", "Offer").objects
    for period, told_at, closed_at in ((1, NOON, NOON), (2, NOON, None), (3, None, None)):
        offers.create(
            lead=lead, rep=rep, period=period, opens_at=NOON, told_at=told_at, closed_at=closed_at
        )
    said = before("leaddistrib", "Satisfaction").objects
    for measure, by in (("csat", None), ("nps", user)):
        said.create(lead=lead, measure=measure, score=5, answered_at=NOON, by=by)

    after = migrate("0016_indexes_of_told")

    opened = after("leaddistrib", "Offer").objects.values_list("period", "opened_at", "told_at")
    assert set(opened) == {(1, NOON, NOON), (2, NOON, NOON), (3, None, None)}
    customers = after("leaddistrib", "Satisfaction").objects.filter(by_customer=True)
    assert list(customers.values_list("measure", flat=True)) == ["csat"]
    after("leaddistrib", "Offer").objects.filter(period=3).update(opened_at=NOON)
    back = migrate("0013_escalation")
    assert not back("leaddistrib", "Offer").objects.filter(told_at=None).exists()

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

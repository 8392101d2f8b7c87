"""The cast of the page tests: two rivals, their manager, an admin, and somebody from outside."""

from types import SimpleNamespace

import pytest
from django.test import Client

from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, UserFactory


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    paris, london = TeamFactory(name="Paris"), TeamFactory(name="London")
    amina = RepFactory(user__username="amina", user__first_name="Amina", team=paris)
    bruno = RepFactory(user__username="bruno", user__first_name="Bruno", team=paris)
    david = RepFactory(user__username="david", user__first_name="David", team=london)
    mireille = UserFactory(username="mireille", first_name="Mireille")
    paris.managers.add(mireille)
    return SimpleNamespace(
        paris=paris,
        amina=amina,
        bruno=bruno,
        david=david,
        mireille=mireille,
        admin=UserFactory(username="agnes", is_staff=True, is_superuser=True),
        oscar=UserFactory(username="oscar"),
        pool=PoolFactory(name="Everyone", reps=[amina, bruno]),
    )


@pytest.fixture
def waiting(cast: SimpleNamespace):
    """A lead that waits in the pool of Amina and Bruno."""
    return LeadFactory(
        pool=cast.pool,
        company="Boulangerie Lenoir",
        contact_name="Jeanne Lenoir",
        contact_title="Director",
        contact_email="jeanne@lenoir.example",
        contact_phone="+33140203040",
        city="Lyon",
        country="FR",
        score=86,
        temperature="hot",
    )


def signed_in(who) -> Client:
    """A browser in which a rep or a user is signed in. CSRF is enforced as for everybody."""
    client = Client()
    client.force_login(getattr(who, "user", who))
    return client

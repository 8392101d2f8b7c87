"""The cast of the page tests: two rivals, their manager, an admin, and somebody from outside."""

from types import SimpleNamespace

import pytest
from django.test import Client

from leaddistrib.models import Rep, Team
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, UserFactory


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    paris, london = TeamFactory(name="Paris"), TeamFactory(name="London")
    amina = _rep("Amina", paris)
    bruno = _rep("Bruno", paris)
    david = _rep("David", london)
    mireille = UserFactory(username="mireille", first_name="Mireille", password=None)
    paris.managers.add(mireille)
    return SimpleNamespace(
        paris=paris,
        amina=amina,
        bruno=bruno,
        david=david,
        mireille=mireille,
        admin=UserFactory(username="agnes", is_staff=True, is_superuser=True, password=None),
        oscar=UserFactory(username="oscar", password=None),
        pool=PoolFactory(name="Everyone", reps=[amina, bruno]),
    )


def _rep(name: str, team: Team) -> Rep:
    """Without a password: hashing one takes longer than a test."""
    user = UserFactory(username=name.lower(), first_name=name, password=None)
    rep: Rep = RepFactory(user=user, team=team)
    return rep


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

"""The cast: two rival reps of one team and their manager, a rep of another team, an integration,
and Oscar, who has an account and no business here."""

from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from django.contrib.auth.models import AbstractUser, AnonymousUser, Permission
from django.core.cache import cache
from django.urls import reverse
from rest_framework.test import APIClient

from leaddistrib.lifecycle.claiming import claim
from leaddistrib.models import Lead, Pool, Rep
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    UserFactory,
    publish_rules,
)

PERSONAL = {
    "contact_name": "CANARY-NAME",
    "contact_email": "canary-mail@example.com",
    "contact_phone": "+33199000000",
    "postal_code": "CANARY-POSTAL",
    "source_system": "CANARY-SYSTEM",
    "external_id": "CANARY-EXTERNAL",
    "attributes": {"CANARY-KEY": "CANARY-VALUE"},
}


def person(name: str, **fields: object) -> AbstractUser:
    """A user who cannot sign in by password: hashing one takes longer than a test."""
    user: AbstractUser = UserFactory(
        username=name.lower(), first_name=name, password=None, **fields
    )
    return user


@dataclass
class Company:
    """Everybody, and a lead in each place where one can be."""

    admin: AbstractUser
    mireille: AbstractUser
    integration: AbstractUser
    oscar: AbstractUser
    amina: Rep
    bruno: Rep
    chloe: Rep
    paris: Pool
    lyon: Pool
    leads: dict[str, Lead] = field(default_factory=dict)

    def caller(self, role: str) -> AbstractUser | AnonymousUser:
        callers: dict[str, AbstractUser | AnonymousUser] = {
            "admin": self.admin,
            "manager": self.mireille,
            "rep": self.amina.user,
            "integration": self.integration,
            "outsider": self.oscar,
            "anonymous": AnonymousUser(),
        }
        return callers[role]

    def client(self, role: str) -> APIClient:
        """A client signed in as ``role``, by its session."""
        return signed_in(self.caller(role))

    def id(self, thing: str) -> str:
        """The public id of a lead or pool of the cast; a new one for "missing"."""
        if thing in {"paris", "lyon"}:
            return str(getattr(self, thing).public_id)
        return str(self.leads[thing].public_id) if thing in self.leads else str(uuid4())


def signed_in(user: AbstractUser | AnonymousUser) -> APIClient:
    client = APIClient()
    if user.is_authenticated:
        client.force_login(user)  # type: ignore[arg-type]
    return client


def address(name: str, **kwargs: str) -> str:
    return reverse(f"leaddistrib:{name}", kwargs=kwargs)


@pytest.fixture(autouse=True)
def _nobody_called_yet():
    """Calls counted for the rates of another test do not count in this one."""
    cache.clear()


def build_company() -> Company:
    paris_team, lyon_team = TeamFactory(name="Paris"), TeamFactory(name="Lyon")
    amina, bruno = (RepFactory(user=person(n), team=paris_team) for n in ("Amina", "Bruno"))
    chloe = RepFactory(user=person("Chloé"), team=lyon_team)
    mireille = person("Mireille")
    paris_team.managers.add(mireille)
    integration = person("Crm")
    integration.user_permissions.add(Permission.objects.get(codename="add_lead"))
    paris = PoolFactory(name="Paris pool", teams=[paris_team])
    lyon = PoolFactory(name="Lyon pool", teams=[lyon_team])
    company = Company(
        admin=person("Sara", is_superuser=True),
        mireille=mireille,
        integration=integration,
        oscar=person("Oscar"),
        amina=amina,
        bruno=bruno,
        chloe=chloe,
        paris=paris,
        lyon=lyon,
    )
    publish_rules([{"name": "Everything", "when": {}, "then": {"pool": "Paris pool"}}])
    company.leads = {
        "own": LeadFactory(company="Own", owner=amina),
        "colleague's": LeadFactory(company="Colleague", owner=bruno),
        "waiting": LeadFactory(company="Waiting", pool=paris),
        "taken": LeadFactory(company="Taken", pool=paris),
        "foreign": LeadFactory(company="Foreign", owner=chloe),
        "foreign waiting": LeadFactory(company="Foreign waiting", pool=lyon),
    }
    assert claim(company.leads["taken"], bruno, via="test").result == "won"
    return company


@pytest.fixture
def company(db) -> Company:
    return build_company()

"""For the tests of projects that use leaddistrib: factories, published rules, a stopped clock.

Needs factory-boy. Example::

    paris = TeamFactory(name="Paris")
    amina = RepFactory(user__username="amina", team=paris)
    pool = PoolFactory(name="Everyone", mode="race", reps=[amina])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

import factory
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.lifecycle.publishing import publish
from leaddistrib.models import Account, Assignment, Lead, Pool, Rep, RuleSet, Team, Territory
from leaddistrib.queries import clock


class UserFactory(factory.django.DjangoModelFactory):
    """A user whose password is "secret"."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.django.Password("secret")


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")


class RepFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Rep

    user = factory.SubFactory(UserFactory)
    team = factory.SubFactory(TeamFactory)


class TerritoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Territory

    name = factory.Sequence(lambda n: f"Territory {n}")


class AccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"Company {n}")


class PoolFactory(factory.django.DjangoModelFactory):
    """A pool; ``reps`` and ``teams`` become its members."""

    class Meta:
        model = Pool
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Pool {n}")
    mode = Pool.Mode.RACE

    @factory.post_generation  # type: ignore[untyped-decorator]
    def reps(self: Pool, create: bool, extracted: Iterable[Rep] | None, **kwargs: Any) -> None:
        if create and extracted:
            self.reps.set(extracted)

    @factory.post_generation  # type: ignore[untyped-decorator]
    def teams(self: Pool, create: bool, extracted: Iterable[Team] | None, **kwargs: Any) -> None:
        if create and extracted:
            self.teams.set(extracted)


class LeadFactory(factory.django.DjangoModelFactory):
    """A lead that was received and not routed; with ``pool=`` it waits there, with ``owner=`` it
    is that rep's, complete with offers, assignment and log, as the lifecycle would have it."""

    class Meta:
        model = Lead

    company = factory.Sequence(lambda n: f"Company {n}")
    source = "website"
    received_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class: type[Lead], *args: Any, **kwargs: Any) -> Lead:
        pool, owner = kwargs.pop("pool", None), kwargs.pop("owner", None)
        lead: Lead = super()._create(model_class, *args, **kwargs)
        with transaction.atomic():
            if pool is not None:
                open_to_claims(lead, pool, clock.now())
            if owner is not None:
                _hand_to(lead, owner)
        return lead


def _hand_to(lead: Lead, rep: Rep) -> None:
    now = clock.now()
    lead.status, lead.owner = Lead.Status.OWNED, rep
    lead.save(update_fields=("status", "owner"))
    lead.offers.filter(closed_at__isnull=True).update(closed_at=now)
    Assignment.objects.create(lead=lead, rep=rep, method=Assignment.Method.PUSH, started_at=now)


def publish_rules(documents: Sequence[Mapping[str, Any]]) -> RuleSet:
    """Check rule documents and publish them.

    Raises:
        leaddistrib.errors.InvalidRules: with each problem and its place.
    """
    return publish(documents)


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Stop leaddistrib's clock at ``moment``, in this process."""
    with patch.object(clock, "now", return_value=moment):
        yield

"""The cast: Amina and Bruno of Paris race in one pool; Chloé of Lyon does not."""

from types import SimpleNamespace

import pytest

from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory


@pytest.fixture
def cast(db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
    paris, lyon = TeamFactory(name="Paris"), TeamFactory(name="Lyon")
    amina = RepFactory(user__username="amina", team=paris)
    bruno = RepFactory(user__username="bruno", team=paris)
    chloe = RepFactory(user__username="chloé", team=lyon)
    pool = PoolFactory(name="Everyone", mode="race", reps=[amina, bruno])
    return SimpleNamespace(paris=paris, lyon=lyon, amina=amina, bruno=bruno, chloe=chloe, pool=pool)


@pytest.fixture
def push_to_paris(cast):
    """A rule, as a document, with what it falls back to."""

    def rules(*fallback):
        then = {"push": "round_robin", "team": "Paris", "fallback": list(fallback)}
        return [{"name": "In turn", "when": {}, "then": then}]

    return rules

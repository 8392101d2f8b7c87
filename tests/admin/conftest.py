"""Who works in the admin site: each signs in with no more permissions than the test needs."""

import pytest
from django.contrib.auth.models import Permission

from leaddistrib.testing import UserFactory


@pytest.fixture
def signed_in(client):
    """Signs in Olga of sales operations with these permissions, such as "change_rep"."""

    def sign_in(*codenames):
        olga = UserFactory(username="olga", is_staff=True)
        permissions = Permission.objects.filter(codename__in=codenames)
        assert {one.codename for one in permissions} == set(codenames)
        olga.user_permissions.set(permissions)
        client.force_login(olga)
        client.user = olga
        return client

    return sign_in


@pytest.fixture(autouse=True)
def fast_passwords(settings):
    """Nobody types a password here, and a company has hundreds of people."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

"""The pages need no address of the host project but those that leaddistrib brings (IG1)."""

import pytest

from tests.web.conftest import signed_in

pytestmark = pytest.mark.urls("tests.web.another_hosts_urls")


@pytest.fixture(autouse=True)
def _signs_in_elsewhere(settings) -> None:
    settings.LOGIN_URL = "https://id.example.com/"


@pytest.mark.parametrize("address", ["/leads/", "/leads/pool/", "/leads/me/"])
def test_pages_are_shown_where_the_host_has_neither_sign_out_nor_admin_site(cast, address):
    assert signed_in(cast.amina.user).get(address).status_code == 200
    assert signed_in(cast.admin).get("/leads/").status_code == 200


def test_signing_out_is_offered_only_where_it_is_possible(cast):
    page = signed_in(cast.amina.user).get("/leads/me/").content.decode()
    assert "Signed in as" in page
    assert "Sign out" not in page

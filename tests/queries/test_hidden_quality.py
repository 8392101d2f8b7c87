"""In a pool with a mix no door tells of which quality a waiting lead is (GU3), not even where a
host shows the quality of other leads."""

import pytest

from leaddistrib.lifecycle import route
from leaddistrib.models import Lead
from leaddistrib.notify.texts import summary
from leaddistrib.policy import PREVIEW_FIELDS, RATINGS, Policy, View, disclose
from leaddistrib.queries.blindness import hidden
from leaddistrib.queries.cards import card
from leaddistrib.queries.sight import sight
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, publish_rules
from tests.api.conftest import address, signed_in

pytestmark = pytest.mark.django_db

CLASS = "QCANARY"


class Telling(Policy):
    """A host that shows in previews of which quality a lead is."""

    def fields(self, view):
        if view is View.PREVIEW:
            return (*PREVIEW_FIELDS, "quality")
        return super().fields(view)


@pytest.fixture
def telling(settings):
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "POLICY": f"{__name__}.Telling"}


def waiting(**pool):
    """A lead of a quality of its own, open to Amina."""
    amina = RepFactory(user__username="amina")
    lead = LeadFactory(pool=PoolFactory(reps=[amina], **pool), quality=CLASS, score=99)
    return lead, amina


def read(lead, amina):
    """All that Amina's pages, sockets and messages are made of."""
    reader = signed_in(amina.user)
    paths = [
        *(address(name, id=str(lead.public_id)) for name in ("api-lead", "api-explanation")),
        address("api-leads"),
        address("api-pool-leads", id=str(lead.pool.public_id)),
    ]
    answers = [reader.get(path) for path in paths]
    assert {one.status_code for one in answers} == {200}
    view = View.UNRATED if lead.pool.unrated else View.PREVIEW
    told = [disclose(lead, view), card(lead), summary(lead, view)]
    return " ".join([*(one.content.decode() for one in answers), str(told)])


@pytest.mark.usefixtures("telling")
def test_a_host_may_show_the_quality_where_it_is_not_hidden():
    lead, amina = waiting()
    assert CLASS in read(lead, amina)


@pytest.mark.usefixtures("telling")
@pytest.mark.parametrize("pool", [{"unrated": True}, {"unrated": True, "mix_high": 10}])
def test_where_it_is_hidden_no_door_shows_it(pool):
    assert CLASS not in read(*waiting(**pool))


@pytest.mark.usefixtures("telling")
def test_whatever_narrows_a_list_by_it_leaves_such_leads_out():
    _shown, amina = waiting()
    closed = LeadFactory(pool=PoolFactory(reps=[amina], unrated=True, mix_low=20), quality="low")
    found = Lead.objects.filter(hidden("quality", sight(amina.user)))
    assert list(found) == [closed]


@pytest.mark.parametrize("view", View)
def test_by_itself_nothing_shows_the_quality(view):
    assert "quality" not in Policy().fields(view)


def test_ratings_are_what_the_quality_follows_from():
    assert not set(RATINGS) & set(Policy().fields(View.UNRATED))


def test_the_explanation_of_a_waiting_lead_does_not_tell_that_it_was_beyond_a_share():
    amina = RepFactory(user__username="amina")
    PoolFactory(name="Best", reps=[amina], unrated=True, mix_high=0)
    push = {"push": "round_robin", "team": RepFactory(paused=True).team.name}
    publish_rules(
        [{"name": "Best first", "when": {}, "then": {"pool": "Best", "fallback": [push]}}]
    )
    lead = LeadFactory(quality="high")
    route([lead])
    assert lead.decisions.get().explanation["steps"][0]["beyond"] == "high"

    path = address("api-explanation", id=str(lead.public_id))
    told = signed_in(amina.user).get(path).json()

    assert told == {"explanation": "This lead was opened in “Best”."}

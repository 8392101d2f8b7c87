"""Claims and turns, to look at: in words, and in turns."""

import pytest
from django.urls import reverse

from leaddistrib.lifecycle import claim, receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Claim, Turn
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rep", "words"), [({"paused": True}, "paused"), ({"capacity": 1}, "at capacity")]
)
def test_why_a_claim_was_refused_is_said_in_words(signed_in, rep, words):
    amina = RepFactory(**rep)
    LeadFactory(owner=amina)
    claim(LeadFactory(pool=PoolFactory(reps=[amina])), amina, via="page")
    client = signed_in("view_claim", "view_lead")
    for page in ("changelist", "change"):
        args = [Claim.objects.get().pk] if page == "change" else []
        answer = client.get(reverse(f"admin:leaddistrib_claim_{page}", args=args))
        assert words in answer.content.decode()
        assert "at_capacity" not in answer.content.decode()


def test_a_turn_is_told_in_turns_and_not_in_millionths(signed_in):
    amina = RepFactory(team=TeamFactory(name="Paris"))
    push = {"push": "round_robin", "team": amina.team.name}
    publish_rules([{"name": "All", "when": {}, "then": push}])
    receive(clean({"company": "Boulangeries Lenoir"}))
    client = signed_in("view_turn", "view_lead")
    address = reverse("admin:leaddistrib_turn_change", args=[Turn.objects.get().pk])
    text = client.get(address).content.decode()
    assert "1.0" in text
    assert "1000000" not in text


def test_a_pools_mode_is_one_word_in_the_list(signed_in):
    PoolFactory(mode="race")
    client = signed_in("view_pool")
    rows = client.get(reverse("admin:leaddistrib_pool_changelist")).content.decode()
    assert '<td class="field-how">Race</td>' in rows

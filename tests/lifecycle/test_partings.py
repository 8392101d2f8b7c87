"""Who parted with a lead is not given it again by the rules (RA4, PU10)."""

import pytest

from leaddistrib.lifecycle import receive, release
from leaddistrib.lifecycle.handing_over import hand_over, preview_handover
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.queries.sentences import sentence
from leaddistrib.testing import LeadFactory, UserFactory, publish_rules

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def given_back(cast, push_to_paris):
    """Amina gave Acme back, so it is Bruno's. There are but the two."""
    publish_rules(push_to_paris({"pool": "Everyone"}))
    lead = receive(clean({"company": "Acme"})).lead
    cast.lead = release(lead, cast.amina, reason="I know them")
    assert cast.lead.owner == cast.bruno
    return cast


def test_a_lead_that_both_gave_back_does_not_go_to_and_fro(given_back):
    lead = release(given_back.lead, given_back.bruno, reason="So do I")

    assert (lead.owner, lead.pool) == (None, given_back.pool)
    decision = lead.decisions.last()
    assert decision is not None
    assert sentence(decision, given_back.amina).endswith("You had this lead before.")


def test_a_hand_over_gives_it_to_nobody_who_gave_it_back_and_the_preview_says_so(given_back):
    """The other one, which she never had, goes to Amina."""
    other = LeadFactory(owner=given_back.bruno)
    shown = {row.lead: row.receiver for row in preview_handover(given_back.bruno)}

    hand_over(given_back.bruno, actor=UserFactory(), reason="Bruno leaves us")

    given_back.lead.refresh_from_db()
    assert (given_back.lead.owner, given_back.lead.pool) == (None, given_back.pool)
    other.refresh_from_db()
    assert other.owner == given_back.amina
    assert shown == {
        given_back.lead: f"pool:{given_back.pool.public_id}",
        other: f"rep:{given_back.amina.public_id}",
    }

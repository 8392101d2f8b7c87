"""A rep's own place in the race, and that what is answered there is documented (GU7, TI2)."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from rest_framework.serializers import ListSerializer, Serializer

from leaddistrib.api.shapes.claims import ClaimCollected, ClaimLost, ClaimRefused, ClaimWon, Reason
from leaddistrib.api.shapes.leads import LeadOut
from leaddistrib.api.shapes.pools import PoolOut, WaitingLead
from leaddistrib.api.shapes.standing import StandingOut
from leaddistrib.models import GuardrailPolicy, TierPlacement
from leaddistrib.testing import clock_at
from tests.api.conftest import address, signed_in

NOON = datetime(2036, 3, 3, 12, tzinfo=UTC)
API = Path(__file__).parents[2] / "docs" / "api.md"


def test_a_rep_is_told_the_tier_by_its_name_too(company):
    TierPlacement.objects.create(
        rep=company.amina, period=date(2036, 3, 3), level=2, reason="placed", score=53, at=NOON,
        figures={"tiers": ["Gold", "Silver", "Bronze"]},
    )  # fmt: skip
    company.amina.tier = 2
    company.amina.save()

    told = signed_in(company.amina.user).get(address("api-standing")).json()

    assert (told["tier"], told["tier_name"]) == (2, "Silver")
    other = signed_in(company.bruno.user).get(address("api-standing")).json()
    assert (other["tier"], other["tier_name"]) == (None, "")


def test_what_is_left_and_what_stands_against_a_claim_are_told(company):
    GuardrailPolicy.objects.create(
        daily_claims=3, hot_per_warm=None, claims_per_assigned=None, weekly_cold=None
    )
    with clock_at(NOON):
        told = signed_in(company.amina.user).get(address("api-standing")).json()
    assert told["limits"]["today"] == {
        "used": 0, "limit": 3, "left": 3, "anew_at": "2036-03-04T00:00:00Z",
    }  # fmt: skip
    assert told["limits"]["hot"] is None
    assert (told["windows"], told["phase"], told["reasons"]) == ([], None, [])


def names(shape: Any, leaving: tuple[type[Serializer], ...]) -> set[str]:
    """Each field of an answer, and those of what is in it, but for ``leaving``."""
    if isinstance(shape, ListSerializer):
        shape = shape.child
    if isinstance(shape, leaving) or not isinstance(shape, Serializer):
        return set()
    return set(shape.fields).union(*(names(one, leaving) for one in shape.fields.values()))


@pytest.mark.parametrize(
    ("heading", "shapes", "leaving"),
    [
        ("Waiting leads", (PoolOut, WaitingLead), ()),
        ("Claims", (ClaimWon, ClaimLost, ClaimRefused, ClaimCollected), (LeadOut, Reason)),
        ("The own place in the race", (StandingOut,), (Reason,)),
    ],
)
def test_each_field_of_an_answer_is_documented(heading, shapes, leaving):
    section = API.read_text("utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    said = set(re.findall(r"[`\"](\w+)[`\"]", section))
    fields = set().union(*(names(shape(), leaving) for shape in shapes))
    assert fields
    assert fields - said == set()

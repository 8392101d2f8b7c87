"""A host says what is hot, and where a number without a country is dialled."""

from typing import Any

import pytest

from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.cleaning import clean


def test_a_host_says_from_which_score_a_lead_is_hot(settings: Any) -> None:
    settings.LEADDISTRIB = {"HOT_SCORE": 60, "WARM_SCORE": 30}
    classes = [clean({"score": score}) for score in (60, 59, 30, 29)]
    assert [lead.temperature for lead in classes] == ["hot", "warm", "warm", "cold"]
    assert [lead.quality for lead in classes] == ["high", "standard", "standard", "low"]


def test_a_host_says_in_which_country_a_number_is_read(settings: Any) -> None:
    with pytest.raises(InvalidLead, match="country code"):
        clean({"contact.phone": "01 99 00 12 34"})
    settings.LEADDISTRIB = {"PHONE_REGION": "FR"}
    assert clean({"contact.phone": "01 99 00 12 34"}).contact_phone == "+33199001234"
    assert clean({"contact.phone": "020 7946 0123", "country": "GB"}).contact_phone[:3] == "+44"

"""What a lead looks like once it is in, and what its sender is told when it is not (IN5, IN7)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.cleaning import FIELDS, LeadInput, Thresholds, clean


def refusals(data, **options):
    """The wrong fields and their messages."""
    with pytest.raises(InvalidLead) as refused:
        clean(data, **options)
    return refused.value.fields


def test_a_lead_with_nothing_in_it_is_blank_everywhere():
    assert clean({}) == LeadInput()
    assert clean(dict.fromkeys(FIELDS, "")) == LeadInput()
    assert clean(dict.fromkeys(FIELDS)) == LeadInput()
    assert clean({"contact": None, "attributes": None}) == LeadInput()
    assert clean({"contact": {}, "attributes": {}}) == LeadInput()


def test_a_whole_lead_comes_in_with_everything_in_its_one_spelling():
    lead = clean(
        {
            "source": " paid  search ",
            "source_system": "crm",
            "external_id": 4711.0,
            "lead_type": "demo_request",
            "company": "Société Générale",
            "contact": {
                "name": "Amina Benali",
                "title": "CTO",
                "email": "Amina.Benali@ACME.FR",
                "phone": "01 23 45 67 89",
            },
            "country": "France",
            "subdivision": "75",
            "city": "Paris",
            "postal_code": 75001,
            "industry": "Software",
            "employees": "1 234",
            "product": "CRM",
            "score": 80,
            "language": "fr_FR",
            "received_at": "2026-03-25T14:30:00+01:00",
            "attributes": {"budget": 1500.5, "newsletter": True},
        }
    )
    assert lead == LeadInput(
        source="paid search",
        source_system="crm",
        external_id="4711",
        lead_type="demo_request",
        company="Société Générale",
        contact_name="Amina Benali",
        contact_title="CTO",
        contact_email="Amina.Benali@acme.fr",
        contact_phone="+33123456789",
        country="FR",
        subdivision="FR-75",
        city="Paris",
        postal_code="75001",
        industry="Software",
        employees=1234,
        product="CRM",
        score=80,
        language="fr-fr",
        received_at=datetime(2026, 3, 25, 13, 30, tzinfo=UTC),
        attributes={"budget": 1500.5, "newsletter": True},
        email_domain="acme.fr",
        company_domain="acme.fr",
        size_band="enterprise",
        temperature="hot",
        quality="high",
    )


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("FR", "FR"),
        ("fra", "FR"),
        ("France", "FR"),
        ("Allemagne", "DE"),
        ("Germany", "DE"),
        ("États-Unis", "US"),
        ("etats unis", "US"),
        ("ÉTATS-UNIS D'AMÉRIQUE", "US"),
        ("United States of America", "US"),
        ("Côte d’Ivoire", "CI"),
        ("UK", "GB"),
    ],
)
def test_a_country_is_known_by_code_or_by_its_english_or_french_name(written, code):
    assert clean({"country": written}).country == code


@pytest.mark.parametrize(
    ("country", "written", "code"),
    [
        ("FR", "FR-75", "FR-75"),
        ("FR", "75", "FR-75"),
        ("FR", "Paris", "FR-75"),
        ("FR", "FR-75C", "FR-75"),
        ("FR", 1, "FR-01"),
        ("FR", "2a", "FR-2A"),
        ("France", "ile de france", "FR-IDF"),
        ("US", "CA", "US-CA"),
        ("États-Unis", "Californie", "US-CA"),
        ("DE", "Bayern", "DE-BY"),
        ("DE", "Bavière", "DE-BY"),
        ("DE", "Bavaria", "DE-BY"),
    ],
)
def test_a_subdivision_is_known_by_code_or_by_name(country, written, code):
    assert clean({"country": country, "subdivision": written}).subdivision == code


def test_a_full_subdivision_code_tells_the_country_too():
    assert clean({"subdivision": "us-ca"}).country == "US"


@pytest.mark.parametrize(("country", "written"), [("FR", "US-CA"), ("FR", "Atlantis"), ("", "75")])
def test_a_subdivision_of_elsewhere_or_nowhere_is_refused(country, written):
    wrong = refusals({"country": country, "subdivision": written})
    assert list(wrong) == ["subdivision"]
    assert written in wrong["subdivision"][0]


@pytest.mark.parametrize(
    ("country", "written", "e164"),
    [
        ("FR", "01 23 45 67 89", "+33123456789"),
        ("FR", 123456789, "+33123456789"),
        ("FR", "+49 30 123456", "+4930123456"),
        ("DE", "030/123456", "+4930123456"),
        ("", "+1 (202) 555-0143", "+12025550143"),
        ("", "0033 1 23 45 67 89", "+33123456789"),
    ],
)
def test_a_phone_number_is_kept_as_e164(country, written, e164):
    assert clean({"country": country, "contact.phone": written}).contact_phone == e164


def test_the_extension_of_a_phone_number_is_kept_beside_it():
    lead = clean({"contact.phone": "+33 1 23 45 67 89 ext. 12"})
    assert lead.contact_phone == "+33123456789"
    assert lead.attributes == {"phone_extension": "12"}


def test_a_national_number_without_a_country_is_refused_with_what_would_help():
    wrong = refusals({"contact.phone": "01 23 45 67 89"})
    assert wrong == {
        "contact.phone": [
            "Expected a phone number with its country code, such as +33 1 23 45 67 89, "
            "or a country beside it, got “01 23 45 67 89”."
        ]
    }


@pytest.mark.parametrize(
    ("fields", "domain"),
    [
        ({"contact.email": "ana@Acme.com"}, "acme.com"),
        ({"contact.email": "ana@gmail.com"}, ""),
        ({"contact.email": "ana@gmail.com", "company_domain": "acme.com"}, "acme.com"),
        ({"contact.email": "ana@mail.acme.com", "company_domain": "acme.com"}, "acme.com"),
        ({"company_domain": "https://www.Acme.com/contact?x=1"}, "acme.com"),
        ({"company_domain": "http://acme.com:8080"}, "acme.com"),
        ({"company_domain": "gmail.com"}, ""),
        ({"company_domain": "gmail.com", "contact.email": "ana@acme.com"}, "acme.com"),
        ({"contact.email": "ana@münchen.de"}, "xn--mnchen-3ya.de"),
        ({"company_domain": "münchen.de"}, "xn--mnchen-3ya.de"),
        ({"company_domain": "xn--mnchen-3ya.de"}, "xn--mnchen-3ya.de"),
    ],
)
def test_the_company_is_known_by_its_own_domain_and_never_by_a_free_mail_one(fields, domain):
    assert clean(fields).company_domain == domain


@pytest.mark.parametrize(
    ("employees", "band"),
    [
        (None, ""),
        (0, "smb"),
        (49, "smb"),
        (50, "mid_market"),
        (499, "mid_market"),
        (500, "enterprise"),
    ],
)
def test_the_size_band_follows_the_number_of_employees(employees, band):
    assert clean({"employees": employees}).size_band == band


@pytest.mark.parametrize(
    ("score", "temperature", "quality"),
    [
        ("", "", ""),
        (0, "cold", "low"),
        (39, "cold", "low"),
        (40, "warm", "standard"),
        (79, "warm", "standard"),
        (80, "hot", "high"),
        (1000, "hot", "high"),
    ],
)
def test_the_score_makes_a_lead_hot_warm_or_cold(score, temperature, quality):
    lead = clean({"score": score})
    assert (lead.temperature, lead.quality) == (temperature, quality)


def test_a_company_sets_its_own_thresholds():
    lead = clean({"score": 60}, thresholds=Thresholds(hot=50, warm=20, high=90, standard=70))
    assert (lead.temperature, lead.quality) == ("hot", "low")


@pytest.mark.parametrize(
    ("written", "employees"),
    [
        ("1 234", 1234),
        ("1\u202f234", 1234),
        ("1\u00a0234\u00a0567", 1234567),
        ("1,234", 1234),
        ("1,234.00", 1234),
        ("12,0", 12),
        ("12.0", 12),
        ("+12", 12),
        (12.0, 12),
        (Decimal("12.00"), 12),
    ],
)
def test_whole_numbers_are_read_in_french_and_in_english(written, employees):
    assert clean({"employees": written}).employees == employees


@pytest.mark.parametrize(
    "written",
    [
        *("12,5", "12.5", "-1", "1.234", "1 23", "1e3", "many", "9" * 500, "12 employees"),
        *(12.5, -1, 10**30, float("nan"), float("inf"), True, []),
    ],
)
def test_what_is_no_whole_number_of_employees_is_refused(written):
    assert list(refusals({"employees": written})) == ["employees"]


def test_every_wrong_field_is_named_at_once_by_its_outside_name():
    wrong = refusals(
        {
            "contact": {"email": "amina at acme", "phone": "call me", "mood": "good"},
            "country": "Atlantis",
            "score": 1001,
            "received_at": "yesterday",
            "language": "Klingonian",
            "company_domain": "not a domain",
            "attributes": {"tags": ["a"]},
            "colour": "red",
        }
    )
    assert set(wrong) == {
        "contact.email",
        "contact.phone",
        "contact.mood",
        "country",
        "score",
        "received_at",
        "language",
        "company_domain",
        "attributes.tags",
        "colour",
    }
    assert wrong["score"] == ["Expected a whole number from 0 to 1000, got “1001”."]
    assert wrong["colour"] == ["There is no such field."]


def test_a_required_field_that_is_blank_is_named():
    wrong = refusals({"company": "  "}, require=["company", "contact.email", "employees"])
    assert set(wrong) == {"company", "contact.email", "employees"}
    assert clean({"company": "Acme", "score": 0}, require=["company", "score"]).score == 0


def test_a_field_that_is_wrong_is_not_also_called_missing():
    assert len(refusals({"country": "Atlantis"}, require=["country"])["country"]) == 1


@pytest.mark.parametrize("written", [1e26, 10**40, "9" * 40])
def test_a_value_beyond_all_money_is_refused(written):
    assert "value" in refusals({"value": written})


@pytest.mark.parametrize(
    ("name", "length"),
    [("company", 200), ("contact.name", 200), ("city", 100), ("postal_code", 20)],
)
def test_a_field_takes_its_greatest_length_and_not_one_more(name, length):
    assert getattr(clean({name: "é" * length}), name.replace(".", "_")) == "é" * length
    message = refusals({name: "é" * (length + 1)})[name][0]
    assert f"at most {length} characters, got {length + 1}" in message


@pytest.mark.parametrize("domain", ["é" * 63 + ".com", "-acme.com", "acme", "a..com"])
def test_a_domain_that_cannot_exist_is_refused(domain):
    wrong = refusals({"company_domain": domain, "contact.email": f"ana@{domain}"})
    assert set(wrong) == {"company_domain", "contact.email"}


def test_a_message_quotes_a_long_value_shortened():
    message = refusals({"contact.email": "x" * 300})["contact.email"][0]
    assert "x" * 59 + "…" in message
    assert "x" * 60 not in message


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x85", "\ud800"])
@pytest.mark.parametrize("name", ["company", "contact.email", "attributes.note", "attributes.\0"])
def test_control_characters_are_refused(name, character):
    data = {name.replace("\0", character): f"a{character}b"}
    assert len(refusals(data)) == 1


def test_a_line_break_in_a_name_is_a_space():
    assert clean({"company": "Acme\r\n France\u00a0SA "}).company == "Acme France SA"


def test_two_ways_to_write_an_accent_are_one_name():
    assert clean({"company": "Socie\u0301te\u0301"}).company == "Soci\u00e9t\u00e9"


def test_a_postal_code_gets_back_the_zero_that_a_spreadsheet_took():
    assert clean({"country": "FR", "postal_code": 1000}).postal_code == "01000"
    assert clean({"country": "CH", "postal_code": 1000}).postal_code == "1000"


@pytest.mark.parametrize("value", ["text", "two\nlines", 1, -1.5, True, None])
def test_an_attribute_is_kept_as_it_came(value):
    assert clean({"attributes": {"key": value}}).attributes == {"key": value}
    assert clean({"attributes.key": value}).attributes == {"key": value}


@pytest.mark.parametrize(
    "attributes",
    [
        {"k" * 65: 1},
        {"": 1},
        {"key": "x" * 2001},
        {"key": {"nested": 1}},
        {"key": float("nan")},
        {"key": float("inf")},
        {"key": 10**400},
        {"key": 1, " key": 2},
        {f"key {n}": n for n in range(51)},
        "text",
        ["list"],
    ],
)
def test_attributes_that_cannot_be_kept_are_refused(attributes):
    assert all(name.startswith("attributes") for name in refusals({"attributes": attributes}))


def test_fifty_attributes_are_kept():
    attributes = {f"key {n}": n for n in range(50)}
    assert clean({"attributes": attributes}).attributes == attributes


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-25", datetime(2026, 3, 25, tzinfo=UTC)),
        ("2026-03-25 14:30", datetime(2026, 3, 25, 14, 30, tzinfo=UTC)),
        ("2026-03-25T14:30:00Z", datetime(2026, 3, 25, 14, 30, tzinfo=UTC)),
        ("25/03/2026", datetime(2026, 3, 25, tzinfo=UTC)),
        (datetime(2026, 3, 25, 14, 30), datetime(2026, 3, 25, 14, 30, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
def test_a_date_with_one_meaning_is_understood(written, moment):
    with timezone.override(UTC):
        assert clean({"received_at": written}).received_at == moment


@pytest.mark.parametrize("written", ["03/04/2026", "0202-03-04", "10", "25/13/2026", 5, True, "…"])
def test_a_date_is_never_guessed(written):
    assert list(refusals({"received_at": written})) == ["received_at"]


@pytest.mark.parametrize(
    ("written", "code"), [("FR", "fr"), ("en_GB", "en-gb"), ("Français", "fr"), ("French", "fr")]
)
def test_a_language_is_known_by_code_or_by_name(written, code):
    assert clean({"language": written}).language == code


anything = st.one_of(
    st.text(max_size=40),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.decimals(),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    st.none(),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*FIELDS, "contact", "colour"]), anything))
def test_whatever_is_sent_is_either_a_lead_or_named_as_wrong(data):
    wrong, lead = {}, LeadInput()
    try:
        lead = clean(data)
    except InvalidLead as error:
        wrong = error.fields
    sent = {name.split(".")[0] for name in data}
    assert all(name.split(".")[0] in sent for name in wrong)
    assert all(messages for messages in wrong.values())
    assert lead.score is None or 0 <= lead.score <= 1000
    assert lead.received_at is None or lead.received_at.tzinfo is UTC

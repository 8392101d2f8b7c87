"""A lead finds its territory, its account and the earlier lead of its person (RU1, IN3, IN4)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle.matching import duplicates, match, place
from leaddistrib.models import Account, Lead, Metro, Organisation
from leaddistrib.queries import clock
from leaddistrib.testing import AccountFactory, LeadFactory, RepFactory, TerritoryFactory, clock_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def queries(function, leads):
    """How many queries it takes for these leads, once the territories are compiled."""
    function(leads)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        function(leads)
    return len(asked)


# Territories


def placed(lead):
    """The territory that is found for this lead now."""
    place([lead])
    return lead.territory


def test_a_lead_is_placed_by_the_most_specific_place_and_keeps_region_and_metro():
    TerritoryFactory(name="France", countries=["FR"])
    paris = Metro.objects.create(name="Paris", country="FR", postal_prefixes=["75", "92"])
    TerritoryFactory(name="Île-de-France", subdivisions=["FR-IDF"])
    TerritoryFactory(name="Paris").metros.add(paris)
    TerritoryFactory(name="Eighth", postal_prefixes=["FR 75008"])
    leads = [
        LeadFactory.build(country="FR", subdivision="FR-75", postal_code="75008"),
        LeadFactory.build(country="FR", subdivision="FR-75", postal_code="75 011"),
        LeadFactory.build(country="FR", subdivision="FR-77"),
        LeadFactory.build(country="FR", subdivision="FR-69"),
        LeadFactory.build(country="DE"),
    ]

    place(leads)

    assert [lead.territory and lead.territory.name for lead in leads] == [
        "Eighth",
        "Paris",
        "Île-de-France",
        "France",
        None,
    ]
    assert [lead.region for lead in leads] == ["FR-IDF", "FR-IDF", "FR-IDF", "FR-ARA", ""]
    assert [lead.metro for lead in leads] == ["Paris", "Paris", "", "", ""]


def test_a_changed_territory_is_seen_by_the_next_lead():
    lead = LeadFactory.build(country="FR")
    west = TerritoryFactory(name="West", countries=["GB"])
    assert placed(lead) is None

    west.countries = ["FR", "GB"]
    west.save()
    assert placed(lead) == west

    west.delete()
    assert placed(lead) is None


def test_a_changed_metropolitan_area_is_seen_by_the_next_lead():
    lyon = Metro.objects.create(name="Lyon", country="FR", postal_prefixes=["69"])
    south = TerritoryFactory(name="South")
    south.metros.add(lyon)
    lead = LeadFactory.build(country="FR", postal_code="42000")
    assert placed(lead) is None

    lyon.postal_prefixes = ["69", "42"]
    lyon.save()
    assert (placed(lead), lead.metro) == (south, "Lyon")

    south.metros.remove(lyon)
    assert placed(lead) == south, "it has no place left, so it is the rest of the world"


def test_placing_takes_two_queries_however_many_leads():
    TerritoryFactory(countries=["FR"])
    leads = [LeadFactory.build(country="FR") for _ in range(20)]

    assert queries(place, leads[:1]) == queries(place, leads) == 2


# Accounts


def test_the_domain_decides_before_the_name_and_the_name_before_likeness():
    by_domain = AccountFactory(name="Dupont Holding", domain="dupont.fr")
    by_name = AccountFactory(name="Dupont SARL")
    leads = [
        LeadFactory.build(company="Dupont", company_domain="dupont.fr"),
        LeadFactory.build(company="DUPONT", company_domain="elsewhere.fr"),
        LeadFactory.build(company="Duponts"),
        LeadFactory.build(company="Durand"),
    ]

    found = match(leads)

    assert [lead.account for lead in leads] == [by_domain, by_name, by_name, None]
    assert [one and one.by for one in found] == ["domain", "name", "likeness", None]
    likeness = found[2]
    assert likeness is not None
    assert likeness.as_document() == {"name": "Dupont SARL", "by": "likeness", "likeness": 92}


@pytest.mark.parametrize("host", ["acme.co.uk", "mail.acme.co.uk", "a.b.acme.co.uk"])
def test_a_host_below_the_registered_domain_is_the_accounts(host):
    acme = AccountFactory(name="Acme", domain="acme.co.uk")
    lead = LeadFactory.build(company="", company_domain=host)

    match([lead])

    assert lead.account == acme


def test_a_subsidiary_with_a_host_of_its_own_comes_before_the_group():
    AccountFactory(name="Acme", domain="acme.com")
    france = AccountFactory(name="Acme France", domain="fr.acme.com")
    lead = LeadFactory.build(company="", company_domain="shop.fr.acme.com")

    match([lead])

    assert lead.account == france


def test_companies_on_one_hosting_service_are_not_the_services():
    AccountFactory(name="Service", domain="github.io")
    lead = LeadFactory.build(company="", company_domain="acme.github.io")

    match([lead])

    assert lead.account is None


def test_free_mail_domains_never_match_ours_and_the_organisations_own():
    AccountFactory(name="Mail house", domain="gmail.com")
    AccountFactory(name="Local mail", domain="mail.example")
    Organisation.objects.create(pk=1, free_mail_domains=["mail.example"])
    leads = [
        LeadFactory.build(company="", company_domain=domain)
        for domain in ("gmail.com", "mail.example", "eu.mail.example")
    ]

    match(leads)

    assert [lead.account for lead in leads] == [None, None, None]


def test_of_accounts_with_one_name_that_in_the_leads_country_comes_first():
    spain = AccountFactory(name="Delta SA", country="ES")
    unknown = AccountFactory(name="Delta")
    france = AccountFactory(name="Delta SARL", country="FR")
    leads = [LeadFactory.build(company="Delta", country=code) for code in ("FR", "DE", "ES")]

    match(leads)

    assert [lead.account for lead in leads] == [france, unknown, spain]


def test_names_that_differ_in_their_numbers_are_never_alike():
    AccountFactory(name="Lycée technique numéro 12")
    lead = LeadFactory.build(company="Lycée technique numéro 13")

    match([lead])

    assert lead.account is None


def test_the_organisation_says_how_alike_names_must_be():
    AccountFactory(name="Boulangerie Martin")
    lead = LeadFactory.build(company="Boulangerie Martino")
    match([lead])
    assert lead.account is not None

    Organisation.objects.create(pk=1, match_threshold=99)
    match([lead])
    assert lead.account is None


def test_what_accounts_are_matched_by_is_kept_on_every_way_to_write_them():
    saved = AccountFactory(name="Élan S.A.", domain=" Elan.FR ")
    [made] = Account.objects.bulk_create([Account(name="Orage GmbH", domain="Orage.DE")])
    assert (saved.match_name, saved.domain) == ("elan", "elan.fr")
    assert (made.match_name, made.domain) == ("orage", "orage.de")

    saved.name = "Vent SA"
    saved.save(update_fields=["name"])
    made.name = "Pluie GmbH"
    Account.objects.bulk_update([made], ["name"])
    assert set(Account.objects.values_list("match_name", flat=True)) == {"vent", "pluie"}

    Account.objects.filter(pk=saved.pk).update(name="Neige SARL")
    assert Account.objects.filter(match_name="neige").get() == saved


def test_matching_takes_the_same_queries_for_one_lead_and_for_many():
    for name in ("Alpha", "Beta", "Gamma"):
        AccountFactory(name=name, domain=f"{name.lower()}.example", owner=RepFactory())
    leads = [
        LeadFactory.build(company=name, company_domain=domain)
        for name, domain in [("Alpha", ""), ("Betta", ""), ("x", "gamma.example"), ("y", "")] * 10
    ]

    def with_owner(some):
        match(some)
        return [lead.account and lead.account.owner.name for lead in some]

    assert queries(with_owner, leads[:3]) == queries(with_owner, leads) == 4


# Duplicates


PERSON = {
    "contact_name": "Élodie Durand",
    "contact_email": "elodie@durand.fr",
    "contact_phone": "+33123456789",
    "company_domain": "durand.fr",
}


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ({"contact_email": "Elodie@durand.fr"}, "email"),
        ({"contact_phone": "+33123456789"}, "phone"),
        ({"contact_name": "elodie DURAND", "company_domain": "durand.fr"}, "name"),
        ({"contact_name": "Élodie Durand", "company_domain": "elsewhere.fr"}, None),
        ({"contact_name": "Élodie Durand"}, None),
        ({"contact_name": "Paul Durand", "company_domain": "durand.fr"}, None),
        ({"company": "Durand"}, None),
    ],
)
def test_a_person_is_told_by_email_by_phone_or_by_name_at_a_domain(said, by):
    first = LeadFactory(**PERSON)
    lead = LeadFactory.build(**said)

    [found] = duplicates([lead])

    assert (found and found.by) == by
    assert lead.duplicate_of == (first if by else None)


def test_a_name_at_a_free_mail_domain_tells_nobody():
    LeadFactory(contact_name="Paul Martin", company_domain="mail.example")
    lead = LeadFactory.build(contact_name="Paul Martin", company_domain="mail.example")
    Organisation.objects.create(pk=1, free_mail_domains=["mail.example"])

    assert duplicates([lead]) == [None]


def test_after_the_organisations_days_a_person_is_new_again():
    Organisation.objects.create(pk=1, duplicate_days=30)
    LeadFactory(**PERSON, received_at=NOON - timedelta(days=31))
    lead = LeadFactory.build(**PERSON)

    with clock_at(NOON):
        assert duplicates([lead]) == [None]
    with clock_at(NOON - timedelta(days=2)):
        assert duplicates([lead]) != [None]


def test_the_oldest_counts_but_one_that_is_being_worked_comes_before_it():
    oldest = LeadFactory(**PERSON, received_at=NOON - timedelta(days=9))
    LeadFactory(**PERSON, received_at=NOON - timedelta(days=5))
    lead = LeadFactory.build(**PERSON)
    with clock_at(NOON):
        duplicates([lead])
        assert lead.duplicate_of == oldest

        worked = LeadFactory(**PERSON, received_at=NOON - timedelta(days=2), owner=RepFactory())
        duplicates([lead])
        assert lead.duplicate_of == worked


def test_leads_of_one_file_know_each_other_through_whatever_they_share():
    first = LeadFactory.build(contact_email="a@example.org")
    second = LeadFactory.build(contact_email="a@example.org", contact_phone="+33123456789")
    third = LeadFactory.build(contact_phone="+33123456789")

    duplicates([first, second, third])

    assert first.duplicate_of is None
    assert second.duplicate_of is third.duplicate_of is first


def test_a_lead_is_not_its_own_duplicate():
    lead = LeadFactory(**PERSON)

    assert duplicates([lead]) == [None]


def test_recognising_persons_takes_the_same_queries_for_one_lead_and_for_many():
    LeadFactory(**PERSON, owner=RepFactory())
    leads = [LeadFactory.build(**PERSON) for _ in range(20)]

    assert queries(duplicates, leads[:1]) == queries(duplicates, leads)
    assert queries(duplicates, leads) <= 4


MANY = 3_000
"""Rows with which no database would rather read the whole table than an index."""


def plan(function, leads, word):
    """How the database goes about the query with ``word`` in it: its plan, not its time."""
    with CaptureQueriesContext(connection) as asked:
        function(leads)
    [query] = [one["sql"] for one in asked if word in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(
            f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN '}{query}"
        )
        return " ".join(str(row) for row in cursor.fetchall())


def test_each_sign_of_a_person_is_asked_of_an_index():
    LeadFactory(**PERSON)
    Lead.objects.bulk_create(
        Lead(
            contact_email=f"somebody{number}@company{number}.example",
            contact_phone=f"+331{number:08}",
            company_domain=f"company{number}.example",
            received_at=clock.now(),
        )
        for number in range(MANY)
    )

    asked = plan(duplicates, [LeadFactory.build(**PERSON)], "UNION")

    for index in ("leaddistrib_lead_email", "leaddistrib_lead_phone", "leaddistrib_lead_domain"):
        assert index in asked, asked


@pytest.mark.parametrize(
    ("said", "word", "index"),
    [
        ({"company_domain": "acme.com"}, "'acme.com'", "leaddistrib_account_domain"),
        ({"company": "Acme"}, "SUBSTR", "leaddistrib_account_start"),
    ],
)
def test_accounts_are_asked_of_an_index(said, word, index):
    AccountFactory(name="Acme")
    Account.objects.bulk_create(
        Account(name=f"{number} Company", domain=f"company{number}.example")
        for number in range(MANY)
    )

    assert index in plan(match, [LeadFactory.build(**{"company": ""} | said)], word)

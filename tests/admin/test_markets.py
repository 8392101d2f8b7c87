"""Territories, accounts, events, scoring and the organisation, set up by an admin alone."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import translation

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Account, Metro, Organisation, SalesEvent, ScoringRule, Territory
from leaddistrib.queries.organisation import organisation
from leaddistrib.testing import AccountFactory, LeadFactory, RepFactory, TerritoryFactory

pytestmark = pytest.mark.django_db

ADD_TERRITORY = reverse("admin:leaddistrib_territory_add")


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors(response):
    return response.context["adminform"].form.errors


# Territories


def test_places_are_written_as_people_say_them_and_shown_with_their_names(signed_in):
    client = signed_in("add_territory", "change_territory", "view_metro")
    lyon = Metro.objects.create(name="Lyon", country="FR", postal_prefixes=["69"])
    client.post(
        ADD_TERRITORY,
        {
            "name": "West",
            "countries": "France\nIE",
            "subdivisions": "fr-75",
            "postal_prefixes": "france 35 0\nGB SW1A",
            "metros": [lyon.pk],
        },
    )
    west = Territory.objects.get()
    assert (west.countries, west.subdivisions) == (["FR", "IE"], ["FR-75"])
    assert west.postal_prefixes == ["FR 350", "GB SW1A"]
    assert west.metros.get() == lyon

    change = reverse("admin:leaddistrib_territory_change", args=[west.pk])
    with translation.override("fr"):
        page = client.get(change, headers={"accept-language": "fr"}).content.decode()
    assert "IE · Irlande" in page
    assert "FR-75 · Paris" in page


def test_what_is_shown_can_be_saved_again_as_it_is(signed_in):
    client = signed_in("change_territory")
    west = TerritoryFactory(name="West", countries=["FR"], subdivisions=["GB-ENG"])
    change = reverse("admin:leaddistrib_territory_change", args=[west.pk])
    form = client.get(change).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    sent["countries"] = form.fields["countries"].prepare_value(west.countries)
    assert sent["countries"] == "FR · France"

    client.post(change, sent)

    west.refresh_from_db()
    assert (west.countries, west.subdivisions) == (["FR"], ["GB-ENG"])


def test_each_wrong_line_is_named(signed_in):
    response = signed_in("add_territory").post(
        ADD_TERRITORY,
        {
            "name": "Lost",
            "countries": "France\nAtlantis",
            "subdivisions": "\nFR-99",
            "postal_prefixes": "FR 75\n75008",
        },
    )

    assert errors(response)["countries"] == [
        "Line 2: Expected a country such as FR, FRA or France, got “Atlantis”."
    ]
    assert errors(response)["subdivisions"][0].startswith("Line 2: ")
    assert errors(response)["postal_prefixes"][0].startswith("Line 2: ")


def test_overlaps_and_recent_leads_are_told_after_saving(signed_in):
    TerritoryFactory(name="Elder", countries=["FR", "DE"])
    LeadFactory(country="IT", subdivision="IT-MI")
    LeadFactory(country="FR")
    client = signed_in("add_territory", "view_territory")

    response = client.post(ADD_TERRITORY, {"name": "New", "countries": "FR\nIT"})

    told = said(response)
    assert "1 lead of the last 30 days lies in “New”." in told
    assert "France (FR) is also in “New”: its leads go to “Elder”, the oldest." in told


def test_a_metropolitan_area_shares_no_prefix_with_another(signed_in):
    Metro.objects.create(name="Lyon", country="FR", postal_prefixes=["69"])
    add = reverse("admin:leaddistrib_metro_add")
    client = signed_in("add_metro")

    wrong = client.post(add, {"name": "Rhône", "country": "FR", "postal_prefixes": "69\n42"})
    client.post(add, {"name": "Koeln", "country": "Germany", "postal_prefixes": "50\n51"})

    assert errors(wrong)["postal_prefixes"] == ["“Lyon” has 69 already."]
    assert Metro.objects.get(name="Koeln").country == "DE"


def test_an_event_names_who_was_there(signed_in):
    amina = RepFactory()
    client = signed_in("add_salesevent", "view_rep")
    client.post(
        reverse("admin:leaddistrib_salesevent_add"),
        {"name": "Web Summit", "held_on": "2026-11-10", "attendees": [amina.pk]},
    )

    assert SalesEvent.objects.get().attendees.get() == amina


# Accounts


def test_an_account_keeps_its_bare_domain_and_the_country_as_a_code(signed_in):
    signed_in("add_account").post(
        reverse("admin:leaddistrib_account_add"),
        {"name": "Élan SARL", "domain": "https://www.Elan.fr/accueil", "country": "France"},
    )

    account = Account.objects.get()
    assert (account.domain, account.country, account.match_name) == ("elan.fr", "FR", "elan")


# Scoring


def test_a_scoring_rule_is_made_with_the_editor_that_rules_have(signed_in):
    client = signed_in("add_scoringrule")
    add = reverse("admin:leaddistrib_scoringrule_add")
    assert "data-cond-editor" in client.get(add).content.decode()

    client.post(
        add,
        {
            "name": "Demo",
            "points": "50",
            "active": "on",
            "cond-root-match": "all",
            "cond-order": ["1"],
            "cond-1-parent": "root",
            "cond-1-field": "lead_type",
            "cond-1-op": "eq",
            "cond-1-value": "demo",
        },
    )

    rule = ScoringRule.objects.get()
    assert (rule.points, rule.when) == (
        50,
        {"all": [{"field": "lead_type", "op": "eq", "value": "demo"}]},
    )


def test_wrong_conditions_of_a_scoring_rule_are_refused(signed_in):
    response = signed_in("add_scoringrule").post(
        reverse("admin:leaddistrib_scoringrule_add"),
        {
            "name": "Demo",
            "points": "50",
            "cond-root-match": "all",
            "cond-order": ["1"],
            "cond-1-parent": "root",
            "cond-1-field": "score",
            "cond-1-op": "gte",
            "cond-1-value": "many",
        },
    )

    assert response.status_code == 200
    assert not ScoringRule.objects.exists()


# The organisation


def test_the_organisations_page_is_there_before_anybody_saved_it(signed_in):
    client = signed_in("change_organisation", "view_organisation")
    page = reverse("admin:leaddistrib_organisation_change", args=[1])
    assert client.get(reverse("admin:leaddistrib_organisation_changelist")).url == page
    assert client.get(page).status_code == 200
    assert not Organisation.objects.exists()

    client.post(
        page,
        {
            "duplicates": "merge",
            "duplicate_days": "30",
            "match_threshold": "95",
            "free_mail_domains": "@Mail.example\nlocal.example",
            "review_days": "60",
            "best_weight": "2.5",
            "performance_days": "90",
            "recycle_cooldown_days": "30",
            "satisfaction": "won",
            "satisfaction_measure": "csat",
            "sms_after_minutes": "2",
            "sms_daily_limit": "20",
        },
    )

    saved = organisation()
    assert (saved.duplicates, saved.match_threshold) == ("merge", 95)
    assert saved.free_mail_domains == ["mail.example", "local.example"]


# What a lead was recognised by


def test_a_leads_page_says_what_it_was_recognised_by(signed_in):
    AccountFactory(name="Acme SARL")
    ScoringRule.objects.create(name="Demo", when={}, points=50)
    lead = receive(clean({"company": "ACME", "value": "1200"})).lead
    client = signed_in("change_lead", "view_lead")

    page = client.get(reverse("admin:leaddistrib_lead_change", args=[lead.pk])).content.decode()

    assert "The account “Acme SARL” was told by its name." in page
    assert "Score 50: Demo +50." in page
    assert "1200.00" in page


def test_a_corrected_value_is_read_as_people_write_it(signed_in):
    lead = receive(clean({"company": "Acme", "value": "1200"})).lead
    client = signed_in("change_lead", "view_lead")

    client.post(
        reverse("admin:leaddistrib_lead_change", args=[lead.pk]),
        {"company": "Acme", "value": "1 500,50", "currency": "usd"},
    )

    lead.refresh_from_db()
    assert (str(lead.value), lead.currency) == ("1500.50", "USD")

"""Leads in the admin site: typed in, corrected, explained, exported."""

import csv
import io

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Lead, LogEntry, Organisation, Pool, Rule
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, publish_rules

pytestmark = pytest.mark.django_db

ADD = reverse("admin:leaddistrib_lead_add")
LIST = reverse("admin:leaddistrib_lead_changelist")


def change(lead):
    return reverse("admin:leaddistrib_lead_change", args=[lead.pk])


@pytest.fixture
def amina():
    """Amina alone takes what is French; the rest waits for everyone."""
    paris = TeamFactory(name="Paris")
    amina = RepFactory(user__first_name="Amina", user__last_name="Benali", team=paris)
    RepFactory(user__first_name="Bruno", user__last_name="Marchetti", team=paris, paused=True)
    PoolFactory(name="Everyone", mode=Pool.Mode.RACE, reps=[amina])
    publish_rules(
        [
            {
                "name": "French",
                "when": {"field": "country", "op": "eq", "value": "FR"},
                "then": {"push": "round_robin", "team": "Paris"},
            },
            {"name": "The rest", "when": {}, "then": {"pool": "Everyone"}},
        ]
    )
    return amina


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def facts(lead):
    """What the change form posts for a lead as it is."""
    names = "company company_domain industry employees contact_name contact_title contact_email"
    names += " contact_phone language country subdivision city postal_code lead_type product score"
    names += " source source_system external_id"
    values = {name: getattr(lead, name) for name in names.split()}
    return {name: "" if value is None else value for name, value in values.items()}


def test_a_lead_typed_in_is_normalised_routed_and_the_admin_is_told_where_it_went(signed_in, amina):
    client = signed_in("add_lead", "view_lead")
    response = client.post(
        ADD,
        {
            "company": "Boulangeries Lenoir",
            "country": "France",
            "contact_email": "Jeanne@LENOIR.fr",
            "contact_phone": "01 40 20 30 40",
            "employees": "1 200",
            "score": "85",
            "attributes": "budget: 20000\nnote: call after six: really",
        },
    )
    lead = Lead.objects.get()
    assert response.status_code == 302
    assert (lead.country, lead.contact_email) == ("FR", "Jeanne@lenoir.fr")
    assert (lead.contact_phone, lead.employees) == ("+33140203040", 1200)
    assert (lead.size_band, lead.temperature) == ("enterprise", "hot")
    assert lead.attributes == {"budget": 20000, "note": "call after six: really"}
    assert lead.owner == amina
    assert LogEntry.objects.get(event=LogEntry.Event.RECEIVED).actor == client.user
    assert "The rule “French” gave this lead to Amina Benali, whose turn it was." in said(response)


def test_each_wrong_field_of_a_typed_lead_is_named_beside_it_and_nothing_is_kept(signed_in, amina):
    response = signed_in("add_lead").post(
        ADD, {"company": "X", "country": "Atlantis", "contact_email": "nobody", "score": "many"}
    )
    errors = response.context["adminform"].form.errors
    assert set(errors) == {"country", "contact_email", "score"}
    assert "Atlantis" in errors["country"][0]
    assert not Lead.objects.exists()


def test_a_lead_without_any_name_is_refused(signed_in, amina):
    response = signed_in("add_lead").post(ADD, {"country": "FR"})
    assert "company" in response.context["adminform"].form.errors


def test_a_lead_that_is_known_by_its_external_id_is_not_taken_twice(signed_in, amina):
    LeadFactory(source_system="crm", external_id="7")
    response = signed_in("add_lead").post(
        ADD, {"company": "Again", "source_system": "crm", "external_id": "7"}
    )
    assert "external_id" in response.context["adminform"].form.errors
    assert Lead.objects.count() == 1


def test_a_correction_is_cleaned_logged_and_moves_the_lead_nowhere(signed_in, amina):
    lead = receive(clean({"company": "Lenoir", "country": "GB", "score": 10})).lead
    client = signed_in("change_lead", "view_lead")
    data = facts(lead) | {"country": "France", "score": "90", "attributes": "", "status": "closed"}
    assert client.post(change(lead), data).status_code == 302
    before, lead = lead, Lead.objects.get()
    assert (lead.country, lead.temperature) == ("FR", "hot")
    assert (lead.status, lead.owner, lead.pool) == (before.status, None, before.pool)
    entry = lead.log.get(event=LogEntry.Event.UPDATED)
    assert entry.actor == client.user
    assert set(entry.detail["fields"]) == {"country", "score", "temperature", "quality"}


def test_saving_without_a_change_is_no_news(signed_in, amina):
    lead = receive(clean({"company": "Lenoir", "attributes": {"a": "12", "b": 12, "c": True}})).lead
    client = signed_in("change_lead", "view_lead")
    page = client.get(change(lead)).context["adminform"].form
    shown = page["attributes"].value()
    attributes = page.fields["attributes"].prepare_value(shown)
    client.post(change(lead), facts(lead) | {"attributes": attributes})
    assert not lead.log.filter(event=LogEntry.Event.UPDATED).exists()
    assert Lead.objects.get().attributes == {"a": "12", "b": 12, "c": True}


def test_the_page_of_a_lead_says_why_it_went_there_and_who_was_passed_over(signed_in, amina):
    lead = receive(clean({"company": "Lenoir", "country": "FR"})).lead
    page = signed_in("view_lead").get(change(lead)).content.decode()
    assert "The rule “French” gave this lead to Amina Benali, whose turn it was." in page
    assert "Country is FR" in page
    assert "Bruno Marchetti" in page
    assert "paused" in page
    assert "Lead assigned, Amina Benali" in page


def test_a_lead_that_did_not_match_a_rule_shows_the_reason(signed_in, amina):
    lead = receive(clean({"company": "Kestrel", "country": "GB"})).lead
    page = signed_in("view_lead").get(change(lead)).content.decode()
    assert "country is “GB”" in page
    assert "Offered to 1 rep" in page


def test_leads_cannot_be_deleted_even_by_a_superuser(admin_client, amina):
    lead = LeadFactory()
    delete = reverse("admin:leaddistrib_lead_delete", args=[lead.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    assert Lead.objects.exists()


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"rule": "French"}, {"Lenoir"}),
        ({"source": "fair"}, {"Kestrel"}),
        ({"owner": "amina"}, {"Lenoir"}),
        ({"team": "Paris"}, {"Lenoir"}),
        ({"status__exact": "waiting"}, {"Kestrel"}),
        ({"received_at_from": "2026-03-02", "received_at_to": "2026-03-02"}, {"Kestrel"}),
        ({"received_at_to": "2026-03-01"}, {"Lenoir"}),
    ],
)
def test_leads_are_found_by(signed_in, amina, filters, found):
    receive(clean({"company": "Lenoir", "country": "FR", "received_at": "2026-03-01 23:59"}))
    receive(clean({"company": "Kestrel", "source": "fair", "received_at": "2026-03-02 00:00"}))
    french = Rule.objects.get(name="French").key
    ids = {"French": french, "amina": amina.pk, "Paris": amina.team.pk}
    query = {name: ids.get(value, value) for name, value in filters.items()}
    response = signed_in("view_lead").get(LIST, query)
    assert {lead.company for lead in response.context["cl"].result_list} == found


@pytest.mark.parametrize(
    "filters",
    [
        {"received_at_from": "soon"},
        {"received_at_from": "0001-01-01"},
        {"received_at_to": "9999-12-31"},
        {"owner": "x"},
        {"rule": "0"},
    ],
)
def test_a_senseless_filter_leads_back_to_the_list(signed_in, amina, filters):
    response = signed_in("view_lead").get(LIST, filters)
    assert response.status_code == 302
    assert response["Location"].endswith("?e=1")


def test_an_export_runs_no_formula_and_can_be_imported_again(signed_in, amina):
    formula = "=cmd|' /C calc'!A0"
    LeadFactory(company=formula, country="FR", contact_name="Jeanne", attributes={"a": 1})
    client = signed_in("view_lead", "export_lead")
    pks = list(Lead.objects.values_list("pk", flat=True))
    response = client.post(LIST, {"action": "export", "_selected_action": pks})
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))
    assert row["company"] == "'" + formula
    assert (row["country"], row["contact.name"]) == ("FR", "Jeanne")
    assert row["attributes.a"] == "1"


CHANGES = reverse("admin:leaddistrib_configurationchange_changelist")


def test_who_exported_how_many_leads_by_which_filter_is_on_record(signed_in, amina):
    first, _second = LeadFactory.create_batch(2, country="FR", source="fair")
    LeadFactory(country="BE")
    client = signed_in("view_lead", "export_lead", "view_configurationchange")
    ticked = [first.pk]

    # Nothing of the files is read: one that was broken off is on record, too.
    whole = {"action": "export", "_selected_action": ticked, "select_across": "1"}
    client.post(f"{LIST}?source=fair&q=", whole)
    client.post(LIST, {"action": "export", "_selected_action": ticked})

    page = client.get(CHANGES)
    told = [
        (change.kind, change.name, change.by.username, change.reason)
        for change, address in page.context["changes"]
        if change.by and not address
    ]
    assert told == [
        ("export", "leads", "olga", "1 row, chosen by ticked = 1"),
        ("export", "leads", "olga", "2 rows, chosen by source = fair"),
    ]
    assert "Export: leads" in page.content.decode()


def test_a_long_filter_of_an_export_is_cut_on_the_page_and_whole_in_the_log(
    signed_in, amina, caplog
):
    client = signed_in("view_lead", "export_lead", "view_configurationchange")
    lead = LeadFactory(source="Fair " * 19)
    caplog.set_level("INFO", "leaddistrib")
    asked = {"action": "export", "_selected_action": [lead.pk], "select_across": "1"}
    client.post(f"{LIST}?source={'Fair+' * 19}", asked)
    [(change, _)] = client.get(CHANGES, {"by": "olga"}).context["changes"]
    assert change.reason.startswith("1 row, chosen by source = Fair Fair")
    assert change.reason.endswith("…")
    assert "+".join(["Fair"] * 19) in caplog.text


@pytest.mark.parametrize("name", ["q", "contact_email", "contact_email__icontains"])
def test_by_whose_address_leads_were_found_for_an_export_is_kept_nowhere(
    signed_in, amina, caplog, name
):
    client = signed_in("view_lead", "export_lead", "view_configurationchange")
    lead = LeadFactory(contact_email="ana@canary.example", source="fair")
    caplog.set_level("INFO")
    asked = {"action": "export", "_selected_action": [lead.pk], "select_across": "1"}

    client.post(f"{LIST}?source=fair&{name}=ana@canary.example", asked)

    assert "export=leads rows=1" in caplog.text
    assert "canary" not in caplog.text
    [kept] = Organisation.history.all()
    assert "canary" not in kept.history_change_reason
    [(change, _)] = client.get(CHANGES, {"by": "olga"}).context["changes"]
    filters = sorted([f"{name} = (not kept)", "source = fair"])
    assert change.reason == f"1 row, chosen by {', '.join(filters)}"


def test_nobody_exports_without_the_permission(signed_in, amina):
    lead = LeadFactory()
    client = signed_in("view_lead", "change_lead")
    assert b'value="export"' not in client.get(LIST).content
    response = client.post(LIST, {"action": "export", "_selected_action": [lead.pk]})
    assert "text/csv" not in response.get("Content-Type", "")

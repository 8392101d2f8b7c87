"""Files are imported in the admin site: seen before, confirmed once, mended afterwards (IN7)."""

import io
import subprocess
import sys
import textwrap
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.intake import importing
from leaddistrib.lifecycle.intake.receiving import receive_many
from leaddistrib.models import ImportRun, Lead, Outcome
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, UserFactory, publish_rules

pytestmark = pytest.mark.django_db

UPLOAD = reverse("admin:leaddistrib_lead_import")
CONFIRM = reverse("admin:leaddistrib_lead_process_import")
FILE = """Company;E-mail;Country;Ref;Budget
Lenoir;jeanne@lenoir.fr;France;1;20 000
Kestrel;nobody;GB;2;
Halvorsen;;NO;3;
"""


@pytest.fixture
def importer(signed_in, tmp_path, monkeypatch):
    """Olga may import leads, and nothing else but see them. Files wait in a folder of the test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    PoolFactory(name="Everyone", reps=[RepFactory()])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    client = signed_in("import_lead", "view_lead")
    client.folder = tmp_path
    return client


def upload(client, content=FILE, name="leads.csv", **more):
    content = content.encode() if isinstance(content, str) else content
    return client.post(UPLOAD, {"import_file": SimpleUploadedFile(name, content), **more})


def form_of(response):
    """What the preview's form would post."""
    form = response.context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    return said | {"file": form.token, "previewed": response.context.get("previewed", "")}


def counts(response):
    report = response.context["report"]
    return report.created, report.updated, report.unchanged, report.rejected


def test_the_preview_says_what_each_row_becomes_and_writes_nothing(importer):
    LeadFactory(source_system="crm", external_id="3", company="Halvorsen")
    response = upload(importer, source_system="crm")
    columns = {field.label: field.value() for field in response.context["form"].columns}
    assert columns == {
        "Company": "company",
        "E-mail": "contact.email",
        "Country": "country",
        "Ref": "attributes.Ref",
        "Budget": "attributes.Budget",
    }
    assert counts(response) == (2, 0, 0, 1)
    text = response.content.decode()
    assert "nobody" in text
    assert "Expected an e-mail address" in text
    assert (Lead.objects.count(), ImportRun.objects.count()) == (1, 0)


def test_columns_are_chosen_anew_and_the_preview_follows(importer):
    LeadFactory(source_system="crm", external_id="3", company="Halvorsen")
    said = form_of(upload(importer, source_system="crm"))
    response = importer.post(UPLOAD, said | {"column-3": "external_id", "column-4": ""})
    assert counts(response) == (1, 1, 0, 1)
    importer.post(CONFIRM, form_of(response))
    lead = Lead.objects.get(external_id="1")
    assert (lead.company, lead.attributes, lead.source_system) == ("Lenoir", {}, "crm")


def test_what_was_confirmed_is_imported_and_the_rejected_rows_can_be_downloaded(importer):
    response = importer.post(CONFIRM, form_of(upload(importer, source="fair")), follow=True)
    run = ImportRun.objects.get()
    assert (run.file_name, run.by, run.source) == ("leads.csv", importer.user, "fair")
    assert "2 created, 0 updated, 0 unchanged, 1 rejected" in response.content.decode()
    assert set(Lead.objects.values_list("pool__name", "source")) == {("Everyone", "fair")}
    rejects = reverse("admin:leaddistrib_importrun_rejects", args=[run.pk])
    assert rejects in response.content.decode()
    download = importer.get(rejects)
    assert 'filename="leads-rejected.csv"' in download["Content-Disposition"]
    assert download.content.startswith("\ufeffline;reason;Company".encode())
    mended = download.content.replace(b"Kestrel;nobody", b"Kestrel;ann@kestrel.co.uk")
    importer.post(CONFIRM, form_of(upload(importer, mended)))
    assert Lead.objects.filter(company="Kestrel").exists()
    assert not list(importer.folder.iterdir())


def test_a_second_click_on_import_imports_nothing_again(importer):
    said = form_of(upload(importer))
    importer.post(CONFIRM, said)
    response = importer.post(CONFIRM, said, follow=True)
    assert "imported already" in response.content.decode()
    assert (Lead.objects.count(), ImportRun.objects.count()) == (2, 1)


def test_who_is_cut_off_half_way_is_told_that_the_rows_before_are_in(importer, monkeypatch):
    def busy_at_the_second(given, **how):
        if Lead.objects.exists():
            raise Busy("The database is busy. Nothing was changed; try again.")
        return receive_many(given, **how)

    monkeypatch.setattr(importing, "BATCH", 1)
    said = form_of(upload(importer))
    monkeypatch.setattr(importing, "receive_many", busy_at_the_second)
    text = importer.post(CONFIRM, said, follow=True).content.decode()
    assert "What was imported stays so: upload the file again." in text
    assert "Nothing was changed" not in text
    assert Lead.objects.get().company == "Lenoir"


def test_columns_changed_after_the_preview_are_previewed_before_they_are_imported(importer):
    said = form_of(upload(importer))
    response = importer.post(CONFIRM, said | {"column-0": "city"})
    assert "Look at the preview once more" in response.content.decode()
    assert not Lead.objects.exists()
    importer.post(CONFIRM, form_of(response))
    assert Lead.objects.filter(city="Lenoir").exists()


def test_two_columns_are_not_taken_for_one_field(importer):
    response = importer.post(UPLOAD, form_of(upload(importer)) | {"column-3": "company"})
    assert "“Company” is this field already." in response.content.decode()
    assert "report" not in response.context


def test_two_columns_named_alike_are_a_field_and_an_attribute(importer):
    response = upload(importer, "email,E-mail\na@example.com,b@example.com\n")
    assert [field.value() for field in response.context["form"].columns] == [
        "contact.email",
        "attributes.E-mail",
    ]


def test_numbers_are_read_as_the_file_writes_them(importer):
    content = "company;score;received at\nLenoir;1 000;03/04/2026\n"
    assert counts(upload(importer, content)) == (0, 0, 0, 1)
    response = upload(importer, content, locale="fr")
    assert counts(response) == (1, 0, 0, 0)
    importer.post(CONFIRM, form_of(response))
    assert Lead.objects.get().received_at.isoformat() == "2026-04-03T00:00:00+00:00"


def test_a_workbook_is_imported_like_a_csv(importer):
    book = Workbook()
    book.active.append(["company", "employees"])
    book.active.append(["Lenoir", 1200])
    stream = io.BytesIO()
    book.save(stream)
    importer.post(CONFIRM, form_of(upload(importer, stream.getvalue(), "leads.xlsx")))
    assert Lead.objects.get().employees == 1200


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("", "empty"), ("a,a\n1,2\n", "same name"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old")],
)
def test_a_file_of_no_use_is_refused_with_what_to_do(importer, content, complaint):
    response = upload(importer, content)
    assert complaint in response.context["form"].errors["import_file"][0]
    assert not list(importer.folder.iterdir())


def test_a_formula_in_a_file_comes_back_as_text(importer):
    importer.post(CONFIRM, form_of(upload(importer, "company,email\n=1+1,nobody\n")))
    assert ",'=1+1,nobody" in ImportRun.objects.get().rejects


def test_nobody_imports_without_the_permission(signed_in):
    client = signed_in("add_lead", "change_lead", "view_lead", "view_importrun")
    assert client.get(UPLOAD).status_code == 403
    assert client.post(CONFIRM).status_code == 403
    assert UPLOAD not in client.get(reverse("admin:leaddistrib_lead_changelist")).content.decode()


def test_the_place_of_a_waiting_file_cannot_be_made_up_or_borrowed(importer, client):
    said = form_of(upload(importer))
    assert importer.post(UPLOAD, said | {"file": "/etc/passwd"}).status_code == 403
    oscar = UserFactory(username="oscar", is_staff=True, is_superuser=True)
    client.force_login(oscar)
    assert client.post(CONFIRM, said).status_code == 403
    assert not Lead.objects.exists()


def test_without_the_import_package_the_admin_works_and_says_how_to_get_it(process_environment):
    """In a process of its own, where the package cannot be imported."""
    program = """
        import sys
        sys.modules["import_export"] = None
        from config import settings
        settings.INSTALLED_APPS.remove("import_export")
        import django
        django.setup()
        from django.contrib.auth import get_user_model
        from django.test import Client
        from django.urls import NoReverseMatch, reverse
        client = Client(SERVER_NAME="localhost")
        client.force_login(get_user_model().objects.create_superuser("olga"))
        page = client.get("/admin/leaddistrib/lead/")
        assert page.status_code == 200
        assert "pip install leaddistrib[import]" in page.content.decode()
        assert client.get("/admin/leaddistrib/importrun/").status_code == 200
        from leaddistrib.testing import TerritoryFactory
        TerritoryFactory()
        page = client.get("/admin/leaddistrib/territory/").content.decode()
        assert "/admin/leaddistrib/territory/export/" in page
        assert "/admin/leaddistrib/territory/import/" not in page
        try:
            reverse("admin:leaddistrib_lead_import")
        except NoReverseMatch:
            print("works without")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=process_environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "works without", done.stderr


OUTCOMES = reverse("admin:leaddistrib_outcome_import")
KEEP = reverse("admin:leaddistrib_outcome_process_import")
DEALS = """Deal;external id;stage;closed at;deal value;owner
Lenoir, Lyon;1;won;2026-03-02;1200,50;amina
Kestrel;2;sold;2026-03-02;;
Halvorsen;9;lost;2026-03-03;;
"""


@pytest.fixture
def seller(signed_in, tmp_path, monkeypatch):
    """Olga may import, record outcomes and see leads; two of Amina's leads are known as crm 1 and
    crm 2."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    amina = RepFactory(user__username="amina")
    for number, company in (("1", "Lenoir"), ("2", "Kestrel")):
        LeadFactory(owner=amina, company=company, source_system="crm", external_id=number)
    return signed_in("import_lead", "add_outcome", "view_outcome", "view_lead")


def upload_deals(client, content=DEALS, **more):
    file = SimpleUploadedFile("deals.csv", content.encode())
    return client.post(
        OUTCOMES, {"import_file": file, "source_system": "crm", "locale": "fr", **more}
    )


def test_what_came_of_leads_is_previewed_and_kept_from_a_file(seller):
    assert OUTCOMES in seller.get(reverse("admin:leaddistrib_outcome_changelist")).content.decode()
    preview = upload_deals(seller)
    columns = {field.label: field.value() for field in preview.context["form"].columns}
    assert columns == {
        "Deal": None,
        "external id": "external_id",
        "stage": "stage",
        "closed at": "closed_at",
        "deal value": "deal_value",
        "owner": "owner",
    }
    assert counts(preview) == (1, 0, 0, 2)
    text = preview.content.decode()
    assert "got “sold”" in text
    assert "There is no lead “9” of the source system “crm”." in text
    assert not Outcome.objects.exists()

    done = seller.post(KEEP, form_of(preview), follow=True)

    assert "1 created, 0 updated, 0 unchanged, 2 rejected" in done.content.decode()
    outcome = Outcome.objects.get()
    assert (outcome.lead.company, outcome.stage, outcome.value) == (
        "Lenoir",
        "won",
        Decimal("1200.50"),
    )
    assert (outcome.by, outcome.lead.status) == (seller.user, "closed")
    run = ImportRun.objects.get()
    assert (run.file_name, run.created, run.rejected) == ("deals.csv", 1, 2)
    again = upload_deals(seller)
    assert counts(again) == (0, 0, 1, 2)


def test_a_list_of_deals_won_needs_no_column_that_says_so(seller):
    content = "external id,closed at\n1,2026-03-02\n"
    without = upload_deals(seller, content)
    assert "An import of outcomes needs a column “stage”." in without.content.decode()

    seller.post(KEEP, form_of(upload_deals(seller, content, stage="won")))

    assert Outcome.objects.get().stage == "won"


@pytest.mark.parametrize("missing", ["import_lead", "add_outcome", "view_lead"])
def test_outcomes_are_imported_by_who_may_import_record_and_see_leads(signed_in, missing):
    needed = {"import_lead", "add_outcome", "view_lead"}
    client = signed_in("view_outcome", *(needed - {missing}))
    assert client.get(OUTCOMES).status_code == 403
    assert client.post(KEEP).status_code == 403


def test_a_file_that_waits_for_leads_is_none_of_outcomes(importer):
    """Each page knows its own files only."""
    said = form_of(upload(importer))
    olga = importer.user
    olga.user_permissions.add(Permission.objects.get(codename="add_outcome"))
    assert importer.post(KEEP, said).status_code == 403

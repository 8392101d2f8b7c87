"""Accounts and territories come in from a file: bounded, previewed, and only with no row wrong."""

import csv
import io
import zipfile

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from leaddistrib.engine.territories import Where
from leaddistrib.errors import Busy
from leaddistrib.lifecycle.catalogue import accounts, files
from leaddistrib.lifecycle.catalogue.accounts import Accounts
from leaddistrib.lifecycle.catalogue.files import import_list
from leaddistrib.models import Account, Metro, Organisation, Territory
from leaddistrib.queries.territories import territory_index
from leaddistrib.testing import (
    AccountFactory,
    RepFactory,
    TeamFactory,
    TerritoryFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ACCOUNTS = ("add_account", "change_account", "view_account")
TERRITORIES = ("add_territory", "change_territory", "view_territory")


def upload(client, text, what="account"):
    """The answer to a file, before anything is confirmed."""
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("list.csv", content)
    return client.post(reverse(f"admin:leaddistrib_{what}_import"), {"import_file": file})


def confirm(client, preview, what="account"):
    address = reverse(f"admin:leaddistrib_{what}_process_import")
    return client.post(address, {"file": preview.context["token"]})


def bring_in(client, text, what="account"):
    """Upload, look, confirm; returns the preview's report and what was said in the end."""
    preview = upload(client, text, what)
    response = confirm(client, preview, what)
    assert response.status_code == 302
    said = [str(message) for message in get_messages(response.wsgi_request)]
    return preview.context["report"], said


def wrong(response):
    return [(row.line, row.reason) for row in response.context["report"].first_rejects]


# Accounts

FILE = """name,domain,country,industry,employees,owner
Élan SARL,www.elan.fr,France,software,1 200,amina
Orage GmbH,,DE,,,
"""


def test_accounts_come_in_from_a_file_after_a_preview(signed_in):
    amina = RepFactory(user__username="amina")
    client = signed_in(*ACCOUNTS)
    preview = upload(client, FILE)
    assert preview.context["report"].created == 2
    assert not Account.objects.exists()

    confirm(client, preview)

    elan = Account.objects.get(name="Élan SARL")
    assert (elan.domain, elan.country, elan.employees, elan.owner) == ("elan.fr", "FR", 1200, amina)
    assert elan.match_name == "elan"
    [record] = elan.history.all()
    assert (record.history_user, record.history_change_reason) == (client.user, "list.csv")


def test_the_same_accounts_again_change_only_what_differs(signed_in):
    RepFactory(user__username="amina")
    bruno = RepFactory(user__username="bruno")
    client = signed_in(*ACCOUNTS)
    bring_in(client, FILE)

    report, said = bring_in(client, FILE.replace("amina", "bruno"))

    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)
    assert said == ["0 created, 1 updated, 1 unchanged"]
    elan = Account.objects.get(domain="elan.fr")
    assert elan.owner == bruno
    assert [record.history_type for record in elan.history.all()] == ["~", "+"]
    assert Account.objects.get(name="Orage GmbH").history.count() == 1


def test_a_row_without_a_domain_is_the_account_of_its_name_and_leaves_the_domain(signed_in):
    client = signed_in(*ACCOUNTS)
    AccountFactory(name="Orage GmbH", domain="orage.de", industry="steel")
    bring_in(client, "Name,Domain,Country\nORAGE,,Germany\n")
    orage = Account.objects.get()
    assert (orage.name, orage.domain, orage.country) == ("ORAGE", "orage.de", "DE")
    assert orage.industry == "steel", "there is no such column in the file"


def test_what_is_wrong_is_named_with_line_and_column_and_nothing_is_written(signed_in):
    client = signed_in(*ACCOUNTS)
    text = "name,country,owner\nÉlan,Atlantis,\nOrage,DE,nobody\n,FR,\nÉlan,FR,\n"
    preview = upload(client, text)
    assert wrong(preview) == [
        (2, "“country”: Expected a country such as FR, FRA or France, got “Atlantis”."),
        (3, "“owner”: Expected the user name of a rep, got “nobody”."),
        (4, "“name”: A name is needed."),
    ]
    assert "Nothing is imported while a row is wrong" in preview.content.decode()
    again = confirm(client, preview)
    assert again.status_code == 200
    assert not Account.objects.exists()


def test_two_rows_of_one_account_are_named(signed_in):
    AccountFactory(name="Bois", domain="bois.fr")
    text = "name,domain\nÉlan,elan.fr\nElan SARL,www.elan.fr\nÉlan,\nBois,bois.fr\nBois,\n"
    assert wrong(upload(signed_in(*ACCOUNTS), text)) == [
        (3, "This is the account of line 2 already."),
        (4, "This is the account of line 2 already."),
        (6, "This is the account of line 5 already."),
    ]


def test_columns_that_are_not_known_are_named_and_a_name_must_be_there(signed_in):
    client = signed_in(*ACCOUNTS)
    page = upload(client, "name,ownr\nÉlan,amina\n").content.decode()
    assert "Columns that are not read: ownr" in page
    response = upload(client, "company\nÉlan\n")
    assert "There is no column “name”" in response.content.decode()
    assert "name, domain, country, industry, employees, owner" in response.content.decode()


def test_a_file_is_bounded_in_bytes_rows_and_cells(signed_in, settings):
    client = signed_in(*ACCOUNTS)
    settings.LEADDISTRIB = {"IMPORT_MAX_BYTES": 200, "IMPORT_MAX_ROWS": 3, "IMPORT_MAX_CELL": 20}
    assert "larger than" in upload(client, "name\n" + "x" * 200).content.decode()
    assert "more than 3 rows" in upload(client, "name\n1\n2\n3\n4\n").content.decode()
    [(line, reason)] = wrong(upload(client, "name\n" + "x" * 21 + "\n"))
    assert line == 2
    assert "at most 20" in reason


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(signed_in):
    book = Workbook()
    book.active.append(["name"])
    packed = io.BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * (300 * 1024 * 1024))
    assert len(packed.getvalue()) < 1024 * 1024
    response = upload(signed_in(*ACCOUNTS), packed.getvalue())
    assert "more than is read" in response.content.decode()


def test_a_confirmed_file_is_imported_once_and_only_by_who_uploaded_it(signed_in):
    client = signed_in(*ACCOUNTS)
    preview = upload(client, "name\nÉlan\n")
    confirm(client, preview)
    again = confirm(client, preview)
    assert "no longer there" in str([*get_messages(again.wsgi_request)][-1])
    assert Account.objects.count() == 1
    address = reverse("admin:leaddistrib_account_process_import")
    assert client.post(address, {"file": "made up"}).status_code == 403

    preview = upload(client, "name\nOrage\n")
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert confirm(client, preview).status_code == 403
    assert Account.objects.count() == 1


def test_who_is_cut_off_half_way_is_told_that_the_rows_before_are_in(signed_in, monkeypatch):
    client = signed_in(*ACCOUNTS)
    write = accounts._write

    def busy_at_bois(batch, *arguments):
        if batch[0].values["name"] == "Bois":
            raise Busy("The database is busy. Nothing was changed; try again.")
        write(batch, *arguments)

    monkeypatch.setattr(files, "BATCH", 1)
    monkeypatch.setattr(accounts, "_write", busy_at_bois)
    text = "name\nÉlan\nBois\n"
    _report, said = bring_in(client, text)

    assert said == [
        "Too much is going on at once. What was imported stays so: upload the file again."
    ]
    assert Account.objects.get().name == "Élan"
    monkeypatch.setattr(accounts, "_write", write)
    report, _said = bring_in(client, text)
    assert (report.created, report.unchanged) == (1, 1)


def test_who_may_not_change_accounts_imports_none(signed_in):
    client = signed_in("add_account", "view_account")
    assert client.get(reverse("admin:leaddistrib_account_import")).status_code == 403
    assert client.post(reverse("admin:leaddistrib_account_process_import")).status_code == 403


def test_queries_grow_with_batches_and_not_with_rows(django_assert_max_num_queries):
    reps = [RepFactory(user__username=f"rep{number}") for number in range(3)]

    def file(country):
        rows = (f"Company {n},c{n}.example,{country},rep{n % 3}" for n in range(400))
        return io.BytesIO("\n".join(["name,domain,country,owner", *rows]).encode())

    with django_assert_max_num_queries(20):
        import_list(Accounts(), file("FR"), name="a.csv")
    with django_assert_max_num_queries(30):
        report = import_list(Accounts(), file("DE"), name="b.csv")
    assert report.updated == 400
    assert reps[0].accounts.filter(country="DE").count() == 134
    assert Account.history.filter(history_type="~").count() == 400


# Territories

PLACES = """name;countries;subdivisions;metros;postal_prefixes;team;reps
North;"Belgium; NL";FR-59;Lille;;Field;amina
Paris;;;;FR 750;Field;"amina; bruno"
Paris;;;;FR 92;;
"""


@pytest.fixture
def people(db):
    TeamFactory(name="Field")
    Metro.objects.create(name="Lille", country="FR", postal_prefixes=["590"])
    return RepFactory(user__username="amina"), RepFactory(user__username="bruno")


def test_territories_come_in_and_rows_of_one_name_are_one(signed_in, people):
    client = signed_in(*TERRITORIES)
    territory_index()  # what was compiled before is not used afterwards

    report, said = bring_in(client, PLACES, "territory")

    assert report.created == 2
    assert said == ["2 created, 0 updated, 0 unchanged"]
    north, paris = Territory.objects.order_by("name")
    assert (north.countries, north.subdivisions) == (["BE", "NL"], ["FR-59"])
    assert north.metros.get().name == "Lille"
    assert (str(north.team), list(north.reps.all())) == ("Field", [people[0]])
    assert paris.postal_prefixes == ["FR 750", "FR 92"]
    assert set(paris.reps.all()) == set(people)
    newest = paris.history.first()
    assert {one.rep for one in newest.reps.all()} == set(people)
    assert (newest.history_user, newest.history_change_reason) == (client.user, "list.csv")
    assert not territory_index().gaps([Where(country="BE")])


def test_a_file_replaces_the_columns_it_has_of_the_territories_it_names(signed_in, people):
    amina, _bruno = people
    paris = TerritoryFactory(name="Paris", postal_prefixes=["FR 750"], countries=["BE"])
    paris.reps.set(people)
    TerritoryFactory(name="South", countries=["ES"])
    client = signed_in(*TERRITORIES)
    before = paris.history.count()

    report, _said = bring_in(client, "name,postal_prefixes,reps\nParis,fr 92,amina\n", "territory")

    paris.refresh_from_db()
    assert report.updated == 1
    assert (paris.postal_prefixes, paris.countries) == (["FR 92"], ["BE"])
    assert paris.reps.get() == amina
    assert Territory.objects.get(name="South").countries == ["ES"]
    assert paris.history.count() == before + 1


def test_what_is_exported_is_imported_again_as_it_is(signed_in, people):
    client = signed_in(*TERRITORIES)
    bring_in(client, PLACES, "territory")
    many = [f"FR {number}" for number in range(10000, 11200)]
    TerritoryFactory(name="=Many", postal_prefixes=many)

    file = client.get(reverse("admin:leaddistrib_territory_export")).content
    report, _said = bring_in(client, file, "territory")

    assert (report.unchanged, report.created, report.updated) == (3, 0, 0)
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == ["'=Many"] * 3 + ["North", "Paris"]
    [kept] = Organisation.history.all()
    assert kept.history_change_reason == "export:territories:5:"
    assert kept.history_user == client.user


def test_who_only_asks_whether_there_is_a_file_of_territories_took_nothing_out(signed_in):
    TerritoryFactory(name="Paris")
    client = signed_in("view_territory")
    response = client.head(reverse("admin:leaddistrib_territory_export"))
    assert response["Content-Type"].startswith("text/csv")
    assert not Organisation.history.exists()


def test_what_is_wrong_with_a_territory_is_named_with_line_and_column(signed_in, people):
    TeamFactory(name="Inside")
    text = (
        "name,team,postal_prefixes,metros,reps\n"
        "Paris,Field,FR 750,,\n"
        "Paris,Inside,750,Atlantis,nobody\n"
        "Paris,Inside,,,\n"
    )
    preview = upload(signed_in(*TERRITORIES), text, "territory")
    lines = dict(wrong(preview))
    assert "“postal_prefixes”: Expected a country and the start" in lines[3]
    assert "“metros”: Expected the name of a metropolitan area, got “Atlantis”." in lines[3]
    assert "“reps”: Expected the user name of a rep, got “nobody”." in lines[3]
    assert lines[4] == "“team”: “Field” has it already, in line 2."
    assert not Territory.objects.exists()


def test_overlaps_are_told_after_an_import(signed_in, people):
    TerritoryFactory(name="Elder", countries=["FR"])
    _report, said = bring_in(signed_in(*TERRITORIES), "name,countries\nNew,FR\n", "territory")
    assert said[1] == "France (FR) is also in “New”: its leads go to “Elder”, the oldest."


def test_territories_are_exported_by_who_may_view_them_and_imported_by_who_may_change_them(
    signed_in,
):
    client = signed_in("view_territory")
    TerritoryFactory(name="Paris")
    assert "Paris" in client.get(reverse("admin:leaddistrib_territory_export")).content.decode()
    assert client.get(reverse("admin:leaddistrib_territory_import")).status_code == 403
    listed = client.get(reverse("admin:leaddistrib_territory_changelist")).content.decode()
    assert reverse("admin:leaddistrib_territory_export") in listed
    assert reverse("admin:leaddistrib_territory_import") not in listed
    client.user.user_permissions.clear()
    assert client.get(reverse("admin:leaddistrib_territory_export")).status_code == 403

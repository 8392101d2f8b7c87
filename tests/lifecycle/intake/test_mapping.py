"""A column map says which column is which field; what it cannot mean is said before any row."""

from datetime import UTC, datetime

import pytest

from leaddistrib.errors import InvalidLead, UnreadableFile
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.mapping import ColumnMap, load_map
from leaddistrib.lifecycle.intake.table import Row


@pytest.fixture
def written_map(tmp_path):
    """Write a column map and load it."""

    def load(text):
        path = tmp_path / "map.toml"
        path.write_text(text, encoding="utf-8")
        return load_map(path)

    return load


def row(**values):
    return Row(line=2, values=values)


def test_columns_constants_and_translations_make_a_lead(written_map):
    column_map = written_map(
        """
        source_system = "crm"

        [columns]
        external_id = "id"
        "contact.email" = "mail"
        contact.name = "who"
        lead_type = "kind"
        "attributes.landing_page" = "page"

        [constants]
        country = "FR"

        [values.lead_type]
        "Démo" = "demo_request"
        """
    )
    data = column_map.apply(row(id="7", mail="a@acme.fr", who="Amina", kind=" démo ", page="p1"))
    assert data == {
        "source_system": "crm",
        "country": "FR",
        "external_id": "7",
        "contact.email": "a@acme.fr",
        "contact.name": "Amina",
        "lead_type": "demo_request",
        "attributes.landing_page": "p1",
    }
    assert clean(data).lead_type == "demo_request"


def test_a_blank_cell_stays_blank_and_makes_no_attribute():
    column_map = ColumnMap({"source": "origin", "attributes.page": "page"})
    assert column_map.apply(row(origin="", page="")) == {"source": ""}


def test_a_value_without_a_translation_is_kept(written_map):
    column_map = written_map('[columns]\nsource="s"\n[values.source]\n"a"="b"')
    assert column_map.apply(row(s="c")) == {"source": "c"}


def test_a_missing_column_is_named_with_the_columns_that_are_there():
    column_map = ColumnMap({"company": "Company", "city": "Town"})
    expected = "The file has no column “Town”. Its columns are: “Company”, “City”."
    with pytest.raises(UnreadableFile) as refused:
        column_map.check(["Company", "City"])
    assert str(refused.value) == expected
    with pytest.raises(UnreadableFile) as refused:
        column_map.apply(row(Company="Acme", City="Paris"))
    assert str(refused.value) == expected


def test_without_a_map_headers_named_like_fields_are_these_fields():
    headers = ["Company", "Contact Name", "contact_email", "POSTAL-CODE", "Phone", "Shoe size"]
    assert ColumnMap.default_for(headers).columns == {
        "company": "Company",
        "contact.name": "Contact Name",
        "contact.email": "contact_email",
        "postal_code": "POSTAL-CODE",
        "contact.phone": "Phone",
        "attributes.Shoe size": "Shoe size",
    }


def test_without_a_map_two_columns_for_one_field_are_refused():
    with pytest.raises(UnreadableFile, match=r"“Email” and “contact\.email”"):
        ColumnMap.default_for(["Email", "contact.email"])


@pytest.mark.parametrize(
    ("locale", "written", "employees"),
    [
        ("fr", "1 234,0", 1234),
        ("fr", "12,0", 12),
        ("en", "1,234.00", 1234),
        ("de", "1.234", 1234),
        ("fr", 12, 12),
    ],
)
def test_numbers_are_read_as_the_map_says(written_map, locale, written, employees):
    column_map = written_map(f'locale="{locale}"\n[columns]\nemployees="n"')
    assert clean(column_map.apply(row(n=written))).employees == employees


@pytest.mark.parametrize(("locale", "written"), [("fr", "1,234"), ("en", "12,0"), ("fr", "12,5")])
def test_a_number_written_otherwise_than_the_map_says_is_not_guessed(written_map, locale, written):
    column_map = written_map(f'locale="{locale}"\n[columns]\nemployees="n"')
    with pytest.raises(InvalidLead):
        clean(column_map.apply(row(n=written)))


PARIS_NOON = datetime(2026, 4, 3, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings_", "written", "moment"),
    [
        ('locale="fr"', "03/04/2026 12:00", PARIS_NOON),
        ('locale="en_GB"', "3.4.2026 12:00:00", PARIS_NOON),
        ('locale="en_US"', "04/03/2026 12:00 PM", PARIS_NOON),
        ("dayfirst=true", "03-04-2026 12:00", PARIS_NOON),
        ("dayfirst=false", "04/03/2026 12:00", PARIS_NOON),
        ('locale="fr"\ndayfirst=false', "04/03/2026 12:00", PARIS_NOON),
        ("", "2026-04-03T12:00", PARIS_NOON),
        ("", "2026-04-03T12:00+02:00", PARIS_NOON),
        ("", "2026-04-03T10:00Z", PARIS_NOON),
        ("", "46115.5", PARIS_NOON),
        ("", "46115,5", PARIS_NOON),
        ("", 46115.5, PARIS_NOON),
        ("", datetime(2026, 4, 3, 12, 0), PARIS_NOON),  # noqa: DTZ001
        ("", "2026-04-03", datetime(2026, 4, 2, 22, 0, tzinfo=UTC)),
        ("", "46115", datetime(2026, 4, 2, 22, 0, tzinfo=UTC)),
    ],
)
def test_dates_are_read_as_the_map_says_and_kept_in_utc(written_map, settings_, written, moment):
    column_map = written_map(f'timezone="Europe/Paris"\n{settings_}\n[columns]\nreceived_at="date"')
    assert clean(column_map.apply(row(date=written))).received_at == moment


@pytest.mark.parametrize(
    ("settings_", "written"),
    [("dayfirst=true", "04/25/2026"), ("dayfirst=false", "25/04/2026"), ("", "03/04/2026")],
)
def test_a_date_the_other_way_round_is_named_and_not_turned(written_map, settings_, written):
    column_map = written_map(f'{settings_}\n[columns]\nreceived_at="date"')
    with pytest.raises(InvalidLead) as refused:
        clean(column_map.apply(row(date=written)))
    assert written in refused.value.fields["received_at"][0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns = 3", "“columns” has the wrong type"),
        ("colums = 3", "no setting “colums”"),
        ("[columns]\ncompagny='x'", r"in \[columns\], there is no field “compagny”"),
        ("[columns]\ncompany=3", r"in \[columns\], “company” has the wrong type"),
        ("source='x'\n[columns]\nsource='y'", "“source” is both"),
        ("[values]\nsource='x'", r"in \[values\], “source” has the wrong type"),
        ("locale='xx'", "xx"),
        ("timezone='Europe/Pariss'", "Pariss"),
        ("timezone='../etc/passwd'", "passwd"),
        ("not toml", "map.toml"),
    ],
)
def test_a_map_that_makes_no_sense_is_told_what_is_wrong(written_map, text, said):
    with pytest.raises(UnreadableFile, match=said):
        written_map(text)


def test_a_map_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(UnreadableFile, match="No such file"):
        load_map(tmp_path / "map.toml")

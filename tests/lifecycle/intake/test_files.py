"""A CSV file or a workbook from anywhere gives right rows, or says which line is wrong and why."""

import codecs
import io
import zipfile
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from leaddistrib.errors import UnreadableFile
from leaddistrib.lifecycle.intake.files import read_rows
from leaddistrib.lifecycle.intake.table import Limits

TWO_ROWS = [
    (2, {"company": "Société Générale", "city": "Paris"}),
    (3, {"company": "Zoë & Cie", "city": "Orléans"}),
]
TWO_ROWS_CSV = "company,city\nSociété Générale,Paris\nZoë & Cie,Orléans\n"


def table(content, name="leads.csv", **limits):
    """The content of a file, opened."""
    raw = content.encode() if isinstance(content, str) else content
    return read_rows(io.BytesIO(raw), name, limits=Limits(**limits))


def good(rows):
    return [(row.line, row.values) for row in rows if not row.reason]


def rejected(rows):
    return [(row.line, row.reason) for row in rows if row.reason]


def workbook(*rows):
    """The bytes of a workbook with these rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def saved(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_part(content, part, change):
    """The same workbook with one part of it changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return stream.getvalue()


SPREADSHEET_XML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHARED_TEXTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def excel_workbook(*texts):
    """A workbook of one column as Excel writes it: its texts in a part of their own."""
    content = workbook(*([n] for n in range(len(texts))))
    content = with_part(
        content,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b't="n"', b't="s"'),
    )
    content = with_part(
        content,
        "[Content_Types].xml",
        lambda xml: xml.replace(
            b"</Types>",
            (
                f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_TEXTS_TYPE}" />'
                "</Types>"
            ).encode(),
        ),
    )
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        items = "".join(f"<si><t>{text}</t></si>" for text in texts)
        shared = f'<sst xmlns="{SPREADSHEET_XML}">{items}</sst>'
        archive.writestr("xl/sharedStrings.xml", shared)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("encoding", "known_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
    ],
)
def test_accents_survive_whatever_the_encoding(encoding, known_as):
    leads = table(TWO_ROWS_CSV.encode(encoding))
    assert good(leads) == TWO_ROWS
    assert leads.encoding == known_as


def test_big_endian_utf_16_is_read():
    leads = table(codecs.BOM_UTF16_BE + TWO_ROWS_CSV.encode("utf-16-be"))
    assert good(leads) == TWO_ROWS


def test_the_euro_sign_of_windows_is_read():
    assert good(table("price\n1 €\n".encode("cp1252"))) == [(2, {"price": "1 €"})]


def test_bytes_that_windows_does_not_know_are_read_as_latin_1():
    assert table(b"company\nCaf\xe9 \x81\n").encoding == "latin-1"


def test_one_broken_byte_costs_its_own_row_and_no_other():
    content = TWO_ROWS_CSV.encode() + b"Caf\xe9,Lyon\n" + "Crédit,Nice\n".encode()
    leads = list(table(content))
    assert good(leads) == [*TWO_ROWS, (5, {"company": "Crédit", "city": "Nice"})]
    assert rejected(leads) == [
        (4, "Column “company”: it holds bytes that are not text in the encoding of the file.")
    ]
    assert leads[2].values == {"company": "Caf?", "city": "Lyon"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_and_any_line_end_is_read(delimiter, end):
    leads = table(TWO_ROWS_CSV.replace(",", delimiter).replace("\n", end))
    assert good(leads) == TWO_ROWS
    assert leads.delimiter == delimiter


def test_commas_in_french_numbers_are_no_separators():
    leads = table('name;"notes, other";share\nAmina;"a, b, c";12,5\nBruno;d, e;1 234,0\n')
    assert [values["share"] for _line, values in good(leads)] == ["12,5", "1 234,0"]


def test_a_quoted_header_with_a_line_break_is_one_header():
    leads = table('"company\nname";city\nAcme;Paris\n')
    assert good(leads) == [(3, {"company\nname": "Acme", "city": "Paris"})]


def test_a_separator_line_for_spreadsheets_is_obeyed():
    assert good(table("sep=;\r\na;b\r\n1,5;2\r\n")) == [(3, {"a": "1,5", "b": "2"})]


def test_a_file_of_headers_only_has_no_rows():
    leads = table("company;city\n")
    assert leads.headers == ["company", "city"]
    assert list(leads) == []


def test_blank_lines_do_not_shift_the_line_numbers():
    leads = table("\n\ncompany,city\n\nAcme,Paris\n,\n  ,\nBolt,Lyon\n\n")
    assert [row.line for row in leads] == [5, 8]


def test_line_breaks_inside_a_cell_do_not_shift_the_line_numbers():
    leads = table('a,b\n"one\r\ntwo\n\nthree",x\nfour,y\n')
    assert good(leads) == [
        (2, {"a": "one\r\ntwo\n\nthree", "b": "x"}),
        (6, {"a": "four", "b": "y"}),
    ]


def test_rows_with_too_many_or_too_few_cells_are_named():
    leads = list(table("a,b\n1\n1,2\n1,2,3\n"))
    assert good(leads) == [(3, {"a": "1", "b": "2"})]
    assert rejected(leads) == [
        (2, "The row has 1 cell where the header has 2."),
        (4, "The row has 3 cells where the header has 2. The first one too many is “3”."),
    ]


@pytest.mark.parametrize(
    ("content", "name"), [("a,,b\n1,2,3\n", "2"), ("a,b,\n1,2,3\n", "3"), (" ;b\n1;2\n", "1")]
)
def test_a_column_without_a_name_is_a_fault_of_the_file(content, name):
    with pytest.raises(UnreadableFile, match=f"Column {name} has no name"):
        table(content)


def test_two_columns_of_one_name_are_a_fault_of_the_file():
    with pytest.raises(UnreadableFile, match="same name: “E-mail”, “e-mail”"):
        table("E-mail,city,e-mail\n1,2,3\n")


@pytest.mark.parametrize("content", ["", "\n\n", " \r\n", "\ufeff"])
def test_an_empty_file_is_said_to_be_empty(content):
    with pytest.raises(UnreadableFile, match="empty"):
        table(content)


HUGE = {
    "plain": "x" * 2_000_000,
    "quoted": '"' + "x" * 2_000_000 + '"',
    "of many lines": '"' + "x;,\n" * 500_000 + '"',
    "of quotation marks": '"' + '""' * 1_000_000 + '"',
}


@pytest.mark.parametrize("cell", HUGE.values(), ids=HUGE)
def test_two_megabytes_in_one_cell_cost_that_row_only(cell):
    leads = list(table(f"company,note\nAcme,short\nBolt,{cell}\nCafé,short\n"))
    assert [row.values["company"] for row in leads] == ["Acme", "Bolt", "Café"]
    assert [row.reason != "" for row in leads] == [False, True, False]
    assert leads[1].line == 3
    assert "“note”" in leads[1].reason
    assert "at most 10000 are read" in leads[1].reason
    assert len(leads[1].values["note"]) == 10_001


def test_a_row_beyond_all_bounds_costs_that_row_only():
    leads = list(table("a,b\n1,2\n" + "x" * 5000 + ",2\n3,4\n", row=1000))
    assert [row.line for row in leads] == [2, 3, 4]
    assert [row.line for row in leads if row.reason] == [3]


@pytest.mark.parametrize(
    "broken",
    ['"Acme,Paris', '"Acme" SA,Paris', '"Acme,Paris\n"Acme" SA,Paris', '"Acme,"Paris"'],
)
def test_a_stray_quotation_mark_costs_its_own_row_and_swallows_no_other(broken):
    content = f'company,city\nBolt,Lyon\n{broken}\nCafé,Nice\n"Dupont, SA",Brest\n'
    leads = list(table(content))
    lines = broken.count("\n") + 1
    assert good(leads) == [
        (2, {"company": "Bolt", "city": "Lyon"}),
        (3 + lines, {"company": "Café", "city": "Nice"}),
        (4 + lines, {"company": "Dupont, SA", "city": "Brest"}),
    ]
    assert [line for line, _reason in rejected(leads)] == list(range(3, 3 + lines))
    assert all("quotation mark" in reason for _line, reason in rejected(leads))


def test_a_quotation_mark_never_closed_costs_its_own_row():
    leads = list(table('a,b\n1,2\n"3,4\n5,6\n7,8\n'))
    assert [row.line for row in leads if not row.reason] == [2, 4, 5]
    assert [row.line for row in leads if row.reason] == [3]


def test_a_quote_open_for_longer_than_any_row_costs_its_own_row():
    body = "".join(f"{n},x\n" for n in range(500))
    leads = list(table(f'a,b\n"open,x\n{body}', row=1000))
    assert [row.line for row in leads if row.reason] == [2]
    assert len([row for row in leads if not row.reason]) == 500


def test_an_inch_sign_inside_a_cell_is_text():
    assert good(table('a,b\n5" pipe,x\n')) == [(2, {"a": '5" pipe', "b": "x"})]


def test_a_nul_byte_is_named_with_its_line():
    leads = list(table("a,b\n1,2\n3\0,4\n5,6\n"))
    assert rejected(leads) == [(3, "Column “a”: it holds a NUL character.")]
    assert [line for line, _values in good(leads)] == [2, 4]


def test_a_file_of_nul_bytes_is_refused_as_a_whole():
    with pytest.raises(UnreadableFile, match="line 1"):
        table(TWO_ROWS_CSV.encode("utf-16-le"))


def test_a_file_too_large_is_refused_before_it_is_read():
    with pytest.raises(UnreadableFile, match="at most 1 MB"):
        table(b"a\n" + b"1\n" * 600_000, size=1024**2)


def test_too_many_rows_are_said_with_the_line_from_which_none_was_read():
    leads = iter(table("a\n1\n\n2\n3\n", rows=2))
    assert [next(leads).line, next(leads).line] == [2, 4]
    with pytest.raises(UnreadableFile, match="more than 2 rows: none from line 5"):
        next(leads)


def test_the_limits_are_the_hosts_to_set(settings):
    settings.LEADDISTRIB = {"IMPORT_MAX_ROWS": 1, "IMPORT_MAX_CELL": 10, "IMPORT_MAX_BYTES": 100}
    with pytest.raises(UnreadableFile, match="more than 1 rows"):
        list(read_rows(io.BytesIO(b"a\n1\n2\n")))
    [row] = read_rows(io.BytesIO(b"a\nlonger than ten\n"))
    assert "at most 10 are read" in row.reason
    with pytest.raises(UnreadableFile, match="at most 0 MB"):
        read_rows(io.BytesIO(b"x" * 101))


@pytest.mark.parametrize(
    "content", [",".join(map(str, range(9))), workbook(range(9))], ids=["csv", "xlsx"]
)
def test_too_many_columns_are_refused(content):
    with pytest.raises(UnreadableFile, match="more than 8 columns"):
        table(content, columns=8)


def test_a_file_is_read_from_disk_and_closed(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text(TWO_ROWS_CSV, encoding="utf-8")
    with read_rows(path) as leads:
        assert good(leads) == TWO_ROWS
        assert leads.name == "leads.csv"


def test_reading_may_stop_at_any_row(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text(TWO_ROWS_CSV, encoding="utf-8")
    with read_rows(path) as leads:
        assert next(iter(leads)).line == 2


def test_an_upload_is_read_and_stays_open():
    upload = SimpleUploadedFile("leads.csv", TWO_ROWS_CSV.encode())
    assert good(read_rows(upload, upload.name)) == TWO_ROWS
    upload.seek(0)
    assert upload.read() == TWO_ROWS_CSV.encode()


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(UnreadableFile, match=r"missing\.csv cannot be opened"):
        read_rows(tmp_path / "missing.csv")


csv_text = st.text(st.sampled_from('ab,;"\n\r\té\0 ='), max_size=60)


@settings(deadline=None)
@given(csv_text)
@example('"\n"')
def test_no_line_of_a_table_disappears(body):
    """Every line with something on it belongs to a row that is read or rejected."""
    content = f"a,b\n{body}\nlast,row\n"
    rows = list(table(content))
    assert rows[-1].line <= len(io.StringIO(content, newline="").readlines())
    kept = "".join(str(cell) for row in rows for cell in (*row.values.values(), *row.surplus))
    for letter in "abé":
        assert kept.count(letter) == (body + "last").count(letter)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    try:
        rows = list(table(content))
    except UnreadableFile:
        rows = []
    assert all(row.line > 1 and (row.reason or row.values) for row in rows)


# Workbooks


def test_a_workbook_gives_its_numbers_texts_dates_and_booleans():
    content = workbook(
        ["company", "employees", "share", "since", "customer", "note"],
        ["Café", 12, 12.5, datetime(2026, 3, 25, 14, 30), True, None],  # noqa: DTZ001
    )
    assert good(table(content, "leads.xlsx")) == [
        (
            2,
            {
                "company": "Café",
                "employees": 12,
                "share": 12.5,
                "since": datetime(2026, 3, 25, 14, 30),  # noqa: DTZ001
                "customer": True,
                "note": "",
            },
        )
    ]


def test_a_workbook_is_known_by_its_content_whatever_its_name():
    assert good(table(workbook(["a"], [1]), "leads.csv")) == [(2, {"a": 1})]


def test_blank_rows_of_a_workbook_do_not_shift_the_line_numbers():
    content = workbook([], ["a", "b"], [], [1, 2], [None, " "], [3, None])
    assert good(table(content)) == [(4, {"a": 1, "b": 2}), (6, {"a": 3, "b": ""})]


def test_only_the_first_sheet_is_read():
    book = Workbook()
    book.active.append(["a"])
    book.active.append([1])
    book.create_sheet("other").append(["b", "c"])
    assert good(table(saved(book))) == [(2, {"a": 1})]


def test_a_formula_gives_its_last_result():
    content = with_part(
        workbook(["a", "b"], ["=1+1", 5], [3, 4]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>"),
    )
    assert good(table(content)) == [(2, {"a": 2, "b": 5}), (3, {"a": 3, "b": 4})]


def test_a_formula_without_a_result_is_named_and_never_taken_for_a_blank():
    leads = list(table(workbook(["a", "b"], [1, "=1+1"], [3, 4])))
    assert rejected(leads) == [(2, "The formula in column B has no stored result.")]
    assert good(leads) == [(3, {"a": 3, "b": 4})]


def test_an_error_in_a_cell_is_named():
    assert rejected(table(workbook(["a", "b"], [1, "#N/A"]))) == [
        (2, "Column B holds the error #N/A.")
    ]


def test_a_value_beside_the_headers_is_named():
    assert rejected(table(workbook(["a", "b"], [1, 2, "lost"]))) == [
        (2, "The row has 3 cells where the header has 2. The first one too many is “lost”.")
    ]


def test_a_workbook_cell_too_long_costs_that_row_only():
    leads = list(table(workbook(["a"], ["x" * 20_000], ["short"])))
    assert [row.line for row in leads if row.reason] == [2]
    assert good(leads) == [(3, {"a": "short"})]


def test_a_workbook_that_lies_about_its_size_is_read_all_the_same():
    content = with_part(
        workbook(["a", "b"], [1, 2]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1:A1"'),
    )
    assert good(table(content)) == [(2, {"a": 1, "b": 2})]


def test_a_row_number_from_nowhere_ends_the_reading():
    content = with_part(
        workbook(["a"], [1], [2]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'r="3"', b'r="2000000000"').replace(b"A3", b"A2000000000"),
    )
    assert good(table(content)) == [(2, {"a": 1})]


def test_a_workbook_that_unpacks_to_too_much_is_refused():
    content = workbook(["a"], ["x" * 30_000])
    with pytest.raises(UnreadableFile, match="unpacks"):
        table(content, unpacked=20_000)


def test_many_shared_texts_are_refused_sooner_than_many_rows():
    assert len(list(table(workbook(["a"], ["x" * 30_000]), unpacked=100_000))) == 1
    with pytest.raises(UnreadableFile, match="unpacks"):
        table(excel_workbook("a", "x" * 30_000), unpacked=100_000)


def test_the_shared_texts_of_excel_are_read():
    assert good(table(excel_workbook("company", "Café"))) == [(2, {"company": "Café"})]


@pytest.mark.parametrize(
    "part",
    ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml"],
)
@pytest.mark.parametrize("damage", [lambda xml: xml[:-20], lambda xml: b"", lambda xml: b"<a/>"])
def test_a_damaged_workbook_is_said_to_be_damaged(part, damage):
    content = with_part(excel_workbook("a", "text"), part, damage)
    with pytest.raises(UnreadableFile, match=r"damaged|empty"):
        list(table(content))


def test_half_a_workbook_is_said_to_be_damaged():
    content = workbook(["a"], ["text"])
    with pytest.raises(UnreadableFile, match="damaged"):
        table(content[: len(content) // 2])


def test_another_kind_of_archive_is_no_workbook():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("content.xml", "<a/>")
    with pytest.raises(UnreadableFile, match=r"Save it as \.xlsx or CSV"):
        table(stream.getvalue(), "leads.ods")


@pytest.mark.parametrize(("name", "said"), [("leads.xls", "old .xls"), ("leads.xlsx", "password")])
def test_an_old_or_protected_workbook_is_told_how_to_be_saved(name, said):
    with pytest.raises(UnreadableFile, match=said):
        table(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, name)

"""Rejected rows can be downloaded, mended and sent again, and lose nothing on the way (IN7)."""

import io
from datetime import datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.files import read_rows
from leaddistrib.lifecycle.intake.mapping import ColumnMap
from leaddistrib.lifecycle.intake.rejects import RejectWriter, neutralised, restored
from leaddistrib.lifecycle.intake.table import Row


def written(headers, rows, delimiter=","):
    """The bytes of the reject file of these rows."""
    stream = io.StringIO(newline="")
    writer = RejectWriter(stream, headers, delimiter)
    for row in rows:
        writer.add(row)
    return stream.getvalue().encode("utf-8-sig")


def read(content):
    return read_rows(io.BytesIO(content), "rejects.csv")


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
names = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=10)


@st.composite
def tables(draw):
    headers = draw(st.lists(names, min_size=1, max_size=4, unique_by=str.casefold))
    # A row that is blank everywhere is no row of a file.
    cells = st.lists(texts, min_size=len(headers), max_size=len(headers)).filter(
        lambda row: any(cell.strip() for cell in row)
    )
    return headers, draw(st.lists(cells, max_size=5))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), st.sampled_from([",", ";", "\t", "|"]))
@example((["=a", "'+b"], [["=1+1", "'=1"], ["''@x", "\r\n"]]), ",")
@example((["line", "reason"], [["7", "because"]]), ";")
def test_a_reject_file_sent_again_is_what_was_rejected(table, delimiter):
    headers, rows = table
    rejects = [
        Row(n, dict(zip(headers, cells, strict=True)), "Because.")
        for n, cells in enumerate(rows, 2)
    ]
    again = read(written(headers, rejects, delimiter))
    assert again.headers == headers
    assert [(row.values, row.reason) for row in again] == [(row.values, "") for row in rejects]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts)
def test_no_text_leaves_as_a_formula_and_every_text_comes_back(text):
    assert neutralised(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}
    assert restored(neutralised(text)) == text


def test_a_reject_file_names_line_and_reason_beside_the_original_columns():
    content = written(["company"], [Row(7, {"company": "=cmd()"}, "No, because.")])
    assert content.decode("utf-8-sig") == 'line,reason,company\r\n7,"No, because.",\'=cmd()\r\n'


def test_a_row_without_enough_cells_is_rejected_again_until_it_is_mended():
    broken = list(read(b"a,b\n1\n1,2,3\n"))
    again = list(read(written(["a", "b"], broken)))
    assert [row.reason for row in again] == [row.reason for row in broken]
    mended = written(["a", "b"], broken).replace(b",1,2,3", b",1,2")
    assert [row.values for row in read(mended) if not row.reason] == [{"a": "1", "b": "2"}]


def test_a_cell_that_was_too_long_is_rejected_again_until_it_is_mended():
    broken = list(read(b"a,b\n1," + b"x" * 20_000 + b"\n"))
    assert [bool(row.reason) for row in read(written(["a", "b"], broken))] == [True]


def test_numbers_dates_and_booleans_of_a_workbook_come_back_readable():
    since = datetime(2026, 3, 25, 14, 30)  # noqa: DTZ001
    row = Row(2, {"received_at": since, "employees": 12.0, "x": True, "y": 1.5}, "Because.")
    (again,) = read(written(list(row.values), [row]))
    assert again.values == {
        "received_at": "2026-03-25 14:30:00",
        "employees": "12",
        "x": "true",
        "y": "1.5",
    }


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_rejected_lead_is_mended_and_sent_again_with_the_same_map(delimiter):
    sent = b"Company;Phone;Country\nAcme;+33 1 23 45 67 89;Atlantis\nBolt;;FR\n"
    leads = read(sent)
    column_map = ColumnMap.default_for(leads.headers)
    stream = io.StringIO(newline="")
    writer = RejectWriter(stream, leads.headers, delimiter)
    landed = []
    for row in leads:
        try:
            landed.append(clean(column_map.apply(row)))
        except InvalidLead as error:
            writer.add(row, str(error))
    assert [lead.company for lead in landed] == ["Bolt"]
    assert writer.count == 1

    mended = stream.getvalue().replace("Atlantis", "France", 2)
    again = read(mended.encode("utf-8-sig"))
    assert again.headers == leads.headers
    column_map.check(again.headers)
    (lead,) = [clean(column_map.apply(row)) for row in again]
    assert (lead.company, lead.contact_phone, lead.country) == ("Acme", "+33123456789", "FR")
    assert lead.attributes == {}

"""A file of leads is imported: good rows land, bad ones are named and kept to be mended (IN7)."""

import io

import pytest

from leaddistrib.errors import UnreadableFile
from leaddistrib.lifecycle.intake import files, importing
from leaddistrib.lifecycle.intake.importing import import_file
from leaddistrib.lifecycle.intake.mapping import ColumnMap
from leaddistrib.models import Decision, ImportRun, Lead
from leaddistrib.testing import PoolFactory, RepFactory, UserFactory, publish_rules

pytestmark = pytest.mark.django_db

MAP = ColumnMap(
    {"external_id": "Ref", "company": "Firma", "contact.email": "E-mail", "country": "Land"},
    constants={"source_system": "crm"},
)
FILE = """Ref;Firma;E-mail;Land
1;Dupont SA;ana@dupont.fr;France
2;Rossi Srl;nobody at rossi;IT
3;Novák s.r.o.;jan@novak.cz;CZ
"""


def run(text=FILE, column_map=MAP, **options):
    content = text if isinstance(text, bytes) else text.encode()
    return import_file(io.BytesIO(content), name="leads.csv", column_map=column_map, **options)


@pytest.fixture
def everyone():
    pool = PoolFactory(name="Everyone", reps=[RepFactory()])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    return pool


def test_good_rows_land_routed_and_the_wrong_one_is_named_by_line_and_column(everyone):
    report = run()
    assert (report.created, report.rejected) == (2, 1)
    assert {lead.pool for lead in Lead.objects.all()} == {everyone}
    assert Decision.objects.count() == 2
    header, row = report.rejects_csv.splitlines()
    assert header == "line;reason;Ref;Firma;E-mail;Land"
    assert row.startswith("3;“E-mail”: ")
    assert row.endswith("2;Rossi Srl;nobody at rossi;IT")


def test_rejected_rows_mended_and_sent_again_land_and_nothing_twice(everyone):
    mended = run().rejects_csv.replace("nobody at rossi", "nobody@rossi.it")
    again = run(mended.encode("utf-8-sig"))
    assert (again.created, again.rejected, again.rejects_csv) == (1, 0, "")
    assert Lead.objects.count() == 3


def test_the_same_file_again_changes_nothing_and_a_changed_row_is_an_update(everyone):
    run()
    assert run().unchanged == 2
    changed = run(FILE.replace("Dupont SA", "Dupont SAS"))
    assert (changed.updated, changed.unchanged) == (1, 1)
    assert Lead.objects.get(external_id="1").company == "Dupont SAS"


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_a_dry_run_writes_nothing_and_says_what_the_import_then_does(everyone, monkeypatch, batch):
    monkeypatch.setattr(importing, "BATCH", batch)
    run("Ref;Firma;E-mail;Land\n1;Dupont;;\n3;Novák;;\n")
    text = FILE + "3;Novák s.r.o.;jan@novak.cz;CZ\n4;Neu;;\n3;Novák;;\n;Ohne;;\n"
    before = list(Lead.objects.values())
    foreseen = run(text, dry_run=True)
    assert foreseen.run is None
    assert ImportRun.objects.count() == 1
    assert list(Lead.objects.values()) == before
    done = run(text)
    for name in ("created", "updated", "unchanged", "rejected", "rejects_csv"):
        assert getattr(done, name) == getattr(foreseen, name), name
    assert (done.created, done.updated, done.unchanged, done.rejected) == (2, 3, 1, 1)


def test_the_run_is_kept_with_its_counts_its_rejects_and_who_started_it(everyone):
    olga = UserFactory(username="olga")
    report = run(actor=olga, source="fair")
    kept = ImportRun.objects.get()
    assert report.run == kept
    assert (kept.file_name, kept.source, kept.by) == ("leads.csv", "fair", olga)
    assert (kept.created, kept.rejected, kept.rejects) == (2, 1, report.rejects_csv)
    assert kept.finished_at
    assert kept.finished_at >= kept.started_at
    assert set(Lead.objects.values_list("source", flat=True)) == {"fair"}


def test_a_source_column_is_believed_even_where_it_is_blank(everyone):
    run("company,source\nA,ads\nB,\n", column_map=None, source="fair")
    assert dict(Lead.objects.values_list("company", "source")) == {"A": "ads", "B": ""}


def test_without_routing_leads_are_kept_and_wait_for_a_decision(everyone):
    run(routed=False)
    assert set(Lead.objects.values_list("status", flat=True)) == {Lead.Status.RECEIVED}


def test_progress_and_the_first_rows_are_told(everyone, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    done: list[int] = []
    report = run(on_progress=done.append, sample=2)
    assert done == [2, 3]
    assert report.headers == ("Ref", "Firma", "E-mail", "Land")
    assert [(row.line, row.outcome) for row in report.sample] == [(2, "created"), (3, "rejected")]
    assert "nobody at rossi" in report.sample[1].reason


def test_a_missing_column_stops_the_file_before_anything_is_written(everyone):
    with pytest.raises(UnreadableFile, match="Land"):
        run("Ref;Firma;E-mail\n1;A;\n")
    assert not ImportRun.objects.exists()


def test_a_file_damaged_half_way_keeps_the_rows_before_and_says_how_many(everyone, monkeypatch):
    monkeypatch.setattr(
        importing, "read_rows", lambda file, name: _Limited(files.read_rows(file, name), after=2)
    )
    with pytest.raises(UnreadableFile, match=r"Broken here\. .* 1 created, .* 1 rejected"):
        run()
    assert Lead.objects.count() == 1
    assert ImportRun.objects.get().created == 1


class _Limited:
    """A table that turns out damaged after some rows."""

    def __init__(self, table, after):
        self.table, self.after = table, after

    def __getattr__(self, name):
        return getattr(self.table, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.table.close()

    def __iter__(self):
        for number, row in enumerate(self.table):
            if number == self.after:
                raise UnreadableFile("Broken here.")
            yield row


def test_a_row_with_a_nul_character_is_kept_to_be_mended_and_refused_again_unmended(everyone):
    file = "Ref;Firma;E-mail;Land\n1;Dupont SA;ana@dupont.fr;FR\n2;No\0vák;jan@novak.cz;CZ\n"
    report = run(file)
    assert (report.created, report.rejected) == (1, 1)
    assert report.first_rejects[0].reason == "Column “Firma”: it holds a NUL character."
    assert run(report.rejects_csv).rejected == 1
    assert run(report.rejects_csv.replace("No\x1avák", "Novák")).created == 1

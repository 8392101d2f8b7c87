"""Whoever imports a file on the command line is told what became of each row."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from leaddistrib.errors import Busy
from leaddistrib.lifecycle.intake import importing
from leaddistrib.models import ImportRun, Lead
from leaddistrib.testing import PoolFactory, RepFactory, publish_rules

pytestmark = pytest.mark.django_db

MAP = """
source_system = "fair"

[columns]
external_id = "id"
company = "company"
employees = "employees"
"""


@pytest.fixture(autouse=True)
def rules() -> None:
    PoolFactory(name="Everyone", mode="queue", reps=[RepFactory(user__username="amina")])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "map.toml").write_text(MAP)
    (tmp_path / "good.csv").write_text("id,company,employees\n1,Fournier,12\n2,Lemaire,\n")
    (tmp_path / "bad.csv").write_text("id,company,employees\n1,Fournier,12\n2,Lemaire,many\n")
    return tmp_path


def run(*arguments: object) -> tuple[str, str, int]:
    """What the command prints, says on the side, and exits with."""
    out, err = StringIO(), StringIO()
    try:
        call_command("leaddistrib_import", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as exit_:
        return out.getvalue(), err.getvalue(), int(str(exit_.code))
    return out.getvalue(), err.getvalue(), 0


def test_the_last_line_counts_what_became_of_the_rows(folder: Path) -> None:
    out, _, code = run(folder / "good.csv", "--map", folder / "map.toml")
    assert (out.splitlines()[-1], code) == (
        "2 created, 0 updated, 0 unchanged, 0 rejected",
        0,
    )
    assert Lead.objects.filter(status="waiting", decisions__isnull=False).count() == 2


def test_who_is_cut_off_half_way_is_told_that_the_rows_before_are_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*given: object, **how: object) -> None:
        raise Busy("The database is busy. Nothing was changed; try again.")

    monkeypatch.setattr(importing, "receive_many", busy)
    with pytest.raises(CommandError, match="The rows before are in: import the file again"):
        run(folder / "good.csv", "--map", folder / "map.toml")


def test_the_same_file_again_changes_nothing(folder: Path) -> None:
    run(folder / "good.csv", "--map", folder / "map.toml")
    out, _, _ = run(folder / "good.csv", "--map", folder / "map.toml")
    assert out.splitlines()[-1] == "0 created, 0 updated, 2 unchanged, 0 rejected"


def test_a_rejected_row_is_named_and_the_good_ones_land(folder: Path) -> None:
    out, err, code = run(folder / "bad.csv", "--map", folder / "map.toml")
    assert (out.splitlines()[-1], code) == (
        "1 created, 0 updated, 0 unchanged, 1 rejected",
        3,
    )
    assert "line 3: “employees”" in err
    assert "“many”" in err


def test_rejected_rows_can_be_mended_and_sent_again(folder: Path) -> None:
    rejects = folder / "rejects.csv"
    run(folder / "bad.csv", "--map", folder / "map.toml", "--rejects", rejects)
    rejects.write_text(rejects.read_text("utf-8-sig").replace(",many", ",40"), "utf-8-sig")
    out, _, code = run(rejects, "--map", folder / "map.toml")
    assert (out.splitlines()[-1], code) == (
        "1 created, 0 updated, 0 unchanged, 0 rejected",
        0,
    )
    assert Lead.objects.get(external_id="2").employees == 40


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    out, _, code = run(folder / "bad.csv", "--map", folder / "map.toml", "--dry-run")
    assert out.splitlines()[-1] == "1 created, 0 updated, 0 unchanged, 1 rejected"
    assert code == 3
    assert not Lead.objects.exists()
    assert not ImportRun.objects.exists()


def test_leads_can_be_kept_without_routing(folder: Path) -> None:
    run(folder / "good.csv", "--map", folder / "map.toml", "--no-route")
    assert set(Lead.objects.values_list("status", flat=True)) == {"received"}


def test_a_source_can_be_given_for_the_whole_file(folder: Path) -> None:
    run(folder / "good.csv", "--map", folder / "map.toml", "--source", "fair 2026")
    assert set(Lead.objects.values_list("source", flat=True)) == {"fair 2026"}


def test_a_row_that_says_nothing_of_who_it_is_is_rejected(folder: Path) -> None:
    (folder / "nobody.csv").write_text("source,city,company\nweb,Paris,\nweb,Lyon,Fournier\n")
    out, err, code = run(folder / "nobody.csv")
    assert out.splitlines()[-1] == "1 created, 0 updated, 0 unchanged, 1 rejected"
    assert code == 3
    assert "line 2: “company”, “contact.name”" in err
    assert err.count("Give at least one of") == 1


def test_a_missing_file_and_a_missing_column_are_said_clearly(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no file .*nothing\.csv"):
        call_command("leaddistrib_import", str(folder / "nothing.csv"))
    (folder / "other.csv").write_text("id,name\n1,Fournier\n")
    with pytest.raises(CommandError, match=r"company.*Its columns are"):
        call_command("leaddistrib_import", str(folder / "other.csv"), map=folder / "map.toml")

"""A company brings its past: leads land as they were elsewhere, at their own times (IN1, IN7)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from leaddistrib.errors import UnreadableFile
from leaddistrib.lifecycle.intake.importing import import_file
from leaddistrib.lifecycle.intake.mapping import ColumnMap
from leaddistrib.models import (
    Assignment,
    Decision,
    Lead,
    LogEntry,
    OutboxMessage,
    Outcome,
    Turn,
)
from leaddistrib.queries.consistency import findings
from leaddistrib.testing import PoolFactory, RepFactory, TeamFactory, clock_at, publish_rules

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HEADER = "external_id,company,product,owner,assigned_at,closed_at,stage,deal_value,deal_currency\n"
PAST = (
    HEADER + "1,Lenoir,GTXPro,amina,2026-01-05 09:30,2026-02-01,Won,1054.50,USD\n"
    "2,Roy,MG Special,Bruno Petit,2026-01-06,2026-01-20,lost,,\n"
    "3,Blanc,GTXPro,AMINA,2026-01-07,,contacted,,\n"
    "4,Noir,GTXPro,amina,2026-01-08,,,,\n"
    "5,Vert,GTXPro,,2026-01-09,,,,\n"
    "6,Brun,GTXPro,,2026-01-09,2026-01-10,lost,,\n"
)


@pytest.fixture
def amina(db):
    """A rep of a company whose rules would send every new lead to a pool."""
    team = TeamFactory(name="Paris")
    RepFactory(
        user__password=None,
        user__username="bruno",
        user__first_name="Bruno",
        user__last_name="Petit",
        team=team,
    )
    PoolFactory(name="Everyone", teams=[team])
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])
    return RepFactory(user__password=None, user__username="amina", team=team)


def bring(tmp_path, text, **options):
    path = tmp_path / "past.csv"
    path.write_text(text)
    with clock_at(NOW):
        return import_file(path, name="past.csv", history=True, **options)


def lead(external_id):
    return Lead.objects.get(external_id=external_id)


def moments(rows, *fields):
    return [tuple(str(value)[:16] for value in row) for row in rows.values_list(*fields)]


def test_a_won_lead_is_closed_with_its_owner_its_value_and_its_times(amina, tmp_path):
    report = bring(tmp_path, PAST)
    assert (report.created, report.rejected) == (6, 0), report.first_rejects
    won = lead("1")
    assert (won.status, won.owner) == (Lead.Status.CLOSED, amina)
    one = won.assignments.get()
    assert (one.method, one.end) == (Assignment.Method.HISTORY, Assignment.Ended.CLOSED)
    assert one.started_at == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert one.ended_at == datetime(2026, 2, 1, tzinfo=UTC)
    outcome = won.outcomes.get()
    assert (outcome.stage, outcome.rep, outcome.at) == ("won", amina, one.ended_at)
    assert (outcome.value, outcome.currency) == (Decimal("1054.50"), "USD")
    assert moments(won.log, "event", "at") == [
        ("lead.received", "2026-01-05 09:30"),
        ("lead.assigned", "2026-01-05 09:30"),
        ("lead.closed", "2026-02-01 00:00"),
    ]


def test_what_is_still_open_is_owned_and_what_nobody_had_is_not(amina, tmp_path):
    bring(tmp_path, PAST)
    assert [lead(str(number)).status for number in range(1, 7)] == [
        "closed",
        "closed",
        "owned",
        "owned",
        "received",
        "closed",
    ]
    assert lead("2").owner.name == "Bruno Petit"
    assert lead("3").owner == amina
    assert lead("3").outcomes.get().stage == "contacted"
    assert not lead("4").outcomes.exists()
    assert not Assignment.objects.filter(lead__external_id__in=["5", "6"]).exists()
    assert lead("6").outcomes.get().rep is None


def test_no_rule_is_asked_no_turn_taken_and_nobody_written_to(amina, tmp_path):
    bring(tmp_path, PAST)
    for model in (Decision, Turn, OutboxMessage):
        assert not model.objects.exists(), model


def test_what_was_brought_is_consistent(amina, tmp_path):
    bring(tmp_path, PAST)
    assert not [one.code for one in findings(NOW) if "lead" in one.code or "owner" in one.code]


def test_the_same_file_twice_changes_nothing(amina, tmp_path):
    bring(tmp_path, PAST)
    before = [model.objects.count() for model in (Lead, Assignment, Outcome, LogEntry)]
    report = bring(tmp_path, PAST)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 6)
    assert [model.objects.count() for model in (Lead, Assignment, Outcome, LogEntry)] == before


def test_a_row_that_comes_twice_in_a_file_is_one_lead_as_the_later_one_says(amina, tmp_path):
    row = "1,Lenoir,,{},2026-01-05,2026-02-01,{},,\n"
    text = HEADER + row.format("bruno", "lost") + row.format("amina", "won")
    report = bring(tmp_path, text)
    assert (report.created, report.updated) == (1, 1)
    assert lead("1").owner == amina
    assert lead("1").outcomes.get().stage == "won"


def test_a_dry_run_says_the_same_and_writes_nothing(amina, tmp_path):
    report = bring(tmp_path, PAST, dry_run=True)
    assert report.created == 6
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("1,L,,oscar,2026-01-05,,,,", "owner", "There is no rep “oscar”"),
        ("1,L,,Chloé Noir,2026-01-05,,,,", "owner", "Several reps are called “Chloé Noir”"),
        ("1,L,,amina,2026-13-05,,,,", "assigned_at", "Expected a date"),
        ("1,L,,amina,2027-01-05,,,,", "assigned_at", "lies ahead"),
        ("1,L,,amina,2026-01-05,2026-01-04,lost,,", "closed_at", "closed before it began"),
        ("1,L,,amina,2026-01-05,,won,,", "closed_at", "was closed at some time"),
        ("1,L,,amina,2026-01-05,2026-01-06,wone,,", "stage", "Expected one of contacted"),
        ("1,L,,amina,2026-01-05,2026-01-06,won,much,USD", "deal_value", "Expected an amount"),
        ("1,L,,amina,2026-01-05,2026-01-06,won,12,ZZZ", "deal_currency", "Expected a currency"),
        ("1,L,,amina,2026-01-05,2026-01-06,,12,USD", "stage", "needs a stage"),
        (",L,,amina,2026-01-05,,,,", "external_id", "required"),
    ],
)
def test_a_wrong_row_is_named_with_its_column_and_the_good_ones_land(
    amina, tmp_path, row, column, reason
):
    for username in ("chloe", "chloe2"):
        RepFactory(
            user__password=None,
            user__username=username,
            user__first_name="Chloé",
            user__last_name="Noir",
        )
    report = bring(tmp_path, f"{HEADER}{row}\n2,Roy,,amina,2026-01-05,,,,\n")
    [rejected] = report.first_rejects
    assert rejected.line == 2
    assert f"“{column}”" in rejected.reason
    assert reason in rejected.reason
    assert lead("2").owner == amina


def test_everything_wrong_with_a_row_is_said_at_once(amina, tmp_path):
    row = "1,L,,oscar,soon,,wone,,"
    [rejected] = bring(tmp_path, f"{HEADER}{row}\n").first_rejects
    assert all(f"“{column}”" in rejected.reason for column in ("owner", "assigned_at", "stage"))


def test_columns_and_words_go_by_a_map(amina, tmp_path, capsys):
    (tmp_path / "past.csv").write_text(
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "1C1I7A6R,Bruno Petit,GTXPro,Cancity,Won,2016-10-20,2017-03-01,1054\n"
        "Z063OYW0,Bruno Petit,GTXPro,,Prospecting,,,\n"
    )
    (tmp_path / "map.toml").write_text(
        'source_system = "maven"\n'
        "[columns]\n"
        'external_id = "opportunity_id"\n'
        'owner = "sales_agent"\n'
        'product = "product"\n'
        'company = "account"\n'
        'stage = "deal_stage"\n'
        'assigned_at = "engage_date"\n'
        'closed_at = "close_date"\n'
        'deal_value = "close_value"\n'
        "[constants]\n"
        'deal_currency = "USD"\n'
        "[values.product]\n"
        'GTXPro = "GTX Pro"\n'
        "[values.stage]\n"
        'Prospecting = ""\n'
        'Engaging = "contacted"\n'
    )
    call_command(
        "leaddistrib_import", tmp_path / "past.csv", map=tmp_path / "map.toml", history=True
    )
    assert capsys.readouterr().out.endswith("2 created, 0 updated, 0 unchanged, 0 rejected\n")
    won, open_one = lead("1C1I7A6R"), lead("Z063OYW0")
    assert (won.product, won.company, won.outcomes.get().value) == ("GTX Pro", "Cancity", 1054)
    assert open_one.status == Lead.Status.OWNED
    assert open_one.assignments.get().started_at.year >= 2026  # nothing is said of its time


def test_history_by_an_ordinary_import_is_refused_before_anything_is_written(amina, tmp_path):
    (tmp_path / "past.csv").write_text(PAST)
    mapping = ColumnMap({"owner": "owner", "company": "company"})
    with pytest.raises(UnreadableFile, match="--history"):
        import_file(tmp_path / "past.csv", name="past.csv", column_map=mapping)


def test_an_import_of_history_without_owners_is_refused(amina, tmp_path):
    (tmp_path / "past.csv").write_text("external_id,company\n1,Lenoir\n")
    with pytest.raises(CommandError, match="needs a column “owner”"):
        call_command("leaddistrib_import", tmp_path / "past.csv", history=True)


def test_a_file_costs_the_same_number_of_queries_whatever_its_length(
    amina, tmp_path, django_assert_max_num_queries
):
    rows = "".join(f"{n},Lenoir {n},,amina,2026-01-05,2026-01-06,won,5,EUR\n" for n in range(300))
    with django_assert_max_num_queries(40):
        assert bring(tmp_path, HEADER + rows).created == 300

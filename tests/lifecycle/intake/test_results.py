"""A file says what came of leads that are known (OU1)."""

import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.errors import UnreadableFile
from leaddistrib.lifecycle import claim, record_outcome, recycle, undo_outcome
from leaddistrib.lifecycle.intake.importing import import_file
from leaddistrib.models import Lead, Organisation, OutboxMessage, Outcome, Satisfaction
from leaddistrib.queries.standing import standing
from leaddistrib.testing import LeadFactory

COLUMNS = "source_system,external_id,stage,closed_at,owner,deal_value,deal_currency"


def bring(*rows, headers=COLUMNS, **options):
    text = "\n".join((headers, *rows))
    return import_file(io.BytesIO(text.encode()), name="won.csv", outcomes=True, **options)


def counts(report):
    return report.created, report.unchanged, report.rejected


@pytest.fixture
def known(cast):
    """A lead of Amina's, one that waits, and one that was not routed: crm 1, 2 and 3."""
    return [
        LeadFactory(source_system="crm", external_id=str(number), **where)
        for number, where in enumerate(({"owner": cast.amina}, {"pool": cast.pool}, {}), start=1)
    ]


def test_what_came_of_known_leads_is_kept_and_closes_them(cast, known):
    report = bring(
        "crm,1,won,2026-03-02 12:00,,1200.50,USD",
        "crm,2,lost,2026-03-03,bruno,,",
        "crm,3,won,2026-03-04,Chloé,99,",
    )

    assert counts(report) == (3, 0, 0)
    found = {one.lead.external_id: one for one in Outcome.objects.select_related("lead", "rep")}
    first = found["1"]
    assert (first.rep, first.stage, first.at) == (
        cast.amina,
        "won",
        datetime(2026, 3, 2, 12, tzinfo=UTC),
    )
    assert (str(first.value), first.currency) == ("1200.50", "USD")
    assert (found["2"].rep, found["2"].value) == (cast.bruno, None)
    assert (found["3"].rep, found["3"].currency) == (cast.chloe, "EUR")
    assert set(Lead.objects.values_list("status", flat=True)) == {"closed"}
    assert known[0].assignments.get().end == "closed"
    assert claim(known[1], cast.amina, via="page").result == "refused"


def test_the_same_file_again_changes_nothing(cast, known):
    rows = ("crm,1,opportunity,2026-03-01,,,", "crm,1,won,2026-03-02,,5,EUR")
    assert counts(bring(*rows)) == (2, 0, 0)
    assert counts(bring(*rows)) == (0, 2, 0)
    assert known[0].log.filter(event="outcome.recorded").count() == 2


def test_stages_of_one_lead_follow_each_other_in_the_files_order(cast, known):
    """An SDR's lead becomes an opportunity and is won at the same moment."""
    bring("crm,3,opportunity,2026-03-02,amina,,", "crm,3,won,2026-03-02,bruno,,")

    [last] = standing()
    assert (last.stage, last.rep) == ("won", cast.bruno)
    assert Lead.objects.get(external_id="3").status == "closed"


def test_another_value_is_news(cast, known):
    bring("crm,1,won,2026-03-02,,100,EUR")
    assert counts(bring("crm,1,won,2026-03-02,,150,EUR")) == (1, 0, 0)
    assert standing().get().value == 150


def test_a_row_without_a_time_is_news_about_a_lead_that_was_recycled_since(cast, known):
    """A dated one is not: it is known when that was."""
    dated, undated = "crm,1,lost,2026-03-02,,,", "crm,1,lost,,,,"
    bring(dated)
    assert counts(bring(undated)) == (0, 1, 0)
    recycle(known[:1], cast.pool, by=None, reason="New budget")

    assert counts(bring(dated)) == (0, 1, 0)
    assert Lead.objects.get(external_id="1").status == "waiting"
    assert counts(bring(undated)) == (1, 0, 0)
    assert Lead.objects.get(external_id="1").status == "closed"
    assert counts(bring(undated)) == (0, 1, 0)


def test_what_somebody_undid_stays_undone(cast, known):
    bring("crm,1,won,2026-03-02,,,")
    undo_outcome(Outcome.objects.get(), cast.amina.user)

    assert counts(bring("crm,1,won,2026-03-02,,,")) == (0, 1, 0)
    assert not standing().exists()


def test_rejected_rows_are_named_with_their_reason_and_the_others_land(cast, known):
    record_outcome(known[0], "qualified", rep=cast.amina, by=cast.amina.user)
    report = bring(
        "crm,9,won,2026-03-02,,,",
        "crm,1,lost,2026-03-02,,,",
        "crm,2,sold,2036-03-02,Nobody,-1,",
        "crm,3,won,2026-03-02,,,",
        "crm,3,qualified,2026-03-03,,,",
        ",,,,,,",
    )

    assert counts(report) == (1, 0, 4)
    reasons = [row.reason for row in report.first_rejects]
    assert reasons[0] == "There is no lead “9” of the source system “crm”."
    assert reasons[1] == "Something later than this is known of the lead."
    for column in ("stage", "closed_at", "owner", "deal_value"):
        assert f"“{column}”: " in reasons[2]
    assert reasons[3] == "The lead is closed, and can only become won or lost."
    assert report.run.rejected == 4


def test_a_dry_run_says_what_would_happen_and_writes_nothing(cast, known):
    report = bring("crm,1,won,2026-03-02,,,", "crm,9,won,2026-03-02,,,", dry_run=True)

    assert counts(report) == (1, 0, 1)
    assert not Outcome.objects.exists()


def test_a_file_without_stages_is_refused(cast, known):
    with pytest.raises(UnreadableFile, match="stage"):
        bring("crm,1", headers="source_system,external_id")


def test_the_past_is_told_and_nobody_is_written_to(cast, known):
    Organisation.objects.create(pk=1, satisfaction="won")
    known[0].contact_email = "ines@acme.example"
    known[0].save()
    OutboxMessage.objects.all().delete()  # of the lead that waits

    bring("crm,1,won,2026-03-02,,,")

    assert not Satisfaction.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_many_rows_take_no_more_queries_than_one(cast):
    made = [
        LeadFactory(source_system="crm", external_id=str(number), owner=cast.amina)
        for number in range(30)
    ]
    queries = []
    for some in (made[:2], made[2:]):
        with CaptureQueriesContext(connection) as caught:
            bring(*(f"crm,{lead.external_id},won,2026-03-02,,," for lead in some))
        queries.append(len(caught))
    assert queries[0] == queries[1]

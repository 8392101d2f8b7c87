"""Sums of responses are kept with what they count, agree with the log, and are made anew from it
(SL4)."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import claim, log_contact
from leaddistrib.lifecycle.firing import fire_due
from leaddistrib.lifecycle.routing import route
from leaddistrib.lifecycle.tallying import answered_detail, tally_lapsed, tally_started
from leaddistrib.models import Lead, LogEntry, ResponseClock, ResponseRollup, ResponseRun
from leaddistrib.queries.rollups import FIGURES
from leaddistrib.testing import (
    LeadFactory,
    PoolFactory,
    RepFactory,
    TeamFactory,
    clock_at,
    publish_rules,
)
from tests.responses import answered, lapsed, started

NINE = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def amina(db):
    return RepFactory(user__username="amina", user__password=None, team=TeamFactory(name="Paris"))


@pytest.fixture
def bruno(amina):
    return RepFactory(user__username="bruno", user__password=None, team=amina.team)


@pytest.fixture
def week(amina, bruno):
    """Amina answered two leads in time, a third too late, a fourth quickly but after its deadline,
    and lets a fifth run; Bruno lost one of two."""
    answered(started(amina, NINE, source="web", lead_type="demo_request"), MINUTE)
    answered(started(amina, NINE + 2 * MINUTE, source="web", lead_type="demo_request"), 2 * MINUTE)
    started(amina, NINE, source="fair")
    answered(lapsed(started(amina, NINE, source="fair"), gone=False), 7 * MINUTE)
    answered(lapsed(started(amina, NINE, source="fair"), gone=False), 70 * MINUTE)
    answered(started(bruno, NINE), 30 * MINUTE)
    lapsed(started(bruno, NINE + timedelta(days=1)))


def rollups(*arguments):
    """Exit status and output of the command."""
    out = StringIO()
    try:
        call_command("leaddistrib_rollups", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def owner_of(lead):
    lead.refresh_from_db()
    return lead.owner


def everything():
    rows = ResponseRollup.objects.order_by("rep", "day", "hour", "source", "lead_type")
    runs = ResponseRun.objects.order_by("rep")
    figures = [field.name for field in ResponseRollup._meta.concrete_fields if field.name != "id"]
    return (
        list(rows.values_list(*figures)),
        list(runs.values_list("rep", "current", "longest", "longest_at")),
    )


def test_responses_of_an_hour_to_one_source_and_type_are_one_row(week, amina):
    row = ResponseRollup.objects.get(rep=amina, source="web")
    assert (row.day, row.hour, row.lead_type) == (date(2026, 11, 2), 9, "demo_request")
    assert (row.started, row.answered, row.in_time, row.within_5, row.within_60) == (2, 2, 2, 2, 2)
    assert (row.lapsed, row.seconds) == (0, 180)


def test_an_answer_counts_in_the_hour_in_which_the_rep_got_the_lead(amina):
    answered(started(amina, NINE), timedelta(hours=20))
    row = ResponseRollup.objects.get()
    assert (row.day, row.hour, row.seconds) == (date(2026, 11, 2), 9, 72000)
    assert (row.in_time, row.within_5, row.within_60) == (0, 0, 0)


def test_the_log_and_the_sums_agree(week):
    assert rollups("--check") == (0, "2 reps: 0 differ.\n")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: ResponseRollup.objects.filter(source="web").update(in_time=1),
        lambda: ResponseRollup.objects.filter(source="web").update(hour=10),
        lambda: ResponseRollup.objects.filter(source="web").delete(),
        lambda: ResponseRun.objects.filter(rep__user__username="amina").update(longest=7),
        lambda: ResponseRun.objects.filter(rep__user__username="amina").delete(),
    ],
    ids=["a figure", "a place", "a row", "a run", "no run"],
)
def test_what_differs_is_named_and_made_anew_from_the_log(week, spoil):
    right = everything()
    spoil()
    status, output = rollups("--check")
    assert (status, "    amina\n2 reps: 1 differ." in output) == (1, True)
    assert "leaddistrib_rollups --rebuild" in output
    assert everything() != right
    assert rollups("--rebuild") == (0, "    amina\n2 reps: 1 made anew.\n")
    assert everything() == right
    assert rollups("--check")[0] == 0


def test_all_of_it_is_made_anew_from_the_log_alone(week):
    right = everything()
    ResponseRollup.objects.all().delete()
    ResponseRun.objects.all().delete()
    assert rollups("--rebuild")[1].endswith("2 reps: 2 made anew.\n")
    assert everything() == right


def test_a_lapse_ends_a_run_whatever_is_answered_afterwards(amina):
    """Five quick answers; the sixth lead lapses, and is called quickly all the same, after another
    quick and a slow one. The run was five, in the sums as in the log."""
    for number in range(5):
        answered(started(amina, NINE + number * MINUTE), MINUTE)
    late = lapsed(started(amina, NINE), gone=False)
    answered(started(amina, NINE), MINUTE)
    answered(started(amina, NINE), 30 * MINUTE)
    answered(late, 9 * MINUTE)

    run = ResponseRun.objects.get(rep=amina)
    assert (run.current, run.longest) == (1, 5)
    assert rollups("--check")[0] == 0


def test_one_of_the_two_must_be_asked_for(db):
    with pytest.raises(CommandError):
        call_command("leaddistrib_rollups")


def test_contacts_that_answered_no_clock_count_nowhere(week, amina):
    lead = amina.leads.first()
    LogEntry.objects.create(
        lead=lead, rep=amina, event="lead.contacted", at=NINE, detail={"channel": "call"}
    )
    assert rollups("--check")[0] == 0


def test_a_clock_from_before_the_log_told_of_it_is_counted_neither_here_nor_there(amina):
    clock = started(amina, NINE)
    LogEntry.objects.filter(event="response.started").delete()
    ResponseRollup.objects.all().delete()
    answered(clock, MINUTE)
    assert not ResponseRollup.objects.exists()
    assert rollups("--check")[0] == 0


def test_only_a_clock_that_was_answered_has_a_response(amina):
    with pytest.raises(ValueError, match="not answered"):
        answered_detail(started(amina, NINE))


def test_what_is_undone_with_the_act_is_undone_in_the_sums(amina):
    clock = started(amina, NINE)
    before = everything()
    with transaction.atomic():
        answered(clock, MINUTE)
        assert everything() != before
        transaction.set_rollback(True)
    assert everything() == before


def test_a_thousand_clocks_at_once_cost_a_handful_of_statements(amina, bruno):
    first = started(amina, NINE)
    second = started(bruno, NINE, source="fair")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        tally_started([first, second] * 500)
        tally_lapsed([first, second])
    assert len(asked) == 4
    assert ResponseRollup.objects.get(rep=amina).started == 501
    assert ResponseRollup.objects.get(rep=bruno).lapsed == 1


def test_more_places_than_one_statement_holds_are_all_counted(amina, monkeypatch):
    monkeypatch.setattr("leaddistrib.lifecycle.tallying.BATCH", 2)
    clocks = [started(amina, NINE + timedelta(hours=number)) for number in range(5)]
    tally_started(clocks)
    assert set(ResponseRollup.objects.values_list("started", flat=True)) == {2}
    assert ResponseRollup.objects.count() == 5


def test_those_who_count_in_the_same_row_at_once_add_up(transactional_db):
    clock = started(RepFactory(user__password=None), NINE)

    def count():
        for _ in range(20):
            with transaction.atomic():
                tally_started([clock])
        connection.close()

    crowd = [Thread(target=count) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert ResponseRollup.objects.get().started == 81


def test_nothing_to_count_costs_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        tally_started([])


def test_a_source_with_odd_characters_counts_as_it_is(amina):
    for source in ("d'Été; DROP TABLE", 'a"b%s', "100 %"):
        answered(started(amina, NINE, source=source), MINUTE)
    assert ResponseRollup.objects.count() == ResponseClock.objects.count() == 3
    assert rollups("--check")[0] == 0


def test_what_reps_and_workers_really_do_agrees_with_the_log(amina, bruno):
    """Six leads go to Paris in turn and one is claimed. Some are answered in time, some late, the
    others go on to a colleague, who answers two and lets the rest lapse as well."""
    at = NINE
    publish_rules([{"name": "All", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}])
    with clock_at(at):
        pushed = [
            Lead(company=f"Company {number}", lead_type=kind, source="web", received_at=at)
            for number, kind in enumerate(("demo_request", "referral", "", "demo_request", "", ""))
        ]
        route(pushed)
        raced = LeadFactory(pool=PoolFactory(name="Everyone", reps=[amina, bruno]))
        assert claim(raced, amina, via="page").result == "won"
    for lead, minutes in ((raced, 3), (pushed[0], 4), (pushed[1], 8), (pushed[3], 7)):
        with clock_at(at + minutes * MINUTE):
            fire_due(at + minutes * MINUTE)
            log_contact(lead, owner_of(lead), "call")
    for hours in (2, 3, 4, 5, 6, 7, 8):
        with clock_at(at + timedelta(hours=hours)):
            fire_due(at + timedelta(hours=hours))
            fire_due(at + timedelta(hours=hours))
    with clock_at(at + timedelta(hours=9)):
        log_contact(pushed[2], owner_of(pushed[2]), "email")
    assert rollups("--check") == (0, "2 reps: 0 differ.\n")
    kept = [sum(row) for row in zip(*ResponseRollup.objects.values_list(*FIGURES), strict=True)]
    figures = dict(zip(FIGURES, kept, strict=True))
    clocks = ResponseClock.objects
    assert figures["started"] == clocks.count() > 7
    assert figures["answered"] == clocks.filter(answered_at__isnull=False).count() == 5
    assert figures["lapsed"] == clocks.filter(lapsed_at__isnull=False, answered_at=None).count() > 0
    assert figures["in_time"] == clocks.filter(answered_at__lte=F("due_at")).count()
    right = everything()
    ResponseRollup.objects.all().delete()
    ResponseRun.objects.all().delete()
    rollups("--rebuild")
    assert everything() == right

"""Who may have a lead, and why not (PU2, GU7)."""

from datetime import UTC, datetime, time, timedelta

import pytest

from leaddistrib.engine.availability import WorkingWeek
from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import GATES, Refusal, Situation, first_refusal, refusals

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
SUNDAYS = WorkingWeek(UTC, ((6, time(9), time(17)),))
ON_HOLIDAY = WorkingWeek(UTC, ((0, time(9), time(17)),), frozenset({NOON.date()}))


def rep(**facts):
    return RepFacts(id=1, name="Amina", **facts)


def codes(facts, situation):
    return [refusal.code for refusal in refusals(facts, situation)]


def test_a_rep_with_nothing_against_may_have_the_lead():
    assert refusals(rep(), Situation(NOON)) == []
    assert first_refusal(rep(), Situation(NOON)) is None


@pytest.mark.parametrize(
    ("facts", "situation", "code"),
    [
        ({"active": False}, {}, "inactive"),
        ({}, {"member": False}, "not_a_member"),
        ({"paused": True}, {}, "paused"),
        ({"time_off": ((NOON, NOON + HOUR),)}, {}, "time_off"),
        ({"time_off": ((NOON + HOUR, NOON + 2 * HOUR),), "taper": HOUR}, {}, "taper"),
        ({"week": SUNDAYS}, {}, "off_hours"),
        ({"week": ON_HOLIDAY}, {}, "holiday"),
        ({"busy": ((NOON, NOON + HOUR),)}, {}, "busy"),
        ({"open_leads": 50}, {}, "at_capacity"),
        ({}, {"opens_at": NOON + INSTANT}, "not_open_yet"),
    ],
)
def test_each_gate_has_its_own_reason(facts, situation, code):
    assert codes(rep(**facts), Situation(NOON, **situation)) == [code]


def test_all_reasons_are_told_in_the_order_of_the_gates():
    """Paused hides leave: both would lift at different times, and pausing is the rep's own."""
    facts = rep(active=False, time_off=((NOON, NOON + HOUR),), open_leads=3, capacity=3)
    against = Situation(NOON, member=False, opens_at=NOON + HOUR)

    assert codes(facts, against) == [
        "inactive",
        "not_a_member",
        "time_off",
        "at_capacity",
        "not_open_yet",
    ]
    first = first_refusal(facts, against)
    assert first is not None
    assert first.code == "inactive"


@pytest.mark.parametrize(("open_leads", "refused"), [(49, False), (50, True), (51, True)])
def test_capacity_is_reached_with_the_fiftieth_open_lead(open_leads, refused):
    [*found] = refusals(rep(open_leads=open_leads), Situation(NOON))

    expected = Refusal("at_capacity", {"open": open_leads, "capacity": 50})
    assert found == ([expected] if refused else [])


@pytest.mark.parametrize(
    ("moment", "away"),
    [
        (NOON - INSTANT, False),
        (NOON, True),
        (NOON + HOUR - INSTANT, True),
        (NOON + HOUR, False),
    ],
)
def test_leave_begins_and_ends_to_the_microsecond(moment, away):
    found = refusals(rep(time_off=((NOON, NOON + HOUR),)), Situation(moment))

    assert found == ([Refusal("time_off", lifts_at=NOON + HOUR)] if away else [])


@pytest.mark.parametrize(
    ("moment", "closed"), [(NOON - INSTANT, True), (NOON, False), (NOON + INSTANT, False)]
)
def test_a_window_opens_to_the_microsecond(moment, closed):
    found = refusals(rep(), Situation(moment, opens_at=NOON))

    assert found == ([Refusal("not_open_yet", lifts_at=NOON)] if closed else [])


@pytest.mark.parametrize(
    "others",
    [
        [(NOON + HOUR, NOON + 2 * HOUR)],  # begins as the first ends
        [(NOON + HOUR / 2, NOON + 2 * HOUR)],  # overlaps it
        [(NOON + HOUR, NOON + 2 * HOUR), (NOON + HOUR / 4, NOON + HOUR / 2)],  # and one inside
    ],
)
def test_leave_that_follows_on_leave_lifts_when_the_last_one_ends(others):
    """In whatever order it was entered."""
    time_off = (*others, (NOON - HOUR, NOON + HOUR))

    found = refusals(rep(time_off=time_off), Situation(NOON))

    assert found == [Refusal("time_off", lifts_at=NOON + 2 * HOUR)]


def test_leave_after_a_working_moment_does_not_count_yet():
    time_off = ((NOON - HOUR, NOON + HOUR), (NOON + HOUR + INSTANT, NOON + 2 * HOUR))

    found = refusals(rep(time_off=time_off), Situation(NOON))

    assert found == [Refusal("time_off", lifts_at=NOON + HOUR)]


class BrokenGate:
    """A gate without a name of its own, as a host project might write one."""

    def __call__(self, facts, situation):
        raise ZeroDivisionError


def test_a_gate_that_breaks_refuses_and_the_others_are_still_asked(caplog):
    def broken(facts, situation):
        raise LookupError("the calendar is down")

    found = refusals(rep(paused=True), Situation(NOON), (broken, *GATES))

    assert found == [Refusal("gate_failed", {"gate": "broken"}), Refusal("paused")]
    assert "the calendar is down" in caplog.text


def test_a_broken_gate_that_is_an_object_refuses_too():
    [found] = refusals(rep(), Situation(NOON), (BrokenGate(),))

    assert found == Refusal("gate_failed", {"gate": "BrokenGate"})

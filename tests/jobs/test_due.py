"""A worker does all that is due, and no kind of work keeps the others waiting."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from leaddistrib.jobs import due
from leaddistrib.jobs.due import AFTER_FAILURE, LANES, SHARE, WORK, DueWork, Work
from leaddistrib.testing import clock_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Pile:
    """So many pieces of work, each of which takes ``seconds``."""

    def __init__(self, name, pieces, diary, stopwatch, seconds=0.0):
        self.name, self.left, self.diary = name, pieces, diary
        self.stopwatch, self.seconds = stopwatch, seconds

    def __call__(self, moment):
        if not self.left:
            return 0
        self.left -= 1
        self.stopwatch[0] += self.seconds
        self.diary.append(self.name)
        return 1


@pytest.fixture
def stopwatch(monkeypatch):
    """The seconds that a worker believes to have worked."""
    seconds = [0.0]
    monkeypatch.setattr(due, "monotonic", lambda: seconds[0])
    return seconds


@pytest.fixture
def diary() -> list[str]:
    """What was done, in order."""
    return []


def test_everything_that_is_due_is_done(stopwatch, diary):
    piles = [Pile(name, 3, diary, stopwatch) for name in ("mails", "leads")]

    with clock_at(NOON):
        assert DueWork(kinds=[Work(pile.name, pile) for pile in piles]).handle() == 6

    assert [pile.left for pile in piles] == [0, 0]


def test_a_slow_kind_of_work_holds_up_another_for_its_share_and_one_piece_at_most(stopwatch, diary):
    slow = Pile("mails", 10, diary, stopwatch, seconds=SHARE * 0.75)
    quick = Pile("leads", 2, diary, stopwatch)

    with clock_at(NOON):
        DueWork(kinds=[Work("mails", slow), Work("leads", quick)]).handle()

    assert diary[:4] == ["mails", "mails", "leads", "leads"]
    assert slow.left == 0


def test_work_that_need_not_be_asked_for_all_the_time_is_not(stopwatch):
    asked = []

    def look(moment):
        asked.append(moment)
        return 0

    worker = DueWork(kinds=[Work("alerts", look, every=MINUTE)])
    for moment in (NOON, NOON + MINUTE / 2, NOON + MINUTE):
        with clock_at(moment):
            worker.handle()

    assert asked == [NOON, NOON + MINUTE]


def test_what_is_wrong_with_one_kind_of_work_stops_no_other(stopwatch, diary, caplog):
    tries = []

    def broken(moment):
        tries.append(moment)
        raise ValueError("a calendar of the year 20000")

    worker = DueWork(
        kinds=[Work("calendars", broken), Work("leads", Pile("leads", 2, diary, stopwatch))]
    )
    for moment in (NOON, NOON + AFTER_FAILURE / 2, NOON + AFTER_FAILURE):
        with clock_at(moment):
            worker.handle()

    assert diary == ["leads", "leads"]
    assert tries == [NOON, NOON + AFTER_FAILURE]
    assert "work=calendars failed" in caplog.text


def test_a_database_that_is_gone_is_the_callers_to_wait_for(stopwatch):
    def unreachable(moment):
        raise OperationalError("connection refused")

    with clock_at(NOON), pytest.raises(OperationalError):
        DueWork(kinds=[Work("leads", unreachable)]).handle()


def test_a_worker_that_is_told_to_stop_finishes_the_piece_in_hand(stopwatch, diary):
    pile = Pile("leads", 3, diary, stopwatch)

    with clock_at(NOON):
        DueWork(stopping=lambda: bool(diary), kinds=[Work("leads", pile)]).handle()

    assert pile.left == 2


def test_work_that_goes_on_is_told_when_to_stop(stopwatch):
    """Sending lasts as long as messages fall due: the worker's end must reach it."""
    told = []

    def send(moment, *, stopping):
        told.append(stopping())
        return 0

    with clock_at(NOON):
        DueWork(stopping=lambda: len(told) > 0, kinds=[Work("mails", send, goes_on=True)]).handle()

    assert told == [False]


def test_each_kind_of_work_is_in_one_lane():
    names = [kind.name for lane in LANES for kind in lane.kinds]

    assert len(names) == len(set(names))
    assert {kind.name for kind in WORK} == set(names)
    assert len({lane.name for lane in LANES}) == len(LANES)

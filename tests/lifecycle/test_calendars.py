"""A rep's calendar is read again and again, and what it says of absences holds (PU2)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.fetching import NotFetched
from leaddistrib.lifecycle import calendars
from leaddistrib.lifecycle.availability import remove_time_off
from leaddistrib.lifecycle.calendars import (
    ALERT_AFTER,
    EVERY,
    LEASE,
    LONGEST_PAUSE,
    read_due,
    remove_calendar,
    set_calendar,
)
from leaddistrib.models import Alert, Calendar, TimeOff
from leaddistrib.queries.wording import calendar_problem
from leaddistrib.sealing import seal
from leaddistrib.testing import clock_at
from tests import standin

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db

LEAVE = "DTSTART;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260305"
MEETING = "DTSTART:20260302T140000Z\nDTEND:20260302T150000Z"


def ics(*events):
    parts = [f"BEGIN:VEVENT\nUID:{n}\n{text}\nEND:VEVENT" for n, text in enumerate(events)]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *parts, "END:VCALENDAR", ""]).encode()


@pytest.fixture
def server(settings):
    with standin.standing_in() as server:
        settings.LEADDISTRIB = {"INTERNAL_HOSTS": (server.host,)}
        yield server


@pytest.fixture
def amina(cast, server):
    """Amina, who has named a calendar with leave and a meeting; it was read at noon."""
    url = server.url("/amina.ics", lambda peer: peer.answer(ics(LEAVE, MEETING)))
    with clock_at(NOON):
        set_calendar(cast.amina, url, busy_counts=True)
        assert read_due(NOON, 10) == 1
    return cast.amina


def at(moment, limit=10):
    with clock_at(moment):
        return read_due(moment, limit)


def next_reading():
    moment = Calendar.objects.get().next_read_at
    assert moment is not None
    return moment


def kinds(rep):
    return list(TimeOff.objects.filter(rep=rep).order_by("kind").values_list("kind", flat=True))


def test_what_the_calendar_says_is_time_off(amina):
    busy, leave = TimeOff.objects.filter(rep=amina).order_by("kind")

    assert (busy.kind, busy.starts_at, busy.ends_at) == (
        "busy",
        NOON + 120 * MINUTE,
        NOON + 180 * MINUTE,
    )
    assert (leave.kind, leave.starts_at, leave.reason) == ("leave", NOON + 12 * 60 * MINUTE, "")
    calendar = Calendar.objects.get(rep=amina)
    assert (calendar.read_at, calendar.problem) == (NOON, "")


def test_meetings_count_only_for_whoever_opted_in(amina):
    with clock_at(NOON):
        set_calendar(amina, busy_counts=False)
        assert kinds(amina) == ["leave"]
    assert at(NOON) == 1
    assert kinds(amina) == ["leave"]


def test_it_is_read_again_after_a_quarter_of_an_hour_and_replaced_whole(amina, server):
    server.answers["/amina.ics"] = lambda peer: peer.answer(ics(MEETING))

    assert at(NOON + EVERY - MINUTE) == 0
    assert kinds(amina) == ["busy", "leave"]
    assert at(NOON + EVERY) == 1
    assert kinds(amina) == ["busy"]


def test_reading_the_same_again_writes_nothing(amina):
    before = set(TimeOff.objects.values_list("pk", flat=True))

    assert at(NOON + EVERY) == 1

    assert set(TimeOff.objects.values_list("pk", flat=True)) == before
    assert Calendar.objects.get().read_at == NOON + EVERY


def test_leave_that_the_rep_entered_stays(amina, server):
    TimeOff.objects.create(rep=amina, starts_at=NOON, ends_at=NOON + DAY)
    server.answers["/amina.ics"] = lambda peer: peer.answer(ics())

    at(NOON + EVERY)

    assert TimeOff.objects.get(rep=amina).calendar is None


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda peer: peer.answer(b"no", "404 Not Found"), "answered:404"),
        (lambda peer: peer.answer(b"", "302 Found", "Location: /"), "redirected"),
        (lambda peer: peer.answer(b"<html>Sign in</html>"), "not_a_calendar"),
        (lambda peer: peer.answer(b"x" * 5000), "too_large"),
        (standin.noise, "not_understood"),
        (standin.never, "too_slow"),
    ],
)
def test_a_calendar_that_cannot_be_read_keeps_what_it_brought_and_says_so(
    amina, server, settings, monkeypatch, answer, problem
):
    monkeypatch.setattr("leaddistrib.fetching.TIMEOUT", 0.2)
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "CALENDAR_MAX_BYTES": 4000}
    server.answers["/amina.ics"] = answer

    assert at(NOON + EVERY) == 1

    calendar = Calendar.objects.get()
    assert (calendar.problem, calendar.read_at) == (problem, NOON)
    assert kinds(amina) == ["busy", "leave"]


def test_pauses_grow_while_it_cannot_be_read_and_are_over_when_it_can(amina, server):
    server.answers["/amina.ics"] = lambda peer: peer.answer(b"", "503 Service Unavailable")
    moment, pauses = NOON + EVERY, []
    for _ in range(8):
        assert at(moment) == 1
        following = next_reading()
        pauses.append(following - moment)
        moment = following

    assert pauses == sorted(pauses)
    assert pauses[0] == EVERY
    assert pauses[-1] == LONGEST_PAUSE

    server.answers["/amina.ics"] = lambda peer: peer.answer(ics(LEAVE))
    assert at(moment) == 1
    calendar = Calendar.objects.get()
    assert (calendar.problem, calendar.next_read_at) == ("", moment + EVERY)


def test_managers_hear_of_it_when_it_could_not_be_read_for_a_day(amina, server):
    server.answers["/amina.ics"] = lambda peer: peer.answer(b"", "404 Not Found")
    moment = NOON + EVERY
    while moment < NOON + EVERY + ALERT_AFTER:
        assert at(moment) == 1
        assert not Alert.objects.exists()
        moment = next_reading()

    at(moment)

    alert = Alert.objects.get()
    assert (alert.kind, alert.subject) == ("calendar", f"calendar:{amina.calendar.pk}")


@pytest.mark.parametrize("known", [True, False], ids=["another address", "the first address"])
def test_managers_hear_of_an_address_that_could_never_be_read(cast, server, known):
    if known:
        url = server.url("/amina.ics", lambda peer: peer.answer(ics(LEAVE, MEETING)))
        with clock_at(NOON):
            set_calendar(cast.amina, url, busy_counts=True)
        assert at(NOON) == 1
    wrong = server.url("/wrong.ics", lambda peer: peer.answer(b"", "404 Not Found"))
    with clock_at(NOON):
        set_calendar(cast.amina, wrong, busy_counts=True)
    moment = NOON
    while moment < NOON + ALERT_AFTER:
        assert at(moment) == 1
        assert not Alert.objects.exists()
        moment = next_reading()

    assert at(moment) == 1

    assert Alert.objects.get().subject == f"calendar:{cast.amina.calendar.pk}"
    assert moment <= NOON + ALERT_AFTER + LONGEST_PAUSE


def test_a_day_of_failing_begins_anew_once_it_was_read(amina, server):
    down, up = NOON + EVERY, NOON + EVERY + ALERT_AFTER
    reads = server.answers["/amina.ics"]
    server.answers["/amina.ics"] = lambda peer: peer.answer(b"", "404 Not Found")
    assert at(down) == 1
    server.answers["/amina.ics"] = reads
    assert at(next_reading()) == 1
    server.answers["/amina.ics"] = lambda peer: peer.answer(b"", "404 Not Found")

    assert at(up) == 1

    assert not Alert.objects.exists()


def test_leave_stays_until_the_other_address_was_read(amina, server):
    with clock_at(NOON):
        set_calendar(amina, server.url("/b.ics", standin.noise), busy_counts=True)

    assert Calendar.objects.get().read_at is None
    assert at(NOON) == 1
    assert kinds(amina) == ["busy", "leave"]

    server.answers["/b.ics"] = lambda peer: peer.answer(ics(MEETING))
    assert at(next_reading()) == 1
    assert kinds(amina) == ["busy"]


def test_a_calendar_needs_an_address(cast):
    with pytest.raises(ValueError, match="address"):
        set_calendar(cast.amina, busy_counts=True)
    assert not Calendar.objects.exists()


def test_its_address_is_kept_sealed_and_logged_nowhere(amina, server, caplog):
    server.answers["/amina.ics"] = lambda peer: peer.answer(b"", "404 Not Found")
    assert at(NOON + EVERY) == 1

    calendar = Calendar.objects.get()
    assert b"amina.ics" not in bytes(calendar.address)
    assert calendar.host == "127.0.0.1"
    assert "cannot be read" in caplog.text
    assert "amina.ics" not in caplog.text


def test_an_address_that_the_site_can_no_longer_open_is_asked_for_again(amina, server, settings):
    settings.SECRET_KEY = "another one"
    assert at(NOON + EVERY) == 1

    calendar = Calendar.objects.get()
    assert calendar.problem == "seal_broken"
    assert "Enter the address again" in calendar_problem(calendar.problem)
    assert kinds(amina) == ["busy", "leave"]

    with clock_at(NOON + EVERY):
        set_calendar(
            amina, server.url("/amina.ics", server.answers["/amina.ics"]), busy_counts=True
        )
    assert at(NOON + EVERY) == 1
    assert Calendar.objects.get().problem == ""


def test_a_calendar_that_was_removed_or_moved_while_it_was_read_brings_nothing(amina, server):
    with clock_at(NOON):
        set_calendar(amina, server.url("/b.ics", lambda peer: None), busy_counts=False)
    TimeOff.objects.all().delete()
    calendar = Calendar.objects.select_related("rep__user").get()
    Calendar.objects.update(address=seal("https://elsewhere.example/a.ics"))
    server.answers["/b.ics"] = lambda peer: peer.answer(ics(LEAVE))
    with clock_at(NOON):
        calendars.read(calendar, NOON)

    assert kinds(amina) == []
    Calendar.objects.all().delete()
    with clock_at(NOON):
        calendars.read(calendar, NOON)
    assert kinds(amina) == []


def test_removing_the_calendar_removes_what_it_brought(amina):
    remove_calendar(amina)

    assert kinds(amina) == []
    assert at(NOON + EVERY) == 0


def test_what_a_calendar_brought_is_not_removed_one_by_one(amina):
    with pytest.raises(ValueError, match="calendar"):
        remove_time_off(TimeOff.objects.filter(rep=amina)[0])


def test_of_two_workers_one_reads_it_and_after_a_crash_another_one_does(amina, monkeypatch):
    asked = []

    def crash(calendar, moment):
        asked.append(calendar.pk)
        assert read_due(moment, 10) == 0  # another worker, meanwhile
        raise ConnectionResetError

    monkeypatch.setattr(calendars, "read", crash)
    with pytest.raises(ConnectionResetError):
        at(NOON + EVERY)
    monkeypatch.undo()

    assert len(asked) == 1
    assert at(NOON + EVERY + LEASE - MINUTE) == 0
    assert at(NOON + EVERY + LEASE) == 1


def test_so_many_are_read_at_once_and_those_of_reps_who_left_are_not(cast, server):
    with clock_at(NOON):
        for rep in (cast.amina, cast.bruno, cast.chloe):
            url = server.url(f"/{rep.pk}.ics", lambda peer: peer.answer(ics(LEAVE)))
            set_calendar(rep, url, busy_counts=False)
    cast.chloe.active = False
    cast.chloe.save()

    assert at(NOON, limit=1) == 1
    assert at(NOON, limit=10) == 1
    assert at(NOON, limit=10) == 0
    assert kinds(cast.chloe) == []


@pytest.mark.parametrize("url", ["http://calendar.example/a.ics", "https://10.0.0.1/a.ics"])
def test_an_address_that_may_not_be_asked_is_not_taken(cast, url):
    with pytest.raises(NotFetched):
        set_calendar(cast.amina, url, busy_counts=False)
    assert not Calendar.objects.exists()

"""Reps say on their own page when they work, who covers for them, and where their calendar is."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from leaddistrib.lifecycle.calendars import set_calendar
from leaddistrib.models import Calendar, Rep, TimeOff, WorkingHours
from leaddistrib.sealing import unseal
from leaddistrib.testing import clock_at
from leaddistrib.web.whenforms import WeekForm
from tests.web.conftest import signed_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)


def page(name, *args):
    return reverse(f"leaddistrib:{name}", args=args)


def text_of(response):
    return " ".join(response.content.decode().split())


def save_week(rep, **given):
    return signed_in(rep).post(page("hours"), {"time_zone": "", "holiday_region": "", **given})


def hours_of(rep):
    return list(rep.working_hours.values_list("weekday", "starts", "ends"))


def test_a_week_is_saved_as_people_write_it_and_shown_again(cast):
    given = {
        "day0": "9-12, 13:30–18",
        "day1": "9h30 à 12h",
        "day4": "18-24",
        "time_zone": "Europe/Paris",
        "holiday_region": "fr",
    }

    assert save_week(cast.amina, **given).status_code == 302

    assert hours_of(cast.amina) == [
        (0, time(9), time(12)),
        (0, time(13, 30), time(18)),
        (1, time(9, 30), time(12)),
        (4, time(18), time()),
    ]
    rep = Rep.objects.get(pk=cast.amina.pk)
    assert (rep.time_zone, rep.holiday_region) == ("Europe/Paris", "FR")
    assert rep.history.first().history_user == rep.user
    form = signed_in(cast.amina).get(page("hours")).context["week"]
    assert form["day0"].value() == "09:00–12:00, 13:30–18:00"
    assert form["day4"].value() == "18:00–24:00"
    assert "09:30–12:00" in text_of(signed_in(cast.amina).get(page("me")))


def test_what_the_page_shows_can_be_sent_back_as_it_is(cast):
    save_week(cast.amina, day0="0-6:30, 7-24", day6="0-24")
    before = hours_of(cast.amina)

    form = signed_in(cast.amina).get(page("hours")).context["week"]
    save_week(cast.amina, **{day: form[day].value() or "" for day in form.days})

    assert hours_of(cast.amina) == before


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("9 o'clock", "such as"),
        ("9-12-14", "such as"),
        ("9-25", "not a time"),
        ("9:75-12", "not a time"),
        ("24-24", "not a time"),
        ("22-6", "two days"),
        ("9-9", "two days"),
        ("9-12, 11-13", "overlap"),
    ],
)
def test_hours_that_make_no_sense_are_named_and_nothing_is_saved(cast, day, says):
    save_week(cast.amina, day1="9-12")

    response = save_week(cast.amina, day1="9-12", day2=day)

    assert response.status_code == 400
    assert says in response.context["week"].errors["day2"][0]
    assert hours_of(cast.amina) == [(1, time(9), time(12))]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "CET6"])
def test_a_zone_that_does_not_exist_is_refused(cast, zone):
    assert "time_zone" in save_week(cast.amina, time_zone=zone).context["week"].errors


def test_zones_are_named_in_the_language_of_the_rep(cast):
    def place(language):
        with translation.override(language):
            zones: Any = WeekForm(cast.amina).fields["time_zone"]
            return dict(dict(zones.choices)["Europe"])["Europe/London"]

    assert (place("en"), place("fr")) == ("London", "Londres")


def test_a_zone_that_an_admin_entered_stays_one_of_the_choices(cast):
    cast.amina.time_zone = "CET"

    assert WeekForm(cast.amina, {"time_zone": "CET"}).is_valid()
    assert not WeekForm(cast.bruno, {"time_zone": "CET"}).is_valid()


def test_a_region_that_is_not_known_is_refused_with_those_that_are(cast):
    response = save_week(cast.amina, holiday_region="DE-XX")

    assert "DE-BY" in response.context["week"].errors["holiday_region"][0]


def test_a_week_to_begin_with_fills_the_form_and_saves_nothing(cast):
    form = signed_in(cast.amina).get(page("hours"), {"preset": "split"}).context["week"]

    assert form["day4"].value() == "9–12, 13–18"
    assert not form["day5"].value()
    assert not WorkingHours.objects.exists()
    save_week(cast.amina, **{day: form[day].value() or "" for day in form.days})
    assert len(hours_of(cast.amina)) == 10


def test_cover_is_a_colleague_of_the_own_team(cast):
    client = signed_in(cast.amina)

    client.post(page("cover"), {"backup": cast.bruno.pk, "taper_days": 3})
    rep = Rep.objects.get(pk=cast.amina.pk)
    assert (rep.backup, rep.taper_days) == (cast.bruno, 3)

    for backup in (cast.david.pk, cast.amina.pk, "x"):
        response = client.post(page("cover"), {"backup": backup, "taper_days": 3})
        assert "backup" in response.context["cover"].errors
    back = signed_in(cast.bruno).post(page("cover"), {"backup": cast.amina.pk, "taper_days": 0})
    assert "covered" in back.context["cover"].errors["backup"][0]


def test_during_leave_both_pages_say_who_covers_and_until_when(cast):
    Rep.objects.filter(pk=cast.amina.pk).update(backup=cast.bruno)
    for start, end in ((NOON - DAY, NOON + DAY), (NOON + DAY, NOON + 2 * DAY)):
        TimeOff.objects.create(rep=cast.amina, starts_at=start, ends_at=end)

    with clock_at(NOON):
        own = text_of(signed_in(cast.amina).get(page("me")))
        covering = text_of(signed_in(cast.bruno).get(page("me")))
    with clock_at(NOON + 2 * DAY):
        after = text_of(signed_in(cast.amina).get(page("me")))

    assert "Until 03/04/2026 noon, <b>Bruno</b> gets the leads" in own
    assert "You cover for <b>Amina</b> until 03/04/2026 noon." in covering
    assert "gets the leads" not in after


def test_leave_is_changed_in_whole_days_of_the_reps_own_zone(cast):
    Rep.objects.filter(pk=cast.amina.pk).update(time_zone="Asia/Tokyo")
    client = signed_in(cast.amina)
    with clock_at(NOON):
        client.post(page("time-off"), {"first": "2026-11-24", "last": "2026-11-24"})
    off = TimeOff.objects.get()
    assert off.starts_at == datetime(2026, 11, 23, 15, tzinfo=UTC)
    form = client.get(page("time-off-change", off.pk)).context["form"]
    assert (form["first"].value(), form["last"].value()) == ("2026-11-24", "2026-11-24")

    given = {"first": "2026-11-25", "last": "2026-11-26", "reason": "Hiking"}
    assert client.post(page("time-off-change", off.pk), given).status_code == 302

    off.refresh_from_db()
    assert off.starts_at == datetime(2026, 11, 24, 15, tzinfo=UTC)
    assert (off.ends_at - off.starts_at, off.reason) == (2 * DAY, "Hiking")
    wrong = client.post(page("time-off-change", off.pk), given | {"last": "2026-11-24"})
    assert wrong.status_code == 400


def test_nobody_changes_the_leave_of_others_nor_what_a_calendar_brought(cast):
    calendar = set_calendar(cast.amina, "https://calendar.example/a.ics", busy_counts=False)
    times = {"starts_at": NOON, "ends_at": NOON + DAY}
    own = TimeOff.objects.create(rep=cast.amina, **times)
    brought = TimeOff.objects.create(rep=cast.amina, calendar=calendar, **times)
    given = {"first": "2026-11-25", "last": "2026-11-26"}

    for rep, off in ((cast.bruno, own), (cast.amina, brought)):
        client = signed_in(rep)
        assert client.get(page("time-off-change", off.pk)).status_code == 404
        assert client.post(page("time-off-change", off.pk), given).status_code == 404
        assert client.post(page("time-off-remove", off.pk)).status_code == 404
    assert TimeOff.objects.count() == 2
    with clock_at(NOON):
        assert "from your calendar" in text_of(signed_in(cast.amina).get(page("me")))


def test_a_calendar_is_named_read_and_forgotten(cast):
    client = signed_in(cast.amina)

    client.post(page("calendar"), {"url": "webcal://calendar.example/a.ics", "busy_counts": "on"})
    calendar = Calendar.objects.get(rep=cast.amina)
    assert unseal(calendar.address) == "https://calendar.example/a.ics"
    assert calendar.busy_counts
    assert "It has not been read yet." in text_of(client.get(page("hours")))

    Calendar.objects.update(problem="answered:404")
    assert "status 404" in text_of(client.get(page("hours")))
    with translation.override("fr"):
        assert client.get(page("hours")).status_code == 200

    client.post(page("calendar-remove"))
    assert not Calendar.objects.exists()


def test_before_a_calendar_is_forgotten_the_page_names_the_leave_that_goes_with_it(cast):
    calendar = set_calendar(cast.amina, "https://calendar.example/a.ics", busy_counts=True)
    times = {"rep": cast.amina, "starts_at": NOON + DAY, "ends_at": NOON + 3 * DAY}
    TimeOff.objects.create(calendar=calendar, **times)
    with clock_at(NOON):
        asked = text_of(signed_in(cast.amina).get(page("hours")))
        TimeOff.objects.update(calendar=None)
        nothing = text_of(signed_in(cast.amina).get(page("hours")))

    assert "March 3, 2026 – March 5, 2026" in asked
    assert "leads may reach you on these days" in asked
    assert "It brought no leave that is still to come." in nothing


@pytest.mark.parametrize("url", ["http://calendar.example/", "https://127.0.0.1/", "calendar"])
def test_an_address_that_may_not_be_asked_is_refused_with_the_reason(cast, url):
    response = signed_in(cast.amina).post(page("calendar"), {"url": url})

    assert response.status_code == 400
    assert response.context["calendar_form"].errors["url"]
    assert not Calendar.objects.exists()


def test_the_address_of_a_calendar_is_shown_to_nobody_not_even_its_rep(cast):
    secret = "https://outlook.office365.com/owa/canary/calendar.ics"
    set_calendar(cast.amina, secret, busy_counts=False)

    for viewer in (cast.amina, cast.bruno, cast.mireille, cast.oscar):
        for name in ("me", "hours", "home"):
            assert b"canary" not in signed_in(viewer).get(page(name)).content
    assert "outlook.office365.com, set" in text_of(signed_in(cast.amina).get(page("hours")))


def test_an_empty_address_keeps_the_one_that_is_set(cast):
    set_calendar(cast.amina, "https://calendar.example/a.ics", busy_counts=False)

    sent = signed_in(cast.amina).post(page("calendar"), {"url": "", "busy_counts": "on"})

    assert sent.status_code == 302
    calendar = Calendar.objects.get(rep=cast.amina)
    assert unseal(calendar.address) == "https://calendar.example/a.ics"
    assert calendar.busy_counts


def test_a_calendar_without_any_address_is_refused(cast):
    response = signed_in(cast.amina).post(page("calendar"), {"url": ""})

    assert response.status_code == 400
    assert not Calendar.objects.exists()

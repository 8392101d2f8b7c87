"""A rep's hours, leave and calendar in the admin site (PU2, PU8)."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import OperationalError
from django.urls import reverse

from leaddistrib.admin import people
from leaddistrib.lifecycle import transactions
from leaddistrib.lifecycle.calendars import set_calendar
from leaddistrib.models import Calendar, Rep, TimeOff, WorkingHours
from leaddistrib.sealing import unseal
from leaddistrib.testing import RepFactory, UserFactory, clock_at

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)


@pytest.fixture
def admin(client):
    olga = UserFactory(username="olga", is_staff=True, is_superuser=True)
    client.force_login(olga)
    client.user = olga
    return client


def change(rep):
    return reverse("admin:leaddistrib_rep_change", args=[rep.pk])


def form(rep, hours=(), leave=(), calendar=None, **fields):
    """What a browser sends: the rep's fields, and rows of hours, leave and calendar."""
    data = {
        "user": rep.user_id,
        "team": rep.team_id,
        "active": "on",
        "capacity": rep.capacity,
        "seniority": rep.seniority,
        "weight": rep.weight,
        "taper_days": rep.taper_days,
        **fields,
    }
    rows = {"working_hours": hours, "time_off": leave, "calendar": [calendar] if calendar else []}
    for name, given in rows.items():
        known = [row for row in given if row.get("id")]
        data |= {f"{name}-TOTAL_FORMS": len(given), f"{name}-INITIAL_FORMS": len(known)}
        for number, row in enumerate(given):
            data |= {f"{name}-{number}-{key}": value for key, value in row.items()}
            data[f"{name}-{number}-rep"] = rep.pk
    return data


def block(weekday, starts, ends, **more):
    return {"weekday": weekday, "starts": starts, "ends": ends, **more}


def errors(response):
    form = response.context["adminform"].form
    return {
        **form.errors,
        "hours": response.context["inline_admin_formsets"][0].formset.non_form_errors(),
    }


def test_several_blocks_a_day_are_entered_and_it_is_kept_who_did_it(admin):
    amina = RepFactory()
    hours = [block(0, "09:00", "12:00"), block(0, "13:00", "18:00"), block(4, "20:00", "00:00")]

    response = admin.post(change(amina), form(amina, hours, time_zone="Europe/Paris"))

    assert response.status_code == 302
    assert set(WorkingHours.objects.values_list("weekday", "starts", "ends")) == {
        (0, time(9), time(12)),
        (0, time(13), time(18)),
        (4, time(20), time()),
    }
    assert {row.history_user for row in WorkingHours.history.all()} == {admin.user}
    assert Rep.objects.get().time_zone == "Europe/Paris"


@pytest.mark.parametrize(
    "hours",
    [
        [block(0, "09:00", "12:00"), block(0, "11:00", "13:00")],
        [block(0, "22:00", "06:00")],
    ],
)
def test_blocks_that_overlap_or_end_too_early_are_refused_with_a_sentence(admin, hours):
    amina = RepFactory()

    response = admin.post(change(amina), form(amina, hours))

    assert "overlap" in errors(response)["hours"][0]
    assert not WorkingHours.objects.exists()


def test_a_zone_or_region_that_does_not_exist_is_refused_with_a_sentence(admin):
    amina = RepFactory()

    response = admin.post(change(amina), form(amina, time_zone="Mars", holiday_region="xx"))

    assert "Mars" in errors(response)["time_zone"][0]
    assert "XX" in errors(response)["holiday_region"][0]


def test_a_region_is_written_in_any_case(admin):
    amina = RepFactory()

    admin.post(change(amina), form(amina, holiday_region="de-by"))

    assert Rep.objects.get().holiday_region == "DE-BY"


def test_a_backup_is_somebody_else_and_not_covered_by_the_rep(admin):
    amina = RepFactory()
    bruno = RepFactory(backup=amina)

    for backup in (amina, bruno):
        response = admin.post(change(amina), form(amina, backup=backup.pk))
        assert errors(response)["backup"]
    assert Rep.objects.get(pk=amina.pk).backup is None


def test_a_week_is_taken_from_a_preset_or_from_a_colleague(admin):
    amina, bruno = RepFactory(), RepFactory()
    WorkingHours.objects.create(rep=bruno, weekday=6, starts=time(1), ends=time(2))

    admin.post(change(amina), form(amina, preset="split"))
    assert amina.working_hours.count() == 10

    admin.post(change(amina), form(amina, week_from=bruno.pk))
    assert [str(row) for row in amina.working_hours.all()] == ["Sunday 01:00–02:00"]

    response = admin.post(change(amina), form(amina, week_from=bruno.pk, preset="always"))
    assert errors(response)["week_from"]

    admin.post(change(amina), form(amina, preset="always"))
    assert not amina.working_hours.exists()


def test_a_calendar_is_taken_by_the_same_act_as_on_the_reps_page(admin):
    amina = RepFactory()
    given = {"url": "https://calendar.example/a.ics", "busy_counts": "on"}

    assert admin.post(change(amina), form(amina, calendar=given)).status_code == 302

    calendar = Calendar.objects.get()
    assert (calendar.busy_counts, calendar.next_read_at is None) == (True, False)
    page = admin.get(change(amina)).content.decode()
    assert "It has not been read yet." in page

    Calendar.objects.update(problem="answered:404")
    assert "status 404" in admin.get(change(amina)).content.decode()

    gone = {**given, "id": calendar.pk, "DELETE": "on"}
    assert admin.post(change(amina), form(amina, calendar=gone)).status_code == 302
    assert not Calendar.objects.exists()


def test_the_address_of_a_calendar_is_not_shown_again_and_stays_when_the_field_is_empty(admin):
    amina = RepFactory()
    secret = "https://outlook.office365.com/owa/canary/calendar.ics"
    admin.post(change(amina), form(amina, calendar={"url": secret}))
    calendar = Calendar.objects.get()

    page = admin.get(change(amina)).content.decode()
    assert "outlook.office365.com, set" in page
    kept = {"id": calendar.pk, "url": "", "busy_counts": "on"}
    assert admin.post(change(amina), form(amina, calendar=kept)).status_code == 302

    calendar.refresh_from_db()
    assert (unseal(calendar.address), calendar.busy_counts) == (secret, True)
    history = admin.get(reverse("admin:leaddistrib_rep_history", args=[amina.pk]))
    for text in (page, history.content.decode(), str(list(LogEntry.objects.values()))):
        assert "canary" not in text


def test_whoever_may_only_look_at_reps_sees_the_server_of_their_calendars(admin):
    amina = RepFactory()
    set_calendar(amina, "https://calendar.example/canary.ics", busy_counts=False)
    vera = UserFactory(is_staff=True)
    vera.user_permissions.set(Permission.objects.filter(codename__in=["view_rep", "view_calendar"]))
    admin.force_login(vera)

    page = admin.get(change(amina)).content.decode()

    assert "calendar.example, set" in page
    assert "canary" not in page


@pytest.mark.django_db(transaction=True)
def test_a_save_that_the_database_has_no_time_for_says_so_and_changes_nothing(admin, monkeypatch):
    amina = RepFactory()

    def locked(*args, **options):
        raise OperationalError("database is locked")

    monkeypatch.setattr(transactions, "RETRIES", 0)
    monkeypatch.setattr(people, "set_calendar", locked)
    given = {"url": "https://calendar.example/a.ics"}
    response = admin.post(change(amina), form(amina, calendar=given, capacity=7), follow=True)

    assert "Nothing was changed: try again." in response.content.decode()
    assert Rep.objects.get().capacity == 50


def test_a_calendar_of_the_own_network_is_refused(admin):
    amina = RepFactory()

    response = admin.post(change(amina), form(amina, calendar={"url": "https://10.0.0.1/a.ics"}))

    formset = response.context["inline_admin_formsets"][2].formset
    assert "public internet" in formset.errors[0]["url"][0]


def test_leave_of_a_calendar_is_not_offered_for_change(admin):
    amina = RepFactory()
    calendar = set_calendar(amina, "https://calendar.example/a.ics", busy_counts=False)
    times = {"starts_at": NOON, "ends_at": NOON + HOUR}
    TimeOff.objects.create(rep=amina, calendar=calendar, **times)
    own = TimeOff.objects.create(rep=amina, reason="Hiking", **times)

    formset = admin.get(change(amina)).context["inline_admin_formsets"][1].formset

    assert [row.instance for row in formset.initial_forms] == [own]


def test_the_list_says_why_nothing_is_handed_to_a_rep_and_until_when(admin):
    amina, bruno, chloe = RepFactory(), RepFactory(), RepFactory()
    WorkingHours.objects.create(rep=amina, weekday=1, starts=time(9), ends=time(12))
    TimeOff.objects.create(rep=bruno, kind="busy", starts_at=NOON, ends_at=NOON + HOUR)
    TimeOff.objects.create(rep=chloe, starts_at=NOON - HOUR, ends_at=NOON + HOUR)

    with clock_at(NOON):
        page = admin.get(reverse("admin:leaddistrib_rep_changelist")).content.decode()

    assert "Outside working hours, back 03/03/2026 9 a.m." in page
    assert "Busy by the calendar, back 03/02/2026 1 p.m." in page
    assert "On leave, back 03/02/2026 1 p.m." in page

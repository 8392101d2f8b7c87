"""Limits of races and priority windows are set up in the admin site, which says what they mean."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.admin import site
from django.urls import reverse

from leaddistrib.admin.guardrails import GuardrailPolicyAdmin
from leaddistrib.models import GuardrailPolicy, PriorityWindow
from leaddistrib.testing import RepFactory, TeamFactory

pytestmark = pytest.mark.django_db

POLICIES = reverse("admin:leaddistrib_guardrailpolicy_changelist")
ADD = reverse("admin:leaddistrib_guardrailpolicy_add")
WINDOWS = reverse("admin:leaddistrib_prioritywindow_changelist")
CHANGES = reverse("admin:leaddistrib_configurationchange_changelist")
ALL = ("add_guardrailpolicy", "change_guardrailpolicy", "view_guardrailpolicy", "view_team")


def page_of(policy):
    return reverse("admin:leaddistrib_guardrailpolicy_change", args=[policy.pk])


def form(**fields):
    return {
        "team": "",
        "active": "on",
        "daily_claims": "10",
        "hot_per_warm": "2",
        "claims_per_assigned": "5",
        "weekly_cold": "3",
        "cooldown_hours": "24",
        "priority_minutes": "30",
        "priority_head_start": "5",
        "priority_from": "09:00",
        "priority_until": "17:00",
        **fields,
    }


def said(**numbers):
    """What the page says of a policy with these numbers."""
    page = site._registry[GuardrailPolicy]
    assert isinstance(page, GuardrailPolicyAdmin)
    return page.said(GuardrailPolicy(**numbers))


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({}, "A rep claims at most 10 leads a day in races."),
        ({"daily_claims": 1}, "A rep claims at most 1 lead a day in races."),
        ({"daily_claims": None}, "Claims in races are not limited by the day."),
        (
            {},
            "In a week a rep claims 2 hot leads in races; each warm one makes room for 2 more.",
        ),
        ({"hot_per_warm": None}, "Hot leads may be claimed without warm ones."),
        (
            {},
            "In a week a rep claims 5 leads in races; each assigned lead that is not given back "
            "makes room for 5 more.",
        ),
        ({"claims_per_assigned": None}, "Claims in races need no assigned leads beside them."),
        (
            {},
            "Who was in races last week and claimed fewer than 3 cold leads claims cold ones first "
            "this week, until there are 3.",
        ),
        ({"weekly_cold": None}, "Nobody has to claim cold leads."),
        ({}, "Who gives a lead back may claim it again after 24 hours."),
        ({"cooldown_hours": None}, "Who gives a lead back may claim it again at once."),
        ({"cooldown_hours": 0}, "Who gives a lead back may claim it again at once."),
        (
            {},
            "Every working day each rep has a priority window of 30 minutes between 9 a.m. and 5 "
            "p.m. by the team's clock, in turn.",
        ),
        ({}, "A day has room for 16 windows: more reps share them."),
        (
            {"priority_until": time(9, 30)},
            "A day has room for 1 window: more reps share it.",
        ),
        (
            {},
            "In pools with priority windows, leads that open then open for that rep 5 minutes "
            "before the others.",
        ),
        ({"priority_minutes": None}, "There are no priority windows."),
    ],
)
def test_each_number_is_said_in_a_sentence(numbers, sentence):
    assert sentence in said(**numbers)


def test_a_teams_windows_are_said_by_its_own_clock():
    paris = TeamFactory(name="Paris", time_zone="Europe/Paris")
    assert any("(Europe/Paris)" in sentence for sentence in said(team=paris))


def test_of_a_policy_that_is_not_active_nothing_else_is_said():
    [general] = said(active=False)
    [own] = said(active=False, team=TeamFactory())
    assert general == "Not active: teams without a policy of their own have none."
    assert own == "Not active: for this team none holds, not even the general one."


def test_a_policy_is_set_up_for_a_team_and_says_what_it_means(signed_in):
    client, paris = signed_in(*ALL), TeamFactory(name="<b>Paris</b>")
    answer = client.post(ADD, form(team=paris.pk, daily_claims="7", weekly_cold=""))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    policy = GuardrailPolicy.objects.get(team=paris)
    assert (policy.daily_claims, policy.weekly_cold) == (7, None)
    for address in (page_of(policy), POLICIES):
        page = client.get(address).content.decode()
        assert "A rep claims at most 7 leads a day in races." in page
        assert "Nobody has to claim cold leads." in page
        assert "<b>Paris" not in page


def test_while_what_was_typed_is_refused_the_page_says_what_holds(signed_in):
    client = signed_in(*ALL)
    policy = GuardrailPolicy.objects.create(daily_claims=7)
    answer = client.post(page_of(policy), form(daily_claims="0"))
    assert answer.status_code == 200
    assert "daily_claims" in answer.context["adminform"].form.errors
    assert answer.context["sentences"][0] == "A rep claims at most 7 leads a day in races."


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"priority_until": "09:10"}, "priority_until"),
        ({"priority_until": "08:00"}, "priority_until"),
        ({"priority_minutes": "4"}, "priority_minutes"),
        ({"priority_head_start": "0"}, "priority_head_start"),
        ({"hot_per_warm": "0"}, "hot_per_warm"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_beside_their_field(signed_in, fields, field):
    answer = signed_in(*ALL).post(ADD, form(**fields))
    assert list(answer.context["adminform"].form.errors) == [field]


def test_a_second_policy_for_every_other_team_is_refused(signed_in):
    GuardrailPolicy.objects.create()
    answer = signed_in(*ALL).post(ADD, form())
    assert list(answer.context["adminform"].form.errors) == ["team"]


def test_who_changed_a_limit_of_which_team_is_on_record(signed_in):
    client = signed_in(*ALL, "view_configurationchange")
    general = GuardrailPolicy.objects.create()
    team = TeamFactory(name="Paris")
    paris = GuardrailPolicy.objects.create(team=team)
    client.post(page_of(general), form(daily_claims="8"))
    client.post(page_of(paris), form(team=team.pk, daily_claims="9"))
    rows = [
        (change.name, change.model_label, str(change.by), one.field, one.before, one.after)
        for change, _address in client.get(CHANGES).context["changes"]
        for one in change.differences
        if change.kind == "~"
    ]
    what = ("guardrail policy", "olga", "Competitive claims a day", "10")
    assert rows == [("Paris", *what, "9"), ("Every other team", *what, "8")]
    found = client.get(CHANGES, {"text": "pari", "model": "guardrailpolicy"}).context["changes"]
    assert {change.name for change, _address in found} == {"Paris"}


def test_windows_are_looked_at_by_team_and_day_and_by_nobody_changed(signed_in):
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    names = {}
    for name, team in (("amina", "Paris"), ("bruno", "Lyon")):
        rep = RepFactory(user__username=name, team=TeamFactory(name=team))
        names[team] = rep
        for number in range(3):
            begins = start + timedelta(days=number)
            PriorityWindow.objects.create(
                rep=rep, day=begins.date(), starts_at=begins, ends_at=begins + timedelta(hours=1)
            )
    client = signed_in("view_prioritywindow", "change_prioritywindow")

    def shown(**chosen):
        rows = client.get(WINDOWS, chosen).context["cl"].result_list
        return {(window.rep.name, window.day) for window in rows}

    tuesday = date(2026, 3, 3)
    assert len(shown()) == 6
    assert {name for name, _day in shown(team=names["Lyon"].team.pk)} == {"bruno"}
    assert shown(day_from="2026-03-03", day_to="2026-03-03") == {
        ("amina", tuesday),
        ("bruno", tuesday),
    }
    assert len(shown(day_from="2026-03-03")) == 4
    first = names["Paris"].priority_windows.earliest("day")
    address = reverse("admin:leaddistrib_prioritywindow_change", args=[first.pk])
    assert client.post(address, {"day": "2026-03-09"}).status_code == 403

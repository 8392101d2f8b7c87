"""Tiers are set up in the admin site, which says who would be in which (TI1, TI2)."""

import re
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leaddistrib.models import Rep, TierPlacement, TierPolicy
from leaddistrib.testing import RepFactory, TeamFactory, clock_at
from tests.queries.test_placing import had, policy_of

pytestmark = pytest.mark.django_db

POLICIES = reverse("admin:leaddistrib_tierpolicy_changelist")
ADD = reverse("admin:leaddistrib_tierpolicy_add")
PLACEMENTS = reverse("admin:leaddistrib_tierplacement_changelist")
ALL = ("add_tierpolicy", "change_tierpolicy", "view_tierpolicy", "view_team", "add_tier")
WEDNESDAY = datetime(2026, 3, 18, 12, tzinfo=UTC)
MONDAY = date(2026, 3, 16)
USUAL = ((1, "Gold", 25, 0), (2, "Silver", 50, 15), (3, "Bronze", 25, 60))


def page_of(policy, page="change"):
    return reverse(f"admin:leaddistrib_tierpolicy_{page}", args=[policy.pk])


def form(tiers=USUAL, **fields):
    data = {
        "team": "",
        "active": "on",
        "conversion_weight": 50,
        "quota_weight": 30,
        "speed_weight": 20,
        "days": 90,
        "prior_leads": 20,
        "least_leads": 10,
        "least_reps": 4,
        "margin": 3,
        "floor_percent": 10,
        "tiers-TOTAL_FORMS": len(tiers),
        "tiers-INITIAL_FORMS": 0,
        **fields,
    }
    for number, (level, name, share, minutes) in enumerate(tiers):
        data |= {
            f"tiers-{number}-level": level,
            f"tiers-{number}-name": name,
            f"tiers-{number}-share": share,
            f"tiers-{number}-delay_minutes": minutes,
        }
    return data


def listed(response):
    """The table of the preview, as text."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", response.content.decode(), re.DOTALL)
    cells = (re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows)
    told = [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in cells]
    return [row for row in told if len(row) > 5]


@pytest.fixture
def team():
    """Amina won most and Bruno nothing; Chloé and David are between."""
    team = TeamFactory(name="Paris")
    for name, won in (("amina", 9), ("bruno", 0), ("chloé", 4), ("david", 5)):
        had(RepFactory(user__username=name, team=team), 10, won=won)
    return team


def test_a_policy_is_made_with_its_tiers_and_says_what_it_means(signed_in):
    client = signed_in(*ALL)
    offered = client.get(ADD).content.decode()
    assert 'value="Tier 1"' in offered
    assert 'value="Tier 3"' in offered
    ticked = re.findall(r'name="tiers-(\d)-auto_assigned"[^>]*checked', offered)
    assert ticked == ["2"], "the lowest one is assigned what nobody took"

    client.post(ADD, form(tiers=USUAL) | {"tiers-2-auto_assigned": "on"})

    policy = TierPolicy.objects.get()
    assert [(tier.level, tier.share, tier.delay_minutes) for tier in policy.tiers.all()] == [
        (1, 25, 0),
        (2, 50, 15),
        (3, 25, 60),
    ]
    for page in (POLICIES, page_of(policy)):
        text = client.get(page).content.decode()
        assert "“Silver”: 50 % of the reps, told 15 minutes after a lead opens." in text
        assert "conversion 50 %, quota attainment 30 %, response speed 20 %" in text
        assert (
            "“Bronze”: 25 % of the reps, told 60 minutes after a lead opens, assigned first what "
            "nobody took from a race." in text
        )


@pytest.mark.parametrize(
    ("tiers", "fields", "said"),
    [
        ((), {}, "A policy needs at least one tier."),
        (((1, "Gold", 25, 0), (2, "Silver", 50, 15)), {}, "The shares add up to 75 %"),
        (((1, "Gold", 50, 0), (3, "Bronze", 50, 15)), {}, "Number the tiers from 1 to 2"),
        (((2, "Gold", 50, 0), (3, "Bronze", 50, 15)), {}, "Number the tiers from 1 to 2"),
        (((1, "Gold", 50, 15), (2, "Bronze", 50, 0)), {}, "“Bronze” would be told before “Gold”"),
        (((1, "Gold", 0, 0), (2, "Bronze", 100, 0)), {}, "greater than or equal to 1"),
        (
            USUAL,
            {"conversion_weight": 0, "quota_weight": 0, "speed_weight": 0},
            "One of the three must have a weight.",
        ),
        (USUAL, {"days": 3}, "greater than or equal to 7"),
    ],
)
def test_what_cannot_be_is_refused_and_said(signed_in, tiers, fields, said):
    answer = signed_in(*ALL).post(ADD, form(tiers, **fields))
    assert said in answer.content.decode()
    assert not TierPolicy.objects.exists()


def test_the_preview_shows_who_would_move_from_where_to_where_and_why(signed_in, team):
    policy = policy_of(conversion_weight=1, quota_weight=0, speed_weight=0)
    Rep.objects.filter(user__username="amina").update(tier=2)

    with clock_at(WEDNESDAY):
        client = signed_in("view_tierpolicy", "view_tierplacement")
        answer = client.get(page_of(policy, "preview"))

    assert [row[:5] for row in listed(answer)] == [
        ["amina", "Paris", "Silver", "Gold", "by the score"],
        ["david", "Paris", "–", "Silver", "by the score"],
        ["chloé", "Paris", "–", "Silver", "by the score"],
        ["bruno", "Paris", "–", "Bronze", "by the score"],
    ]
    assert [row[7] for row in listed(answer)] == ["9 / 10", "5 / 10", "4 / 10", "0 / 10"]
    assert "4 reps would move" in answer.content.decode()
    assert "Place now" not in answer.content.decode(), "who only looks places nobody"
    assert not TierPlacement.objects.exists()
    assert Rep.objects.get(user__username="amina").tier == 2


def test_a_policy_just_saved_is_in_use_at_once(signed_in, team):
    policy = policy_of()
    client = signed_in("view_tierpolicy", "change_tierpolicy", "change_rep")
    with clock_at(WEDNESDAY):
        page = client.get(page_of(policy, "preview")).content.decode()
        first = client.post(page_of(policy, "preview"), follow=True).content.decode()
        again = client.post(page_of(policy, "preview"), follow=True).content.decode()
        after = client.get(page_of(policy, "preview")).content.decode()

    assert "4 reps are not placed for this week yet" in page
    assert "4 reps are placed." in first
    assert "Everybody was placed for this week already." in again
    assert "Place now" not in after
    assert set(TierPlacement.objects.values_list("period", flat=True)) == {MONDAY}
    assert Rep.objects.get(user__username="amina").tier == 1


def test_placing_by_one_teams_policy_leaves_the_other_teams_alone(signed_in, team):
    lyon = RepFactory(team=TeamFactory(name="Lyon"))
    own = policy_of(team)
    policy_of()
    client = signed_in("view_tierpolicy", "change_tierpolicy", "change_rep")

    client.post(page_of(own, "preview"))

    assert TierPlacement.objects.count() == 4
    assert not lyon.placements.exists()


@pytest.mark.parametrize(
    "permissions",
    [("view_tierpolicy", "change_rep"), ("view_tierpolicy", "change_tierpolicy")],
)
def test_who_may_not_change_policies_and_reps_places_nobody(signed_in, team, permissions):
    policy = policy_of()
    assert signed_in(*permissions).post(page_of(policy, "preview")).status_code == 403
    assert not TierPlacement.objects.exists()


def test_a_policy_that_is_not_active_places_nobody(signed_in, team):
    policy = policy_of(active=False)
    client = signed_in("view_tierpolicy", "change_tierpolicy", "change_rep")
    assert "The policy is not active" in client.get(page_of(policy, "preview")).content.decode()
    assert client.post(page_of(policy, "preview")).status_code == 403


def test_who_may_see_no_policies_sees_no_preview(signed_in, team):
    assert signed_in("view_rep").get(page_of(policy_of(), "preview")).status_code == 403


def test_figures_of_reps_are_not_for_whoever_sees_policies_alone(signed_in, team):
    answer = signed_in("view_tierpolicy").get(page_of(policy_of(), "preview"))
    assert answer.status_code == 403


def test_placements_are_found_by_team_tier_week_and_reason(signed_in, team):
    policy = policy_of()
    client = signed_in("view_tierpolicy", "change_tierpolicy", "change_rep", "view_tierplacement")
    with clock_at(WEDNESDAY):
        client.post(page_of(policy, "preview"))
    RepFactory(team=TeamFactory(name="Lyon")).placements.create(
        period=date(2026, 3, 9), reason="onboarding", at=WEDNESDAY
    )

    def found(**asked):
        return client.get(PLACEMENTS, asked).context["cl"].queryset.count()

    assert found() == 5
    assert found(team=team.pk) == 4
    assert (found(level=1), found(level="none")) == (1, 1)
    assert (found(reason__exact="placed"), found(reason__exact="onboarding")) == (4, 1)
    assert found(period_from="2026-03-10", period_to="2026-03-31") == 4
    page = client.get(PLACEMENTS, {"team": team.pk}).content.decode()
    assert "Gold" in page


def test_the_preview_costs_the_same_for_many_reps(signed_in, team):
    policy = policy_of()
    client = signed_in("view_tierpolicy", "view_tierplacement")
    client.get(page_of(policy, "preview"))  # what is asked for once a process
    numbers = []
    for size in (1, 6):
        for _ in range(size):
            RepFactory(team=TeamFactory())
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(page_of(policy, "preview"))
        assert len(listed(answer)) == Rep.objects.count()
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]

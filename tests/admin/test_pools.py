"""How pools look to those who set them up (PL2, PO1)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leaddistrib.models import (
    GuardrailPolicy,
    Lead,
    Onboarding,
    OnboardingPolicy,
    Pool,
    TierPolicy,
)
from leaddistrib.queries.whentold import told_when
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory

LIST = reverse("admin:leaddistrib_pool_changelist")
UNTOUCHED = {
    "award": "first",
    "cascade_seconds": "30",
    "sealed_seconds": "5",
    "sealed_by": "entitlement",
    "blind_percent": "0",
}
"""What the form of a pool says of races, unless somebody changes it."""


def rows(client):
    found = client.get(LIST).context["cl"].result_list
    model_admin = client.get(LIST).context["cl"].model_admin
    return {
        pool.name: (model_admin.oldest(pool), model_admin.stale(pool), pool._waiting)
        for pool in found
    }


def test_the_list_says_what_waits_how_long_and_what_waits_too_long(db, signed_in):
    client = signed_in("view_pool", "view_lead")
    marked = PoolFactory(name="Cold", mode="queue", stale_minutes=60)
    PoolFactory(name="Empty", mode="shared")
    unmarked = PoolFactory(name="Patient", mode="queue")
    now = timezone.now()
    for pool in (marked, unmarked):
        LeadFactory(pool=pool)
        old = LeadFactory(pool=pool)
        Lead.objects.filter(pk=old.pk).update(opens_at=now - timedelta(hours=3))

    shown = rows(client)
    assert shown["Cold"] == ("3\xa0hours", 1, 2)
    assert shown["Patient"] == ("3\xa0hours", None, 2)
    assert shown["Empty"] == (None, None, 0)


def test_a_shared_pool_is_set_up_on_its_page(db, signed_in):
    client = signed_in("add_pool", "change_pool", "view_pool", "view_rep", "view_team")
    rep = RepFactory()
    answer = client.post(
        reverse("admin:leaddistrib_pool_add"),
        {
            "name": "Inside sales",
            "mode": "shared",
            "reps": [rep.pk],
            "teams": [],
            "stale_minutes": "30",
            "push_minutes": "",
            "ownership": "shared",
            "working_minutes": "10",
            **UNTOUCHED,
        },
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    pool = Pool.objects.get(name="Inside sales")
    assert (pool.mode, pool.ownership, pool.stale_minutes, pool.push_minutes) == (
        "shared",
        "shared",
        30,
        None,
    )
    assert pool.working_minutes == 10
    page = client.get(reverse("admin:leaddistrib_pool_add")).content.decode()
    assert "Counted from when a lead was opened." in page
    assert "until it lapses" in page


# Races


def saved(client, pool, **fields):
    """The answer to the pool's form with these fields, its mode and name filled in."""
    data = {
        "name": pool.name,
        "mode": pool.mode,
        "ownership": "first_contact",
        "working_minutes": "15",
        **UNTOUCHED,
        **fields,
    }
    return client.post(reverse("admin:leaddistrib_pool_change", args=[pool.pk]), data)


@pytest.fixture
def admin(db, signed_in):
    return signed_in("change_pool", "view_pool", "view_rep", "view_team")


@pytest.mark.parametrize("mode", ["queue", "shared"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("premium", "on"),
        ("tiered", "on"),
        ("priority", "on"),
        ("award", "cascade"),
        ("award", "sealed"),
        ("blind_percent", "20"),
        ("unrated", "on"),
        ("mix_high", "10"),
        ("mix_low", "0"),
    ],
)
def test_what_only_races_have_is_refused_beside_its_field(admin, mode, field, value):
    answer = saved(admin, PoolFactory(mode=mode), **{field: value})
    assert dict(answer.context["adminform"].form.errors) == {
        field: ["Only pools of the mode “Race” have this: leave it out here."]
    }


def test_a_race_has_all_of_it(admin):
    pool = PoolFactory(mode="race")
    ticked = {"premium": "on", "tiered": "on", "priority": "on", "unrated": "on"}
    answer = saved(admin, pool, award="cascade", blind_percent="20", **ticked)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    pool.refresh_from_db()
    assert pool.in_waves
    assert (pool.premium, pool.unrated, pool.blind_percent) == (True, True, 20)


def test_a_mix_needs_hidden_quality_and_the_page_says_so_beside_each_share(admin):
    pool = PoolFactory()
    answer = saved(admin, pool, mix_high="10", mix_low="0")
    told = ["A mix needs hidden quality: tick “Quality hidden” above."]
    assert dict(answer.context["adminform"].form.errors) == {"mix_high": told, "mix_low": told}

    answer = saved(admin, pool, mix_high="10", mix_low="0", unrated="on")
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    pool.refresh_from_db()
    assert (pool.mix_high, pool.mix_low, pool.mixed) == (10, 0, True)


def test_a_share_of_more_than_all_is_refused(admin):
    answer = saved(admin, PoolFactory(), mix_high="101", unrated="on")
    assert list(answer.context["adminform"].form.errors) == ["mix_high"]


@pytest.fixture
def paris(db):
    """Gold is told at once, Silver after 15 minutes, Bronze after an hour; Gold and Silver see
    premium pools."""
    team = TeamFactory(name="Paris")
    policy = TierPolicy.objects.create(team=team, floor_percent=10)
    for level, (name, minutes, premium) in enumerate(
        [("Gold", 0, True), ("Silver", 15, True), ("Bronze", 60, False)], start=1
    ):
        policy.tiers.create(
            level=level, name=name, share=33, delay_minutes=minutes, premium=premium
        )
    GuardrailPolicy.objects.create(team=team, priority_head_start=5)
    return team


TIERS = "Paris: Gold at once, Silver after 15 minutes, Bronze after 60 minutes."
MIDDLE = "Who is in no tier counts as of the middle one."
FLOOR = "10 % of the leads, drawn by lot, wait for no tier."
FIRST = "The first valid claim owns the lead."
UNRATED = "Nobody sees the score or the temperature of a lead until it is claimed."
BEYOND = (
    "quality. What is beyond goes to the rule's next step, and opens here if nobody there takes it."
)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ["Every member is told as soon as a lead opens.", FIRST]),
        ({"tiered": True}, [TIERS, MIDDLE, FLOOR, FIRST]),
        (
            {"tiered": True, "premium": True},
            ["Paris: Gold at once, Silver after 15 minutes, Bronze never.", MIDDLE, FLOOR, FIRST],
        ),
        (
            {"premium": True},
            ["Paris: Gold at once, Silver at once, Bronze never.", MIDDLE, FIRST],
        ),
        (
            {"priority": True},
            [
                "Whoever has a priority window when a lead opens is told at once. For all others "
                "every time counts from the end of the head start.",
                "Head start of Paris: 5 minutes.",
                FIRST,
            ],
        ),
        (
            {"award": "cascade", "cascade_seconds": 20},
            [
                "Members are told one after the other, 20 seconds apart: first who is there, then "
                "by tier and score. Where both a tier and a rank wait, the later time counts.",
                FIRST,
            ],
        ),
        (
            {"award": "sealed"},
            [
                "Every member is told as soon as a lead opens.",
                "Claims are collected for 5 seconds after the first one. Then the lead goes to: "
                "who has had least of what is theirs.",
            ],
        ),
        (
            {"tiered": True, "blind_percent": 20, "unrated": True},
            [
                *(TIERS, MIDDLE, FLOOR, FIRST),
                "20 % of the leads show next to nothing until they are claimed.",
                "Nobody sees the score or the temperature of a lead until it is claimed.",
            ],
        ),
        (
            {"unrated": True, "mix_high": 10, "mix_low": 20},
            [
                *("Every member is told as soon as a lead opens.", FIRST, UNRATED),
                "Of any 20 leads that the rules send here at most: 2 of high quality, 4 of low "
                + BEYOND,
            ],
        ),
        (
            {"unrated": True, "mix_low": 0},
            [
                *("Every member is told as soon as a lead opens.", FIRST, UNRATED),
                "Of any 20 leads that the rules send here at most: 0 of low " + BEYOND,
            ],
        ),
        ({"mode": "queue"}, []),
    ],
)
def test_the_pool_says_who_is_told_when(paris, fields, said):
    pool = PoolFactory(**fields)
    pool.teams.add(paris)
    assert told_when(pool) == said


def test_tiers_are_said_of_each_team_also_of_members_named_one_by_one(paris):
    pool = PoolFactory(tiered=True, priority=True, teams=[TeamFactory(name="Lyon")])
    pool.reps.set([RepFactory(team=paris, tier=1), RepFactory(team=None)])
    TierPolicy.objects.filter(team=paris).update(working_time=True, floor_percent=0)
    said = told_when(pool)
    assert said[:4] == [
        "Lyon: no tiers, all of them at once.",
        TIERS.removesuffix(".") + ", counting working minutes only.",
        "Reps without a team: no tiers, all of them at once.",
        MIDDLE,
    ]
    GuardrailPolicy.objects.all().delete()
    assert "None of the members has priority windows" in " ".join(told_when(pool))


def test_it_costs_as_much_for_many_teams(paris, django_assert_max_num_queries):
    pool = PoolFactory(tiered=True, priority=True)
    pool.teams.set([paris, *(TeamFactory() for _ in range(10))])
    TierPolicy.objects.create().tiers.create(level=1, name="Everybody", share=100)
    with django_assert_max_num_queries(10):
        assert "Everybody at once" in " ".join(told_when(pool))


SMALL = "nobody is in a tier, and all count as of the middle one"


@pytest.mark.parametrize(
    ("fields", "levels", "said"),
    [
        ({"tiered": True}, (1, None), f"Lyon: {SMALL}: Silver after 15 minutes."),
        ({"tiered": True}, (None, 4), f"Lyon: {SMALL}: Silver at once."),
        ({"premium": True}, (1, None), f"Lyon: {SMALL}: Silver at once."),
        # Chloé, the only one in a tier, never sees it: nobody waits for her.
        ({"tiered": True, "premium": True}, (3, None), f"Lyon: {SMALL}: Silver at once."),
    ],
)
def test_a_team_too_small_for_tiers_is_told_as_the_middle_one_if_anybody_is_in_a_tier(
    paris, fields, levels, said
):
    TierPolicy.objects.update(team=None)
    lyon = TeamFactory(name="Lyon")
    for team, level in zip((paris, lyon), levels, strict=True):
        RepFactory(team=team, tier=level)
    assert said in told_when(PoolFactory(teams=[paris, lyon], **fields))


NOBODY = "No member's tier sees this premium pool: its leads wait"


@pytest.mark.parametrize(
    ("level", "fields", "said"),
    [
        (3, {}, [f"{NOBODY} for nobody."]),
        (3, {"push_minutes": 30}, [f"{NOBODY} until they are passed on."]),
        (2, {}, []),
    ],
)
def test_a_premium_pool_says_that_nobody_sees_its_leads(paris, level, fields, said):
    RepFactory(team=paris, tier=level)
    RepFactory(team=paris, tier=1, active=False)
    pool = PoolFactory(premium=True, teams=[paris], **fields)
    assert [text for text in told_when(pool) if NOBODY in text] == said


def test_a_pool_names_who_keeps_new_reps_from_racing_among_themselves(paris):
    amina, bruno, _chloe = (
        RepFactory(team=paris, user__username=name) for name in ("amina", "bruno", "chloe")
    )
    phase = OnboardingPolicy.objects.create().phases.create(
        position=1, name="Half", weeks=4, competition=50, cohort_only=True
    )
    day = date(2026, 3, 2)
    for rep in (amina, bruno):
        Onboarding.objects.create(rep=rep, began_on=day, since=day, phase=phase)
    pool = PoolFactory(teams=[paris])
    closed = (
        "For now closed to amina, bruno, who in onboarding race their own cohort only. Not of it:"
        " chloe."
    )
    assert closed in told_when(pool)
    pool.reps.add(*(RepFactory() for _ in range(6)))
    assert "and 2 others." in told_when(pool)[-1]
    pool.teams.clear()
    pool.reps.set([amina, bruno])
    assert told_when(pool) == ["Every member is told as soon as a lead opens.", FIRST]


def test_the_page_of_a_pool_says_it_too(admin, paris):
    pool = PoolFactory(tiered=True)
    pool.teams.add(paris)
    page = admin.get(reverse("admin:leaddistrib_pool_change", args=[pool.pk])).content.decode()
    assert "Who is told when" in page
    assert TIERS in page


def test_a_team_says_by_which_clock_its_days_are_counted(db, signed_in):
    client, team = signed_in("change_team", "view_team"), TeamFactory(name="Paris")
    address = reverse("admin:leaddistrib_team_change", args=[team.pk])
    data = {"name": "Paris", "weighting": "by_hand", "time_zone": "Europe/Pari"}
    refused = client.post(address, data)
    assert list(refused.context["adminform"].form.errors) == ["time_zone"]
    assert client.post(address, data | {"time_zone": "Europe/Paris"}).status_code == 302
    team.refresh_from_db()
    assert team.time_zone == "Europe/Paris"

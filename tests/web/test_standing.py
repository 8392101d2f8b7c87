"""A rep's own place in the race: what holds, what is left, and what would change it (GU7, ON2)."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.onboarding import begin, hold
from leaddistrib.models import (
    AllocationPolicy,
    GuardrailPolicy,
    OnboardingPolicy,
    PriorityWindow,
    Quota,
    Rep,
    TierPlacement,
)
from leaddistrib.testing import LeadFactory, clock_at
from tests.tiers import tier_policy
from tests.web.conftest import signed_in

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
PAGE = "/leads/me/race/"
NONE = {
    "daily_claims": None,
    "hot_per_warm": None,
    "claims_per_assigned": None,
    "weekly_cold": None,
    "cooldown_hours": None,
    "priority_minutes": None,
}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock_at(NOON):
        yield


def read(rep: Rep, path: str = PAGE) -> str:
    """The page as ``rep`` reads it: its words, without tags."""
    html = signed_in(rep).get(path).content.decode()
    body = html[html.index("<main") : html.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split()).replace(" .", ".")


def race(cast, rep: Rep, *temperatures: str) -> None:
    """``rep`` claims a lead of each of ``temperatures`` in a race."""
    for temperature in temperatures:
        lead = LeadFactory(pool=cast.pool, temperature=temperature)
        assert claim(lead, rep, via="page").result == "won"


def test_where_no_policy_holds_the_page_says_so(cast):
    text = read(cast.amina)
    assert "No limit of a fair race holds for you" in text
    assert "Limits of your claims" not in text


def test_a_rep_sees_how_many_race_claims_are_left_today_and_when_they_are_counted_anew(cast):
    GuardrailPolicy.objects.create(**NONE | {"daily_claims": 10})
    race(cast, cast.amina, "hot", "warm", "cold")
    text = read(cast.amina)
    assert "7 of 10 race claims left" in text
    assert "Counted anew from 03/05/2026 midnight" in text
    assert "Hot and warm" not in text
    assert "Your priority window" not in text


def test_hot_claims_are_left_until_a_warm_one_is_needed(cast):
    GuardrailPolicy.objects.create(**NONE | {"hot_per_warm": 2})
    race(cast, cast.amina, "hot")
    assert "1 hot lead left until a warm one is needed. This week: 1 hot, 0 warm." in read(
        cast.amina
    )
    race(cast, cast.amina, "hot")
    assert "Claim a warm lead next. It makes room for 2 hot ones." in read(cast.amina)
    race(cast, cast.amina, "warm")
    assert "2 hot leads left until a warm one is needed." in read(cast.amina)


def test_an_assigned_lead_makes_room_for_race_claims(cast):
    GuardrailPolicy.objects.create(**NONE | {"claims_per_assigned": 1})
    race(cast, cast.amina, "warm")
    assert "Keep the next lead that is assigned to you. It makes room for 1 race claim." in read(
        cast.amina
    )
    LeadFactory(owner=cast.amina)
    assert "1 race claim left until an assigned lead is needed." in read(cast.amina)


def test_cold_leads_are_asked_for_before_they_close_anything(cast):
    GuardrailPolicy.objects.create(**NONE | {"weekly_cold": 2})
    race(cast, cast.amina, "cold")
    assert "1 cold lead to claim this week, so that all races stay open" in read(cast.amina)
    race(cast, cast.amina, "cold")
    assert "You claimed enough of them this week" in read(cast.amina)


def test_who_claimed_too_few_cold_leads_last_week_reads_what_opens_the_races_again(cast):
    with clock_at(NOON - timedelta(days=7)):
        race(cast, cast.amina, "hot")
    GuardrailPolicy.objects.create(**NONE | {"weekly_cold": 2})
    text = read(cast.amina)
    assert "Claim 2 cold leads first: until then, races of warmer leads are closed" in text
    assert "This week: 0 of 2. Last week: 0." in text


def window(rep: Rep, starts: timedelta, day: date | None = None) -> PriorityWindow:
    """A window of half an hour that begins so long after noon."""
    begins = NOON + starts
    return PriorityWindow.objects.create(
        rep=rep,
        day=day or begins.date(),
        starts_at=begins,
        ends_at=begins + timedelta(minutes=30),
    )


def shown(rep: Rep) -> dict[str, bool]:
    """Which of the countdown's sentences stand on the page before any script runs."""
    html = signed_in(rep).get(PAGE).content.decode()
    said = {"begins": "It begins in", "open": "It is open now", "over": "It is over for today"}
    return {
        name: "hidden" not in html[: html.index(text)].rpartition("<p")[2]
        for name, text in said.items()
    }


@pytest.mark.parametrize(
    ("minutes", "seen"), [(20, "begins"), (0, "open"), (-29, "open"), (-30, "over"), (-60, "over")]
)
def test_todays_priority_window_counts_down_is_open_or_is_over(cast, minutes, seen):
    GuardrailPolicy.objects.create(**NONE | {"priority_minutes": 30})
    window(cast.amina, timedelta(minutes=minutes))
    assert [name for name, there in shown(cast.amina).items() if there] == [seen]


def test_the_next_window_and_its_head_start_are_said_in_the_reps_time(cast):
    GuardrailPolicy.objects.create(**NONE | {"priority_minutes": 30, "priority_head_start": 5})
    Rep.objects.filter(pk=cast.amina.pk).update(time_zone="Asia/Tokyo")
    window(cast.amina, timedelta(days=1))
    text = read(cast.amina)
    assert "You have none today." in text
    assert "The next one: Thursday 5 March, 9 p.m. – 9:30 p.m." in text
    assert "open for you 5 minutes before anybody else" in text


@pytest.fixture
def onboarding(cast) -> OnboardingPolicy:
    policy = OnboardingPolicy.objects.create()
    policy.phases.create(position=1, name="First steps", weeks=4, competition=0, least_leads=5)
    policy.phases.create(position=2, name="Half and half", weeks=4, competition=50)
    return policy


def test_a_new_rep_sees_the_phase_and_what_is_next(cast, onboarding):
    begin(cast.amina, NOON.date() - timedelta(weeks=1))
    text = read(cast.amina)
    assert "First steps week 2 of 4" in text
    assert "Assigned leads only. Races can be watched." in text
    assert "0 of at least 5 leads this week." in text
    assert "From March 25, 2026 on: Half and half." in text


def test_the_last_phase_ends_in_the_whole_race(cast, onboarding):
    begin(cast.amina, NOON.date() - timedelta(weeks=5))
    text = read(cast.amina)
    assert "Half and half week 2 of 4" in text
    assert "From March 25, 2026 on you are onboarded" in text


def test_who_is_held_reads_no_day(cast, onboarding):
    begin(cast.amina, NOON.date())
    hold(cast.amina, cast.mireille, "Ask me on Monday")
    text = read(cast.amina)
    assert "Your manager holds you in this phase." in text
    assert "From " not in text
    assert "Ask me on Monday" not in text


def test_everything_together_costs_the_same_however_much_there_is(cast, onboarding):
    GuardrailPolicy.objects.create(daily_claims=200)
    begin(cast.amina, NOON.date() - timedelta(weeks=5))
    LeadFactory(owner=cast.amina)
    client = signed_in(cast.amina)
    client.get(PAGE)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(PAGE).status_code == 200
        return len(found)

    few = queries()
    for number in range(20):
        LeadFactory(owner=cast.amina)
        window(cast.amina, timedelta(days=number))
    assert queries() <= few <= 30


@pytest.mark.parametrize("path", ["/leads/", "/leads/me/"])
def test_the_card_of_limits_says_what_is_left_today_and_leads_there(cast, path):
    GuardrailPolicy.objects.create(**NONE | {"daily_claims": 10})
    race(cast, cast.amina, "warm")
    assert "9 of 10 race claims left today" in read(cast.amina, path)
    assert PAGE in signed_in(cast.amina).get(path).content.decode()


def test_a_refusal_says_when_it_lifts_in_the_reps_own_time(cast):
    GuardrailPolicy.objects.create(**NONE | {"daily_claims": 1})
    Rep.objects.filter(pk=cast.amina.pk).update(time_zone="Asia/Tokyo")
    race(cast, cast.amina, "warm")
    lead = LeadFactory(pool=cast.pool)
    answer = signed_in(cast.amina).post(
        f"/leads/lead/{lead.public_id}/claim/", headers={"accept": "application/json"}
    )
    assert answer.status_code == 403
    [reason] = answer.json()["reasons"]
    assert reason["code"] == "daily_limit"
    assert reason["message"].endswith("Until 03/05/2026 9 a.m.")
    assert reason["lifts_at"] == "2026-03-05T00:00:00Z"
    assert timezone.get_default_timezone_name() == "UTC"


def placed(rep: Rep, period: date, level: int, score: float, former: int | None = None) -> None:
    """A placement as it is written on record, and the rep's tier."""
    figures = {
        "leads": 20, "won": 5, "attainment": 80.0, "answered": 10, "answered_seconds": 6000,
        "points": {"conversion": 60.0, "quota": 40.0, "speed": 55.0},
        "weights": {"conversion": 50, "quota": 30, "speed": 20},
        "team": {
            "reps": 6, "leads": 100, "won": 20, "answered": 80, "answered_seconds": 60000,
            "ranked": 6,
        },
        "rank": 2, "borders": [55.0, 45.0], "by_score": level, "former": former,
        "prior_leads": 20, "least_leads": 10, "least_reps": 4, "margin": 3,
        "shares": [25, 50, 25], "tiers": ["Gold", "Silver", "Bronze"],
    }  # fmt: skip
    TierPlacement.objects.create(
        rep=rep, period=period, level=level, former=former, reason="placed", score=score,
        figures=figures, at=NOON,
    )  # fmt: skip
    rep.tier = level
    rep.save()


def test_a_rep_sees_the_own_tier_since_when_and_by_which_figures(cast):
    placed(cast.amina, date(2026, 2, 23), 1, 60.0)
    placed(cast.amina, date(2026, 3, 2), 2, 53.0, former=1)
    text = read(cast.amina)
    assert "Your tier Silver since March 2, 2026" in text
    assert "“Gold” begins for you at 58.0 points." in text
    assert "You won 5 of 20 leads. Your team wins 20.0 %. 60.0 points" in text
    assert "Your score fell from 60.0 to 53.0." in text
    assert "Feb. 23, 2026 Gold 60.0 by the score" in text


def test_a_tier_says_when_its_reps_are_told_of_a_lead(cast):
    tier_policy(floor=10, working_time=True)
    placed(cast.amina, date(2026, 3, 2), 2, 53.0)
    text = read(cast.amina)
    assert "In pools by tier you are told 15 minutes after a lead opens." in text
    assert "The minutes count only while you are at work." in text
    assert "At least 10 % of a pool's leads open to all tiers at once." in text
    assert "Premium pools are open to you." in text
    assert "You are placed" not in text


def test_who_is_not_placed_yet_reads_how_long_the_middle_tier_waits(cast):
    tier_policy()
    text = read(cast.amina)
    assert (
        "You are placed on Monday; until then you wait as long as the middle tier, “Silver”."
    ) in text
    assert "In pools by tier you are told 15 minutes after a lead opens." in text
    assert "No limit of a fair race" not in text


def test_who_is_placed_only_after_a_phase_of_onboarding_is_promised_no_monday(cast, onboarding):
    tier_policy()
    begin(cast.amina, NOON.date())
    text = read(cast.amina)
    assert "You are placed when your onboarding counts; until then you wait as long as" in text
    assert "Monday" not in text


def test_a_team_too_small_for_tiers_waits_for_none(cast):
    tier_policy()
    TierPlacement.objects.create(
        rep=cast.amina, period=date(2026, 3, 2), reason="small_team", at=NOON,
        figures={"team": {"reps": 2}, "least_reps": 4},
    )  # fmt: skip
    text = read(cast.amina)
    assert "there are no tiers." in text
    assert "middle tier" not in text


def test_where_only_a_cooldown_holds_the_page_says_how_long_it_is(cast):
    GuardrailPolicy.objects.create(**NONE | {"cooldown_hours": 1})
    text = read(cast.amina)
    assert "Leads that you give back They are open to the others first" in text
    assert "you can claim them again after 1 hour." in text
    assert "A new week begins" not in text


@pytest.mark.parametrize("path", ["/leads/", "/leads/me/"])
def test_the_card_of_limits_names_the_tier(cast, path):
    placed(cast.amina, date(2026, 3, 2), 2, 53.0)
    assert "Silver Your place in the race" in read(cast.amina, path)
    assert "Silver" not in read(cast.bruno, path)


def test_a_rep_sees_the_weeks_leads_and_what_the_next_band_needs(cast):
    policy = AllocationPolicy.objects.create(floor=2)
    for percent, number in ((0, 10), (50, 12)):
        policy.bands.create(from_percent=percent, leads=number)
    Rep.objects.filter(pk=cast.amina.pk).update(allocation=3)
    Quota.objects.create(rep=cast.amina, month=date(2026, 3, 1), amount=1000, currency="EUR")
    LeadFactory(owner=cast.amina)
    text = read(cast.amina)
    assert "1 of 3 this week" in text
    assert "This month you won 0 of 1,000 EUR: 0 % of your quota." in text
    assert "you have 10 leads a week next month. 500 EUR more, from 50 % on, make it 12." in text
    assert "Nobody has fewer than 2." in text


def test_who_has_had_the_weeks_leads_reads_when_there_are_more(cast):
    AllocationPolicy.objects.create()
    Rep.objects.filter(pk=cast.amina.pk).update(allocation=1)
    LeadFactory(owner=cast.amina)
    text = read(cast.amina)
    assert "You have had your leads of this week. Counted anew from 03/09/2026 midnight" in text
    assert "You have no quota for this month." in text


POOL = "/leads/pool/"


@pytest.mark.parametrize(
    ("policy", "claimed", "said"),
    [
        ({"daily_claims": 10}, 8, "2 of 10 race claims left today."),
        ({"daily_claims": 2}, 1, "1 of 2 race claims left today."),
        ({"hot_per_warm": 2}, 1, "1 hot lead left until a warm one is needed."),
        ({"hot_per_warm": 1}, 1, "Claim a warm lead before the next hot one."),
        ({"claims_per_assigned": 3}, 2, "1 race claim left until an assigned lead is needed."),
    ],
)
def test_the_pool_says_which_limits_a_rep_is_near(cast, policy, claimed, said):
    GuardrailPolicy.objects.create(**NONE | policy)
    race(cast, cast.amina, *["hot"] * claimed)
    assert f"Limits that you are near {said} Your place in the race" in read(cast.amina, POOL)


@pytest.mark.parametrize(
    ("policy", "claimed"), [({}, 3), ({"daily_claims": 10}, 7), ({"daily_claims": 3}, 3)]
)
def test_the_pool_says_nothing_of_a_limit_that_is_far_or_told_already(cast, policy, claimed):
    GuardrailPolicy.objects.create(**NONE | policy)
    race(cast, cast.amina, *["hot"] * claimed)
    html = signed_in(cast.amina).get(POOL).content.decode()
    assert "left today" not in html
    near = html.partition('id="limits-near"')[2].partition(">")[0]
    assert not near or near.endswith("hidden")


def test_leads_in_the_pool_add_no_query_to_what_is_said_of_limits(cast):
    GuardrailPolicy.objects.create()
    race(cast, cast.amina, "hot")
    client = signed_in(cast.amina)
    LeadFactory(pool=cast.pool)
    client.get(POOL)
    with CaptureQueriesContext(connection) as few:
        client.get(POOL)
    LeadFactory.create_batch(10, pool=cast.pool)
    with CaptureQueriesContext(connection) as many:
        assert b"1 hot lead left" in client.get(POOL).content
    assert len(many) == len(few)

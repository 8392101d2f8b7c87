"""A lead opens for some reps before others, and does not exist for these before (TI1, GU4, RA5)."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leaddistrib.events import publishing
from leaddistrib.lifecycle import claim, release
from leaddistrib.lifecycle.announcing import SINGLY, announce_updated
from leaddistrib.lifecycle.opening import open_to_claims, tell, tell_due
from leaddistrib.lifecycle.waves import drawn
from leaddistrib.models import (
    Claim,
    Gateway,
    GuardrailPolicy,
    Lead,
    Offer,
    OutboxMessage,
    PriorityWindow,
    PushSubscription,
    TeamChat,
    TierPlacement,
    TierPolicy,
)
from leaddistrib.queries.membership import pools_of
from leaddistrib.queries.sight import leads_of, sight
from leaddistrib.queries.snapshot import me, snapshot
from leaddistrib.queries.visibility import audiences, seen_by
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, clock_at
from tests.tiers import placed, tier_policy
from tests.ws.reading import read_by

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cast(db):
    """Amina, Bruno and Chloé of Paris, one in each tier; David is of Lyon, where none holds."""
    paris = TeamFactory(name="Paris")
    tier_policy(paris)
    amina, bruno, chloe = (
        placed(
            RepFactory(user__username=name, user__first_name=name, user__password=None, team=paris),
            level,
        )
        for level, name in enumerate(("Amina", "Bruno", "Chloé"), start=1)
    )
    david = RepFactory(user__username="David", user__password=None)
    return SimpleNamespace(
        paris=paris,
        amina=amina,
        bruno=bruno,
        chloe=chloe,
        david=david,
        reps=(amina, bruno, chloe),
        pool=PoolFactory(name="Paris", tiered=True, teams=[paris]),
    )


@pytest.fixture
def heard(monkeypatch):
    """What the pages of the pools were sent: of each message to whom it goes, and what it says."""
    events: list[tuple[str, dict]] = []
    monkeypatch.setattr(publishing, "_send", lambda sent: events.extend(sent.items()))
    return events


def opened(pool, moment=NOON, later=None):
    lead = LeadFactory(company="Kestrel Insurance")
    with transaction.atomic():
        open_to_claims(lead, pool, moment, later or {})
    return lead


def waiting(pool, number):
    """So many leads that came with one file at noon, saved as open and not told of."""
    leads = [LeadFactory() for _ in range(number)]
    for lead in leads:
        lead.status, lead.pool, lead.opens_at, lead.period = "waiting", pool, NOON, 1
        lead.save()
    return leads


def with_phones(cast):
    """Each rep has one, and their team a chat."""
    Gateway.objects.create(channel="push")
    for rep in cast.reps:
        PushSubscription.objects.create(
            user=rep.user, fingerprint=rep.name, secret=b"", created_at=NOON
        )
    TeamChat.objects.create(team=cast.paris, channel="teams", name="Sales")


def exists_for(lead, *reps, at=NOON):
    """Those of ``reps`` for whom the lead exists so many minutes after noon; every way to ask
    gives the same answer."""
    found = []
    with clock_at(at):
        told = audiences([Lead.objects.select_related("pool").get(pk=lead.pk)])
        for rep in reps:
            mine = Lead.objects.filter(seen_by(rep, at), pool__in=pools_of(rep))
            listed = mine.filter(pk=lead.pk).exists()
            assert leads_of(sight(rep.user)).filter(pk=lead.pk).exists() == listed
            shown = snapshot(rep, "", at).pools
            assert any(pool["leads"] and pool["size"] for pool in shown) == listed
            assert (rep.pk in told.get(lead.pk, {rep.pk})) == listed
            if listed:
                found.append(rep)
    return found


def codes(result):
    return [refusal.code for refusal in result.refusals]


def told(lead):
    return set(
        lead.offers.filter(opened_at__isnull=False).values_list("rep__user__username", flat=True)
    )


def test_a_lead_exists_for_each_tier_from_its_minutes_on(cast):
    lead = opened(cast.pool)
    amina, bruno, chloe = cast.reps
    moments = {0: [amina], 14.99: [amina], 15: [amina, bruno], 59.99: [amina, bruno]}
    for minutes, reps in moments.items():
        assert exists_for(lead, *cast.reps, at=NOON + minutes * MINUTE) == reps
    assert exists_for(lead, *cast.reps, at=NOON + 60 * MINUTE) == [amina, bruno, chloe]
    lead.refresh_from_db()
    assert lead.all_at == NOON + 60 * MINUTE


def test_each_rep_is_told_when_the_own_window_opens_and_not_before(cast):
    lead = opened(cast.pool)
    assert told(lead) == {"Amina"}
    assert tell_due(NOON + 14 * MINUTE) == 0
    assert tell_due(NOON + 15 * MINUTE) == 1
    assert told(lead) == {"Amina", "Bruno"}
    assert tell_due(NOON + 60 * MINUTE) == 1
    assert told(lead) == {"Amina", "Bruno", "Chloé"}


def test_phones_ring_with_the_own_window(cast):
    with_phones(cast)
    opened(cast.pool)
    pushed = OutboxMessage.objects.filter(channel="push").order_by("pk")
    written = pushed.values_list("recipient__username", flat=True)
    assert list(written) == ["Amina"]
    tell_due(NOON + 15 * MINUTE)
    assert list(written.all()) == ["Amina", "Bruno"]


def test_a_file_of_leads_rings_no_phone_in_any_wave(cast):
    with_phones(cast)
    tell(waiting(cast.pool, SINGLY + 1), NOON)
    tell_due(NOON + 15 * MINUTE)
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    ("who", "minutes", "result"),
    [
        ("amina", 0, "won"),
        ("bruno", 14.99, "refused"),
        ("bruno", 15, "won"),
        ("chloe", 59.99, "refused"),
        ("chloe", 60, "won"),
    ],
)
def test_a_claim_before_the_own_wave_is_answered_as_for_a_lead_that_does_not_wait(
    cast, who, minutes, result
):
    lead = opened(cast.pool)
    with clock_at(NOON + minutes * MINUTE):
        answer = claim(lead, getattr(cast, who), via="api")
    assert answer.result == result
    assert codes(answer) == (["not_open"] if result == "refused" else [])


def test_who_never_saw_a_lead_does_not_learn_who_took_it(cast):
    lead = opened(cast.pool)
    with clock_at(NOON + MINUTE):
        assert claim(lead, cast.amina, via="page").result == "won"
        answer = claim(lead, cast.bruno, via="api")
    assert (answer.result, answer.taken_by, codes(answer)) == ("refused", None, ["not_open"])
    assert Claim.objects.filter(rep=cast.bruno).get().reasons == ["not_open"]
    assert tell_due(NOON + 15 * MINUTE) == 0
    assert told(lead) == {"Amina"}


def test_a_second_tap_of_the_owner_is_won_again(cast):
    lead = opened(cast.pool)
    with clock_at(NOON + 15 * MINUTE):
        assert claim(lead, cast.bruno, via="page").result == "won"
        assert claim(lead, cast.bruno, via="page").result == "won"
        assert claim(lead, cast.amina, via="page").taken_by == cast.bruno


def test_who_may_not_take_it_now_sees_it_in_the_own_wave_and_is_not_told(cast):
    for rep in (cast.amina, cast.bruno):
        rep.paused = True
        rep.save()
    lead = opened(cast.pool)
    assert exists_for(lead, *cast.reps) == [cast.amina]
    tell_due(NOON + 15 * MINUTE)
    assert told(lead) == set()
    assert exists_for(lead, *cast.reps, at=NOON + 15 * MINUTE) == [cast.amina, cast.bruno]


def test_a_member_who_came_later_sees_it_when_it_is_open_for_all(cast):
    lead = opened(cast.pool)
    oscar = placed(RepFactory(team=cast.paris), 1)
    assert exists_for(lead, oscar, at=NOON + 59 * MINUTE) == []
    assert exists_for(lead, oscar, at=NOON + 60 * MINUTE) == [oscar]


def test_a_rep_who_is_not_placed_waits_as_the_middle_tier_and_without_a_policy_nobody_waits(cast):
    oscar = RepFactory(team=cast.paris)
    cast.pool.reps.set([cast.david])
    lead = opened(cast.pool)
    assert exists_for(lead, oscar, cast.david) == [cast.david]
    assert exists_for(lead, oscar, at=NOON + 15 * MINUTE) == [oscar]


def test_a_small_team_without_tiers_is_told_at_once(cast):
    for rep in cast.reps:
        placed(rep, None)
    assert exists_for(opened(cast.pool), *cast.reps) == list(cast.reps)


@pytest.mark.parametrize("tiered", [False, True])
def test_a_premium_pool_does_not_exist_for_a_tier_that_does_not_see_it(cast, tiered):
    pool = PoolFactory(name="Premium", premium=True, tiered=tiered, teams=[cast.paris])
    cast.pool.delete()
    lead = opened(pool)
    late = NOON + 600 * MINUTE
    assert exists_for(lead, *cast.reps, at=late) == [cast.amina, cast.bruno]
    assert snapshot(cast.chloe, "", late).pools == []
    with clock_at(late):
        assert claim(lead, cast.chloe, via="api").result == "refused"
        tell_due(late)
    assert told(lead) == {"Amina", "Bruno"}


def test_without_a_tier_policy_a_premium_pool_is_every_members(cast):
    cast.pool.delete()
    pool = PoolFactory(premium=True, reps=[cast.david])
    assert exists_for(opened(pool), cast.david) == [cast.david]


@pytest.mark.parametrize("percent", [0, 30, 100])
def test_the_floor_opens_its_share_of_leads_to_all_tiers_at_once(cast, percent):
    leads = [LeadFactory.build() for _ in range(1000)]
    share = sum(drawn(lead, percent) for lead in leads) / 10
    assert abs(share - percent) < 7
    assert [drawn(lead, 30) for lead in leads] == [drawn(lead, 30) for lead in leads]


def test_a_lead_of_the_floor_exists_for_every_tier_from_the_beginning(cast):
    TierPolicy.objects.filter(team=cast.paris).update(floor_percent=100)
    lead = opened(cast.pool)
    assert exists_for(lead, *cast.reps) == list(cast.reps)
    assert told(lead) == {"Amina", "Bruno", "Chloé"}
    lead.refresh_from_db()
    assert lead.all_at == NOON


def test_a_priority_window_is_first_and_nobody_sees_the_lead_before_its_head_start_is_over(cast):
    GuardrailPolicy.objects.create(priority_head_start=5)
    PriorityWindow.objects.create(
        rep=cast.chloe, day=NOON.date(), starts_at=NOON, ends_at=NOON + 30 * MINUTE
    )
    pool = PoolFactory(priority=True, teams=[cast.paris])
    cast.pool.delete()
    lead = opened(pool, NOON + 29 * MINUTE)
    assert exists_for(lead, *cast.reps, at=NOON + 29 * MINUTE) == [cast.chloe]
    assert exists_for(lead, *cast.reps, at=NOON + 34 * MINUTE) == list(cast.reps)
    after = opened(pool, NOON + 30 * MINUTE)
    assert told(after) == {"Amina", "Bruno", "Chloé"}


def test_a_cascade_tells_the_best_first_and_those_last_who_could_not_take_it(cast):
    erik, fanny = (placed(RepFactory(team=cast.paris), 1) for _ in range(2))
    for rep, score in ((erik, 80), (fanny, 90)):
        TierPlacement.objects.create(
            rep=rep, period=NOON.date(), level=1, reason="placed", score=score, at=NOON
        )
    cast.amina.paused = True
    cast.amina.save()
    pool = PoolFactory(award="cascade", cascade_seconds=20, teams=[cast.paris])
    cast.pool.delete()
    lead = opened(pool)
    order = [offer.rep for offer in lead.offers.order_by("opens_at")]
    assert order == [fanny, erik, cast.bruno, cast.chloe, cast.amina]
    times = [offer.opens_at for offer in lead.offers.order_by("opens_at")]
    assert times == [NOON + n * timedelta(seconds=20) for n in range(5)]


def test_a_lead_that_is_given_back_opens_in_waves_again(cast):
    lead = opened(cast.pool)
    with clock_at(NOON + 20 * MINUTE):
        claim(lead, cast.bruno, via="page")
    with clock_at(NOON + 30 * MINUTE):
        release(lead, cast.bruno, reason="Wrong language")
    lead.refresh_from_db()
    assert lead.all_at == NOON + 90 * MINUTE
    assert exists_for(lead, *cast.reps, at=NOON + 44 * MINUTE) == [cast.amina]
    assert exists_for(lead, *cast.reps, at=NOON + 45 * MINUTE)[:2] == [cast.amina, cast.bruno]


def test_in_another_pool_nobody_waits_for_a_wave_of_the_former_one(cast):
    lead = opened(cast.pool)
    plain = PoolFactory(teams=[cast.paris])
    with transaction.atomic():
        open_to_claims(lead, plain, NOON + 5 * MINUTE)
    lead.refresh_from_db()
    assert lead.all_at is None
    assert exists_for(lead, *cast.reps, at=NOON + 5 * MINUTE) == list(cast.reps)


def test_whoever_had_a_recycled_lead_last_waits_longer_than_the_wave(cast):
    later = {cast.bruno.pk: NOON + timedelta(days=2), cast.amina.pk: NOON + timedelta(days=1)}
    lead = opened(cast.pool, later=later)
    assert exists_for(lead, cast.bruno, at=NOON + timedelta(days=1)) == []
    assert me(cast.amina, NOON)["windows"] == {str(lead.public_id): "2026-03-05T12:00:00Z"}
    assert me(cast.bruno, NOON)["windows"] == {}

    with clock_at(NOON + 90 * MINUTE):
        claim(lead, cast.chloe, via="page")
        release(lead, cast.chloe, reason="Wrong language")
    times = dict(Offer.objects.filter(lead=lead, period=2).values_list("rep", "opens_at"))
    assert times[cast.bruno.pk] == NOON + timedelta(days=2)
    assert times[cast.amina.pk] == NOON + timedelta(days=1)


def test_pages_show_the_lead_to_its_wave_and_tell_all_others_the_version_alone(
    cast, heard, django_capture_on_commit_callbacks
):
    def reads(rep):
        return [(m["type"], m["version"]) for m in read_by(rep, heard) if "version" in m]

    with django_capture_on_commit_callbacks(execute=True):
        lead = opened(cast.pool)
    assert reads(cast.amina) == [("lead.opened", 1)]
    assert reads(cast.bruno) == reads(cast.chloe) == [("pool.changed", 1)]

    heard.clear()
    with django_capture_on_commit_callbacks(execute=True):
        tell_due(NOON + 15 * MINUTE)
    assert reads(cast.bruno) == [("lead.opened", 2)]
    assert reads(cast.amina) == reads(cast.chloe) == [("pool.changed", 2)]
    assert [m["type"] for m in read_by(cast.bruno, heard)] == ["lead.opened"]

    heard.clear()
    with django_capture_on_commit_callbacks(execute=True), clock_at(NOON + 16 * MINUTE):
        announce_updated(cast.pool, [Lead.objects.select_related("pool").get()])
    assert reads(cast.amina) == reads(cast.bruno) == [("lead.updated", 3)]
    assert reads(cast.chloe) == [("pool.changed", 3)]

    heard.clear()
    with django_capture_on_commit_callbacks(execute=True), clock_at(NOON + 17 * MINUTE):
        claim(lead, cast.bruno, via="page")
    assert reads(cast.amina) == reads(cast.bruno) == [("lead.taken", 4)]
    assert reads(cast.chloe) == [("pool.changed", 4)]
    hidden = json.dumps(read_by(cast.chloe, heard))
    assert str(lead.public_id) not in hidden
    assert "Bruno" not in hidden


def test_each_lead_is_rendered_once_however_many_read_of_it(
    cast, heard, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        opened(cast.pool)
    assert json.dumps([event for _, event in heard]).count("Kestrel") == 1


def test_a_teams_chat_is_told_when_the_lead_is_open_for_all_and_of_premium_pools_never(cast):
    with_phones(cast)
    posts = OutboxMessage.objects.filter(chat__isnull=False)
    opened(cast.pool)
    opened(PoolFactory(premium=True, teams=[cast.paris]))
    tell_due(NOON + 15 * MINUTE)
    assert posts.count() == 0
    tell_due(NOON + 60 * MINUTE)
    assert posts.count() == 1


def test_opening_in_waves_costs_as_many_queries_for_many_leads_and_reps(cast):
    def cost(leads):
        with CaptureQueriesContext(connection) as opening:
            tell(leads, NOON)
        with CaptureQueriesContext(connection) as due:
            tell_due(NOON + 15 * MINUTE)
        return len(opening), len(due)

    few = cost(waiting(cast.pool, 1))
    for _ in range(5):
        placed(RepFactory(team=cast.paris), 2)
    assert cost(waiting(cast.pool, 5)) == few

"""What the gates are told of reps, and who belongs to which pool."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.engine.availability import WorkingWeek
from leaddistrib.lifecycle.seeing import mark_seen
from leaddistrib.models import Offer, SalesEvent, TimeOff, WorkingHours
from leaddistrib.queries.inbox import own_leads, pools_with_sizes, standing, visible_to
from leaddistrib.queries.membership import is_member, members_by_pool, pools_of
from leaddistrib.queries.roster import rep_facts
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, clock_at

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def fast_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_facts_count_open_leads_only_and_leave_that_is_not_over():
    amina = RepFactory(paused=True, capacity=7)
    for _ in range(3):
        LeadFactory(owner=amina)
    closed = LeadFactory(owner=amina)
    closed.status = "closed"
    closed.save()
    TimeOff.objects.create(rep=amina, starts_at=NOON - HOUR, ends_at=NOON)
    coming = TimeOff.objects.create(rep=amina, starts_at=NOON, ends_at=NOON + HOUR)

    facts = rep_facts([amina.pk], NOON)[amina.pk]

    assert (facts.open_leads, facts.capacity, facts.paused, facts.active) == (3, 7, True, True)
    assert facts.time_off == ((coming.starts_at, coming.ends_at),)


def test_facts_cost_five_queries_however_many_reps():
    reps = [RepFactory().pk for _ in range(20)]

    with CaptureQueriesContext(connection) as captured:
        assert set(rep_facts(reps, NOON)) == set(reps)

    assert len(captured) == 5


def test_facts_for_a_claim_leave_out_what_does_not_stand_against_it():
    reps = [RepFactory(holiday_region="FR").pk for _ in range(5)]
    times = {"starts_at": NOON, "ends_at": NOON + HOUR}
    for rep in reps:
        TimeOff.objects.create(rep_id=rep, kind="busy", **times)
        TimeOff.objects.create(rep_id=rep, **times)

    with CaptureQueriesContext(connection) as captured:
        [facts, *_] = rep_facts(reps, NOON, claiming=True).values()

    assert len(captured) == 3
    assert (facts.busy, facts.week, facts.time_off) == ((), None, ((NOON, NOON + HOUR),))


def test_facts_say_when_and_what_a_rep_may_be_handed():
    bruno = RepFactory()
    amina = RepFactory(
        taper_days=3,
        weight=Decimal("2.5"),
        seniority="senior",
        backup=bruno,
        time_zone="Asia/Tokyo",
    )
    WorkingHours.objects.create(rep=amina, weekday=0, starts=time(9), ends=time(12))
    SalesEvent.objects.create(name="Salon de Paris").attendees.add(amina)
    soon = {"starts_at": NOON + HOUR, "ends_at": NOON + 2 * HOUR}
    later = {"starts_at": NOON + 48 * HOUR, "ends_at": NOON + 49 * HOUR}
    for kind in ("busy", "leave"):
        TimeOff.objects.create(rep=amina, kind=kind, **soon)
        TimeOff.objects.create(rep=amina, kind=kind, **later)

    facts = rep_facts([amina.pk, bruno.pk], NOON)

    own = facts[amina.pk]
    assert own.busy == (tuple(soon.values()),)  # later ones are looked at when they are near
    assert own.time_off == (tuple(soon.values()), tuple(later.values()))
    assert own.week == WorkingWeek(ZoneInfo("Asia/Tokyo"), ((0, time(9), time(12)),))
    assert (own.taper, own.weight, own.seniority) == (72 * HOUR, Decimal("2.5"), "senior")
    assert (own.backup, own.events) == (bruno.pk, frozenset({"salon de paris"}))
    assert (facts[bruno.pk].week, facts[bruno.pk].taper) == (None, 0 * HOUR)


def test_members_are_those_named_and_everybody_in_the_teams():
    paris = TeamFactory()
    amina, bruno = RepFactory(team=paris), RepFactory(team=paris)
    chloe, oscar = RepFactory(), RepFactory(team=None)
    both = PoolFactory(reps=[chloe, amina], teams=[paris])
    nobody = PoolFactory()

    members = members_by_pool([both.pk, nobody.pk])

    assert members[both.pk] == {amina.pk, bruno.pk, chloe.pk}
    assert members[nobody.pk] == set()
    assert [is_member(rep, both.pk) for rep in (amina, bruno, chloe, oscar)] == [
        True,
        True,
        True,
        False,
    ]
    assert list(pools_of(amina)) == [both]
    assert list(pools_of(oscar)) == []


def test_a_rep_sees_own_leads_and_those_of_own_pools_only():
    amina, oscar = RepFactory(), RepFactory()
    pool = PoolFactory(reps=[amina])
    own, waiting = LeadFactory(owner=amina), LeadFactory(pool=pool)
    LeadFactory(owner=oscar)
    LeadFactory()

    assert set(visible_to(amina, NOON)) == {own, waiting}
    assert list(own_leads(amina)) == [own]
    assert [(one, vars(one)["size"]) for one in pools_with_sizes(amina, NOON)] == [(pool, 1)]
    assert standing(amina, NOON).may_claim
    assert waiting not in visible_to(oscar, NOON)


def test_seen_is_noted_once_for_own_open_offers_only():
    amina, bruno = RepFactory(), RepFactory()
    pool = PoolFactory(reps=[amina, bruno])
    lead, other = LeadFactory(pool=pool), LeadFactory(pool=PoolFactory(reps=[bruno]))

    with clock_at(NOON):
        assert mark_seen(amina, [lead.public_id, other.public_id]) == 1
    with clock_at(NOON + HOUR):
        assert mark_seen(amina, [lead.public_id]) == 0

    assert [offer.rep for offer in Offer.objects.filter(seen_at=NOON)] == [amina]
    assert Offer.objects.filter(seen_at=None).count() == 2

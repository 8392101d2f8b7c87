"""A lead that found nobody finds somebody as soon as somebody is there (PU9, PL2)."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import (
    claim,
    close,
    log_contact,
    receive,
    release,
    retrying,
    routing,
    start,
)
from leaddistrib.lifecycle.alerting import close_alerts
from leaddistrib.lifecycle.availability import set_paused
from leaddistrib.lifecycle.carrying_out import TRY_AGAIN
from leaddistrib.lifecycle.handing_over import hand_over
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.retrying import (
    AFTER_BUSY,
    LEASE,
    WOKEN,
    look_for_unclaimed,
    retry_due,
    wake,
)
from leaddistrib.models import Alert, Contact, Lead, LogEntry, Offer, OutboxMessage, Pool, Turn
from leaddistrib.queries import clock
from leaddistrib.queries.alerts import waiting_for
from leaddistrib.testing import (
    AccountFactory,
    PoolFactory,
    RepFactory,
    TerritoryFactory,
    UserFactory,
    clock_at,
    publish_rules,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nobody_there(cast, push_to_paris):
    """Amina and Bruno are paused; leads are pushed to them, and wait in “Everyone” otherwise."""
    publish_rules(push_to_paris({"pool": "Everyone"}))
    pause(cast.amina, cast.bruno)
    return cast


def pause(*reps, paused=True):
    for rep in reps:
        rep.paused = paused
        rep.save()


def comes_in(company="Acme", at=NOON):
    with clock_at(at):
        return receive(clean({"company": company})).lead


def retry(at):
    with clock_at(at):
        return retry_due(at)


def test_it_is_asked_about_again_at_the_moment_at_which_somebody_is_back(nobody_there):
    back = NOON + TRY_AGAIN + 5 * MINUTE
    amina = nobody_there.amina
    pause(amina, paused=False)
    amina.time_off.create(starts_at=NOON - MINUTE, ends_at=back)
    lead = comes_in()

    assert retry(NOON + TRY_AGAIN) == 1
    lead.refresh_from_db()
    assert lead.retry_at == back  # not a quarter of an hour after the last time
    assert retry(back) == 1
    lead.refresh_from_db()
    assert lead.owner == amina


def test_a_lead_that_found_nobody_is_assigned_when_a_rep_is_back(nobody_there):
    lead = comes_in()
    assert (lead.status, lead.pool) == (Lead.Status.WAITING, nobody_there.pool)
    version = Pool.objects.get(pk=lead.pool_id).version
    pause(nobody_there.bruno, paused=False)

    with clock_at(NOON + MINUTE):
        assert wake([nobody_there.bruno]) == 1
    assert retry(NOON + MINUTE) == 1

    lead.refresh_from_db()
    assert (lead.status, lead.owner, lead.retry_at) == (
        Lead.Status.OWNED,
        nobody_there.bruno,
        None,
    )
    assert [d.method for d in lead.decisions.all()] == ["race", "push"]
    assert lead.assignments.get().method == "push"
    assert Turn.objects.get().seat.rep == nobody_there.bruno
    assert OutboxMessage.objects.get(event__startswith="lead.assigned").recipient == (
        nobody_there.bruno.user
    )
    assert not Offer.objects.filter(closed_at=None).exists()
    assert lead.log.filter(event=LogEntry.Event.ASSIGNED, rep=nobody_there.bruno).count() == 1
    assert Pool.objects.get(pk=nobody_there.pool.pk).version > version


def test_it_is_tried_again_and_again_and_not_only_once(nobody_there):
    """The first who is back has room for one lead; the others find a rep the second and third
    time that somebody is there."""
    nobody_there.bruno.capacity = 1
    leads = [comes_in(f"Company {n}", NOON + n * MINUTE) for n in range(3)]
    later = NOON + 10 * MINUTE
    pause(nobody_there.bruno, paused=False)

    for number in (1, 2, 3):
        with clock_at(later):
            wake([nobody_there.bruno])
        retry(later)
        owned = Lead.objects.filter(owner=nobody_there.bruno)
        assert set(owned) == set(leads[:number])
        nobody_there.bruno.capacity += 1
        nobody_there.bruno.save()
        later += MINUTE


def test_nobody_need_announce_that_somebody_is_there(nobody_there):
    """A team that changed wakes nobody; the lead's own time comes all the same."""
    lead = comes_in()
    pause(nobody_there.amina, paused=False)

    assert retry(NOON + TRY_AGAIN - MINUTE) == 0
    assert retry(NOON + TRY_AGAIN) == 1
    lead.refresh_from_db()
    assert lead.owner == nobody_there.amina


def test_a_lead_that_still_finds_nobody_waits_for_the_next_time(nobody_there):
    lead = comes_in()

    for number in (1, 2, 3):
        assert retry(NOON + number * TRY_AGAIN) == 1
        lead.refresh_from_db()
        assert lead.status == Lead.Status.WAITING
        assert lead.retry_at == NOON + (number + 1) * TRY_AGAIN
    assert lead.decisions.count() == 1


def test_a_lead_that_was_claimed_meanwhile_stays_its_claimers(nobody_there):
    lead = comes_in()
    pause(nobody_there.amina, nobody_there.bruno, paused=False)
    with clock_at(NOON + MINUTE):
        assert claim(lead, nobody_there.amina, via="page").result == "won"

    assert retry(NOON + TRY_AGAIN) == 0
    lead.refresh_from_db()
    assert lead.owner == nobody_there.amina


def test_who_gave_a_lead_back_does_not_get_it_again(nobody_there):
    pause(nobody_there.bruno, paused=False)
    lead = comes_in()
    with clock_at(NOON + MINUTE):
        release(lead, nobody_there.bruno, reason="I know them")

    retry(NOON + MINUTE + TRY_AGAIN)
    lead.refresh_from_db()
    assert lead.owner is None

    pause(nobody_there.amina, paused=False)
    retry(NOON + MINUTE + 2 * TRY_AGAIN)
    lead.refresh_from_db()
    assert lead.owner == nobody_there.amina


def test_waking_is_for_the_oldest_and_the_next_ones_follow_while_there_is_room(nobody_there):
    with clock_at(NOON):
        for number in range(WOKEN + 5):
            receive(clean({"company": f"Company {number}"}))
    pause(nobody_there.bruno, paused=False)
    later = NOON + MINUTE

    with clock_at(later):
        assert wake([nobody_there.bruno]) == WOKEN
    assert retry(later) == WOKEN
    assert Lead.objects.filter(retry_at=later).count() == 5
    assert retry(later) == 5
    assert Lead.objects.filter(owner=nobody_there.bruno).count() == WOKEN + 5


def test_a_rep_wakes_no_lead_of_another_team(nobody_there):
    comes_in()

    with clock_at(NOON + MINUTE):
        assert wake([nobody_there.chloe]) == 0
        assert wake([nobody_there.amina]) == 1


def test_new_rules_find_somebody_for_what_waits(nobody_there):
    lead = comes_in()

    with clock_at(NOON + MINUTE):
        publish_rules(
            [
                {
                    "name": "Lyon",
                    "when": {},
                    "then": {
                        "push": "round_robin",
                        "team": "Lyon",
                        "fallback": [{"pool": "Everyone"}],
                    },
                }
            ]
        )
    retry(NOON + MINUTE)

    lead.refresh_from_db()
    assert lead.owner == nobody_there.chloe


def test_the_first_rules_of_all_find_somebody_for_what_came_before_them(cast, push_to_paris):
    lead = comes_in()
    assert (lead.pool.is_safety_net, lead.retry_at) == (True, None)

    with clock_at(NOON + MINUTE):
        publish_rules(push_to_paris({"pool": "Everyone"}))
    retry(NOON + MINUTE)

    lead.refresh_from_db()
    assert lead.owner == cast.amina


def test_the_first_rules_take_every_lead_that_came_before_them(cast, push_to_paris):
    leads = [comes_in(f"Company {number}") for number in range(WOKEN + 5)]

    with clock_at(NOON + MINUTE):
        publish_rules(push_to_paris({"pool": "Everyone"}))
    while retry(NOON + MINUTE):
        pass

    assert Lead.objects.filter(owner__team=cast.paris).count() == len(leads)


def test_what_was_taken_from_a_rep_does_not_come_back_by_itself(nobody_there):
    """Handed over from Amina while Bruno is away: it waits for Bruno."""
    amina, bruno = nobody_there.amina, nobody_there.bruno
    pause(amina, paused=False)
    lead = comes_in()
    assert lead.owner == amina
    hand_over(amina, actor=UserFactory(), reason="Another market")

    retry(clock.now() + TRY_AGAIN)
    lead.refresh_from_db()
    assert lead.owner is None
    pause(bruno, paused=False)
    retry(clock.now() + 2 * TRY_AGAIN)
    lead.refresh_from_db()
    assert lead.owner == bruno


@pytest.mark.parametrize("part", [close, partial(release, reason="wrong number")])
def test_a_place_that_becomes_free_is_filled_at_once(nobody_there, part):
    """Bruno is full; as soon as he parts with a lead the one that waits longest is tried."""
    nobody_there.bruno.capacity = 1
    nobody_there.bruno.save()
    pause(nobody_there.bruno, paused=False)
    held, waits = comes_in(), comes_in("Globex", NOON + MINUTE)
    assert (held.owner, waits.owner) == (nobody_there.bruno, None)

    with clock_at(NOON + 2 * MINUTE):
        part(held, nobody_there.bruno)
    retry(NOON + 2 * MINUTE)

    waits.refresh_from_db()
    assert waits.owner == nobody_there.bruno


def test_parting_with_one_of_many_leads_wakes_nothing(nobody_there):
    """Whoever had room all along changes nothing for those that wait: they need somebody else."""
    pause(nobody_there.bruno, paused=False)
    held = comes_in()
    pause(nobody_there.bruno)
    comes_in("Globex", NOON + MINUTE)
    pause(nobody_there.bruno, paused=False)

    with clock_at(NOON + 2 * MINUTE):
        close(held, nobody_there.bruno)

    assert retry(NOON + 2 * MINUTE) == 0


def test_a_worker_that_died_gives_its_leads_back_after_the_lease(nobody_there, monkeypatch):
    lead = comes_in()
    pause(nobody_there.amina, paused=False)
    due = NOON + TRY_AGAIN
    with monkeypatch.context() as broken:
        broken.setattr(retrying, "_ask_again", lambda leads, until: [])
        retry(due)

    assert retry(due + LEASE - MINUTE) == 0
    assert retry(due + LEASE) == 1
    lead.refresh_from_db()
    assert lead.owner == nobody_there.amina


@pytest.fixture
def queue(cast):
    """Leads wait in “Desk” for anybody to take them, for half an hour, then go to Lyon."""
    desk = PoolFactory(name="Desk", mode="queue", push_minutes=30, teams=[cast.paris])
    cast.desk = desk
    return cast


def desk_then(*fallback):
    return [{"name": "Desk", "when": {}, "then": {"pool": "Desk", "fallback": list(fallback)}}]


def test_a_lead_that_nobody_takes_is_pushed_on_after_the_pools_time(queue):
    publish_rules(desk_then({"push": "round_robin", "team": "Lyon"}))
    lead = comes_in()

    assert retry(NOON + 29 * MINUTE) == 0
    assert retry(NOON + 30 * MINUTE) == 1

    lead.refresh_from_db()
    assert lead.owner == queue.chloe
    assert not Alert.objects.exists()


def test_the_next_step_may_be_another_pool(queue):
    publish_rules(desk_then({"pool": "Everyone"}))
    lead = comes_in()

    retry(NOON + 30 * MINUTE)

    lead.refresh_from_db()
    assert (lead.status, lead.pool) == (Lead.Status.WAITING, queue.pool)
    assert lead.opens_at == NOON + 30 * MINUTE
    assert set(Offer.objects.values_list("rep", flat=True)) == {queue.amina.pk, queue.bruno.pk}


def test_when_there_is_no_next_step_an_alert_says_so_and_the_lead_stays(queue, django_user_model):
    mireille = django_user_model.objects.create(username="mireille")
    queue.paris.managers.add(mireille)
    publish_rules(desk_then())
    lead = comes_in()

    with clock_at(NOON + 30 * MINUTE):
        assert look_for_unclaimed(NOON + 30 * MINUTE) == 1
    retry(NOON + 30 * MINUTE)

    lead.refresh_from_db()
    assert (lead.status, lead.pool) == (Lead.Status.WAITING, queue.desk)
    alert = Alert.objects.get()
    assert (alert.kind, alert.pool) == (Alert.Kind.NOT_CLAIMED, queue.desk)
    assert OutboxMessage.objects.get().recipient == mireille
    assert close_alerts(NOON + 31 * MINUTE) == 0


def test_when_nobody_of_the_next_step_is_there_it_is_an_alert_until_somebody_is(queue):
    publish_rules(desk_then({"push": "round_robin", "team": "Lyon"}))
    pause(queue.chloe)
    lead = comes_in()
    retry(NOON + 30 * MINUTE)
    assert Alert.objects.get().kind == Alert.Kind.NOT_CLAIMED

    set_paused(queue.chloe, False)
    retry(NOON + 30 * MINUTE + TRY_AGAIN)

    lead.refresh_from_db()
    assert lead.owner == queue.chloe
    assert close_alerts(NOON + 50 * MINUTE) == 1


def test_a_pools_time_that_was_shortened_holds_for_the_leads_that_wait_in_it(queue):
    Pool.objects.filter(pk=queue.desk.pk).update(push_minutes=120)
    publish_rules(desk_then({"push": "round_robin", "team": "Lyon"}))
    lead = comes_in()
    Pool.objects.filter(pk=queue.desk.pk).update(push_minutes=30)

    assert look_for_unclaimed(NOON + 29 * MINUTE) == 0
    assert look_for_unclaimed(NOON + 30 * MINUTE) == 1
    retry(NOON + 30 * MINUTE)

    lead.refresh_from_db()
    assert lead.owner == queue.chloe


def test_waking_waits_for_nobody_who_holds_a_lead(nobody_there):
    """Whoever releases a lead holds its pool, and whoever claims holds a lead and wants the pool:
    waiting here would close the circle."""
    if connection.vendor == "sqlite":  # there is one lock for everything
        return
    lead, _free = comes_in(), comes_in("Globex")
    woken = []

    def colleague():
        woken.append(wake())
        connection.close()

    with clock_at(NOON), transaction.atomic():
        Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
        thread = threading.Thread(target=colleague)
        thread.start()
        thread.join(timeout=20)
    assert woken == [1]


@pytest.mark.parametrize("had", [False, True])
def test_asking_again_takes_as_many_queries_for_twenty_leads_as_for_two(nobody_there, had):
    """Whether nobody had them yet, or each of them was given back: all in one transaction."""
    counts = []
    for number in (2, 18):
        pause(nobody_there.bruno, paused=not had)
        for n in range(number):
            lead = comes_in(f"Company {number} {n}")
            if had:
                release(lead, nobody_there.bruno, reason="I know them")
        pause(nobody_there.bruno)
        Lead.objects.update(retry_at=NOON)
        with CaptureQueriesContext(connection) as asked:
            retry(NOON)
            counts.append(len(asked))

    assert counts[0] == counts[1]


# --- Shared pools: who looks after a lead there is not interrupted


@pytest.fixture
def front_desk(cast):
    """Leads stay shared in “Front desk” for an hour, then they go to Lyon."""
    cast.front_desk = PoolFactory(
        name="Front desk",
        mode="shared",
        ownership=Pool.Ownership.SHARED,
        push_minutes=60,
        working_minutes=15,
        teams=[cast.paris],
    )
    return cast


def at_the_desk(*fallback):
    then = {"pool": "Front desk", "fallback": list(fallback)}
    publish_rules([{"name": "Desk", "when": {}, "then": then}])
    return comes_in()


def test_a_lead_is_not_passed_on_while_somebody_works_on_it(front_desk):
    lead = at_the_desk({"push": "round_robin", "team": "Lyon"})
    with clock_at(NOON + 58 * MINUTE):
        start(lead, front_desk.bruno)

    assert retry(NOON + 60 * MINUTE) == 1
    lead.refresh_from_db()
    assert (lead.status, lead.retry_at) == (Lead.Status.WAITING, NOON + 73 * MINUTE)
    with clock_at(NOON + 61 * MINUTE):
        assert look_for_unclaimed(NOON + 61 * MINUTE) == 0

    assert retry(NOON + 73 * MINUTE) == 1  # Bruno's work lapsed, and he was in touch with nobody
    lead.refresh_from_db()
    assert lead.owner == front_desk.chloe


def test_a_lead_that_stays_shared_is_taken_care_of_once_it_was_contacted(front_desk):
    lead = at_the_desk({"push": "round_robin", "team": "Lyon"})
    with clock_at(NOON + 10 * MINUTE):
        log_contact(lead, front_desk.amina, "call")

    assert retry(NOON + 60 * MINUTE) == 0
    with clock_at(NOON + 60 * MINUTE):
        assert look_for_unclaimed(NOON + 60 * MINUTE) == 0
    lead.refresh_from_db()
    assert (lead.status, lead.pool) == (Lead.Status.WAITING, front_desk.front_desk)


def test_a_contact_between_the_workers_look_and_its_lock_counts(front_desk, monkeypatch):
    lead = at_the_desk({"push": "round_robin", "team": "Lyon"})
    real = routing.route_waiting

    def contacted_first(leads, **given):
        Contact.objects.create(
            lead=lead, rep=front_desk.amina, channel="call", at=NOON + 59 * MINUTE
        )
        Lead.objects.update(retry_at=None)
        return real(leads, **given)

    monkeypatch.setattr(retrying, "route_waiting", contacted_first)
    assert retry(NOON + 60 * MINUTE) == 1

    lead.refresh_from_db()
    assert (lead.status, lead.retry_at) == (Lead.Status.WAITING, None)
    assert not Alert.objects.exists()


def test_nobody_is_told_that_nobody_took_a_lead_that_was_contacted(front_desk):
    lead, other = at_the_desk(), comes_in("Globex")
    with clock_at(NOON + 10 * MINUTE):
        log_contact(lead, front_desk.amina, "call")
    with clock_at(NOON + 58 * MINUTE):
        start(other, front_desk.bruno)

    with clock_at(NOON + 60 * MINUTE):
        assert look_for_unclaimed(NOON + 60 * MINUTE) == 0
    assert not Alert.objects.exists()

    later = NOON + 73 * MINUTE
    with clock_at(later):
        assert look_for_unclaimed(later) == 1
    retry(later)
    assert set(waiting_for(Alert.objects.get(), later)) == {other}
    with clock_at(later):
        log_contact(other, front_desk.bruno, "call")
    assert close_alerts(later) == 1


def test_reps_who_are_back_do_not_take_what_a_colleague_looks_after(front_desk):
    """Nobody of Lyon was there, so it came to the desk, and Amina called."""
    pause(front_desk.chloe)
    then = {"push": "round_robin", "team": "Lyon", "fallback": [{"pool": "Front desk"}]}
    publish_rules([{"name": "Lyon", "when": {}, "then": then}])
    lead = comes_in()
    assert Alert.objects.get().kind == Alert.Kind.NOBODY_AVAILABLE
    with clock_at(NOON + MINUTE):
        log_contact(lead, front_desk.amina, "call")
        set_paused(front_desk.chloe, False)

    assert retry(NOON + TRY_AGAIN) == 0
    lead.refresh_from_db()
    assert lead.owner is None
    assert close_alerts(NOON + TRY_AGAIN) == 1


# --- Whom waking is for


def rules_of(*steps):
    publish_rules([{"name": "All", "when": {}, "then": {**steps[0], "fallback": [*steps[1:]]}}])


def woken_by(*reps):
    with clock_at(NOON + MINUTE):
        return wake(reps)


def test_a_manager_who_is_back_wakes_what_waits_for_a_manager(cast):
    mireille = RepFactory(user__username="mireille", team=None, paused=True)
    cast.paris.managers.add(mireille.user)
    rules_of({"push": "manager", "team": "Paris"}, {"pool": "Everyone"})
    lead = comes_in()
    assert woken_by(cast.amina) == 0  # only managers are asked

    set_paused(mireille, False)
    retry(clock.now())

    lead.refresh_from_db()
    assert lead.owner == mireille


def test_a_rep_wakes_the_leads_of_the_own_territories_and_accounts_only(cast):
    """However many older ones wait for somebody else: they would be tried first each time."""
    TerritoryFactory(name="France", countries=["FR"]).reps.add(cast.amina)
    TerritoryFactory(name="Spain", countries=["ES"], team=cast.lyon)
    AccountFactory(name="Lenoir", domain="lenoir.fr", owner=cast.bruno)
    pause(cast.amina, cast.bruno, cast.chloe)
    rules_of({"push": "account_owner"}, {"push": "territory_owner"}, {"pool": "Everyone"})
    with clock_at(NOON):
        french, spanish, nowhere = (
            receive(clean({"company": f"Company {country}", "country": country})).lead
            for country in ("FR", "ES", "GB")
        )
        account = receive(clean({"company": "Lenoir", "contact": {"email": "a@lenoir.fr"}})).lead

    def now_due():
        return set(Lead.objects.filter(retry_at=NOON + MINUTE))

    assert (woken_by(cast.amina), now_due()) == (1, {french})
    assert (woken_by(cast.chloe), now_due()) == (1, {french, spanish})
    assert (woken_by(cast.bruno), now_due()) == (1, {french, spanish, account})
    nowhere.refresh_from_db()
    assert nowhere.retry_at == NOON + TRY_AGAIN


def test_a_backup_wakes_what_waits_for_the_absent_owner(cast):
    TerritoryFactory(name="France", countries=["FR"]).reps.add(cast.amina)
    cast.amina.time_off.create(starts_at=NOON - MINUTE, ends_at=NOON + 600 * MINUTE)
    rules_of({"push": "territory_owner"}, {"pool": "Everyone"})
    with clock_at(NOON):
        lead = receive(clean({"company": "Lenoir", "country": "FR"})).lead
    assert woken_by(cast.bruno) == 0

    cast.amina.backup = cast.bruno
    cast.amina.save()
    assert woken_by(cast.bruno) == 1
    retry(NOON + MINUTE)

    lead.refresh_from_db()
    assert lead.owner == cast.bruno


def test_a_junior_wakes_nothing_that_waits_for_seniors(nobody_there):
    rules_of({"push": "round_robin", "team": "Paris", "seniority": "senior"}, {"pool": "Everyone"})
    comes_in()

    assert woken_by(nobody_there.amina) == 0
    nobody_there.amina.seniority = "senior"
    assert woken_by(nobody_there.amina) == 1


def test_leads_that_somebody_holds_up_stop_no_others(nobody_there, monkeypatch):
    held = [comes_in(f"Company {number}") for number in range(WOKEN)]
    other = comes_in("Globex", NOON + MINUTE)
    due = NOON + MINUTE + TRY_AGAIN

    def busy(leads, until):
        raise Busy

    with monkeypatch.context() as trouble:
        trouble.setattr(retrying, "_ask_again", busy)
        assert retry(due) == WOKEN

    assert set(Lead.objects.filter(retry_at=due + AFTER_BUSY)) == set(held)
    assert retry(due) == 1
    other.refresh_from_db()
    assert other.retry_at == due + TRY_AGAIN  # it was asked about
    assert retry(due + AFTER_BUSY) == WOKEN

"""A rep leaves: everything open goes through the rules to the others (PU10)."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import (
    assign_by_hand,
    claim,
    close,
    handing_over,
    receive_many,
    taking_back,
)
from leaddistrib.lifecycle.attempting import log_attempt
from leaddistrib.lifecycle.contacting import log_contact
from leaddistrib.lifecycle.handing_over import BATCH, hand_over, preview_handover
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.retrying import retry_due
from leaddistrib.lifecycle.taking_back import take_back
from leaddistrib.lifecycle.transactions import lock_reps
from leaddistrib.lifecycle.undoing import undo_contact
from leaddistrib.models import (
    Account,
    Assignment,
    Decision,
    HandOver,
    Lead,
    LogEntry,
    Rep,
    TimeOff,
    Turn,
)
from leaddistrib.queries import clock
from leaddistrib.queries.consistency import findings
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    RepFactory,
    TerritoryFactory,
    UserFactory,
    publish_rules,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def leaving(cast, push_to_paris):
    """Amina leaves Bruno and David alone in Paris. Mireille sees to it."""
    cast.david = RepFactory(user__username="david", team=cast.paris)
    cast.mireille = UserFactory(username="mireille")
    publish_rules(push_to_paris({"pool": "Everyone"}))
    return cast


def leave(house, **how):
    return hand_over(house.amina, actor=house.mireille, reason="Amina leaves us", **how)


def back(house, done, **how):
    """What comes back when the hand-over is taken back."""
    return take_back(done.handover, actor=house.mireille, reason="She stays", **how).decisions


def test_the_preview_says_where_each_lead_would_go_and_writes_nothing(leaving):
    leads = [LeadFactory(owner=leaving.amina) for _ in range(4)]
    before = list(Lead.objects.values())

    rows = preview_handover(leaving.amina)

    assert [row.lead for row in rows] == leads
    assert Counter(row.owner for row in rows) == {leaving.bruno: 2, leaving.david: 2}
    assert all(row.why for row in rows)
    assert list(Lead.objects.values()) == before
    assert not Decision.objects.exists()
    assert not Turn.objects.exists()


def test_what_was_shown_is_what_is_done(leaving):
    for _ in range(5):
        LeadFactory(owner=leaving.amina)
    shown = {row.lead.pk: row.owner for row in preview_handover(leaving.amina)}

    done = leave(leaving)

    assert {one.lead_id: one.owner for one in done.decisions} == shown
    assert not Lead.objects.filter(owner=leaving.amina).exists()


def test_each_lead_keeps_the_story_of_how_it_changed_hands(leaving):
    lead = LeadFactory(owner=leaving.amina)

    leave(leaving)

    lead.refresh_from_db()
    first, second = lead.assignments.order_by("id")
    assert (first.rep, first.end) == (leaving.amina, Assignment.Ended.REASSIGNED)
    assert (second.rep, second.method) == (leaving.bruno, "push")
    entry = lead.log.get(event=LogEntry.Event.REASSIGNED)
    assert (entry.rep, entry.actor) == (leaving.amina, leaving.mireille)
    assert entry.detail["reason"] == "Amina leaves us"


def test_who_leaves_is_set_inactive_first_and_the_record_says_by_whom(leaving):
    LeadFactory(owner=leaving.amina)

    leave(leaving, leaves=True)

    leaving.amina.refresh_from_db()
    assert not leaving.amina.active
    record = leaving.amina.history.latest()
    assert (record.history_user, record.history_change_reason) == (
        leaving.mireille,
        "Amina leaves us",
    )


def test_claimed_leads_go_through_the_rules_too_and_closed_ones_stay(leaving):
    claimed, done = LeadFactory(pool=leaving.pool), LeadFactory(owner=leaving.amina)
    claim(claimed, leaving.amina, via="page")
    close(done, leaving.amina)

    leave(leaving)

    claimed.refresh_from_db()
    done.refresh_from_db()
    assert claimed.owner == leaving.bruno
    assert (done.owner, done.status) == (leaving.amina, Lead.Status.CLOSED)


def test_what_nobody_can_take_waits_in_the_queue(leaving):
    lead = LeadFactory(owner=leaving.amina)
    for rep in (leaving.bruno, leaving.david):
        rep.paused = True
        rep.save()

    [row] = preview_handover(leaving.amina)
    leave(leaving)

    lead.refresh_from_db()
    assert (row.owner, row.pool) == (None, leaving.pool)
    assert (lead.status, lead.pool) == (Lead.Status.WAITING, leaving.pool)


def test_it_goes_on_where_it_was_cut_off(leaving):
    for _ in range(BATCH + 3):
        LeadFactory(owner=leaving.amina)
    seen = []

    def cut_off(done, of):
        seen.append((done, of))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave(leaving, progress=cut_off)
    assert seen == [(BATCH, BATCH + 3)]
    assert Lead.objects.filter(owner=leaving.amina).count() == 3

    assert len(leave(leaving).decisions) == 3
    assert leave(leaving).decisions == []


def test_accounts_go_to_a_successor_who_then_gets_their_leads(leaving):
    publish_rules(
        [
            {
                "name": "Accounts",
                "when": {},
                "then": {"push": "account_owner", "fallback": [{"pool": "Everyone"}]},
            }
        ]
    )
    account = AccountFactory(name="Acme", owner=leaving.amina)
    lead = LeadFactory(owner=leaving.amina, account=account)

    [row] = preview_handover(leaving.amina, successor=leaving.chloe)
    done = leave(leaving, successor=leaving.chloe)

    assert row.owner == leaving.chloe
    lead.refresh_from_db()
    assert lead.owner == leaving.chloe
    assert done.handover.moved["accounts"] == [account.pk]
    assert Account.objects.get().owner == leaving.chloe
    assert account.history.latest().history_user == leaving.mireille


def test_territories_go_to_the_successor_who_then_gets_their_leads(leaving):
    north = TerritoryFactory(name="North", countries=["FR"])
    north.reps.add(leaving.amina)
    by_territory = {"push": "territory_owner", "fallback": [{"pool": "Everyone"}]}
    publish_rules([{"name": "Territories", "when": {}, "then": by_territory}])
    lead = LeadFactory(owner=leaving.amina, country="FR")

    [row] = preview_handover(leaving.amina, successor=leaving.chloe)
    assert not north.reps.filter(pk=leaving.chloe.pk).exists()
    done = leave(leaving, successor=leaving.chloe)

    assert row.owner == leaving.chloe
    lead.refresh_from_db()
    assert lead.owner == leaving.chloe
    assert list(north.reps.all()) == [leaving.chloe]
    assert done.handover.moved["territories"] == [north.pk]
    record = north.history.latest()
    assert (record.history_user, record.history_change_reason) == (
        leaving.mireille,
        "Amina leaves us",
    )


def test_the_successor_covers_for_whom_the_rep_covered(leaving):
    by_account = {"push": "account_owner", "fallback": [{"pool": "Everyone"}]}
    publish_rules([{"name": "Accounts", "when": {}, "then": by_account}])
    leaving.bruno.backup = leaving.amina
    leaving.bruno.save()
    now = clock.now()
    TimeOff.objects.create(rep=leaving.bruno, starts_at=now, ends_at=now + timedelta(days=9))
    account = AccountFactory(owner=leaving.bruno)
    LeadFactory(owner=leaving.amina, account=account)

    [row] = preview_handover(leaving.amina, successor=leaving.chloe)
    [decision] = leave(leaving, successor=leaving.chloe).decisions

    assert row.owner == decision.owner == leaving.chloe
    leaving.bruno.refresh_from_db()
    assert leaving.bruno.backup == leaving.chloe
    assert leaving.bruno.history.latest().history_user == leaving.mireille


def test_nobody_becomes_the_own_backup_by_a_hand_over(leaving):
    leaving.bruno.backup = leaving.amina
    leaving.bruno.save()

    leave(leaving, successor=leaving.bruno)

    leaving.bruno.refresh_from_db()
    assert leaving.bruno.backup == leaving.amina


def test_a_form_that_is_sent_twice_is_one_hand_over(leaving):
    LeadFactory(owner=leaving.amina)
    AccountFactory(owner=leaving.amina)
    number = uuid4()

    first = leave(leaving, public_id=number, successor=leaving.bruno)
    second = leave(leaving, public_id=number, successor=leaving.chloe)

    assert first.handover == second.handover == HandOver.objects.get()
    assert (len(first.decisions), len(second.decisions)) == (1, 0)
    assert Account.objects.get().owner == leaving.bruno


def test_what_was_cut_off_goes_on_as_the_same_hand_over_and_is_taken_back_as_one(leaving):
    for _ in range(BATCH + 3):
        LeadFactory(owner=leaving.amina)
    number = uuid4()

    def cut_off(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave(leaving, public_id=number, progress=cut_off)
    done = leave(leaving, public_id=number)

    assert len(done.decisions) == 3
    assert back(leaving, done)
    assert Lead.objects.filter(owner=leaving.amina).count() == BATCH + 3


def test_a_form_that_is_sent_again_days_later_takes_nothing_that_came_since(leaving):
    """Amina stays, in another role: nobody saw in the preview what she claimed since."""
    LeadFactory(owner=leaving.amina)
    later = LeadFactory(pool=leaving.pool)
    number = uuid4()
    leave(leaving, public_id=number)
    assert claim(later, leaving.amina, via="page").result == "won"

    assert leave(leaving, public_id=number).decisions == []
    later.refresh_from_db()
    assert later.owner == leaving.amina


def test_a_hand_over_of_somebody_else_is_not_gone_on_with(leaving):
    done = leave(leaving)
    with pytest.raises(ValueError, match="another rep's"):
        hand_over(
            leaving.bruno, actor=leaving.mireille, reason="x", public_id=done.handover.public_id
        )


def test_who_stays_may_at_once_be_given_what_found_nobody(leaving):
    """Handing over freed all places."""
    leaving.amina.capacity = 1
    leaving.amina.save()
    LeadFactory(owner=leaving.amina)
    Rep.objects.exclude(pk=leaving.amina.pk).update(paused=True)
    [waits] = receive_many([clean({"company": "Fournil"})])
    assert waits.lead.status == Lead.Status.WAITING

    leave(leaving)
    retry_due(clock.now())

    waits.lead.refresh_from_db()
    assert waits.lead.owner == leaving.amina


# Taking back


def test_a_hand_over_is_taken_back_where_nobody_worked_on_the_leads(leaving):
    quiet, called = LeadFactory(owner=leaving.amina), LeadFactory(owner=leaving.amina)
    done = leave(leaving)
    called.refresh_from_db()
    log_contact(called, called.owner, "call")

    decisions = back(leaving, done)

    quiet.refresh_from_db()
    called.refresh_from_db()
    assert [one.lead for one in decisions] == [quiet]
    assert quiet.owner == leaving.amina
    assert called.owner != leaving.amina


def test_a_slip_is_no_work_on_a_lead_and_an_attempt_is(leaving):
    """Also a call of the day before, logged since, is work."""
    slip, tried, called = leads = [LeadFactory(owner=leaving.amina) for _ in range(3)]
    done = leave(leaving)
    for lead in leads:
        lead.refresh_from_db()
    log_contact(slip, slip.owner, "call")
    undo_contact(slip, slip.owner)
    log_attempt(tried, tried.owner, "call")
    log_contact(called, called.owner, "call", at=done.handover.at - timedelta(minutes=1))

    assert [one.lead for one in back(leaving, done)] == [slip]


def test_what_somebody_gave_on_by_hand_or_claimed_is_not_taken_back(leaving):
    Rep.objects.exclude(pk=leaving.amina.pk).update(paused=True)
    given, claimed, quiet = (LeadFactory(owner=leaving.amina) for _ in range(3))
    done = leave(leaving)  # all wait in the pool
    Rep.objects.update(paused=False)
    assign_by_hand([given], leaving.chloe, reason="She knows them", actor=leaving.mireille)
    assert claim(claimed, leaving.bruno, via="page").result == "won"

    decisions = back(leaving, done)

    assert [one.lead for one in decisions] == [quiet]
    quiet.refresh_from_db()
    assert (quiet.status, quiet.owner) == (Lead.Status.OWNED, leaving.amina)


def test_only_what_the_manager_may_move_is_taken_back(leaving):
    theirs, foreign = LeadFactory(owner=leaving.amina), LeadFactory(owner=leaving.amina)
    done = leave(leaving)

    decisions = back(leaving, done, may_move=lambda lead: lead != foreign)

    assert [one.lead for one in decisions] == [theirs]


def test_everything_else_comes_back_too_as_far_as_the_successor_still_has_it(leaving):
    kept, sold = AccountFactory(owner=leaving.amina), AccountFactory(owner=leaving.amina)
    north, both = TerritoryFactory(name="North"), TerritoryFactory(name="Both")
    north.reps.add(leaving.amina)
    both.reps.add(leaving.amina, leaving.bruno)
    leaving.david.backup = leaving.amina
    leaving.david.save()
    done = leave(leaving, successor=leaving.bruno)
    assert list(both.reps.all()) == [leaving.bruno]
    sold.owner = leaving.chloe
    sold.save()

    back(leaving, done)

    kept.refresh_from_db()
    sold.refresh_from_db()
    assert (kept.owner, sold.owner) == (leaving.amina, leaving.chloe)
    assert list(north.reps.all()) == [leaving.amina]
    assert set(both.reps.all()) == {leaving.amina, leaving.bruno}
    leaving.david.refresh_from_db()
    assert leaving.david.backup == leaving.amina


def test_what_was_given_to_the_successor_anew_afterwards_is_not_taken_back_again(leaving):
    account = AccountFactory(owner=leaving.amina)
    done = leave(leaving, successor=leaving.bruno)
    back(leaving, done)
    account.refresh_from_db()
    account.owner = leaving.bruno
    account.save()

    back(leaving, done)

    account.refresh_from_db()
    assert account.owner == leaving.bruno


def test_who_was_set_inactive_by_it_is_active_again_and_the_record_says_by_whom(leaving):
    lead = LeadFactory(owner=leaving.amina)
    done = leave(leaving, leaves=True)

    back(leaving, done)

    leaving.amina.refresh_from_db()
    lead.refresh_from_db()
    assert leaving.amina.active
    assert lead.owner == leaving.amina
    record = leaving.amina.history.latest()
    assert (record.history_user, record.history_change_reason) == (leaving.mireille, "She stays")
    done.handover.refresh_from_db()
    assert done.handover.taken_back_at is not None


def test_who_is_inactive_for_another_reason_gets_nothing_back(leaving):
    LeadFactory(owner=leaving.amina)
    done = leave(leaving)
    Rep.objects.filter(pk=leaving.amina.pk).update(active=False)

    with pytest.raises(ValueError, match="active reps"):
        back(leaving, done)
    assert not Lead.objects.filter(owner=leaving.amina).exists()


def test_who_was_set_active_since_and_then_left_stays_inactive(leaving):
    LeadFactory(owner=leaving.amina)
    done = leave(leaving, leaves=True)
    for active in (True, False):
        leaving.amina.active = active
        leaving.amina.save()

    with pytest.raises(ValueError, match="active reps"):
        back(leaving, done)
    leaving.amina.refresh_from_db()
    assert not leaving.amina.active


def test_an_undone_hand_over_costs_nobody_a_turn(leaving):
    """Whoever had got the leads would else be passed over for as many to come."""
    leaving.paris.count_manual = True
    leaving.paris.save()
    for _ in range(4):
        LeadFactory(owner=leaving.amina)
    done = leave(leaving)

    back(leaving, done)

    taken = Turn.objects.exclude(kind="credit")
    assert Counter(taken.values_list("seat__rep", flat=True)) == {
        leaving.bruno.pk: 2,
        leaving.david.pk: 2,
    }
    assert set(Turn.objects.filter(kind="credit").values_list("credits", flat=True)) == set(
        taken.values_list("pk", flat=True)
    )
    assert not list(findings(clock.now()))


@pytest.mark.parametrize("number", [2, BATCH])
def test_taking_many_leads_back_takes_as_many_queries_as_few(
    leaving, number, django_assert_max_num_queries
):
    for _ in range(number):
        LeadFactory(owner=leaving.amina)
    done = leave(leaving)

    with django_assert_max_num_queries(75):
        assert len(back(leaving, done)) == number


def test_it_is_taken_back_in_small_transactions(leaving, monkeypatch):
    """As it was done, so that claims never wait long; cut off, it is gone on with."""
    for _ in range(BATCH + 3):
        LeadFactory(owner=leaving.amina)
    done = leave(leaving)
    take_back_batch, batches = taking_back._take_back_batch, []

    def busy_once(handover, pks, *arguments):
        batches.append(len(pks))
        if len(batches) == 2:
            raise Busy("Too much is going on.")
        return take_back_batch(handover, pks, *arguments)

    monkeypatch.setattr(taking_back, "_take_back_batch", busy_once)
    with pytest.raises(Busy):
        back(leaving, done)
    assert len(back(leaving, done)) == 3
    assert batches == [BATCH, 3, 3]


def test_what_is_taken_back_while_it_is_under_way_does_not_go_on(leaving):
    """A second manager takes it back when the first batch is done."""
    for _ in range(BATCH + 3):
        LeadFactory(owner=leaving.amina)
    seen = []

    def take_it_back(done, of):
        seen.append(done)
        take_back(HandOver.objects.get(), actor=leaving.mireille, reason="She stays")

    done = leave(leaving, leaves=True, progress=take_it_back)

    assert seen == [BATCH]
    assert (len(done.decisions), done.handover.taken_back_at is None) == (BATCH, False)
    assert Lead.objects.filter(owner=leaving.amina).count() == BATCH + 3


def test_what_is_taken_back_while_a_batch_waits_for_its_rep_stays(leaving, monkeypatch):
    lead = LeadFactory(owner=leaving.amina)

    def taken_back_before_us(reps):
        HandOver.objects.update(taken_back_at=clock.now())
        lock_reps(reps)

    monkeypatch.setattr(handing_over, "lock_reps", taken_back_before_us)

    assert leave(leaving).decisions == []
    lead.refresh_from_db()
    assert lead.owner == leaving.amina


def test_it_takes_a_reason(leaving):
    with pytest.raises(ValueError, match="with a reason"):
        hand_over(leaving.amina, actor=leaving.mireille, reason=" ")

"""A rep leaves: everything open goes through the rules to the others (PU10)."""

from collections import Counter

import pytest

from leaddistrib.lifecycle import claim, close
from leaddistrib.lifecycle.contacting import log_contact
from leaddistrib.lifecycle.handing_over import BATCH, hand_over, preview_handover, take_back
from leaddistrib.models import Account, Assignment, Decision, Lead, LogEntry, Turn
from leaddistrib.testing import (
    AccountFactory,
    LeadFactory,
    RepFactory,
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

    [row] = preview_handover(leaving.amina, accounts_to=leaving.chloe)
    done = leave(leaving, accounts_to=leaving.chloe)

    assert row.owner == leaving.chloe
    lead.refresh_from_db()
    assert lead.owner == leaving.chloe
    assert done.accounts == 1
    assert Account.objects.get().owner == leaving.chloe
    assert account.history.latest().history_user == leaving.mireille


def test_a_hand_over_is_taken_back_where_nobody_worked_on_the_leads(leaving):
    quiet, called = LeadFactory(owner=leaving.amina), LeadFactory(owner=leaving.amina)
    done = leave(leaving)
    called.refresh_from_db()
    log_contact(called, called.owner, "call")

    result = take_back(leaving.amina, done.id, actor=leaving.mireille, reason="She stays")

    quiet.refresh_from_db()
    called.refresh_from_db()
    assert [one.lead for one in result.decisions] == [quiet]
    assert quiet.owner == leaving.amina
    assert called.owner != leaving.amina


def test_it_takes_a_reason(leaving):
    with pytest.raises(ValueError, match="with a reason"):
        hand_over(leaving.amina, actor=leaving.mireille, reason=" ")
